"""Opens an Android backup (.ab): a tar, packed by zlib or not, encrypted or not, in one file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from triage.errors import EvidenceError
from triage.ingest.archives.android_header import (
    MARK,
    MOST_BYTES,
    Header,
    HeaderError,
    MasterKey,
    header,
    unlocked,
)
from triage.ingest.archives.source import Source, WindowSource
from triage.ingest.container import evidence_key
from triage.ingest.decrypting import CbcSource
from triage.ingest.filesystem import FileSystem
from triage.ingest.inflating import ZLIB, Inflating
from triage.ingest.logicals.file_source import FileSource
from triage.ingest.logicals.tar_files import TarFileSystem
from triage.ingest.logicals.tar_scan import TarFacts, scan
from triage.ingest.reading import ContentError, VolumeError
from triage.ingest.secrets import given_secrets
from triage.ingest.unlocking import candidates, recall, remember
from triage.ingest.volume import Survey
from triage.model.display import printable
from triage.model.evidence import ContainerKind, DamagedRange, EvidenceInfo
from triage.model.problem import Problem, ProblemKind
from triage.model.volume import VolumeInfo, VolumeState

NAME = "android-backup"
_WAYS = "triage run --secrets FILE or --ask-secrets"


@dataclass(frozen=True, slots=True, kw_only=True)
class AndroidFacts:
    """What one process found out, as a plain value for others.

    Attributes:
        number: of the secret that opened it, ``None`` where none was needed.
        tar: ``None`` while it is locked.
    """

    number: int | None
    tar: TarFacts | None


def recognises(path: Path, head: bytes) -> bool:
    """Tell an Android backup by its first line."""
    del path
    return head.startswith(MARK)


def open_backup(path: Path, facts: object | None) -> AndroidBackup:
    """Open a backup.

    Raises:
        EvidenceError: its head does not read, or it is of a kind that is not known.
    """
    file = FileSource(path)
    try:
        told = header(file.read_at(0, MOST_BYTES))
    except (HeaderError, ContentError) as error:
        file.close()
        raise EvidenceError(f"{printable(path.name)}: {error}") from error
    return AndroidBackup(path, file, told, facts if isinstance(facts, AndroidFacts) else None)


class AndroidBackup:
    """One backup, for one process; what is derived from a password stays here."""

    def __init__(
        self, path: Path, file: FileSource, told: Header, known: AndroidFacts | None
    ) -> None:
        self._file = file
        self._header = told
        self.info = EvidenceInfo(
            key=evidence_key(
                name=path.name,
                kind=ContainerKind.ANDROID_BACKUP,
                size_bytes=file.size_bytes,
                stored_digests=(),
                read_at=file.read_at,
            ),
            name=path.name,
            kind=ContainerKind.ANDROID_BACKUP,
            segments=(path.name,),
            size_bytes=file.size_bytes,
            header=(("backup_version", str(told.version)),),
        )
        self._lock = f"{NAME}:{self.info.key}"
        self._number = known.number if known is not None else None
        self._tar = known.tar if known is not None else None
        self._key: MasterKey | None = None
        if self._number is not None:
            recall(((self._lock, self._number),))

    def survey(self) -> Survey:
        """Give the one volume, locked where no secret opens it."""
        if not self._unlock():
            reason = self._locked_words()
            problem = self._problem(ProblemKind.VOLUME_LOCKED, reason)
            return Survey(volumes=(self._volume(reason),), problems=(problem,))
        if self._tar is None:
            source = self._source()
            self._tar = scan(source)
            broken = source.broken if isinstance(source, Inflating) else ""
            if broken:
                self._tar = replace(self._tar, faults=(*self._tar.faults, broken))
        kind = ProblemKind.EXTRACTION_INCOMPLETE
        problems = tuple(self._problem(kind, words) for words in self._tar.faults)
        return Survey(volumes=(self._volume(""),), problems=problems)

    def filesystem(self, volume_key: str) -> FileSystem:
        """Give the members of the tar as files.

        Raises:
            VolumeError: the secret that opened the backup is not among those given any more.
        """
        if not self._unlock():
            raise VolumeError(f"volume {volume_key}: {self._locked_words()}")
        if self._tar is None:
            self.survey()
        if self._tar is None:
            raise VolumeError(f"volume {volume_key}: the backup holds no tar")
        return TarFileSystem(self._source(), self._tar, self._volume(""), self.info.key)

    def facts(self) -> object | None:
        """Give which secret opened it, by its number, and what the headers showed."""
        return AndroidFacts(number=self._number, tar=self._tar)

    def damage(self) -> tuple[DamagedRange, ...]:
        """Give nothing: a tar has no checksums of contents."""
        return ()

    def gone(self) -> str:
        """Say in words that the file is not there any more."""
        return self._file.gone

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _unlock(self) -> bool:
        lock = self._header.lock
        if lock is None or self._key is not None:
            return True
        for number, text in candidates(self._lock):
            self._key = unlocked(lock, text)
            if self._key is not None:
                self._number = number
                remember(self._lock, number)
                return True
        return False

    def _source(self) -> Source:
        """Give the tar: decrypted, then inflated, as far as it is either."""
        start = self._header.start_bytes
        source: Source = WindowSource(self._file, start, self._file.size_bytes - start)
        if self._key is not None:
            source = CbcSource(source, self._key.key, self._key.vector)
        if not self._header.packed:
            return source
        known = self._tar.size_bytes if self._tar is not None else None
        return Inflating(source, ZLIB, size_bytes=known)

    def _locked_words(self) -> str:
        tried = len(given_secrets())
        words = "encrypted backup: the password that was typed on the device would open it"
        if tried:
            words = f"encrypted backup: none of {tried} secret(s) given is its password"
        return f"{words} ({_WAYS})"

    def _volume(self, reason: str) -> VolumeInfo:
        return VolumeInfo(
            key="p0",
            offset_bytes=0,
            length_bytes=0,
            table=NAME,
            description="Android backup",
            state=VolumeState.LOCKED if reason else VolumeState.OPENED,
            filesystem="" if reason else "tar",
            reason=reason,
            unlocked="password" if self._key is not None else "",
        )

    def _problem(self, kind: ProblemKind, words: str) -> Problem:
        return Problem(kind=kind, evidence=self.info.key, volume="p0", detail=words)
