"""One import: from a hash list to a finished, sealed folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import triage
from triage.errors import HashSetError
from triage.matching import naming
from triage.matching.batch import DigestBatch
from triage.matching.building import PackBuilder
from triage.matching.manifest import (
    PackDocument,
    sealed,
    sha256_of,
    write_document,
)
from triage.matching.reader import choose_reader
from triage.matching.readers.vics import CAID_WARNING
from triage.matching.reading import Item, ReadOptions
from triage.matching.source import damage_named
from triage.model.display import printable
from triage.model.hashset import PackManifest, Polarity, ReferenceRecord, RefusedRecord

SHOWN_REFUSED = 1000
_BATCH = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did.

    Attributes:
        refused: the first 1,000 records that were not taken, in the order of the source.
        refused_total: how many there were.
        warnings: what a person ought to know of the source, and of fields left out.
        already: the pack was there before, made from the same content with the same settings;
            nothing was read again, so ``refused`` is empty.
    """

    manifest: PackManifest
    refused: tuple[RefusedRecord, ...]
    refused_total: int
    warnings: tuple[str, ...]
    already: bool


@dataclass(slots=True)
class _Account:
    """What is counted while the records stream by."""

    refused: list[RefusedRecord] = field(default_factory=list)
    refused_total: int = 0
    notes: list[str] = field(default_factory=list)
    notes_total: int = 0
    coded: int = 0
    """Records taken that carry a category code."""

    def refuse(self, item: RefusedRecord) -> None:
        self.refused_total += 1
        if len(self.refused) < SHOWN_REFUSED:
            self.refused.append(item)

    def note(self, place: str, words: str) -> None:
        self.notes_total += 1
        if len(self.notes) < SHOWN_REFUSED:
            self.notes.append(f"{place}: {words}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person says of a set that is to be imported.

    Attributes:
        despite_nist: take a set that looks like NIST's known-good one as known-bad all the same.
        version: ``None`` for one that is derived from the content of the source.
        format_id: id of a reader, ``None`` to look at the content.
    """

    name: str
    polarity: Polarity
    scheme: str
    scheme_version: str
    version: str | None
    format_id: str | None
    despite_nist: bool


class Import:
    """A source and what a person says of it.

    Raises:
        HashSetError: the source cannot be opened, or no reader knows it.
    """

    def __init__(
        self,
        path: Path,
        wanted: Wanted,
        options: ReadOptions,
        on_progress: Callable[[int, int, int], None] | None,
        on_sorted: Callable[[int, int], None] | None = None,
    ) -> None:
        self._path = path
        self._wanted = wanted
        self._state = _state_of(path)
        self._reader = choose_reader(
            path,
            wanted.format_id,
            columns_named=bool(options.column_map),
            encoding=options.encoding,
        )
        with damage_named(path):
            self._source_sha256 = sha256_of(path)
        self.name = wanted.name
        self.version_given = wanted.version is not None
        self.version = wanted.version or naming.default_version(self._source_sha256)
        self._options = options
        self._on_progress = on_progress
        self._on_sorted = on_sorted
        self._warnings = self._reader.warnings(path, options)
        self._taken = 0
        self._account = _Account()

    def check_polarity(self) -> None:
        """Refuse to take what looks like NIST's known-good "CAID" set as anything else.

        Raises:
            HashSetError: it does, and nobody confirmed that it is another set.
        """
        harmless = self._wanted.polarity == Polarity.KNOWN_GOOD or self._wanted.despite_nist
        if CAID_WARNING in self._warnings and not harmless:
            raise HashSetError(
                f"{printable(self._path.name)}: {CAID_WARNING}",
                hint="use --polarity known-good, or --confirm-not-nist where you know its origin",
            )

    def repeats(self, document: PackDocument) -> bool:
        """Tell whether a pack was made from this content with these settings."""
        return (
            document.manifest.source_sha256 == self._source_sha256
            and document.settings == self._settings()
        )

    def already(self, document: PackDocument) -> ImportReport:
        """Give the report of an import that was done before."""
        return ImportReport(
            manifest=document.manifest,
            refused=(),
            refused_total=document.manifest.refused,
            warnings=self._warnings,
            already=True,
        )

    def build(self, folder: Path) -> ImportReport:
        """Read the source and write the pack, complete but for its name.

        Raises:
            HashSetError: the source cannot be read on, changed under way, or has no usable record.
        """
        builder = PackBuilder(folder)
        try:
            for batch in self._batches():
                if isinstance(batch, DigestBatch):
                    builder.add_batch(batch)
                else:
                    builder.add(batch)
            self._check_source(builder.count)
            self._warnings = (*self._warnings, *self._on_codes())
            rows = builder.finish(self._on_sorted)
        finally:
            builder.close()
        draft = self._manifest(rows, builder)
        document = sealed(
            PackDocument(manifest=draft, settings=self._settings(), files=builder.files)
        )
        write_document(folder, document)
        return ImportReport(
            manifest=document.manifest,
            refused=tuple(self._account.refused),
            refused_total=self._account.refused_total,
            warnings=(*self._warnings, *self._notes()),
            already=False,
        )

    def _batches(self) -> Iterator[list[ReferenceRecord] | DigestBatch]:
        options = replace(self._options, on_bytes=self._progress, on_note=self._account.note)
        single: list[ReferenceRecord] = []
        for item in self._reader.batches(self._path, options):
            if isinstance(item, DigestBatch):
                if single:
                    yield single
                    single = []
                self._taken += item.count
                if item.codes is not None:
                    self._account.coded += int((item.codes >= 0).sum())
                yield item
                continue
            record = self._usable(item)
            if record is None:
                continue
            single.append(record)
            self._taken += 1
            if len(single) == _BATCH:
                yield single
                single = []
        yield single

    def _usable(self, item: Item) -> ReferenceRecord | None:
        if isinstance(item, RefusedRecord):
            self._account.refuse(item)
            return None
        if item.code is not None:
            self._account.coded += 1
        if item.md5 or item.sha1 or item.sha256 or item.pdq or item.phash:
            return item
        reason = "no digest that can be compared"
        self._account.refuse(RefusedRecord(place=item.place, reason=reason))
        return None

    def _check_source(self, count: int) -> None:
        name = printable(self._path.name)
        if _state_of(self._path) != self._state:
            raise HashSetError(f"{name}: the file changed while it was read")
        if not count:
            first = self._account.refused[:1]
            why = f"; {first[0].place}: {first[0].reason}" if first else ""
            raise HashSetError(
                f"{name}: no usable record as {self._reader.id}, "
                f"{self._account.refused_total} refused{why}",
                hint="name the format with --format, or the columns with --column",
            )

    def _on_codes(self) -> Iterator[str]:
        """Tell where what a person said of the set does not fit the codes in it."""
        coded = self._account.coded
        if self._wanted.polarity == Polarity.BY_CATEGORY and not coded:
            yield "by category, but no record has a category code: no hit of it will have a grade"
        if self._wanted.polarity == Polarity.KNOWN_GOOD and coded and self._reader.id == "vics":
            yield (
                f"records with a category code: {coded:,}; in a known-good set all of them count "
                "as harmless, whatever the code says"
            )

    def _progress(self, done: int, total: int) -> None:
        if self._on_progress is not None:
            self._on_progress(done, total, self._taken)

    def _settings(self) -> tuple[tuple[str, str], ...]:
        return (
            ("polarity", self._wanted.polarity),
            ("scheme", self._wanted.scheme),
            ("format", self._reader.id),
            ("pdq_recipe", self._options.pdq_recipe),
            ("columns", ";".join(f"{ours}={theirs}" for ours, theirs in self._options.column_map)),
            ("encoding", self._options.encoding),
            ("delimiter", self._options.delimiter),
        )

    def _manifest(self, rows: tuple[tuple[str, int], ...], builder: PackBuilder) -> PackManifest:
        return PackManifest(
            name=self.name,
            version=self.version,
            polarity=self._wanted.polarity,
            scheme=self._wanted.scheme,
            scheme_version=self._wanted.scheme_version,
            format=self._reader.id,
            source_name=os.fsencode(self._path.name).decode("utf-8", "backslashreplace"),
            source_sha256=self._source_sha256,
            source_size_bytes=self._state[0],
            imported_at=datetime.now(UTC).isoformat(timespec="microseconds"),
            tool_version=triage.__version__,
            taken=builder.count,
            refused=self._account.refused_total,
            rows=rows,
            with_size=builder.with_size,
            pdq_recipe=str(self._options.pdq_recipe) if dict(rows).get("pdq") else "",
            notes="; ".join(self._warnings),
        )

    def _notes(self) -> tuple[str, ...]:
        left = self._account.notes_total - len(self._account.notes)
        more = (f"and {left} further fields that were not taken",) if left else ()
        return (*self._account.notes, *more)


def _state_of(path: Path) -> tuple[int, int]:
    """Give size and time of change, to notice a source that is written to."""
    try:
        status = path.stat()
    except OSError as error:
        raise HashSetError(f"{printable(path.name)}: cannot be read: {error.strerror}") from error
    if path.is_dir():
        raise HashSetError(f"{printable(path.name)}: is a folder, not a hash list")
    return status.st_size, status.st_mtime_ns
