"""Goes once through a UFDR: which members its report names, where the pages of the report lie."""

from __future__ import annotations

import hashlib
import zlib
from array import array
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from triage.ingest.archives.source import Source
from triage.ingest.archives.zip_content import content_of
from triage.ingest.archives.zip_directory import ZipEntry
from triage.ingest.logicals.device import REPORT
from triage.ingest.logicals.same_files import Places
from triage.ingest.logicals.ufdr_report import (
    FILES_A_PAGE,
    NAMESPACE,
    PAGE_BYTES,
    Reading,
    Reported,
)
from triage.ingest.logicals.zip_scan import ZipFacts, entries_from, entry_at
from triage.ingest.reading import ContentError

_HEAD_BYTES = 4096
_UTF8_MARK = b"\xef\xbb\xbf"
_KINDS = ("", "md5", "sha256")
_KEPT_BYTES = 8
"""Of a stored digest so much is kept: enough to see that a content is another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UfdrFacts:
    """What one process found out about a UFDR, as a plain value for others.

    Attributes:
        report: place of the report's record in the zip.
        pages: ``(first byte in the report, last byte + 1, files before)``.
        names: digests of the members' names, ascending, and their places, as ``<u8``.
        stored: places of members with a stored digest, ascending, its kind and its first bytes.
        device: what is told of it, by the names of ``DEVICE_HEADERS``.
        faults: what of the report could not be read, in words.
    """

    zip: ZipFacts
    report: int
    pages: tuple[tuple[int, int, int], ...]
    names: tuple[bytes, bytes]
    stored: tuple[bytes, bytes, bytes]
    named: bytes
    device: tuple[tuple[str, str], ...]
    faults: tuple[str, ...]


class Names:
    """Finds members by their names."""

    def __init__(self, packed: tuple[bytes, bytes]) -> None:
        self._hashes = np.frombuffer(packed[0], dtype="<u8")
        self._places = np.frombuffer(packed[1], dtype="<u8")

    def place(self, name: str) -> int:
        """Give the place of a member, -1 where there is none of that name."""
        wanted = np.uint64(_hash(name.encode("utf-8", "surrogatepass")))
        at = int(np.searchsorted(self._hashes, wanted))
        if at < len(self._hashes) and self._hashes[at] == wanted:
            return int(self._places[at])
        return -1


class Stored:
    """Finds the digests that a report tells of members."""

    def __init__(self, packed: tuple[bytes, bytes, bytes]) -> None:
        self._places = np.frombuffer(packed[0], dtype="<u8")
        self._kinds, self._digests = packed[1], packed[2]
        self._md5s: frozenset[bytes] | None = None

    def digest(self, place: int) -> tuple[str, bytes]:
        """Give the algorithm and the first bytes of a digest, ``("", b"")`` where none is told."""
        at = int(np.searchsorted(self._places, np.uint64(place)))
        if at < len(self._places) and int(self._places[at]) == place:
            return _KINDS[self._kinds[at]], self._of(at)
        return "", b""

    def has_md5(self, digest: bytes) -> bool:
        """Tell whether a member with that MD5 is there."""
        if self._md5s is None:
            every = range(len(self._places))
            self._md5s = frozenset(self._of(at) for at in every if self._kinds[at] == 1)
        return digest[:_KEPT_BYTES] in self._md5s

    def _of(self, at: int) -> bytes:
        return self._digests[at * _KEPT_BYTES : (at + 1) * _KEPT_BYTES]


def ufdr_facts(source: Source, known: ZipFacts) -> UfdrFacts | None:
    """Go through a zip's report, ``None`` where it has none of this kind."""
    place = dict(known.clues).get(REPORT, -1)
    try:
        entry = entry_at(source, place, known.shift_bytes) if place >= 0 else None
        head = _head(source, entry) if entry is not None else b""
    except ContentError:
        return None
    if entry is None or NAMESPACE not in head:
        return None
    return _Going(source, known, place, entry).run(head)


def _head(source: Source, entry: ZipEntry) -> bytes:
    head = b""
    for piece in content_of(source, entry):
        head += piece[: _HEAD_BYTES - len(head)]
        if len(head) >= _HEAD_BYTES:
            break
    return head


class _Going:
    def __init__(self, source: Source, known: ZipFacts, place: int, report: ZipEntry) -> None:
        self._source = source
        self._known = known
        self._place = place
        self._report = report
        self._pages: list[tuple[int, int, int]] = []
        self._stored: dict[int, tuple[int, bytes]] = {}
        self._named: set[int] = set()
        self._faults: list[str] = []

    def run(self, head: bytes) -> UfdrFacts:
        names = _names(self._source, self._known)
        finder, reading = Names(names), Reading()
        if not head.removeprefix(_UTF8_MARK).startswith(b"<"):
            self._faults.append("report.xml is in an encoding that is not read")
        else:
            self._read(reading, finder)
        stored = sorted(self._stored.items())
        return UfdrFacts(
            zip=self._known,
            report=self._place,
            pages=tuple(self._pages),
            names=names,
            stored=(
                _packed(place for place, _ in stored),
                bytes(kind for _, (kind, _) in stored),
                b"".join(digest for _, (_, digest) in stored),
            ),
            named=zlib.compress(_packed(sorted(self._named)), 1),
            device=tuple(sorted(reading.device.items())),
            faults=tuple(self._faults),
        )

    def _read(self, reading: Reading, finder: Names) -> None:
        first = last = before = count = 0
        try:
            for start, after, found in reading.files(content_of(self._source, self._report)):
                if count - before >= FILES_A_PAGE or (after - first > PAGE_BYTES > last - first):
                    self._page(first, last, before)
                    before = count
                if count == before:
                    first = start
                count, last = count + 1, after
                self._take(found, finder, listed=after - first <= PAGE_BYTES)
        except ContentError as error:
            self._faults.append(error.detail)
        self._page(first, last, before)

    def _page(self, first: int, last: int, before: int) -> None:
        if last - first > PAGE_BYTES:
            self._faults.append(f"report.xml: a file of more than {PAGE_BYTES} bytes at {first}")
        elif last > first:
            self._pages.append((first, last, before))

    def _take(self, found: Reported, finder: Names, *, listed: bool) -> None:
        place = finder.place(found.local) if found.local and listed else -1
        if place < 0:
            return
        self._named.add(place)
        algorithm, digest = found.digest
        if algorithm:
            self._stored.setdefault(place, (_KINDS.index(algorithm), digest[:_KEPT_BYTES]))


def named_places(facts: UfdrFacts) -> Places:
    """Give the places of the members that the report names, ascending."""
    return np.frombuffer(zlib.decompress(facts.named), dtype="<u8").astype(np.uint64)


def _names(source: Source, known: ZipFacts) -> tuple[bytes, bytes]:
    """Give the members by the digests of their names; of several of one name the first."""
    hashes, places = array("Q"), array("Q")
    for page in known.pages:
        try:
            for place, entry in entries_from(source, page, known.shift_bytes):
                hashes.append(_hash(entry.name.replace(b"\\", b"/").lstrip(b"/")))
                places.append(place)
        except ContentError:
            continue  # said by the scan that found the pages
    keys = np.array(hashes, dtype="<u8")
    order = np.argsort(keys, kind="stable")
    return keys[order].tobytes(), np.array(places, dtype="<u8")[order].tobytes()


def _packed(places: Iterable[int]) -> bytes:
    return np.fromiter(places, dtype="<u8").tobytes()


def _hash(name: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "little")
