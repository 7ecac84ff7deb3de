"""Finds the chunks of an E01 independently of triage, and reads E01 by other libraries.

Source of the layout: "Expert Witness Compression Format specification" (libewf documentation).
"""

from __future__ import annotations

import ctypes
import ctypes.util
import struct
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

Reader = Callable[[int, int], bytes]

_FILE_HEADER_BYTES = 13
_SECTION_BYTES = 76
_TABLE_HEAD_BYTES = 24
_COMPRESSED = 1 << 31


def chunks(segments: list[Path]) -> list[tuple[Path, int, int, bool]]:
    """Give file, offset, length and "is compressed" of every chunk, in order of the medium."""
    found: list[tuple[Path, int, int, bool]] = []
    for place in segments:
        data_end = 0
        with place.open("rb") as opened:
            for kind, start, size in _sections(opened):
                if kind == b"sectors":
                    data_end = start + size
                elif kind == b"table":
                    opened.seek(start + _SECTION_BYTES)
                    count, base = struct.unpack("<I4xQ", opened.read(16))
                    opened.seek(start + _SECTION_BYTES + _TABLE_HEAD_BYTES)
                    words = struct.unpack(f"<{count}I", opened.read(4 * count))
                    starts = [base + (word & ~_COMPRESSED) for word in words]
                    ends = [*starts[1:], data_end]
                    found += [
                        (place, at, end - at, bool(word & _COMPRESSED))
                        for word, at, end in zip(words, starts, ends, strict=True)
                    ]
    return found


def _sections(opened: Any) -> Iterator[tuple[bytes, int, int]]:
    at = _FILE_HEADER_BYTES
    while True:
        opened.seek(at)
        kind, following, size = struct.unpack("<16sQQ", opened.read(32))
        yield kind.rstrip(b"\0"), at, size
        if following <= at:
            return
        at = following


def wheel(segments: list[Path]) -> tuple[Reader, str]:
    """Open an E01 by the pyewf of the wheel libewf-python."""
    pyewf = import_module("pyewf")  # not by its stub: the product calls less of it

    handle = pyewf.handle()
    handle.open([str(place) for place in segments])

    def read(offset: int, length: int) -> bytes:
        handle.seek(offset)
        return bytes(handle.read(length))

    return read, f"pyewf {pyewf.get_version()} (wheel)"


def system_library(segments: list[Path]) -> tuple[Reader, str] | None:
    """Open an E01 by the C library of the system, which is built with zlib; None without it."""
    name = ctypes.util.find_library("ewf")
    if name is None:
        return None
    lib = ctypes.CDLL(name)
    lib.libewf_get_version.restype = ctypes.c_char_p
    handle = ctypes.c_void_p()
    error = ctypes.c_void_p()
    names = (ctypes.c_char_p * len(segments))(*[str(place).encode() for place in segments])
    if lib.libewf_handle_initialize(ctypes.byref(handle), ctypes.byref(error)) != 1:
        return None
    opened = lib.libewf_handle_open(handle, names, len(segments), 1, ctypes.byref(error))
    if opened != 1:
        return None
    lib.libewf_handle_read_random.restype = ctypes.c_ssize_t
    lib.libewf_handle_read_random.argtypes = [
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.c_int64,
        ctypes.c_void_p,
    ]
    buffer = ctypes.create_string_buffer(1 << 20)

    def read(offset: int, length: int) -> bytes:
        got = lib.libewf_handle_read_random(handle, buffer, length, offset, ctypes.byref(error))
        return buffer.raw[: max(0, got)]

    version = lib.libewf_get_version().decode()
    return read, f"libewf {version} of the system, zlib"
