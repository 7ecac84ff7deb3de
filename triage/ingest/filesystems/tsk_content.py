"""Reads the content of one stream through The Sleuth Kit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytsk3

from triage.ingest.filesystems.tsk_folder import WOF_STREAM, Volume, overlay_packed
from triage.ingest.filesystems.tsk_streams import Stream
from triage.ingest.reading import CHUNK_BYTES, ContentError
from triage.ingest.tskimage import plain_words
from triage.model.entry import FileEntry
from triage.model.outcome import FailReason


def chosen(every: Sequence[Stream], entry: FileEntry) -> Stream | None:
    """Give the stream an entry stands for; streams that share a name are told apart by order."""
    named = [stream for stream in every if stream.name == entry.ref.stream]
    return named[entry.ref.nth % len(named)] if named else None


def content(facts: Volume, entry: FileEntry) -> Iterator[bytes]:
    """Give the content in order, in chunks.

    Raises:
        ContentError: the record, the stream or a part of the content cannot be read.
    """
    file, stream = _opened(facts, entry)
    yield from _chunks(file, stream, 0, entry.size_bytes)


def content_part(facts: Volume, entry: FileEntry, offset_bytes: int, length_bytes: int) -> bytes:
    """Give a part of the content.

    Raises:
        ContentError: the record, the stream or the part cannot be read.
    """
    file, stream = _opened(facts, entry)
    end = min(offset_bytes + length_bytes, entry.size_bytes)
    return b"".join(_chunks(file, stream, offset_bytes, end))


def _opened(facts: Volume, entry: FileEntry) -> tuple[pytsk3.File, Stream]:
    try:
        file = facts.opened.open_meta(entry.ref.address)
        every = tuple(facts.streams(file))
        packed = overlay_packed(file, every)
    except OSError as error:
        raise ContentError(FailReason.READ_ERROR, plain_words(error)) from error
    stream = chosen(every, entry)
    if stream is None:
        raise ContentError(FailReason.READ_ERROR, "the record holds no such stream")
    if packed and not entry.ref.stream:
        detail = f"compressed by the Windows overlay filter (stream {WOF_STREAM.decode()})"
        raise ContentError(FailReason.READ_ERROR, detail)
    return file, stream


def _chunks(file: pytsk3.File, stream: Stream, offset: int, end: int) -> Iterator[bytes]:
    while offset < end:
        chunk = _chunk(file, stream, offset, min(CHUNK_BYTES, end - offset))
        offset += len(chunk)
        yield chunk


def _chunk(file: pytsk3.File, stream: Stream, offset: int, wanted: int) -> bytes:
    try:
        chunk = file.read_random(offset, wanted, stream.kind, stream.number)
    except OSError as error:
        raise ContentError(
            FailReason.READ_ERROR, f"at byte {offset}: {plain_words(error)}"
        ) from error
    if not chunk:
        raise ContentError(FailReason.SHORT_READ, f"content ends at byte {offset}")
    return chunk
