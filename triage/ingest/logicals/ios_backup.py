"""Opens a backup that iTunes or the Finder made of an iOS device: a folder with a manifest.

Since iOS 10 the manifest is an SQLite database; since iOS 10.2 it is encrypted where the contents
are. All is decrypted in memory, piece by piece but for the manifest.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from triage.errors import EvidenceError
from triage.ingest.decrypting import decrypted
from triage.ingest.filesystem import FileSystem
from triage.ingest.logicals import ios_database
from triage.ingest.logicals.ios_about import About, about
from triage.ingest.logicals.ios_database import Manifest, ManifestError
from triage.ingest.logicals.ios_files import IosBackupFiles
from triage.ingest.logicals.ios_keybag import ClassKeys, Keybag, KeybagError, keybag
from triage.ingest.reading import VolumeError
from triage.ingest.secrets import given_secrets
from triage.ingest.unlocking import candidates, recall, remember
from triage.ingest.volume import Survey
from triage.model.display import printable
from triage.model.evidence import ContainerKind, DamagedRange, EvidenceInfo
from triage.model.problem import Problem, ProblemKind
from triage.model.volume import VolumeInfo, VolumeState

NAME = "ios-backup"
_DATABASE, _LIST, _JOURNAL = "Manifest.db", "Manifest.plist", "Manifest.db-wal"
_MOST_BYTES = 1 << 30
"""Of an encrypted manifest, which has to be held in memory; those of full phones take a tenth."""

_WAYS = "triage run --secrets FILE or --ask-secrets"


def recognises(path: Path, head: bytes) -> bool:
    """Tell a folder that holds a manifest database and the list that goes with it."""
    if head:
        return False
    try:
        return all((path / name).is_file() for name in (_DATABASE, _LIST))
    except OSError:
        return False


def open_backup(path: Path, facts: object | None) -> IosBackup:
    """Open a backup.

    Args:
        facts: number of the secret that opened it in another process.

    Raises:
        EvidenceError: the folder cannot be read.
    """
    return IosBackup(path, facts if isinstance(facts, int) else None)


class IosBackup:
    """One backup, for one process; what is derived from a password stays here."""

    def __init__(self, path: Path, number: int | None) -> None:
        self._path = path
        self._about: About = about(path)
        self.info = _info(path, self._about)
        self._lock = f"{NAME}:{self.info.key}"
        self._number = number
        self._keys: ClassKeys | None = None
        self._manifest: Manifest | None = None
        self._database_key = b""
        if number is not None:
            recall(((self._lock, number),))

    def survey(self) -> Survey:
        """Give the one volume, locked where no secret opens it."""
        state, reason, problems = VolumeState.OPENED, "", list(self._doubts())
        try:
            opened = self._unlock()
        except KeybagError as error:
            opened, state, reason = False, VolumeState.DAMAGED, f"it cannot be unlocked: {error}"
        else:
            if not opened:
                state, reason = VolumeState.LOCKED, self._locked_words()
        if opened:
            try:
                self._open_manifest()
                problems += self._gaps()
            except ManifestError as error:
                words = f"the manifest does not read: {error}"
                if self._about.encrypted:
                    state, reason = VolumeState.DAMAGED, f"{words}; without it nothing decrypts"
                else:
                    words += "; what is stored is examined without names"
                    problems.append(self._problem(ProblemKind.VOLUME_DAMAGED, words))
        if state is VolumeState.LOCKED:
            problems.append(self._problem(ProblemKind.VOLUME_LOCKED, reason))
        elif reason:
            problems.append(self._problem(ProblemKind.VOLUME_DAMAGED, reason))
        return Survey(volumes=(self._volume(state, reason),), problems=tuple(problems))

    def filesystem(self, volume_key: str) -> FileSystem:
        """Open the files.

        Raises:
            VolumeError: the secret that opened the backup is not among those given any more.
        """
        try:
            if not self._unlock():
                raise VolumeError(f"volume {volume_key}: {self._locked_words()}")
            if self._manifest is None:
                self._open_manifest()
        except KeybagError as error:
            raise VolumeError(f"volume {volume_key}: {error}") from error
        except ManifestError as error:
            if self._about.encrypted:
                raise VolumeError(f"volume {volume_key}: manifest: {error}") from error
        return IosBackupFiles(
            self._path,
            self._volume(VolumeState.OPENED, ""),
            self.info.key,
            self._manifest,
            self._keys,
            self._database_key,
        )

    def facts(self) -> object | None:
        """Give the number of the secret that opened it, so that others try no other first."""
        return self._number

    def damage(self) -> tuple[DamagedRange, ...]:
        """Give nothing: a backup has no medium."""
        return ()

    def gone(self) -> str:
        """Say in words that the manifest is not there any more."""
        try:
            (self._path / _DATABASE).stat()
        except OSError as error:
            return f"{_DATABASE}: {error.strerror}"
        return ""

    def close(self) -> None:
        """Let go of the manifest."""
        if self._manifest is not None:
            self._manifest.close()
            self._manifest = None

    def _unlock(self) -> bool:
        """Find the password among the secrets; nothing to find where nothing is encrypted.

        Raises:
            KeybagError: there is no keybag that a password could open.
        """
        if not self._about.encrypted or self._keys is not None:
            return True
        bag: Keybag = keybag(self._about.keybag)
        for number, text in candidates(self._lock):
            self._keys = bag.unlocked(text)
            if self._keys is not None:
                self._number = number
                remember(self._lock, number)
                return True
        return False

    def _open_manifest(self) -> None:
        """Open the database, in memory where it is encrypted.

        Raises:
            ManifestError: it does not open.
        """
        path = self._path / _DATABASE
        try:
            with path.open("rb") as file:
                mark = file.read(len(ios_database.MARK))
                if mark == ios_database.MARK or self._keys is None:
                    self._manifest = ios_database.from_file(path)
                    return
                data = mark + file.read(_MOST_BYTES)
        except OSError as error:
            raise ManifestError(error.strerror or type(error).__name__) from error
        if len(data) > _MOST_BYTES:
            raise ManifestError(f"it has more than {_MOST_BYTES} bytes to be held in memory")
        try:
            key = self._database_key = self._keys.labelled(self._about.manifest_key)
        except KeybagError as error:
            raise ManifestError(str(error)) from error
        whole = data[: len(data) - len(data) % 16]
        self._manifest = ios_database.from_bytes(decrypted(whole, key, bytes(16)))

    def _gaps(self) -> tuple[Problem, ...]:
        missing = self._manifest.missing() if self._manifest is not None else 0
        if not missing:
            return ()
        words = f"its index of names is damaged: {missing} file(s) are listed without their paths"
        return (self._problem(ProblemKind.VOLUME_DAMAGED, words),)

    def _doubts(self) -> tuple[Problem, ...]:
        """Say what the backup shows of itself before it is opened."""
        found = []
        if not self._about.readable:
            words = "Manifest.plist does not read: taken for a backup without encryption"
            found.append(self._problem(ProblemKind.VOLUME_DAMAGED, words))
        if self._about.unfinished:
            words = f"the backup was not finished, by its own account: {self._about.unfinished}"
            found.append(self._problem(ProblemKind.EXTRACTION_INCOMPLETE, words))
        try:
            waiting = (self._path / _JOURNAL).stat().st_size
        except OSError:
            waiting = 0
        if waiting:
            words = f"{_JOURNAL} holds {waiting} bytes of changes that are not read"
            found.append(self._problem(ProblemKind.EXTRACTION_INCOMPLETE, words))
        return tuple(found)

    def _locked_words(self) -> str:
        tried = len(given_secrets())
        words = "encrypted backup: the password that was set in iTunes or the Finder would open it"
        if tried:
            words = f"encrypted backup: none of {tried} secret(s) given is its password"
        return f"{words} ({_WAYS})"

    def _volume(self, state: VolumeState, reason: str) -> VolumeInfo:
        opened = state is VolumeState.OPENED
        return VolumeInfo(
            key="p0",
            offset_bytes=0,
            length_bytes=0,
            table=NAME,
            description="iOS backup",
            state=state,
            filesystem=NAME if opened else "",
            reason=reason,
            unlocked="password" if opened and self._about.encrypted else "",
        )

    def _problem(self, kind: ProblemKind, words: str) -> Problem:
        return Problem(kind=kind, evidence=self.info.key, volume="p0", detail=words)


def _info(path: Path, told: About) -> EvidenceInfo:
    """Describe a backup; its key comes from its name and its list, which says when it was made."""
    name = path.name or "backup"
    try:
        with (path / _LIST).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise EvidenceError(f"{printable(name)}: {_LIST}: {error.strerror}") from error
    head = b"ios-backup\0" + os.fsencode(name) + b"\0"
    return EvidenceInfo(
        key=hashlib.blake2b(head + digest, digest_size=8).hexdigest(),
        name=name,
        kind=ContainerKind.IOS_BACKUP,
        segments=(f"{name}/{_DATABASE}", f"{name}/{_LIST}"),
        size_bytes=0,
        header=told.header,
    )
