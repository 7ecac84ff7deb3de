"""Containers that are known and not read: refused by name rather than taken for a raw medium."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from triage.errors import EvidenceError
from triage.model.display import printable

_QEMU = "convert it first: qemu-img convert -O raw IMAGE image.raw"
_IMAGER = "export it as E01 or raw from the tool that made it"

KNOWN: tuple[tuple[bytes, str, str], ...] = (
    (b"<<< ", "VirtualBox disk whose head is damaged or of an unknown version", _QEMU),
    (b"encrcdsa", "DMG image that is encrypted", "decrypt it: hdiutil convert IMAGE -format UDTO"),
    (b"sprs", "sparse disk image of Apple", "convert it: hdiutil convert IMAGE -format UDTO"),
    (b"AFF10\r\n\x00", "AFF image", _IMAGER),
    (b"ADCRYPT\x00", "encrypted AccessData image", "decrypt it in FTK Imager"),
    (b"ADSEGMENTEDFILE\x00", "AD1 logical image", _IMAGER),
    (b"PK\x03\x04", "zip archive (an AFF4 image, or an extraction of a phone)", _IMAGER),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip archive", "unpack it first"),
    (b"Rar!\x1a\x07", "RAR archive", "unpack it first"),
    (b"\x1f\x8b\x08", "gzip file", "unpack it first"),
    (b"\xfd7zXZ\x00", "xz file", "unpack it first"),
    (b"BZh", "bzip2 file", "unpack it first"),
    (b"\x28\xb5\x2f\xfd", "zstd file", "unpack it first"),
)
"""First bytes, what it is, the way out."""

_OLD_ENCRYPTED = b"cdsaencr"
"""The last bytes of an image that Mac OS before version 10.4 encrypted."""


def recognises(path: Path, head: bytes) -> bool:
    """Take a file whose first bytes, or last ones, say that it is no raw medium."""
    return any(head.startswith(mark) for mark, _, _ in KNOWN) or _is_old_encrypted(path)


def refuse(path: Path) -> NoReturn:
    """Say what the file is and how to make it readable.

    Raises:
        EvidenceError: always.
    """
    shown = printable(path.name)
    with path.open("rb") as file:
        head = file.read(64)
    for mark, what, hint in KNOWN:
        if head.startswith(mark):
            raise EvidenceError(f"{shown}: is a {what}, which is not supported", hint=hint)
    raise EvidenceError(
        f"{shown}: is a DMG image that is encrypted, which is not supported",
        hint="decrypt it: hdiutil convert IMAGE -format UDTO",
    )


def _is_old_encrypted(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - len(_OLD_ENCRYPTED)))
            return file.read(len(_OLD_ENCRYPTED)) == _OLD_ENCRYPTED
    except OSError:
        return False
