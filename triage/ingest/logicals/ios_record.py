"""What the manifest of an iOS backup says of one file: an archived object in a binary plist."""

from __future__ import annotations

import plistlib
from dataclasses import dataclass
from typing import Any

_MOST_BYTES = 1024 * 1024
_KEY_BYTES = 44
_MOST_SIZE = 1 << 60
_MOST_SECONDS = 1 << 33

_HOSTILE = (ValueError, LookupError, TypeError, ArithmeticError, RuntimeError, AttributeError)
"""What plistlib raises over hostile bytes: also InvalidFileException and RecursionError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One file as the device told of it.

    Attributes:
        size_bytes: of the content, -1 where that is not told.
        key: its protection class and wrapped key, ``b""`` where the content is not encrypted.
        target: of a link.
    """

    size_bytes: int = -1
    modified_ns: int | None = None
    created_ns: int | None = None
    changed_ns: int | None = None
    key: bytes = b""
    target: bytes = b""


def record(blob: object) -> Record | None:
    """Read the archived object ``MBFile``, ``None`` where it does not read.

    Its root is named by ``$top``; what is not a number there is a reference into ``$objects``.
    """
    if not isinstance(blob, bytes) or len(blob) > _MOST_BYTES:
        return None
    try:
        archive = plistlib.loads(blob, fmt=plistlib.FMT_BINARY)
        objects = archive["$objects"]
        root = objects[archive["$top"]["root"].data]
        if not isinstance(root, dict):
            return None
        return _record(objects, root)
    except _HOSTILE:
        return None


def _record(objects: list[Any], root: dict[str, Any]) -> Record:
    size = root.get("Size", -1)
    known = isinstance(size, int) and 0 <= size <= _MOST_SIZE
    key = _held(objects, root.get("EncryptionKey"))
    if isinstance(key, dict):
        key = _held(objects, key.get("NS.data"))
    target = _held(objects, root.get("Target"))
    return Record(
        size_bytes=size if known else -1,
        modified_ns=_time_ns(root.get("LastModified")),
        created_ns=_time_ns(root.get("Birth")),
        changed_ns=_time_ns(root.get("LastStatusChange")),
        key=key if isinstance(key, bytes) and len(key) == _KEY_BYTES else b"",
        target=target.encode("utf-8", "surrogatepass") if isinstance(target, str) else b"",
    )


def _held(objects: list[Any], value: object) -> object:
    """Follow a reference, once."""
    return objects[value.data] if isinstance(value, plistlib.UID) else value


def _time_ns(value: object) -> int | None:
    """Give a time; 0 counts as not recorded."""
    if not isinstance(value, int | float) or not 0 < abs(value) < _MOST_SECONDS:
        return None
    return int(value * 1_000_000_000) if isinstance(value, float) else value * 1_000_000_000
