"""The text that describes a VMDK disk: its extents, and the disk that it was made from."""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_BYTES = 1024 * 1024
MOST_EXTENTS = 16_384
NO_PARENT = "ffffffff"

_EXTENT = re.compile(
    r"^[ \t]*(?:RW|RDONLY|NOACCESS)[ \t]+(\d{1,18})[ \t]+([A-Z]+)"
    r"(?:[ \t]+\"([^\"\r\n]*)\"(?:[ \t]+(\d{1,18}))?)?",
    re.IGNORECASE | re.MULTILINE,
)
_SETTING = re.compile(r"^[ \t]*(\w+)[ \t]*=[ \t]*\"?([^\"\r\n]*?)\"?[ \t]*\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """One line: so many sectors of the disk stand in that file.

    Attributes:
        kind: ``FLAT``, ``SPARSE``, ``ZERO``, …, in capitals.
        name: of the file, as it is recorded.
        first_sector: in that file; of flat extents only.
    """

    sectors: int
    kind: str
    name: str = ""
    first_sector: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a descriptor says ("Virtual Disk Format 5.0" of VMware)."""

    kind: str
    content: str
    parent_content: str
    parent_name: str
    extents: tuple[Extent, ...]

    @property
    def has_parent(self) -> bool:
        """Whether the disk holds the differences to another one alone."""
        return self.parent_content not in {"", NO_PARENT}


def described(data: bytes) -> Description:
    """Read a descriptor; what cannot be understood is left out."""
    text = data[:MOST_BYTES].split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
    settings = {match[1].lower(): match[2] for match in _SETTING.finditer(text)}
    extents = tuple(
        Extent(
            sectors=int(match[1]),
            kind=match[2].upper(),
            name=match[3] or "",
            first_sector=int(match[4] or 0),
        )
        for match, _ in zip(_EXTENT.finditer(text), range(MOST_EXTENTS), strict=False)
    )
    return Description(
        kind=settings.get("createtype", ""),
        content=settings.get("cid", "").lower(),
        parent_content=settings.get("parentcid", "").lower(),
        parent_name=settings.get("parentfilenamehint", ""),
        extents=extents,
    )
