"""Locks that no tool here can make: what is tried on them, and what is said of those that stay.

The libraries that decrypt are replaced by stand-ins with the names that their bindings have; that
decryption is right is not shown here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyfsapfs
import pyfvde
import pytest
from layer_recipe import PLAIN, digests, told, truth

from triage.ingest import unlocking
from triage.ingest.evidence import open_evidence
from triage.ingest.filesystems import apfs_locks
from triage.ingest.layers import filevault
from triage.model.volume import VolumeState

KEY = "AAAA-BBBB-CCCC-DDDD-EEEE-FFFF"
HEAD = b"\0" * 8 + b"\x01\x00\x10\x00" + b"\0" * 76 + b"CS" + b"\0" * 422


@pytest.fixture(autouse=True)
def _no_secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(unlocking, "_opened_by", {})
    told()
    yield
    told()


class Lock:
    """A locked volume of either library: opens with one secret of one kind."""

    identifier, name, size = "1234", "Macintosh HD", len(PLAIN)

    def __init__(self, secret: str, kind: str) -> None:
        self._right = (secret, kind)
        self._open = False
        self.tried: list[tuple[str, str]] = []

    def is_locked(self) -> bool:
        return not self._open

    def set_password(self, secret: str) -> None:
        self.tried.append((secret, "password"))

    def set_recovery_password(self, secret: str) -> None:
        self.tried.append((secret, "recovery-key"))

    def unlock(self) -> bool:
        if self.tried[-1][0] == "odd":
            raise OSError("an odd secret")
        self._open = self.tried[-1] == self._right
        return self._open

    def read_buffer_at_offset(self, size: int, offset: int) -> bytes:
        assert self._open
        return PLAIN[offset : offset + size]


class Group:
    """A CoreStorage volume with one logical volume."""

    number_of_physical_volumes, number_of_logical_volumes = 1, 1

    def __init__(self, lock: Lock) -> None:
        self._lock = lock

    def open_file_object(self, file: object) -> None:
        assert file

    def open_physical_volume_files_as_file_objects(self, files: list[object]) -> None:
        assert len(files) == 1

    def get_volume_group(self) -> Group:
        return self

    def get_logical_volume(self, _index: int) -> Lock:
        return self._lock


class Pool:
    """An APFS container with one volume."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock

    def get_volume(self, _index: int) -> Lock:
        return self._lock


def image(folder: Path) -> Path:
    path = folder / "cs.raw"
    path.write_bytes(HEAD.ljust(64 * 1024, b"\0"))
    return path


@pytest.mark.parametrize(("secret", "kind"), [("horse", "password"), (KEY, "recovery-key")])
def test_corestorage_is_tried_with_each_secret_as_either_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str, kind: str
) -> None:
    lock = Lock(secret, kind)
    monkeypatch.setattr(pyfvde, "volume", lambda: Group(lock))
    told("odd", "wrong", secret)
    evidence = open_evidence(image(tmp_path))
    first, inner = evidence.survey().volumes
    assert (first.state, first.unlocked) == (VolumeState.NO_FILES, kind)
    assert (inner.layer, inner.label, inner.filesystem) == ("corestorage:0", "Macintosh HD", "ext2")
    assert digests(evidence, "p0.1") == truth()


def test_a_locked_corestorage_volume_says_what_opens_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyfvde, "volume", lambda: Group(Lock("horse", "password")))
    first, inner = open_evidence(image(tmp_path)).survey().volumes
    assert first.state is VolumeState.NO_FILES
    assert inner.state is VolumeState.LOCKED
    assert "recovery key" in inner.reason


def test_a_fusion_drive_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    group = Group(Lock("horse", "password"))
    monkeypatch.setattr(group, "number_of_physical_volumes", 2, raising=False)
    monkeypatch.setattr(pyfvde, "volume", lambda: group)
    (volume,) = open_evidence(image(tmp_path)).survey().volumes
    assert volume.state is VolumeState.UNSUPPORTED
    assert "2 physical volumes" in volume.reason


def test_the_library_itself_refuses_a_bare_header_in_words(tmp_path: Path) -> None:
    (volume,) = open_evidence(image(tmp_path)).survey().volumes
    assert volume.state is VolumeState.LOCKED
    assert "unsupported checksum algorithm" in volume.reason


@pytest.mark.parametrize(
    ("secret", "kind", "tried"),
    [
        ("horse", "password", [("wrong", "password"), ("horse", "password")]),
        (KEY, "recovery-key", [("wrong", "password"), (KEY, "password"), (KEY, "recovery-key")]),
    ],
)
def test_an_apfs_volume_is_tried_with_each_secret(
    secret: str, kind: str, tried: list[tuple[str, str]]
) -> None:
    lock = Lock(secret, kind)
    told("wrong", secret)
    pool: pyfsapfs.container = Pool(lock)  # type: ignore[assignment]  # a stand-in
    opened = apfs_locks.unlocked(pool, 0)
    assert opened is not None
    assert opened[1] == kind
    assert lock.tried == tried
    told("odd", "wrong")
    assert apfs_locks.unlocked(pool, 0) is None


def test_the_bindings_have_what_is_called() -> None:
    for name in ("set_password", "set_recovery_password", "unlock", "is_locked"):
        assert callable(getattr(pyfsapfs.volume, name))
        assert callable(getattr(pyfvde.logical_volume, name))
    assert callable(pyfvde.volume.open_physical_volume_files_as_file_objects)
    assert filevault.recognises.__doc__
