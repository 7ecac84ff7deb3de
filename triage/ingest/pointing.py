"""Follows small files that only name an extraction: Cellebrite's ``.ufd`` and ``.ufdx``.

The layouts are known from public parsers. A ``.ufd`` is an INI file, whose section ``Dumps`` names
files beside it and whose ``DeviceInfo`` tells of the device; a ``.ufdx`` is XML, whose elements
``Extraction`` name ``.ufd`` files by ``Path``, with backslashes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from defusedxml.ElementTree import DefusedXMLParser, ParseError

from triage.errors import EvidenceError
from triage.ingest.archives.source import guarded
from triage.ingest.reading import ContentError
from triage.ingest.volume import Survey
from triage.model.display import printable
from triage.model.evidence import EvidenceInfo
from triage.model.problem import Problem, ProblemKind

_MOST_BYTES = 4 * 1024 * 1024
_SUFFIXES = frozenset({".ufd", ".ufdx"})
_DEEPEST = 3
_VALUE = 200
_DEVICE = {
    "vendor": "device_make",
    "model": "device_model",
    "devicemodel": "device_model",
    "os": "device_os",
    "imei1": "device_imei",
    "imei": "device_imei",
    "serialnumber": "device_serial",
    "serial": "device_serial",
}
"""Names in ``DeviceInfo``, lower case, the more trusted of a kind first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told of evidence by the file that names it.

    Attributes:
        header: of the device, by the names of ``DEVICE_HEADERS``.
        missing: files that are named and not there, as they are shown.
    """

    header: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()

    def on(self, info: EvidenceInfo) -> EvidenceInfo:
        """Give what was opened with what is told of it; the evidence itself has the last word."""
        if not self.header:
            return info
        return replace(info, header=tuple(sorted((dict(self.header) | dict(info.header)).items())))

    def beside(self, found: Survey, info: EvidenceInfo) -> Survey:
        """Give a survey with a problem for each file that is missing."""
        problems = tuple(
            Problem(
                kind=ProblemKind.EXTRACTION_INCOMPLETE,
                evidence=info.key,
                detail=f"{name}: is named as a part of the extraction and is not there",
            )
            for name in self.missing
        )
        return replace(found, problems=found.problems + problems) if problems else found

    def with_more(self, other: Told) -> Told:
        """Give this and what a file that points at this one tells."""
        header = tuple(sorted((dict(other.header) | dict(self.header)).items()))
        return Told(header=header, missing=self.missing + other.missing)


NOTHING = Told()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointed:
    """Where a file points, and what it tells of what lies there."""

    path: Path
    told: Told


def follow(path: Path) -> Pointed | None:
    """Give where a pointing file leads, ``None`` for a file that is none.

    Raises:
        EvidenceError: nothing of what it names is there, or there are several, or it leads on and
            on.
    """
    told, at = NOTHING, path
    for _ in range(_DEEPEST):
        one = _followed(at)
        if one is None:
            return Pointed(path=at, told=told) if at != path else None
        at, told = one.path, one.told.with_more(told)
    raise EvidenceError(f"{printable(path.name)}: points at a file that points at others")


def _followed(path: Path) -> Pointed | None:
    if path.suffix.lower() not in _SUFFIXES:
        return None
    text = _text(path)
    parsed = None
    if text.lstrip().startswith("<"):
        parsed = _of_xml(text, path)
    elif "[dumps]" in text.lower():
        parsed = _of_ini(text)
    if parsed is None:
        return None
    device, names = parsed
    return _chosen(path, names, _header(device))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES)
    except (OSError, ValueError):
        return ""  # whoever opens it as evidence says what is wrong
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    return data.decode("utf-16" if wide else "utf-8-sig", "replace")


def _of_ini(text: str) -> tuple[dict[str, str], list[str]]:
    device: dict[str, str] = {}
    names: list[str] = []
    section = ""
    for line in text.splitlines():
        bare = line.strip()
        if bare.startswith("[") and bare.endswith("]"):
            section = bare[1:-1].strip().lower()
            continue
        key, equals, value = (part.strip() for part in bare.partition("="))
        if not equals or not value:
            continue
        if section == "deviceinfo":
            device.setdefault(key.lower(), value)
        elif section == "dumps" and "keychain" not in key.lower():
            names.append(value)
    return device, names


def _of_xml(text: str, path: Path) -> tuple[dict[str, str], list[str]] | None:
    reading = _Extractions()
    try:
        with guarded("the list of extractions"):
            parser: Any = DefusedXMLParser(target=reading, forbid_dtd=True)
            parser.feed(text.encode("utf-8", "replace"))
            parser.close()
    except (ParseError, ContentError) as error:
        words = error.detail if isinstance(error, ContentError) else str(error)
        raise EvidenceError(f"{printable(path.name)}: is damaged: {printable(words)}") from error
    return reading.device, reading.names


class _Extractions:
    """Takes what a ``.ufdx`` says."""

    def __init__(self) -> None:
        self.device: dict[str, str] = {}
        self.names: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        local = tag.rpartition("}")[2]
        if local == "DeviceInfo":
            for name, value in attributes.items():
                self.device.setdefault(name.lower(), value)
        elif local == "Extraction" and attributes.get("Path"):
            self.names.append(attributes["Path"])

    def end(self, tag: str) -> None:
        """Take the end of an element, from the parser."""

    def close(self) -> None:
        """Take the end of the document, from the parser."""


def _chosen(path: Path, names: list[str], header: tuple[tuple[str, str], ...]) -> Pointed:
    shown = printable(path.name)
    distinct = list(dict.fromkeys(names))
    found = [(name, at) for name in distinct if (at := _beside(path, name)) is not None]
    if not found and len(distinct) == 1:
        found = _renamed(path, distinct[0])
    there = {name for name, _ in found}
    missing = tuple(printable(name) for name in distinct if name not in there)
    if not found:
        named = ", ".join(missing[:3]) or "no file"
        raise EvidenceError(
            f"{shown}: points at {named}, which is not beside it",
            hint="put the extraction into the folder of this file, as it was made",
        )
    if len(found) > 1:
        named = ", ".join(printable(name) for name, _ in found[:9])
        raise EvidenceError(
            f"{shown}: points at {len(found)} extractions: {named}",
            hint="name each of them as an image of the exhibit, instead of this file",
        )
    return Pointed(path=found[0][1], told=Told(header=header, missing=missing))


def _renamed(path: Path, name: str) -> list[tuple[str, Path]]:
    """Give a file that is called as the pointing one is, with the ending that is told.

    Files that were sent in through the pages have such names.
    """
    ending = Path(name.replace("\\", "/").rpartition("/")[2]).suffix.lower()
    try:
        one = path.with_suffix(ending)
        there = bool(ending) and one != path and one.is_file()
    except (OSError, ValueError):
        return []
    return [(name, one)] if there else []


def _beside(path: Path, name: str) -> Path | None:
    """Give a file by the name that is told of it, never one outside of the folder."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in {"", "."}]
    if not parts or any(part == ".." or ":" in part or "\0" in part for part in parts):
        return None
    # the whole way first, then beside this file, where parts were brought into one folder
    for way in (parts, parts[-1:]):
        one = path.parent.joinpath(*way)
        try:
            if one.is_file() and one.resolve() != path.resolve():
                return one
        except OSError:
            continue
    return None


def _header(device: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for name, kind in _DEVICE.items():
        if device.get(name):
            found.setdefault(kind, printable(device[name])[:_VALUE])
    return tuple(sorted(found.items()))
