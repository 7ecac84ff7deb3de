"""Project VIC / VICS JSON 1.x and 2.0: hash sets and cases, streamed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import ijson
from ijson.common import ObjectBuilder

from triage.errors import HashSetError
from triage.matching.fields import Draft, Malformed, flag, judged
from triage.matching.reading import HEAD_SIZE_BYTES, Item, Reader, ReadOptions
from triage.matching.source import head_text, opened_text, read_head
from triage.model.digest import Algorithm, PdqRecipe
from triage.model.hashset import RefusedRecord

Event = tuple[str, object]
CONTEXT = re.compile(
    r'"@?odata\.(?:context|metadata)"\s*:\s*'
    r'"[^"]*/ProjectVic/DataModels/(?P<version>[0-9.]+)\.xml(?P<tail>[^"]*)"',
    re.IGNORECASE,
)
NESTED_LIMIT_EVENTS = 20_000
_SAMPLE_RECORDS = 2_000
_DIGESTS = (
    ("md5", Algorithm.MD5),
    ("sha1", Algorithm.SHA1),
    ("sha256", Algorithm.SHA256),
    ("pdq", Algorithm.PDQ),
)
_SIMPLE = frozenset(
    {
        *(name for name, _ in _DIGESTS),
        "photodna",
        "category",
        "mediasize",
        "victimidentified",
        "offenderidentified",
        "isdistributed",
    }
)
_NESTED = frozenset({"alternativehashes", "series", "tags"})
_WANTED = _SIMPLE | _NESTED
_SPELLED: dict[object, str] = {
    key: key.lower()
    for key in (
        "MediaID", "Category", "MD5", "SHA1", "SHA256", "PDQ", "PhotoDNA", "MediaSize",
        "VictimIdentified", "OffenderIdentified", "IsDistributed", "AlternativeHashes", "Series",
        "Tags", "MediaFiles", "Exifs", "Comments", "IsPrecategorized", "MimeType", "IsSuspected",
        "RelativeFilePath", "DateUpdated",
    )
}  # fmt: skip
"""Keys as nearly every file spells them; any other spelling is made lower-case on the spot."""
_CASE_KEYS = frozenset({"media", "caseid"})
_OPENS = frozenset({"start_map", "start_array"})
_CLOSES = frozenset({"end_map", "end_array"})

CAID_WARNING = (
    "a VICS file of media records without a category that means anything (all absent or 0): NIST "
    "publishes sets of this shape under the name CAID that hold known-GOOD files; state the "
    "polarity from where the set came from, never from its name or format"
)


class VicsReader(Reader):
    """VICS hash sets (``#Media``) and cases (``#Cases``); which, is seen from inside the array."""

    id = "vics"
    title = "Project VIC / VICS JSON 1.x and 2.0, plain, gzip or zip"

    def recognises(self, head: bytes, path: Path) -> bool:  # noqa: ARG002  (protocol)
        """Tell by a version key of a VICS data model at the start of an object."""
        text = head_text(head)
        return text.lstrip()[:1] == "{" and CONTEXT.search(text) is not None

    def read(self, path: Path, options: ReadOptions) -> Iterator[Item]:
        """Stream the media records of all cases, or of the set.

        Raises:
            HashSetError: not JSON, cut short, or no array ``value``; says after which record.
        """
        number = 0
        try:
            with opened_text(path, options) as stream:
                for number, media in enumerate(_media(_events(stream), path), 1):
                    yield _item(media, f"record {number}", options)
        except (ijson.JSONError, ValueError, ArithmeticError) as error:
            raise _damaged(path, number, error) from error

    def warnings(self, path: Path, options: ReadOptions) -> tuple[str, ...]:
        """Warn of sets shaped like the known-good ones that are named CAID."""
        found = CONTEXT.search(head_text(read_head(path, HEAD_SIZE_BYTES)))
        if found is None or not found["tail"].lower().endswith("media"):
            return ()
        codes = set()
        for number, item in enumerate(self.read(path, ReadOptions(encoding=options.encoding))):
            if number >= _SAMPLE_RECORDS:
                break
            codes.add(None if isinstance(item, RefusedRecord) else item.code)
        return (CAID_WARNING,) if codes and looks_like_nist_caid(found["tail"], codes) else ()


def _damaged(path: Path, number: int, error: Exception) -> HashSetError:
    """Name what is wrong; the parser calls everything incomplete, and some of its words bytes."""
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(error)
    detail = text.splitlines()[0][:200] if text else ""
    if "UTF8" in text:
        return HashSetError(
            f"{path.name}: not UTF-8 after record {number}: {detail}",
            hint="name the encoding, for example: --encoding cp1252",
        )
    cut = isinstance(error, ijson.IncompleteJSONError) and "garbage" not in text
    cut = cut and "lexical error" not in text
    words = "cut short" if cut else "not JSON"
    return HashSetError(f"{path.name}: {words} after record {number}: {detail}")


def looks_like_nist_caid(context_tail: str, codes: set[str | None]) -> bool:
    """Tell whether a set has the shape of NIST's known-good files that are named CAID.

    Args:
        context_tail: what follows ``.xml`` in the version key.
        codes: the category codes of a sample of its records.
    """
    return context_tail.lower().endswith("#media") and codes <= {None, "0"}


def _events(stream: BinaryIO) -> Iterator[Event]:
    return ijson.basic_parse(stream, use_float=False)


def _media(events: Iterator[Event], path: Path) -> Iterator[object]:
    """Give each media record as a dictionary with lower-case keys; anything else as it is."""
    kind, _ = next(events, ("", None))
    if kind != "start_map":
        raise HashSetError(f"{path.name}: the JSON does not start with an object")
    found = False
    for kind, value in events:
        if kind == "map_key" and str(value).lower() == "value":
            opening, _ = next(events)
            if opening != "start_array":
                raise HashSetError(f"{path.name}: 'value' is not an array")
            found = True
            yield from _elements(events)
        elif kind in _OPENS:
            _skip(events)
    if not found:
        raise HashSetError(f"{path.name}: no array 'value' in the JSON")


def _elements(events: Iterator[Event]) -> Iterator[object]:
    for kind, value in events:
        if kind == "end_array":
            return
        if kind != "start_map":
            yield _other(kind, value, events)
            continue
        media: dict[str, object] = {}
        case = False
        for inner, key in events:
            if inner == "end_map":
                break
            name = _SPELLED.get(key) or str(key).lower()
            if name in _CASE_KEYS:
                case = True
            if name == "media":
                opening, scalar = next(events)
                if opening == "start_array":
                    yield from _records(events)
                elif opening == "start_map" or scalar is not None:
                    yield _other(opening, scalar, events)
                continue
            opening, scalar = next(events)
            if opening in _OPENS:
                _take_nested(name, opening, events, media)
            elif name in _WANTED:
                media[name] = scalar
        if not case or "md5" in media:
            yield media


def _records(events: Iterator[Event]) -> Iterator[object]:
    for kind, value in events:
        if kind == "end_array":
            return
        if kind != "start_map":
            yield _other(kind, value, events)
            continue
        media: dict[str, object] = {}
        for inner, key in events:
            if inner == "end_map":
                break
            name = _SPELLED.get(key) or str(key).lower()
            opening, scalar = next(events)
            if opening in _OPENS:
                _take_nested(name, opening, events, media)
            elif name in _WANTED:
                media[name] = scalar
        yield media


def _take_nested(name: str, kind: str, events: Iterator[Event], media: dict[str, object]) -> None:
    if name in _WANTED:
        media[name] = _nested(kind, events)
    else:
        _skip(events)


def _other(kind: str, value: object, events: Iterator[Event]) -> object:
    if kind in _OPENS:
        _skip(events)
        return kind
    return value


def _skip(events: Iterator[Event]) -> None:
    depth = 1
    for kind, _ in events:
        if kind in _OPENS:
            depth += 1
        elif kind in _CLOSES:
            depth -= 1
            if not depth:
                return


def _nested(kind: str, events: Iterator[Event]) -> object:
    builder = ObjectBuilder()
    builder.event(kind, None)
    depth = 1
    for number, (inner, value) in enumerate(events):
        if inner in _OPENS:
            depth += 1
        elif inner in _CLOSES:
            depth -= 1
        if number < NESTED_LIMIT_EVENTS:
            builder.event(inner, value)
        if not depth:
            return builder.value if number < NESTED_LIMIT_EVENTS else _TooLong
    return builder.value


class _TooLong:
    """Stands for a nested value that was not kept."""


def _item(media: object, place: str, options: ReadOptions) -> Item:
    if not isinstance(media, dict):
        return RefusedRecord(place=place, reason="not an object")
    try:
        draft = _draft(media, place, options.pdq_recipe)
    except Malformed as finding:
        return RefusedRecord(place=place, reason=str(finding))
    return judged(draft, options)


def _draft(media: dict[str, object], place: str, recipe: PdqRecipe) -> Draft:
    notes: list[str] = []
    listed = media.get("alternativehashes")
    if listed:
        _merge_alternatives(media, listed, notes)
    size = media.get("mediasize")
    photodna = media.get("photodna")
    return Draft(
        place=place,
        digests={name: _digest_text(media, key) for key, name in _DIGESTS if key in media},
        recipe=recipe,
        photodna=photodna if isinstance(photodna, str) else None,
        size=None if size is None else str(size),
        code=_code(media.get("category")),
        series=_words(media.get("series")),
        tags=_words(media.get("tags")),
        victim_identified=flag(media.get("victimidentified")),
        offender_identified=flag(media.get("offenderidentified")),
        distributed=flag(media.get("isdistributed")),
        notes=notes,
    )


def _merge_alternatives(media: dict[str, object], listed: object, notes: list[str]) -> None:
    if not isinstance(listed, list):
        notes.append("AlternativeHashes is not an array of fitting length")
        return
    for alternative in listed:
        pair = (
            {str(key).lower(): value for key, value in alternative.items()}
            if isinstance(alternative, dict)
            else {}
        )
        name = re.sub(r"[^a-z0-9]", "", str(pair.get("hashname", "")).lower())
        value = pair.get("hashvalue")
        if name not in {"md5", "sha1", "sha256", "pdq", "photodna"} or value is None or value == "":
            continue
        before = media.get(name)
        if not before:
            media[name] = value
        elif str(before).strip().lower() != str(value).strip().lower() and name != "photodna":
            raise Malformed(f"two different values of {name}")


def _digest_text(media: dict[str, object], key: str) -> str | None:
    value = media[key]
    if value is None or isinstance(value, str):
        return value
    raise Malformed(f"{key}: not a text")


def _code(value: object) -> str | None:
    """Give the code as written: 0 is one, and is not the same as null or absent."""
    if value is None:
        return None
    if isinstance(value, bool | dict | list | type):
        raise Malformed("Category: not a code")
    text = str(value).strip()
    return text if text and text.lower() != "null" else None


def _words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(word).strip() for word in value if isinstance(word, str | int))
    return value.strip() if isinstance(value, str) else ""
