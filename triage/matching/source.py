"""Opens a hash-set file as a stream of bytes or lines: unpacked, counted, bounded in memory."""

from __future__ import annotations

import codecs
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from triage.errors import HashSetError
from triage.matching.reading import ReadOptions

CHUNK_SIZE_BYTES = 1 << 20
LINE_LIMIT_BYTES = 1 << 20
"""A longer line is cut here; no digest stands that far right in any line-based format."""

_UNPACK_ERRORS = (
    zlib.error,
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class _CountedFile(io.RawIOBase):
    """A file that tells how far it was read."""

    def __init__(self, file: BinaryIO, total: int, told: Callable[[int, int], None]) -> None:
        super().__init__()
        self._file, self._total, self._told = file, total, told
        self._next_bytes = CHUNK_SIZE_BYTES

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        got = self._file.read(len(buffer))
        buffer[: len(got)] = got
        at = self._file.tell()
        if at >= self._next_bytes or not got:
            self._next_bytes = at + CHUNK_SIZE_BYTES
            self._told(min(at, self._total), self._total)
        return len(got)


@contextmanager
def damage_named(path: Path) -> Iterator[None]:
    """Turn what the unpackers and the file raise into one error that names the file.

    Raises:
        HashSetError: the file cannot be opened, read or unpacked.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise HashSetError(f"{path.name}: cannot be read: {reason}") from error
    except RuntimeError as error:  # zipfile: a password is needed
        raise HashSetError(f"{path.name}: cannot be unpacked: {error}") from error


@contextmanager
def _placed(path: Path, raw: BinaryIO) -> Iterator[None]:
    """Say how far a packed file was read when it turns out to be damaged.

    Raises:
        HashSetError: it cannot be unpacked on.
    """
    try:
        yield
    except _UNPACK_ERRORS as error:
        raise HashSetError(
            f"{path.name}: damaged while unpacking, before byte {raw.tell()}: {error}"
        ) from error


@contextmanager
def opened(path: Path, options: ReadOptions) -> Iterator[BinaryIO]:
    """Open a source for reading; gzip, and a zip of one file, are unpacked as they are read.

    Raises:
        HashSetError: the file cannot be opened, read or unpacked, or a zip holds several files.
    """
    with damage_named(path), path.open("rb", buffering=0) as raw, _placed(path, raw):
        told = options.on_bytes or (lambda _done, _total: None)
        counted = io.BufferedReader(_CountedFile(raw, path.stat().st_size, told), CHUNK_SIZE_BYTES)
        with counted, _unpacked(counted, path) as stream:
            yield stream


@contextmanager
def _unpacked(file: io.BufferedReader[_CountedFile], path: Path) -> Iterator[BinaryIO]:
    magic = file.peek(4)[:4]
    if magic[:2] == b"\x1f\x8b":
        with gzip.GzipFile(fileobj=file) as plain:
            yield io.BufferedReader(plain, CHUNK_SIZE_BYTES)
    elif magic == b"PK\x03\x04":
        with zipfile.ZipFile(file) as archive, archive.open(_only_member(archive, path)) as member:
            yield io.BufferedReader(member, CHUNK_SIZE_BYTES)  # type: ignore[type-var]
    else:
        yield file


def _only_member(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    members = [info for info in archive.infolist() if not info.is_dir()]
    json = [info for info in members if info.filename.lower().endswith(".json")]
    for wanted in (members, json):
        if len(wanted) == 1:
            return wanted[0]
    raise HashSetError(
        f"{path.name}: the zip holds {len(members)} files and {len(json)} of them are JSON",
        hint="unpack it and import the one file that holds the hash set",
    )


def read_head(path: Path, size_bytes: int) -> bytes:
    """Give the first bytes of the content, unpacked.

    Raises:
        HashSetError: the file cannot be opened, read or unpacked.
    """
    with opened(path, ReadOptions()) as stream:
        return stream.read(size_bytes)


def head_text(head: bytes, encoding: str = "") -> str:
    """Give a head as text for looking at; never raises."""
    mark = _mark(head)
    skip, named = mark or (0, encoding or "utf-8")
    return head[skip:].decode(named, "replace")


def _mark(head: bytes) -> tuple[int, str] | None:
    for bom, name in _BOMS:
        if head.startswith(bom):
            return len(bom), name
    return None


def lines(path: Path, options: ReadOptions) -> Iterator[list[bytes]]:
    """Stream the lines of a text source as UTF-8 without their ends, in lists of about a MiB.

    A byte-order mark is honoured and removed. Bytes that are not text in the source's encoding
    stay or are replaced: no digest is made of them. A text whose only line end is a carriage
    return, up to its last line, is split at those.

    Raises:
        HashSetError: the file cannot be opened, read or unpacked.
    """
    for block, end in blocks(path, options):
        parts = block.split(end)
        if not parts[-1]:
            parts.pop()
        yield parts


def blocks(path: Path, options: ReadOptions) -> Iterator[tuple[bytes, bytes]]:
    """Stream the text that :func:`lines` splits, in blocks of whole lines, with their line end.

    Only the last block may lack the end of its last line.

    Raises:
        HashSetError: the file cannot be opened, read or unpacked.
    """
    rest, end = b"", b""
    with opened(path, options) as stream:
        for chunk in _recoded(stream, path, options):
            end = end or _line_end(chunk)
            text = rest + chunk
            cut = text.rfind(end) + 1
            other = b"\r" if end == b"\n" else b"\n"
            if len(text) - cut > LINE_LIMIT_BYTES and text.rfind(other) >= cut:
                if cut:
                    yield text[:cut], end
                # No line is that long: lists with the line ends of two systems were joined.
                end, text = other, text[cut:]
                cut = text.rfind(end) + 1
            rest = text[cut : cut + LINE_LIMIT_BYTES]
            if cut:
                yield text[:cut], end
    if rest:
        yield rest, end


def _line_end(chunk: bytes) -> bytes:
    """Tell from its start what ends the lines of a text.

    Lists from old systems have carriage returns alone; what edits or prints them may end the
    last line in another way.
    """
    body = chunk.rstrip(b"\r\n") or chunk
    inside = b"\r" in body and b"\n" not in body
    return b"\r" if inside or (b"\r" in chunk and b"\n" not in chunk) else b"\n"


def numbered_lines(
    path: Path, options: ReadOptions, *, comments: bool = False
) -> Iterator[tuple[int, str]]:
    """Give numbered lines that are not blank and, unless asked for, not ``#`` comments.

    Raises:
        HashSetError: the file cannot be opened, read or unpacked.
    """
    found = enumerate((line for batch in lines(path, options) for line in batch), 1)
    yield from spoken(found, comments=comments)


def spoken(
    numbered: Iterable[tuple[int, bytes]], *, comments: bool = False
) -> Iterator[tuple[int, str]]:
    """Give numbered lines as text, without blank ones and, unless asked for, comments."""
    for number, line in numbered:
        start = line.strip()[:1]
        if start and (comments or start != b"#"):
            yield number, line.decode("utf-8", "replace").rstrip("\r")


class _Chunks(io.RawIOBase):
    """Chunks as a file, for parsers that ask for one."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks, self._rest = chunks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            following = next(self._chunks, None)
            if following is None:
                return 0
            self._rest = following
        got, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(got)] = got
        return len(got)


