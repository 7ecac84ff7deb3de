"""NSRL RDS 3 deltas: SQL text whose INSERTs into FILE are read, and never executed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from triage.errors import HashSetError
from triage.matching.fields import Draft, judged
from triage.matching.reading import Item, Reader, ReadOptions
from triage.matching.source import CHUNK_SIZE_BYTES, head_text, opened_text
from triage.model.digest import Algorithm
from triage.model.hashset import RefusedRecord

TOKEN_LIMIT_CHARACTERS = 1 << 20
ROW_LIMIT_FIELDS = 64
_COLUMNS = ("sha256", "sha1", "md5", "crc32", "file_name", "file_size", "package_id")
_VALUE = r"'[^']*(?:''[^']*)*'|[0-9]+"
_VALUES = re.compile(_VALUE)
_ROW = rf"""(?i:INSERT[ ]INTO[ ]FILE[ ]*\((?P<columns>[a-z0-9_,\ ]+)\)[ ]*VALUES[ ]*
    \((?P<values>(?:{_VALUE})(?:,[ ]?(?:{_VALUE}))*)\)[ ]*;)"""
"""A whole statement of one row, as nearly all are: one token, three times as fast."""
_TOKEN = re.compile(
    rf"""
    (?P<row>{_ROW})
    |(?P<space>\s+|--[^\n]*|/\*.*?\*/)
    |(?P<text>'[^']*(?:''[^']*)*')
    |(?P<name>"[^"]*"|`[^`]*`|\[[^\]]*\]|[A-Za-z_][A-Za-z0-9_.$]*)
    |(?P<number>[-+]?[0-9][0-9.eE+-]*)
    |(?P<mark>[(),;])
    |(?P<open>'.*|".*|`.*|\[.*|/\*.*)
    |(?P<else>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_WHOLE_ROW = re.compile(_ROW, re.VERBOSE)
_INTO_FILE = re.compile(
    r"INSERT\s+(?:OR\s+\w+\s+)?INTO\s+[\"`\[]?FILE[\"`\]]?\s*[(V]", re.IGNORECASE
)
_DIGESTS = frozenset({"sha256", "sha1", "md5"})
_HARMLESS = frozenset({"begin", "commit", "end", "pragma", "create", "analyze", "vacuum"})

Token = tuple[str, str, int]
"""Kind, text and number of its line."""


class NsrlDeltaReader(Reader):
    """``INSERT INTO FILE(…) VALUES (…),(…);`` as a stream of tokens.

    Statements that would take away from the previous release or alter it (DELETE, UPDATE, …)
    cannot be applied to a pack and are refused by line; inserts into other tables hold no
    digests and are passed over.
    """

    id = "nsrl-rds3-delta"
    title = "NSRL RDS 3 delta, .sql"

    def recognises(self, head: bytes, path: Path) -> bool:  # noqa: ARG002  (protocol)
        """Tell by an INSERT INTO FILE near the start."""
        return _INTO_FILE.search(head_text(head)) is not None

    def read(self, path: Path, options: ReadOptions) -> Iterator[Item]:
        """Stream the inserted rows.

        Raises:
            HashSetError: a quoted text or the last statement never ends, or unknown columns.
        """
        with opened_text(path, options) as stream:
            tokens = _tokens(stream, path)
            for kind, text, line in tokens:
                if kind == "row":
                    yield from _row_item(text, line, path, options)
                elif kind == "name":
                    yield from _statement(text, line, tokens, path, options)
                elif text != ";":
                    yield RefusedRecord(place=f"line {line}", reason="not an SQL statement")
                    yield from _to_end(tokens)


def _tokens(stream: BinaryIO, path: Path) -> Iterator[Token]:
    rest, line, ended = "", 1, False
    while not ended:
        chunk = stream.read(CHUNK_SIZE_BYTES)
        ended = not chunk
        rest += chunk.decode("utf-8", "surrogateescape")
        at = 0
        for found in _TOKEN.finditer(rest):
            if not ended and found.end() == len(rest):
                break
            kind, text, at = found.lastgroup or "", found[0], found.end()
            if kind == "open":
                raise HashSetError(f"{path.name}: line {line}: a quoted text never ends")
            if kind != "space":
                yield kind, text, line
            line += text.count("\n")
        rest = rest[at:]
        if len(rest) > TOKEN_LIMIT_CHARACTERS:
            raise HashSetError(f"{path.name}: line {line}: a text of over a million characters")


def _statement(
    verb: str, line: int, tokens: Iterator[Token], path: Path, options: ReadOptions
) -> Iterator[Item]:
    word = verb.lower()
    if word not in {"insert", "replace"}:
        if word not in _HARMLESS:
            reason = f"a statement {verb[:20].upper()} is not applied"
            yield RefusedRecord(place=f"line {line}", reason=reason)
        yield from _to_end(tokens)
        return
    table = _after(tokens, "into", path, line)
    if table.strip('"`[]').lower() != "file":
        yield from _to_end(tokens)
        return
    columns = _column_names(tokens, path, line)
    yield from _value_rows(tokens, columns, path, options)


def _to_end(tokens: Iterator[Token]) -> Iterator[RefusedRecord]:
    """Pass over the rest of a statement; a row that stands in it is not passed over unsaid."""
    for kind, text, line in tokens:
        if kind == "row":
            reason = "the statement before it does not end"
            yield RefusedRecord(place=f"line {line}", reason=reason)
            return
        if text == ";":
            return


def _row_item(text: str, line: int, path: Path, options: ReadOptions) -> Iterator[Item]:
    found = _WHOLE_ROW.fullmatch(text)
    if found is not None:
        columns = _split_columns(found["columns"])
        if not _DIGESTS & set(columns):
            raise HashSetError(f"{path.name}: line {line}: no digest among the columns")
        values: list[str | None] = [_unquoted(value) for value in _VALUES.findall(found["values"])]
        yield _item(values, columns, f"line {line}", options)


@lru_cache(maxsize=16)
def _split_columns(text: str) -> tuple[str, ...]:
    return tuple(name.strip().lower() for name in text.split(","))


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'") if text[:1] == "'" else text


def _after(tokens: Iterator[Token], word: str, path: Path, first_line: int) -> str:
    for _, text, line in tokens:
        if text.lower() == word:
            return next(tokens, ("", "", line))[1]
        if text == ";":
            raise HashSetError(f"{path.name}: line {line}: INSERT without {word.upper()}")
    raise HashSetError(f"{path.name}: line {first_line}: the file ends inside its statement")


def _column_names(tokens: Iterator[Token], path: Path, line: int) -> tuple[str, ...]:
    names: list[str] = []
    for _, text, at in tokens:
        word = text.strip('"`[]').lower()
        if word == "values":
            found = tuple(names) or _COLUMNS
            if not _DIGESTS & set(found):
                raise HashSetError(f"{path.name}: line {at}: no digest among the columns")
            return found
        if text == ";" or len(names) > ROW_LIMIT_FIELDS:
            raise HashSetError(f"{path.name}: line {at}: INSERT INTO FILE without VALUES")
        if text not in {"(", ",", ")"}:
            names.append(word)
    raise HashSetError(f"{path.name}: the file ends inside the statement of line {line}")


def _value_rows(
    tokens: Iterator[Token], columns: tuple[str, ...], path: Path, options: ReadOptions
) -> Iterator[Item]:
    last = 0
    for _, text, line in tokens:
        last = line
        if text == ";":
            return
        if text == "(":
            values, end = _values(tokens)
            if end != ")":
                lost = ", and the next statement goes with it" if end not in {"", ";"} else ""
                yield RefusedRecord(
                    place=f"line {line}", reason=f"a row of values never closes{lost}"
                )
                if end:
                    return
                break
            yield _item(values, columns, f"line {line}", options)
        elif text != ",":
            yield RefusedRecord(place=f"line {line}", reason="not a row of values")
            if not text.endswith(";"):
                yield from _to_end(tokens)
            return
    raise HashSetError(f"{path.name}: line {last}: the file ends inside a statement")


def _values(tokens: Iterator[Token]) -> tuple[list[str | None], str]:
    """Give one row and what ended it: its bracket, ``;`` too early, or ``""`` for the file."""
    values: list[str | None] = []
    for kind, text, _ in tokens:
        if kind == "row" or text == ";":
            return values, kind if kind == "row" else text
        if kind == "mark":
            if text == ")":
                return values, text
        elif len(values) <= ROW_LIMIT_FIELDS:
            values.append(None if kind == "name" and text.lower() == "null" else _unquoted(text))
    return values, ""


def _item(
    values: list[str | None], columns: tuple[str, ...], place: str, options: ReadOptions
) -> Item:
    if len(values) != len(columns):
        reason = f"{len(values)} values where {len(columns)} belong"
        return RefusedRecord(place=place, reason=reason)
    row = dict(zip(columns, values, strict=True))
    named = (Algorithm.SHA256, Algorithm.SHA1, Algorithm.MD5)
    digests = {algorithm: row.get(algorithm.value) for algorithm in named}
    return judged(Draft(place=place, digests=digests, size=row.get("file_size")), options)
