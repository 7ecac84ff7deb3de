"""The reference sets of this installation: import, list, verify, remove, load."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from triage.errors import HashSetError
from triage.matching import naming
from triage.matching.checking import check_content, note_path
from triage.matching.importing import Import, ImportReport, Wanted
from triage.matching.loading import LoadedSets
from triage.matching.lock import only_one
from triage.matching.manifest import read_document
from triage.matching.pack import OpenPack
from triage.matching.reading import ReadOptions
from triage.matching.sealed.key import SealKey
from triage.matching.sealed.ring import KeyRing
from triage.matching.sealing import Sealing, SealReport, SealWanted
from triage.matching.shelf import age, chosen_packs, find_pack, folder_of_packs, pack_folders
from triage.matching.verifying import VerifyReport, verify_folder
from triage.model.hashset import PackManifest, Polarity

__all__ = ["ImportReport", "LoadedSets", "PackLibrary", "VerifyReport"]


_T = TypeVar("_T")

_BUILDING = ".building-"
_REMOVING = ".removing-"
_LOCK = ".lock"


class PackLibrary:
    """Packs under ``<home>/packs/<name>@<version>/``.

    Args:
        home: the folder of this installation; ``packs`` in it is made by the first import.
        keys: of sealed packs; without its key a sealed pack cannot be loaded.
    """

    def __init__(self, home: Path, keys: Sequence[SealKey] = ()) -> None:
        self._folder = folder_of_packs(home)
        self._ring = KeyRing(keys)

    def import_set(  # noqa: PLR0913  (all are asked of a person, by keyword)
        self,
        path: Path,
        *,
        name: str,
        polarity: Polarity,
        scheme: str = "",
        scheme_version: str = "",
        version: str | None = None,
        format_id: str | None = None,
        options: ReadOptions | None = None,
        on_progress: Callable[[int, int, int], None] | None = None,
        on_sorted: Callable[[int, int], None] | None = None,
        despite_nist: bool = False,
    ) -> ImportReport:
        """Read a hash list and keep it as an immutable pack.

        The pack is built beside the others and appears under its name whole or not at all.
        Importing the same content again with the same settings changes nothing and is said.

        Args:
            version: ``None`` for the first 12 hex digits of the source's SHA-256.
            format_id: id of a reader; ``None`` to look at the content.
            on_progress: called with bytes read, bytes in all, records taken.
            on_sorted: called, when all is read, with digests sorted and written, digests in all.
            despite_nist: a person has confirmed that a set which looks like NIST's known-good
                one is not that set.

        Raises:
            UsageFault: the name or version cannot be a folder's name.
            HashSetError: the source cannot be read or has no usable record, or name and version
                are taken by another content.
        """
        _check_names(name, version)
        with _writing(name):
            self._folder.mkdir(parents=True, exist_ok=True)
        wanted = Wanted(
            name=name,
            polarity=polarity,
            scheme=scheme,
            scheme_version=scheme_version,
            version=version,
            format_id=format_id,
            despite_nist=despite_nist,
        )
        job = Import(path, wanted, options or ReadOptions(), on_progress, on_sorted)
        with only_one(self._folder / _LOCK):
            self._clean()
            job.check_polarity()
            return self._known(job) or self._build(f"{job.name}@{job.version}", job.build)

    def seal(
        self,
        source: tuple[str, str | None],
        key: SealKey,
        wanted: SealWanted,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> SealReport:
        """Make a sealed pack of a pack in the clear; it appears whole or not at all.

        Args:
            source: name and version of the pack in the clear; no version for the newest.
            key: what the sealed pack will answer to.
            on_progress: called with digests done, and how many there are.

        Raises:
            UsageFault: the new name or version cannot be a folder's name.
            HashSetError: the source is missing, damaged or sealed, or name and version are taken.
        """
        _check_names(wanted.name, wanted.version)
        with only_one(self._existing() / _LOCK):
            self._clean()
            job = Sealing(self._find(*source), key, wanted, on_progress)
            return self._sealed_before(job) or self._build(f"{job.name}@{job.version}", job.build)

    def list(self) -> tuple[PackManifest, ...]:
        """Give the manifests of all packs, by name and then by time of import.

        Raises:
            HashSetError: a pack's manifest is damaged.
        """
        manifests = [read_document(folder).manifest for folder in self.folders()]
        return tuple(sorted(manifests, key=age))

    def folders(self) -> tuple[Path, ...]:
        """Give the folders of all packs, by name; whatever is unfinished is left out."""
        return pack_folders(self._folder)

    def manifest(self, name: str, version: str | None = None) -> PackManifest:
        """Give the manifest of a pack; of the newest version where none is named.

        Raises:
            HashSetError: there is no such pack, or its manifest is damaged.
        """
        return read_document(self._find(name, version)).manifest

    def verify(self, name: str, version: str | None = None) -> VerifyReport:
        """Read a pack again, every byte, and say what is wrong with it.

        Raises:
            HashSetError: there is no such pack.
        """
        return verify_folder(self._find(name, version))

    def remove(self, name: str, version: str | None = None) -> str:
        """Delete a pack and give its ``name@version``.

        Raises:
            HashSetError: there is no such pack, there are several versions and none is named, or
                a file of it is in use.
        """
        with only_one(self._existing() / _LOCK):
            versions = [path.name for path in self.folders() if naming.split(path.name)[0] == name]
            if version is None and len(versions) > 1:
                raise HashSetError(
                    f"there are {len(versions)} versions of {name}: {', '.join(versions)}",
                    hint="say which one with --version",
                )
            folder = self._find(name, version)
            doomed = self._folder / (_REMOVING + folder.name)
            try:
                note_path(folder).unlink(missing_ok=True)
                folder.rename(doomed)  # gone at once, even where deleting is cut short
                shutil.rmtree(doomed)
            except OSError as error:
                raise HashSetError(f"{folder.name}: cannot be removed: {error}") from error
            return folder.name

    def load(self, names: Sequence[str] | None = None) -> LoadedSets:
        """Open packs for matching, after every byte was checked that was not checked of late.

        Args:
            names: ``name`` for its newest version, or ``name@version``; ``None`` for the newest
                version of every name.

        Raises:
            HashSetError: one of them is missing or damaged. A set that cannot be loaded ends the
                run, as it would otherwise be a silent miss.
        """
        folders = chosen_packs(self._folder, names)
        packs: list[OpenPack] = []
        try:
            packs.extend(map(OpenPack, folders))  # keeps those before one that fails
            for pack in packs:
                self._ring.check(pack.document)  # at once: the bytes of large packs take a while
            for folder, pack in zip(folders, packs, strict=True):
                check_content(folder, pack.document)
            return LoadedSets(packs, self._ring)
        except BaseException:
            for pack in packs:
                pack.close()
            raise

    def _existing(self) -> Path:
        if not self._folder.is_dir():
            raise HashSetError("no reference set was ever imported here")
        return self._folder

    def _find(self, name: str, version: str | None) -> Path:
        return find_pack(self._folder, name, version)

    def _clean(self) -> None:
        """Delete what an import or removal left that was killed; only called under the lock."""
        for path in self._folder.iterdir():
            if path.name.startswith((_BUILDING, _REMOVING)):
                shutil.rmtree(path, ignore_errors=True)

    def _known(self, job: Import) -> ImportReport | None:
        """Recognise a repeated import, and refuse another content under a name that is taken."""
        target = f"{job.name}@{job.version}"
        for folder in self.folders():
            name, version = naming.split(folder.name)
            _check_capitals(job.name, name)
            taken = folder.name.lower() == target.lower()
            if name != job.name or not (taken or not job.version_given):
                continue
            document = read_document(folder)
            if job.repeats(document):
                return job.already(document)
            if taken:
                raise HashSetError(
                    f"{name}@{version} exists with another content or other settings",
                    hint="give --version, or remove the old one first",
                )
        return None

    def _sealed_before(self, job: Sealing) -> SealReport | None:
        """Recognise a repeated sealing, and refuse another content under a name that is taken."""
        target = f"{job.name}@{job.version}"
        for folder in self.folders():
            _check_capitals(job.name, naming.split(folder.name)[0])
            if folder.name.lower() == target.lower():
                document = read_document(folder)
                if job.repeats(document):
                    return job.already(document)
                raise HashSetError(
                    f"{folder.name} exists with another content or other settings",
                    hint="give --new-version, or another --name",
                )
        return None

    def _build(self, target: str, build: Callable[[Path], _T]) -> _T:
        """Let a pack be written beside the others, and give it its name when it is whole."""
        temporary = self._folder / f"{_BUILDING}{target}"
        with _writing(target):
            temporary.mkdir()
            try:
                report = build(temporary)
                temporary.replace(self._folder / target)
                _sync_folder(self._folder)
            except BaseException:
                shutil.rmtree(temporary, ignore_errors=True)
                raise
        return report


@contextmanager
def _writing(what: str) -> Iterator[None]:
    """Name a disk that is full or cannot be written as what it is, and no defect of the program.

    Raises:
        HashSetError: it is.
    """
    try:
        yield
    except OSError as error:
        raise HashSetError(
            f"reference set {what}: cannot be written: {error.strerror or error}",
            hint="nothing of it was kept: make room, or choose another folder by TRIAGE_HOME",
        ) from error


def _check_names(name: str, version: str | None) -> None:
    naming.checked(name, "name")
    if version is not None:
        naming.checked(version, "version")


def _check_capitals(wanted: str, name: str) -> None:
    if name != wanted and name.lower() == wanted.lower():
        raise HashSetError(f"{wanted!r} and {name!r} differ in capitals only", hint=f"use {name!r}")


def _sync_folder(folder: Path) -> None:
    """Bring a rename to the disk where the system lets folders be opened."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
