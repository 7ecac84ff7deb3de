"""A decoder that breaks on some pictures: light to import, as each worker does it."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

from triage.pipeline import calls

if TYPE_CHECKING:
    from triage.model.rendition import NotShown, Rendition
    from triage.pipeline.items import ViewItem


def crash(item: ViewItem) -> Rendition | NotShown:
    """Break on one picture, as a decoder might; runs in a worker."""
    if item.entry.ref.path.endswith(b"a.jpg"):
        ctypes.string_at(0)
    return calls.show_picture(item)
