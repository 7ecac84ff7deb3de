"""Names and versions of packs: safe as folder names on every system."""

from __future__ import annotations

import re

from triage.errors import UsageFault
from triage.model.display import printable

_ALLOWED = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._+-]{0,62}[A-Za-z0-9])?")
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(10)}
)


def checked(text: str, what: str) -> str:
    """Give the text back where it may stand in a folder name.

    Args:
        what: ``name`` or ``version``, for the message.

    Raises:
        UsageFault: it may not.
    """
    if not _ALLOWED.fullmatch(text) or text.split(".", maxsplit=1)[0].lower() in _DEVICES:
        raise UsageFault(
            f"{printable(text)!r} cannot be the {what} of a reference set",
            hint="use letters, digits, '.', '_', '+' and '-', at most 64, "
            "starting and ending with a letter or digit",
        )
    return text


def split(wanted: str) -> tuple[str, str | None]:
    """Take ``name`` or ``name@version`` apart."""
    name, at, version = wanted.partition("@")
    return name, version if at else None


def default_version(source_sha256: str) -> str:
    """Give the version of an import that names none: the start of the source's SHA-256.

    It depends on nothing but the content of the source, so a second import of it is recognised
    on any day and any machine.
    """
    return source_sha256[:12]
