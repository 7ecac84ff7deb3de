"""Frames of listed videos: ``frame,quality,pdq,timestamp`` a line, as vPDQ writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from triage.matching.fields import placeholder
from triage.matching.readers.lists import data_lines, mostly
from triage.matching.reading import Item, Reader, ReadOptions
from triage.matching.source import numbered_lines
from triage.matching.videos import SERIES_MARK
from triage.model.digest import Algorithm, Pdq, PdqRecipe
from triage.model.display import printable
from triage.model.hashset import ReferenceRecord, RefusedRecord
from triage.model.video import FRAME_MIN_QUALITY

_LINE = re.compile(
    r"\s*\d+\s*,\s*(\d{1,3})\s*,\s*([0-9a-f]{64})\s*,\s*(\d+(?:\.\d+)?)\s*", re.IGNORECASE
)
_STATED = re.compile(r"#\s*(video|category)\s*:\s*(.*?)\s*", re.IGNORECASE)
_NAME_CHARACTERS = 200


class VpdqReader(Reader):
    """The frames of one video, or of several, each under a comment ``# video: NAME``.

    Without such a comment the file is one video, called as the file is. ``# category: CODE``
    states the category of the frames below it, up to the next video. Frames of a quality under 50
    are taken and never compared: they say too little. Format: vPDQ (Meta, ThreatExchange), text.
    """

    id = "vpdq"
    title = "frames of listed videos (vPDQ): frame,quality,pdq,timestamp"

    def recognises(self, head: bytes, path: Path) -> bool:  # noqa: ARG002  (protocol)
        """Tell by the lines."""
        return mostly(_LINE, data_lines(head))

    def read(self, path: Path, options: ReadOptions) -> Iterator[Item]:
        """Stream the frames, each with the video that it belongs to as its series."""
        video, code = path.name.partition(".")[0], None
        stated = options.pdq_recipe
        recipe = PdqRecipe.FULL if stated is PdqRecipe.UNKNOWN else stated
        for number, text in numbered_lines(path, options, comments=True):
            line = text.strip()
            if line.startswith("#"):
                found = _STATED.fullmatch(line)
                if found and found[1].lower() == "video":
                    video, code = found[2], None
                elif found:
                    code = found[2] or None
                continue
            yield _frame(f"line {number}", line, SERIES_MARK + named(video), code, recipe)


def named(video: str) -> str:
    """Give the name of a video as it is kept and shown."""
    return printable(video)[:_NAME_CHARACTERS] or "unnamed"


def _frame(place: str, line: str, series: str, code: str | None, recipe: PdqRecipe) -> Item:
    found = _LINE.fullmatch(line)
    if not found:
        return RefusedRecord(place=place, reason="vpdq: no line frame,quality,pdq,timestamp")
    quality, bits = int(found[1]), bytes.fromhex(found[2])
    if quality > 100:
        return RefusedRecord(place=place, reason=f"PDQ quality {quality} is not in 0 to 100")
    words = placeholder(bits, Algorithm.PDQ) if quality >= FRAME_MIN_QUALITY else ""
    if words:
        return RefusedRecord(place=place, reason=words)
    return ReferenceRecord(
        pdq=Pdq(bits=bits, quality=quality, recipe=recipe), code=code, series=series, place=place
    )
