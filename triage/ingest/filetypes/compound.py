"""Tells messages of Outlook from other compound files, by the first entries of their directory."""

from __future__ import annotations

MESSAGE = "application/vnd.ms-outlook"
_MARK = bytes.fromhex("d0cf11e0a1b11ae1")
_CLASS = bytes.fromhex("0b0d020000000000c000000000000046")
_FIRST_ENTRIES_BYTES, _ENTRY_BYTES = 2048, 128
_NAMES = tuple(
    name.encode("utf-16-le")
    for name in ("__nameid_version1.0", "__properties_version1.0", "__substg1.0_")
)


def compound(head: bytes) -> str:
    """Give the type of a message as Outlook saves it ([MS-OXMSG]), ``""`` for anything else.

    Args:
        head: the first bytes of a content; one whose directory lies further on is not told.
    """
    if not head.startswith(_MARK) or len(head) < 512:
        return ""
    sector = 4096 if head[30:32] == b"\x0c\0" else 512
    start = (int.from_bytes(head[48:52], "little") + 1) * sector
    entries = head[start : start + _FIRST_ENTRIES_BYTES]
    if entries[80:96] == _CLASS:
        return MESSAGE
    named = any(
        entries[at : at + 64].startswith(_NAMES)
        for at in range(_ENTRY_BYTES, len(entries), _ENTRY_BYTES)
    )
    return MESSAGE if named else ""
