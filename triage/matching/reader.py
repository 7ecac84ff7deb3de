"""The registry of hash-set readers, in order of trial, and the choice among them."""

from __future__ import annotations

from pathlib import Path

from triage.errors import HashSetError
from triage.matching.readers.checksums import ChecksumReader
from triage.matching.readers.encase import EncaseReader
from triage.matching.readers.hashdeep import HashdeepReader
from triage.matching.readers.lists import PlainListReader
from triage.matching.readers.nsrl_delta import NsrlDeltaReader
from triage.matching.readers.perceptual import PdqListReader, PhashListReader
from triage.matching.readers.refused import BloomReader, HkeReader, XWaysReader
from triage.matching.readers.sqlite_sets import KdbReader, NsrlReader
from triage.matching.readers.tables import (
    HASHKEEPER,
    ICSE,
    ILOOK,
    NSRL2,
    CsvReader,
    TableReader,
)
from triage.matching.readers.tskidx import TskIndexReader
from triage.matching.readers.vics import VicsReader
from triage.matching.readers.vpdq import VpdqReader
from triage.matching.readers.xml_sets import C4ALL, NCMEC
from triage.matching.reading import HEAD_SIZE_BYTES, Item, Reader, ReadOptions
from triage.matching.source import head_text, read_head

__all__ = ["READERS", "Item", "ReadOptions", "Reader", "choose_reader"]

READERS: tuple[Reader, ...] = (
    XWaysReader(),
    BloomReader(),
    HkeReader(),
    KdbReader(),
    NsrlReader(),
    EncaseReader(),
    TskIndexReader(),
    HashdeepReader(),
    C4ALL,
    NCMEC,
    VicsReader(),
    NsrlDeltaReader(),
    NSRL2,
    HASHKEEPER,
    ILOOK,
    ICSE,
    VpdqReader(),
    PdqListReader(),
    PhashListReader(),
    ChecksumReader(),
    CsvReader(),
    PlainListReader(),
)
"""Formats with a signature first, tables next, bare lists last."""


def choose_reader(
    path: Path, format_id: str | None = None, *, columns_named: bool = False, encoding: str = ""
) -> Reader:
    """Find the reader of a source.

    Args:
        path: the hash-set file.
        format_id: id of the reader to take, unseen; ``None`` to look at the content.
        columns_named: a person named columns, so that it is a table, whatever its header says.
        encoding: that a person named for its text; ``""`` for none.

    Raises:
        HashSetError: no such id, nothing fits, or the file cannot be read.
    """
    if format_id is not None:
        for reader in READERS:
            if reader.id == format_id:
                return reader
        raise HashSetError(f"no hash-set format is called {format_id!r}", hint=_ids())
    head = read_head(path, HEAD_SIZE_BYTES)
    if not head:
        raise HashSetError(f"{path.name}: the file is empty")
    for shown in (head, _as_utf_8(head, encoding)) if encoding else (head,):
        for reader in READERS:
            fits = isinstance(reader, TableReader) or not columns_named
            if fits and reader.recognises(shown, path):
                return reader
    if columns_named:
        return CsvReader()
    hint = _ids()
    if head.startswith(b"SQLite format 3"):
        hint = "an SQLite file: unpack it first if it is packed, else its tables are not known here"
    raise HashSetError(f"{path.name}: no known hash-set format fits this file", hint=hint)


def _as_utf_8(head: bytes, encoding: str) -> bytes:
    """Recode a head; the head itself for what is no encoding, which reading says in full."""
    try:
        return head_text(head, encoding).encode("utf-8", "replace")
    except (LookupError, ValueError):
        return head


def _ids() -> str:
    return "formats: " + ", ".join(reader.id for reader in READERS)
