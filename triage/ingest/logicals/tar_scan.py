"""Goes once through the headers of a tar: where its pages lie, and what is wrong with it."""

from __future__ import annotations

import hashlib
import tarfile
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from triage.ingest.archives.source import HeaderFile, Source, WindowSource, guarded
from triage.ingest.archives.tar_archive import BLOCK, FAULTS, next_header, recognises
from triage.ingest.reading import ContentError

PAGE_MEMBERS = 2_000
"""Members that are listed together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TarFacts:
    """What one process found out about a tar, as a plain value for others.

    Attributes:
        pages: ``(place of the first header, members)``.
        unlinked: places of hard links to names that are not in the tar.
        faults: what could not be listed, in words.
        size_bytes: of the tar, unpacked.
    """

    pages: tuple[tuple[int, int], ...]
    unlinked: frozenset[int]
    faults: tuple[str, ...]
    size_bytes: int


def scan(source: Source) -> TarFacts:
    """Go through a tar, also past damaged headers and end marks between two tars.

    16 bytes a member are kept until the end.
    """
    return _Scan(source).run()


def members_from(
    source: Source, place: int, most: int
) -> Iterator[tuple[int, tarfile.TarInfo, int]]:
    """Give members, each between the places of its own header and of the next.

    Their ``offset_data`` counts from ``place``.

    Raises:
        ContentError: a header is damaged, or the source cannot be read.
    """
    window = WindowSource(source, place, source.size_bytes - place)
    with guarded(f"tar, at byte {place} or after"):
        tar = tarfile.TarFile(
            fileobj=HeaderFile(window), mode="r", encoding="utf-8", errors="surrogateescape"
        )
        at = -1
        for _ in range(most):
            found = tar.next()
            if found is None:
                return
            if found.size < 0 or tar.offset <= at:
                raise ValueError("a member of negative size")
            at = tar.offset
            # they are not asked for again, and may be millions
            tar.members = []  # type: ignore[attr-defined]  # the stubs leave it out
            yield place + found.offset, found, place + at


def name_of(info: tarfile.TarInfo) -> bytes:
    """Give the name as it stands in the tar."""
    return info.name.encode("utf-8", "surrogateescape")


class _Scan:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._pages: list[tuple[int, int]] = []
        self._faults: list[str] = []
        self._names = array("Q")
        self._links: list[tuple[int, int]] = []

    def run(self) -> TarFacts:
        base = 0
        while base < self._source.size_bytes and len(self._faults) < FAULTS:
            stopped = self._stretch(base)
            try:
                with guarded("tar"):
                    base = next_header(self._source, max(stopped, base + BLOCK))
            except ContentError as error:
                self._faults.append(error.detail)
                break
        if len(self._faults) >= FAULTS:
            self._faults.append(f"stopped after {FAULTS} faults")
        names = frozenset(self._names) if self._links else frozenset()
        return TarFacts(
            pages=tuple(self._pages),
            unlinked=frozenset(at for at, target in self._links if target not in names),
            faults=tuple(self._faults),
            size_bytes=self._source.size_bytes,
        )

    def _stretch(self, base: int) -> int:
        """Note the members from a header on; give where it stopped."""
        end = base
        try:
            while end < self._source.size_bytes:
                page, count = end, 0
                for at, info, after in members_from(self._source, page, PAGE_MEMBERS):
                    self._take(at, info)
                    count, end = count + 1, after
                    self._note(page, count)
                if count < PAGE_MEMBERS:
                    break
        except ContentError as error:
            self._faults.append(error.detail)
            return end
        self._ended(end)
        return end

    def _note(self, page: int, count: int) -> None:
        if self._pages and self._pages[-1][0] == page:
            self._pages[-1] = (page, count)
        else:
            self._pages.append((page, count))

    def _take(self, at: int, info: tarfile.TarInfo) -> None:
        if info.type == tarfile.LNKTYPE and not info.size:
            target = info.linkname.encode("utf-8", "surrogateescape")
            self._links.append((at, _hash(target)))
        else:
            self._names.append(_hash(name_of(info)))

    def _ended(self, at: int) -> None:
        block = self._source.read_at(at, BLOCK)
        if not block:
            self._faults.append("the tar ends without an end mark: it may be cut off")
        elif any(block) and not recognises(block):
            words = f"the header at byte {at} is damaged: some that follow may not be listed"
            self._faults.append(words)


def _hash(name: bytes) -> int:
    bare = name.removeprefix(b"./").lstrip(b"/")
    return int.from_bytes(hashlib.blake2b(bare, digest_size=8).digest(), "little")
