"""XML hash sets: C4All / C4P reports and NCMEC hash sharing, streamed, entities refused."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from triage.errors import HashSetError
from triage.matching.fields import Draft, algorithm_of, judged
from triage.matching.reading import Item, Reader, ReadOptions
from triage.matching.source import head_text, opened
from triage.model.digest import Algorithm
from triage.model.hashset import RefusedRecord

FIELD_LIMIT_CHARACTERS = 4_096
FIELD_LIMIT_COUNT = 256
_CHUNK_SIZE_BYTES = 65_536
_SILENT_CHUNKS = 256
"""So many chunks (16 MiB) without any event are one tag that never ends."""

Fields = dict[str, str]
"""Texts of one record by their path of lower-case names inside it, ``fingerprints/md5``."""
ItemMaker = Callable[[str, Fields, str, ReadOptions], Item]


class _Collector:
    """A parser target that gathers the short texts inside each record, and nothing else."""

    def __init__(self, records: frozenset[str]) -> None:
        self.done: deque[tuple[str, Fields]] = deque()
        self.events = 0
        self._records = records
        self._path: list[str] = []
        self._depth = 0
        self._fields: Fields = {}
        self._text: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:  # noqa: ARG002  (a target's signature)
        self.events += 1
        name = tag.rpartition("}")[2].lower()[:64]
        if self._path or name in self._records:
            self._depth += 1
            if self._depth <= 8:
                self._path.append(name)
        self._text = []

    def data(self, text: str) -> None:
        self.events += 1
        if self._path and len(self._text) < 64:
            self._text.append(text[:FIELD_LIMIT_CHARACTERS])

    def end(self, tag: str) -> None:  # noqa: ARG002  (a target's signature)
        self.events += 1
        if not self._path:
            return
        text = "".join(self._text).strip()
        name = "/".join(self._path[1:])
        if text and name and self._depth <= 8 and len(self._fields) < FIELD_LIMIT_COUNT:
            self._fields.setdefault(name, text[:FIELD_LIMIT_CHARACTERS])
        self._text = []
        self._depth -= 1
        if self._depth < len(self._path):
            kind = self._path.pop()
            if not self._path:
                self.done.append((kind, self._fields))
                self._fields = {}

    def close(self) -> None:
        self.events += 1


class XmlReader(Reader):
    """An XML format whose records are elements of known names, wherever they stand."""

    def __init__(
        self, id_: str, title: str, root: re.Pattern[str], records: frozenset[str], made: ItemMaker
    ) -> None:
        self.id = id_
        self.title = title
        self._root = root
        self._records = records
        self._made = made

    def recognises(self, head: bytes, path: Path) -> bool:  # noqa: ARG002  (protocol)
        """Tell by the root element."""
        return self._root.search(head_text(head)[:4_096]) is not None

    def read(self, path: Path, options: ReadOptions) -> Iterator[Item]:
        """Stream the records.

        Raises:
            HashSetError: malformed XML, or one that declares a document type or entities.
        """
        collector = _Collector(self._records)
        number = 0
        try:
            for _ in _fed(collector, path, options):
                while collector.done:
                    number += 1
                    kind, fields = collector.done.popleft()
                    yield self._made(kind, fields, f"record {number}", options)
        except DefusedXmlException as error:
            raise HashSetError(
                f"{path.name}: after record {number}: it declares a document type or an entity, "
                "which has no place in this format"
            ) from error
        except (ParseError, ValueError, LookupError) as error:
            raise HashSetError(f"{path.name}: after record {number}: not XML: {error}") from error


def _fed(collector: _Collector, path: Path, options: ReadOptions) -> Iterator[None]:
    parser = DefusedXMLParser(target=collector, forbid_dtd=True)
    silent, events = 0, 0
    with opened(path, options) as stream:
        while chunk := stream.read(_CHUNK_SIZE_BYTES):
            parser.feed(chunk)
            silent = silent + 1 if collector.events == events else 0
            events = collector.events
            if silent > _SILENT_CHUNKS:
                raise HashSetError(f"{path.name}: an XML tag of over 16 MiB")
            yield
        parser.close()
        yield


def _c4all(kind: str, fields: Fields, place: str, options: ReadOptions) -> Item:  # noqa: ARG001  (one signature)
    digests: dict[Algorithm, str | None] = {}
    for name in ("picture", "movie", "hash"):
        text = fields.get(name, "")
        algorithm = algorithm_of(len(text))
        if text and algorithm is None:
            reason = f"{name}: {len(text)} characters where 32, 40 or 64 belong"
            return RefusedRecord(place=place, reason=reason)
        if algorithm is None:
            continue
        before = digests.setdefault(algorithm, text)
        if before is not None and before.lower() != text.lower():
            return RefusedRecord(place=place, reason=f"two different values of {algorithm}")
    draft = Draft(
        place=place,
        digests=digests,
        size=fields.get("filesize"),
        code=fields.get("category"),
        series=fields.get("subcat", ""),
    )
    return judged(draft, options)


def _ncmec(kind: str, fields: Fields, place: str, options: ReadOptions) -> Item:
    if kind.startswith("deleted"):
        said = f"deleted by its publisher: {fields.get('id', 'without id')[:80]}"
        return RefusedRecord(place=place, reason=said)
    disputed = any("negativefeedback" in name for name in fields)
    named = (Algorithm.MD5, Algorithm.SHA1, Algorithm.SHA256, Algorithm.PDQ)
    draft = Draft(
        place=place,
        digests={algorithm: fields.get(f"fingerprints/{algorithm}") for algorithm in named},
        recipe=options.pdq_recipe,
        photodna=fields.get("fingerprints/pdna"),
        code=fields.get("classification"),
        tags="disputed by negative feedback" if disputed else "",
        trusted=False if disputed else None,
    )
    return judged(draft, options)


C4ALL = XmlReader(
    "c4all-xml",
    "C4All / C4P XML report",
    re.compile(r"<ReportIndex\b", re.IGNORECASE),
    frozenset({"image", "movie"}),
    _c4all,
)
NCMEC = XmlReader(
    "ncmec-xml",
    "NCMEC hash-sharing XML",
    re.compile(r"<(?:\w+:)?queryResult\b", re.IGNORECASE),
    frozenset({"image", "video", "deletedimage", "deletedvideo"}),
    _ncmec,
)
