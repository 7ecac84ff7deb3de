"""The reference sets of a quick pass: which are looked for, and what they say of a content."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from triage.errors import HashSetError, UsageFault
from triage.grading.table import Scheme
from triage.matching.checking import PackCheck, check_content
from triage.matching.layout import STRENGTH
from triage.matching.manifest import PackDocument, read_document
from triage.matching.sealed.ring import KeyRing
from triage.matching.shelf import chosen_packs, folder_of_packs
from triage.model.digest import Algorithm, Digests
from triage.model.hashset import PackManifest, Polarity
from triage.pipeline.plan import TimeLimits
from triage.pipeline.quick.calls import check_pack_file, gather_sizes
from triage.pipeline.quick.result import SoughtSet
from triage.pipeline.quick.values import PackItem
from triage.scheduler import Batch, Lost, Result

if TYPE_CHECKING:
    from triage.grading.scheme import SchemeBook
    from triage.matching.firstlook import FirstLook
    from triage.matching.pack import OpenPack
    from triage.matching.sealed.key import SealKey
    from triage.matching.sizes import SizeTable
    from triage.pipeline.judging import Judge, Judged

_Packs = tuple[tuple[Path, PackDocument], ...]


class Sought:
    """The packs of an installation, as a quick pass uses them.

    Looked for is what a known-bad or by-category set lists by digest. Known-good sets are asked
    about hits only: they make no hit of anything, but a person is told where they disagree.

    Args:
        names: as in :func:`triage.matching.shelf.chosen_packs`.
        keys: of sealed sets.

    Raises:
        HashSetError: a set is missing or sealed under a key that was not given, or its manifest is
            damaged.
        UsageFault: no set is left that can be looked for.
    """

    def __init__(
        self,
        home: Path,
        names: Sequence[str] | None,
        book: SchemeBook,
        keys: Sequence[SealKey] = (),
    ) -> None:
        folders = chosen_packs(folder_of_packs(home), names)
        packs = tuple((folder, read_document(folder)) for folder in folders)
        self._ring = KeyRing(keys)
        for _, document in packs:
            self._ring.check(document)
        wanted = [one for one in packs if _polarity(one) is not Polarity.KNOWN_GOOD]
        self._sought: _Packs = tuple(one for one in wanted if _by_digest(one[1].manifest))
        self._good: _Packs = tuple(one for one in packs if _polarity(one) is Polarity.KNOWN_GOOD)
        self.appearance_only = tuple(
            document.manifest for _, document in wanted if not _by_digest(document.manifest)
        )
        if not self._sought:
            raise _nothing_to_look_for(packs, self.appearance_only)
        named = {document.manifest.scheme for _, document in packs}
        self.schemes: Mapping[str, Scheme] = {one: book.get(one) for one in sorted(named - {""})}
        self._tables: dict[Path, SizeTable] = {}
        self._checks = {folder: PackCheck(folder, document) for folder, document in self._sought}
        self._unchecked = {folder: len(check.waiting) for folder, check in self._checks.items()}
        self._opened: list[OpenPack] = []
        self._first: FirstLook | None = None
        self._judge: Judge | None = None
        self._all: SizeTable | None = None

    @property
    def manifests(self) -> tuple[PackManifest, ...]:
        """All sets that were chosen and can be looked for or asked."""
        both = sorted([*self._sought, *self._good], key=lambda one: one[0])
        return tuple(document.manifest for _, document in both)

    @property
    def good(self) -> tuple[PackManifest, ...]:
        """The known-good sets."""
        return tuple(document.manifest for _, document in self._good)

    @property
    def ready(self) -> bool:
        """Whether every set that is looked for was checked and its sizes are known."""
        return len(self._tables) == len(self._sought)

    @property
    def table(self) -> SizeTable:
        """The sizes of all sets that are looked for."""
        from triage.matching.sizes import joined  # noqa: PLC0415  (numpy, while workers start)

        if self._all is None:
            self._all = joined(self._tables.values())
        return self._all

    def sets(self) -> tuple[SoughtSet, ...]:
        """Give the sets that are looked for, with what their records state."""
        return tuple(
            SoughtSet(
                manifest=document.manifest,
                records=self._tables[folder].records,
                unsized=self._tables[folder].records_unsized,
            )
            for folder, document in self._sought
        )

    def batches(self, limits: TimeLimits) -> Iterator[Batch]:
        """Give what has to be done before any result may be told.

        Every byte is checked of files that were not checked of late in their present state.
        """
        for folder, document in self._sought:
            size = sum(file.size_bytes for file in document.files)
            yield _batch(gather_sizes, PackItem(folder=str(folder)), limits.reading_s(size))
        for folder, check in self._checks.items():
            for file in check.waiting:
                item = PackItem(folder=str(folder), file=file)
                yield _batch(check_pack_file, item, limits.reading_s(file.size_bytes))

    def take(self, result: Result) -> None:
        """Take a result of :meth:`batches`.

        Raises:
            HashSetError: a pack is damaged, or could not be checked.
        """
        item: PackItem = result.item
        folder = Path(item.folder)
        if isinstance(result, Lost):
            raise HashSetError(f"reference set {folder.name} could not be checked: {result.detail}")
        if isinstance(result.value, tuple):
            message, hint = result.value
            if message:
                raise HashSetError(message, hint=hint)
            self._unchecked[folder] -= 1
            if not self._unchecked[folder]:
                self._checks[folder].done()
        else:
            self._tables[folder] = result.value

    def met(self, bits: int, digests: Sequence[tuple[bytes, ...]]) -> list[bool]:
        """Tell which contents a record may be about, by the digests that were computed.

        Args:
            bits: which digests, a bit for each place in ``STRENGTH``; the same for all contents.
        """
        from triage.matching.firstlook import FirstLook  # noqa: PLC0415  (numpy, as above)

        if self._first is None:
            self._first = FirstLook(self._open(), self._ring)
        names = [name for place, name in enumerate(STRENGTH) if bits >> place & 1]
        answers = [False] * len(digests)
        for column, name in enumerate(names):
            found = self._first.met(Algorithm(name), [one[column] for one in digests])
            answers = [known or new for known, new in zip(answers, found, strict=True)]
        return answers

    def judge(self, contents: Sequence[Digests]) -> list[Judged]:
        """Judge contents by the sets that are looked for."""
        if self._judge is None:
            self._judge = self._judge_of(self._open())
        return self._judge.judge(contents, [None] * len(contents))

    def judge_by_all(self, contents: Sequence[Digests]) -> list[Judged]:
        """Judge contents by the known-good sets too, as a whole run does.

        Raises:
            HashSetError: a known-good set is damaged.
        """
        from triage.matching.pack import OpenPack  # noqa: PLC0415  (numpy, as above)

        self._open()
        for folder, document in self._good:
            check_content(folder, document)
            self._opened.append(OpenPack(folder))
        packs = sorted(self._opened, key=lambda pack: pack.folder)
        return self._judge_of(packs).judge(contents, [None] * len(contents))

    def close(self) -> None:
        """Let go of all packs."""
        self._first = self._judge = None
        for pack in self._opened:
            pack.close()
        self._opened.clear()

    def _open(self) -> list[OpenPack]:
        from triage.matching.pack import OpenPack  # noqa: PLC0415  (numpy, as above)

        if not self._opened:
            self._opened.extend(OpenPack(folder) for folder, _ in self._sought)
        return self._opened

    def _judge_of(self, packs: Sequence[OpenPack]) -> Judge:
        from triage.matching.loading import LoadedSets  # noqa: PLC0415  (numpy, as above)
        from triage.pipeline.judging import Judge  # noqa: PLC0415  (as above)

        return Judge(LoadedSets(packs, self._ring, pictures=False), self.schemes)


def _polarity(pack: tuple[Path, PackDocument]) -> Polarity:
    return pack[1].manifest.polarity


def _by_digest(manifest: PackManifest) -> bool:
    return any(name in STRENGTH and count for name, count in manifest.rows)


def _batch(function: Callable[[PackItem], object], item: PackItem, limit_s: float) -> Batch:
    return Batch(function=function, items=(item,), time_limits_s=(limit_s,))


def _nothing_to_look_for(packs: _Packs, alike: tuple[PackManifest, ...]) -> UsageFault:
    if not packs:
        words = "no reference set is imported: there is nothing to look for"
    elif alike:
        words = "the sets list pictures by appearance only: a quick pass looks for equal digests"
    else:
        words = "only known-good sets were chosen: there is nothing to look for"
    return UsageFault(
        words, hint="Import a known-bad or by-category set: triage hashset import --help"
    )
