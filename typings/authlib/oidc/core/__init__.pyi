from collections.abc import Mapping
from typing import Any

class CodeIDToken(dict[str, Any]):
    def __init__(
        self,
        claims: Mapping[str, Any],
        header: Mapping[str, Any],
        options: Mapping[str, Mapping[str, object]] | None = None,
        params: Mapping[str, object] | None = None,
    ) -> None: ...
    def validate(self, now: int | None = None, leeway: int = 0) -> None: ...
