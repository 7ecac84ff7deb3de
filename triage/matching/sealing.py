"""One sealing: from a pack in the clear to a pack that answers only to who holds the key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import triage
from triage.errors import HashSetError
from triage.matching import layout
from triage.matching.checking import check_content
from triage.matching.manifest import PackDocument, read_document, sealed, write_document
from triage.matching.sealed.key import SealKey
from triage.matching.sealed.keyed import KeyedDigests
from triage.matching.sealed.order import shuffled
from triage.matching.sealed.ring import KEY_CHECK
from triage.matching.sealed.source import ClearPack
from triage.matching.sealed.writing import SealedWriter, Written
from triage.model.digest import EXACT
from triage.model.hashset import PackManifest

FORMAT = "sealed"
_VERSION_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class SealWanted:
    """What a person wants of a sealed pack.

    Attributes:
        version: ``None`` for one that is derived from the source and the key.
        with_sizes: keep the sizes of files in the clear, for a fast quick pass.
        with_visual: keep digests of pictures, encrypted.
    """

    name: str
    version: str | None = None
    with_sizes: bool = False
    with_visual: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SealReport:
    """What a sealing did.

    Attributes:
        left_out: what the source has and the sealed pack has not, in words.
        already: the same was sealed before, with the same key and settings.
    """

    manifest: PackManifest
    left_out: tuple[str, ...]
    already: bool = False


class Sealing:
    """A pack, the key that it is to be sealed with, and what is wanted.

    Args:
        folder: of the pack in the clear.
        on_progress: called with digests done, and how many there are.

    Raises:
        HashSetError: the pack is sealed already, or its manifest is damaged.
    """

    def __init__(
        self,
        folder: Path,
        key: SealKey,
        wanted: SealWanted,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._folder = folder
        self._document = read_document(folder)
        if self._document.manifest.is_sealed:
            raise HashSetError(
                f"reference set {folder.name} is sealed already",
                hint="seal the set that it was made from, or import that again",
            )
        if not (
            wanted.with_visual or any(name in EXACT for name, _ in self._document.manifest.rows)
        ):
            raise HashSetError(
                f"reference set {folder.name} lists pictures by appearance only: sealed without "
                "them it would hold nothing",
                hint="add --with-visual",
            )
        self._key = key
        self._wanted = wanted
        self._on_progress = on_progress
        self.name = wanted.name
        self.version = wanted.version or self._source_id()[:_VERSION_DIGITS]

    def repeats(self, document: PackDocument) -> bool:
        """Tell whether a pack was sealed from the same source, with the same key and settings."""
        settings = tuple(pair for pair in document.settings if pair[0] != KEY_CHECK)
        return settings == self._settings()

    def already(self, document: PackDocument) -> SealReport:
        """Give the report of a sealing that was done before."""
        return SealReport(manifest=document.manifest, left_out=self._left_out(), already=True)

    def build(self, folder: Path) -> SealReport:
        """Write the sealed pack, complete but for its name.

        Raises:
            HashSetError: the source is damaged.
        """
        check_content(self._folder, self._document)
        with ClearPack(self._folder, self._document) as source:
            written = self._write(source, folder)
        draft = sealed(
            PackDocument(
                manifest=self._manifest(written), settings=self._settings(), files=written.files
            )
        )
        pack = f"{self.name}@{self.version}"
        check = self._key.check_value(pack, draft.manifest.pack_sha256)
        document = replace(draft, settings=(*draft.settings, (KEY_CHECK, check)))
        write_document(folder, document)
        return SealReport(manifest=document.manifest, left_out=self._left_out())

    def _write(self, source: ClearPack, folder: Path) -> Written:
        done, total = 0, sum(len(source.records(name)) for name in source.exact())

        def on_digests(more: int) -> None:
            nonlocal done
            done += more
            if self._on_progress is not None:
                self._on_progress(done, total)

        secret = self._key.derived(b"order", self._source_id().encode())
        groups = source.shared(with_visual=self._wanted.with_visual)
        writer = SealedWriter(source, folder, shuffled(source.count, groups, secret))
        writer.exact(KeyedDigests(self._key), on_digests)
        writer.facts(with_sizes=self._wanted.with_sizes)
        if self._wanted.with_visual:
            writer.pictures(self._key, f"{self.name}@{self.version}")
        return writer.finish()

    def _source_id(self) -> str:
        """Name the source and the settings to whoever holds the key, and to nobody else.

        The digest of a short list would let anybody test what it might hold.
        """
        words = (self._document.manifest.pack_sha256, *map(str, self._choices()))
        return self._key.derived(b"source", *(word.encode() for word in words)).hex()

    def _choices(self) -> tuple[str, str]:
        sizes = "kept" if self._wanted.with_sizes else "left out"
        if not self._pictures():
            return sizes, "none"
        return sizes, "encrypted" if self._wanted.with_visual else "left out"

    def _settings(self) -> tuple[tuple[str, str], ...]:
        sizes, pictures = self._choices()
        return (
            ("source", self._source_id()),
            ("key_id", self._key.key_id),
            ("sizes", sizes),
            ("pictures", pictures),
        )

    def _pictures(self) -> int:
        return sum(n for name, n in self._document.manifest.rows if name in layout.VISUAL)

    def _left_out(self) -> tuple[str, ...]:
        source, (sizes, pictures) = self._document.manifest, self._choices()
        words = []
        if pictures == "left out":
            words.append(
                f"{self._pictures():,} picture hashes: NO PICTURE IS COMPARED BY APPEARANCE"
            )
        if sizes == "left out" and source.with_size:
            words.append("sizes: a quick pass reads every file in full")
        words.append("series, tags, PhotoDNA and marks of victims and offenders, where it has any")
        return tuple(words)

    def _manifest(self, written: Written) -> PackManifest:
        source, (sizes, pictures) = self._document.manifest, self._choices()
        return replace(
            source,
            name=self.name,
            version=self.version,
            format=FORMAT,
            source_name=f"reference set {source.name}",
            source_sha256="",
            source_size_bytes=0,
            imported_at=datetime.now(UTC).isoformat(timespec="microseconds"),
            tool_version=triage.__version__,
            rows=written.rows,
            with_size=source.with_size if sizes == "kept" else 0,
            pdq_recipe=source.pdq_recipe if pictures == "encrypted" else "",
            notes=f"sealed under key {self._key.key_id}; left out: {'; '.join(self._left_out())}",
            pack_sha256="",
            key_id=self._key.key_id,
            pictures_left_out=self._pictures() if pictures == "left out" else 0,
        )
