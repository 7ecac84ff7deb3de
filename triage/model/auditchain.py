"""How lines of the audit are chained: the bytes of a line, its link, and what is noted of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from struct import Struct

from triage.model.account import AuditLine

FIRST = bytes(32)
"""What stands before the first line."""

_FORM = b"triage audit 1\n"
_PLACE = Struct(">Qq")
_LENGTH = Struct(">Q").pack


def line_bytes(number: int, line: AuditLine) -> bytes:
    """Give a line in its place as bytes; no two that differ give the same.

    Number (8 bytes, big-endian) and moment (8, signed), then each field as its length (8) and its
    bytes: sha256, action, by, role, case, exhibit, address, then name and value of each detail.
    Text is UTF-8; what is no character stands as UTF-8 would write its number.
    """
    words = [line.action.value, line.by, line.role, line.case, line.exhibit, line.address]
    for pair in line.detail:
        words += pair
    fields = [line.sha256, *[one.encode("utf-8", "surrogatepass") for one in words]]
    return _PLACE.pack(number, line.at_ms) + b"".join(
        [_LENGTH(len(octets)) + octets for octets in fields]
    )


def link_of(previous: bytes, number: int, line: AuditLine) -> bytes:
    """Give SHA-256 over the link before and a line in its place.

    Args:
        previous: 32 bytes, :data:`FIRST` for line 1.
        number: of the line, from 1.
        line: as it is stored.
    """
    return hashlib.sha256(_FORM + previous + line_bytes(number, line)).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class TornRow:
    """A stored line that is none as this program writes them, so that it has been changed.

    Attributes:
        link: that is stored with it, empty where that is none either.
    """

    number: int
    why: str
    link: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """What was noted of the audit outside the database: the link that a line had.

    Attributes:
        at_s: when it was noted, seconds since 1970 UTC; -1 where that is not known.
    """

    number: int
    link: bytes
    at_s: int = -1