@contextmanager
def opened_text(path: Path, options: ReadOptions) -> Iterator[BinaryIO]:
    """Open a text source as UTF-8 without its byte-order mark.

    Raises:
        HashSetError: the file cannot be opened, read or unpacked.
    """
    with opened(path, options) as stream:
        yield io.BufferedReader(_Chunks(_recoded(stream, path, options)), 65_536)


def _recoded(stream: BinaryIO, path: Path, options: ReadOptions) -> Iterator[bytes]:
    chunk = stream.read(CHUNK_SIZE_BYTES)
    mark = _mark(chunk)
    skip, name = mark or (0, options.encoding or "utf-8")
    chunk = chunk[skip:]
    try:
        b"\n".decode(name, "replace")  # refuses what is a codec, and none of text
        decoder = codecs.getincrementaldecoder(name)("replace")
    except (LookupError, ValueError) as error:
        raise HashSetError(f"{path.name}: unknown text encoding {name!r}") from error
    if codecs.lookup(name).name in {"utf-8", "ascii"}:
        while chunk:
            yield chunk
            chunk = stream.read(CHUNK_SIZE_BYTES)
        return
    try:
        while chunk:
            yield decoder.decode(chunk).encode("utf-8", "replace")
            chunk = stream.read(CHUNK_SIZE_BYTES)
        yield decoder.decode(b"", final=True).encode("utf-8", "replace")
    except UnicodeError as error:  # no mark where one is needed, or a codec that replaces nothing
        raise HashSetError(
            f"{path.name}: cannot be read as {name}: {error}",
            hint="without a byte-order mark, name the order: utf-16-le or utf-16-be",
        ) from error
