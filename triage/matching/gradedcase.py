"""Reads a VICS case (1.x and 2.0) for what people graded in it, one record at a time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import ijson
from ijson.common import ObjectBuilder

from triage.errors import HashSetError
from triage.matching.fields import flag
from triage.matching.reading import HEAD_SIZE_BYTES, ReadOptions
from triage.matching.source import damage_named, head_text, opened_text, read_head
from triage.model.display import printable
from triage.model.gradedcase import GradedFile, GradedRecord
from triage.model.vote import SERIES

Event = tuple[str, object]
Words = dict[str, object]

_CONTEXT = re.compile(
    r'"@?odata\.(?:context|metadata)"\s*:\s*"[^"]*/DataModels/(?P<version>[0-9.]+)\.xml/'
    r'(?P<region>[^/"]*)/?\$metadata#(?P<kind>[A-Za-z]*)',
    re.IGNORECASE,
)
_KEPT = frozenset(
    {
        *("md5", "sha1", "sha256", "category", "mediasize", "isprecategorized"),
        *("alternativehashes", "mediametadata"),
        *("victimidentified", "offenderidentified", "series", "tags"),
    }
)
_HEAD = frozenset({"contactname", "contactorganization", "sourceapplicationname"})
_OPENS = frozenset({"start_map", "start_array"})
_CLOSES = frozenset({"end_map", "end_array"})
_NESTED_EVENTS = 20_000
_WORDS_MAX = 200
_RECORDS_MAX = 5_000_000
_CHUNK_BYTES = 1 << 20
_LENGTHS = {"md5": 16, "sha1": 20, "sha256": 32}
_APPLICATION = "sourceapplicationname"
_GRADED_BY = "GradedBy"
"""Property by which exports of this program name who graded a content."""


@dataclass(slots=True)
class _Case:
    """What is known of a case as its object is read."""

    head: Words = field(default_factory=dict)
    records: list[GradedRecord] = field(default_factory=list)


def read_graded(path: Path) -> GradedFile:
    """Read what people graded in a case file; plain, gzip or a zip of one file.

    Raises:
        HashSetError: it cannot be read, is no VICS case, or is cut short; says after which record.
    """
    found = _CONTEXT.search(head_text(read_head(path, HEAD_SIZE_BYTES)))
    if found is None:
        raise HashSetError(
            f"{path.name}: this is no VICS file: its first lines name no data model of it"
        )
    if found["kind"].lower() != "cases":
        raise HashSetError(
            f"{path.name}: a VICS file of {printable(found['kind'])}, not of cases",
            hint="A hash set is imported by 'triage hashset import'.",
        )
    sha256, size_bytes = _digest(path)
    cases = _read(path)
    return GradedFile(
        name=path.name,
        sha256=sha256,
        size_bytes=size_bytes,
        version=found["version"],
        region=found["region"],
        said_by="; ".join(sorted({_said_by(one.head) for one in cases} - {""})),
        application="; ".join(sorted({_text(one.head, _APPLICATION) for one in cases} - {""})),
        records=tuple(_named(cases)),
    )


def _digest(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with damage_named(path), path.open("rb") as file:
        while part := file.read(_CHUNK_BYTES):
            digest.update(part)
            size += len(part)
    return digest.hexdigest(), size


def _read(path: Path) -> list[_Case]:
    cases: list[_Case] = []
    number = 0
    try:
        with opened_text(path, ReadOptions()) as stream:
            for case, record in _records(stream, path):
                if record is None:
                    cases.append(case)
                    continue
                number += 1
                case.records.append(replace(record, place=f"record {number}"))
                if number > _RECORDS_MAX:
                    raise HashSetError(f"{path.name}: more than {_RECORDS_MAX:,} records")
    except (ijson.JSONError, ValueError, ArithmeticError) as error:
        detail = printable(str(error).splitlines()[0][:_WORDS_MAX]) if str(error) else ""
        raise HashSetError(
            f"{path.name}: not JSON or cut short after record {number}: {detail}"
        ) from error
    return cases


def _records(stream: BinaryIO, path: Path) -> Iterator[tuple[_Case, GradedRecord | None]]:
    """Give each case as it begins, with nothing, and then with each record of it."""
    events: Iterator[Event] = ijson.basic_parse(stream, use_float=False)
    if next(events, ("", None))[0] != "start_map":
        raise HashSetError(f"{path.name}: the JSON does not start with an object")
    found = False
    for kind, value in events:
        if kind != "map_key":
            continue
        opening, _ = next(events)
        if str(value).lower() == "value" and opening == "start_array":
            found = True
            yield from _cases(events)
        elif opening in _OPENS:
            _skip(events)
    if not found:
        raise HashSetError(f"{path.name}: no array 'value' in the JSON")


def _cases(events: Iterator[Event]) -> Iterator[tuple[_Case, GradedRecord | None]]:
    for kind, _ in events:
        if kind == "end_array":
            return
        if kind == "start_map":
            case = _Case()
            yield case, None
            yield from ((case, record) for record in _case(events, case))
        elif kind in _OPENS:
            _skip(events)


def _case(events: Iterator[Event], case: _Case) -> Iterator[GradedRecord]:
    for kind, key in events:
        if kind == "end_map":
            return
        name = str(key).lower()
        opening, value = next(events)
        if name == "media" and opening == "start_array":
            for inner, _ in events:
                if inner == "end_array":
                    break
                yield _element(inner, events)
        elif opening in _OPENS:
            _skip(events)
        elif name in _HEAD:
            case.head[name] = value


def _element(kind: str, events: Iterator[Event]) -> GradedRecord:
    if kind != "start_map":
        if kind in _OPENS:
            _skip(events)
        return GradedRecord(place="", problem="not an object")
    media: Words = {}
    for inner, key in events:
        if inner == "end_map":
            break
        name = str(key).lower()
        opening, value = next(events)
        if name not in _KEPT:
            if opening in _OPENS:
                _skip(events)
        else:
            media[name] = _nested(opening, events) if opening in _OPENS else value
    try:
        return _record(media)
    except ValueError as error:
        return GradedRecord(place="", problem=printable(str(error))[:_WORDS_MAX])


def _record(media: Words) -> GradedRecord:
    size = media.get("mediasize")
    return GradedRecord(
        place="",
        md5=_digest_of(media, "md5"),
        sha1=_digest_of(media, "sha1"),
        sha256=_digest_of(media, "sha256") or _alternative(media),
        size_bytes=None if size is None else int(str(size)),
        code=_code(media.get("category")),
        precategorised=flag(media.get("isprecategorized")) is True,
        by=_graded_by(media.get("mediametadata")),
        tags=_tags(media),
    )


def _digest_of(media: Words, name: str) -> bytes | None:
    value = media.get(name)
    if value is None or value == "":
        return None
    return _unhexed(value, name)


def _unhexed(value: object, name: str) -> bytes:
    try:
        raw = bytes.fromhex(value.strip()) if isinstance(value, str) else b""
    except ValueError:
        raw = b""
    if len(raw) != _LENGTHS[name]:
        raise ValueError(f"{name}: no digest of it")
    return raw


def _alternative(media: Words) -> bytes | None:
    """Give the SHA-256 that stands among further digests."""
    listed = media.get("alternativehashes")
    for one in listed if isinstance(listed, list) else ():
        pair = _lower(one)
        name = re.sub(r"[^a-z0-9]", "", str(pair.get("hashname", "")).lower())
        if name == "sha256" and pair.get("hashvalue"):
            return _unhexed(pair["hashvalue"], name)
    return None


def _graded_by(listed: object) -> tuple[str, ...]:
    pairs = map(_lower, listed if isinstance(listed, list) else ())
    names = {
        _clean(one.get("propertyvalue")) for one in pairs if one.get("propertyname") == _GRADED_BY
    }
    return tuple(sorted(names - {""}))


def _tags(media: Words) -> tuple[str, ...]:
    tags = {
        tag
        for tag, name in (
            ("victim-identified", "victimidentified"),
            ("offender-identified", "offenderidentified"),
        )
        if flag(media.get(name)) is True
    }
    if "first-generation" in _clean(media.get("tags")):
        tags.add("first-generation")
    if series := _clean(media.get("series")):
        tags.add(SERIES + series)
    return tuple(sorted(tags))


def _code(value: object) -> str | None:
    if isinstance(value, bool | dict | list):
        raise ValueError("Category: not a code")  # noqa: TRY004  (of the file, not of a call)
    text = "" if value is None else str(value).strip()
    return text if text and text.lower() != "null" else None


def _named(cases: Iterable[_Case]) -> Iterator[GradedRecord]:
    """Give the records with who sends their case, which may stand behind them."""
    for case in cases:
        said_by = _said_by(case.head)
        for one in case.records:
            yield replace(one, said_by=said_by) if said_by else one


def _said_by(head: Words) -> str:
    name, organisation = _text(head, "contactname"), _text(head, "contactorganization")
    return f"{name} ({organisation})" if name and organisation else name or organisation


def _text(head: Words, name: str) -> str:
    return _clean(head.get(name))


def _clean(value: object) -> str:
    """Give words of the file on one line, safe to store and to print; lists are joined."""
    if isinstance(value, list):
        value = ", ".join(one for one in value if isinstance(one, str))
    if not isinstance(value, str):
        return ""
    words = " ".join(value.split())[:_WORDS_MAX]
    return words if words.isprintable() else printable(words)


def _lower(one: object) -> Words:
    return {str(key).lower(): value for key, value in one.items()} if isinstance(one, dict) else {}


def _skip(events: Iterator[Event]) -> None:
    depth = 1
    for kind, _ in events:
        depth += (kind in _OPENS) - (kind in _CLOSES)
        if not depth:
            return


def _nested(kind: str, events: Iterator[Event]) -> object:
    """Build a nested value, nothing where it is longer than any true one."""
    builder = ObjectBuilder()
    builder.event(kind, None)
    depth, number = 1, 0
    for inner, value in events:
        depth += (inner in _OPENS) - (inner in _CLOSES)
        number += 1
        if number < _NESTED_EVENTS:
            builder.event(inner, value)
        if not depth:
            break
    return builder.value if number < _NESTED_EVENTS else None
