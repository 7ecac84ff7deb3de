"""Tells by the first bytes whether a content may be an archive at all, for little."""

from __future__ import annotations

from triage.ingest.archive import ARCHIVES
from triage.ingest.filetypes.signatures import signature
from triage.ingest.filetypes.systems import system
from triage.ingest.filetypes.text import plain_text

LOOK_BYTES = 4096
"""As many first bytes as :func:`may_be_archive` makes use of."""

_STARTS = (
    b"PK",
    b"\x1f\x8b",
    b"\x1f\x9d",
    b"\x1f\xa0",
    b"BZ",
    b"\xfd7zXZ",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!",
    b"RE~^",
    b"MSCF",
    b"ISc(",
    b"\x28\xb5\x2f\xfd",
    *(bytes((third,)) + b"\xb5\x2f\xfd" for third in range(0x1E, 0x28)),
    *(bytes((low,)) + b"\x2a\x4d\x18" for low in range(0x50, 0x60)),
    b"\x37\xa4\x30\xec",
    b"\x04\x22\x4d\x18",
    b"\x02\x21\x4c\x18",
    b"\x03\x21\x4c\x18",
    b"LZIP",
    b"LRZI",
    b"\x89LZO",
    b"\x5d\0\0",
    b"\xce\xb2\xcf\x81",
    b"\x60\xea",
    b"\xc7\x71",
    b"\x71\xc7",
    b"07070",
    b"\xed\xab\xee\xdb",
    b"!<",
    b"=!<",
    b"<ar>",
    b"-h-",
    b"\xcf\xad\x12\xfe",
    b"\x78\x9f\x3e\x22",
)
"""Marks as the makers of the formats published them; LZH has its own at the third byte."""

_LZH = (b"-l", b"-p")
_DISC_MARK, _DISC_PLACE = b"CD001", 32769
"""First volume descriptor of ECMA-119."""
_RECOGNISES = tuple(reader.recognises for reader in ARCHIVES)


def may_be_archive(head: bytes) -> bool:
    """Tell whether a content may be of a type that holds files, opened or not.

    Law: where this is false, and :func:`may_be_disc` as well, then
    :func:`triage.ingest.filetype.detect` gives no such type, or one whose content no reader of
    archives takes for its own.

    Args:
        head: the first :data:`LOOK_BYTES`, fewer where the content is shorter.
    """
    if head.startswith(_STARTS) or head[2:4] in _LZH:
        return True
    for recognises in _RECOGNISES:  # noqa: SIM110  (half the time of any(), once a file of a disk)
        if recognises(head):
            return True
    return False


def may_be_disc(head: bytes, size_bytes: int) -> bool:
    """Tell whether to look further on for the mark of a disc: nothing marks its beginning.

    Args:
        head: as in :func:`may_be_archive`.
    """
    if size_bytes < _DISC_PLACE + len(_DISC_MARK):
        return False
    return not (signature(head) or plain_text(head) or system(head))


def is_disc(head: bytes) -> bool:
    """Tell whether the mark of a disc stands in its place.

    Args:
        head: the first bytes, :data:`triage.ingest.filetype.HEAD_BYTES` of them where there are.
    """
    return head.startswith(_DISC_MARK, _DISC_PLACE)
