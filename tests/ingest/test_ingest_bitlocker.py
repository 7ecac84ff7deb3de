"""BitLocker volumes of the documented layout; dislocker and the recipe say what is in them."""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterator
from pathlib import Path

import pybde
import pytest
from bitlocker_recipe import METHODS, PASSWORD_KEY, RECOVERY, RECOVERY_KEY, volume
from layer_recipe import FIXTURES, digests, run, told, truth

from triage.ingest.container import open_container
from triage.ingest.evidence import ImageEvidence, open_evidence
from triage.ingest.layers.bitlocker_metadata import (
    of_password,
    read_metadata,
    stretched,
    unsealed,
)
from triage.ingest.layers.bitlocker_words import PASSWORD
from triage.ingest.layers.foreign import recovery_password
from triage.model.volume import VolumeState

PLAIN = (FIXTURES / "images" / "ntfs.raw").read_bytes()
PLAIN_BYTES = PLAIN + bytes(len(PLAIN) // 2)
"""The file system ends before the space that BitLocker takes for itself."""


@functools.cache
def made(method: str = "xts128", *, clear: bool = False) -> bytes:
    """Make it once: stretching a password takes a second."""
    password, recovery = ("", "") if clear else ("Horse1", RECOVERY)
    return volume(PLAIN_BYTES, method=method, clear=clear, password=password, recovery=recovery)


@pytest.fixture(autouse=True)
def _no_secrets() -> Iterator[None]:
    told()
    yield
    told()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "b.raw"
    path.write_bytes(made())
    return path


@pytest.mark.parametrize(
    ("secret", "kind"), [("Horse1", "password"), (RECOVERY.replace("-", " "), "recovery-key")]
)
def test_a_secret_of_either_kind_opens_it(image: Path, secret: str, kind: str) -> None:
    told(secret)
    evidence = open_evidence(image)
    first, inner = evidence.survey().volumes
    assert (first.state, first.unlocked) == (VolumeState.NO_FILES, kind)
    assert (inner.key, inner.layer, inner.unlocked) == ("p0.1", "bitlocker", kind)
    assert truth("ntfs").items() <= digests(evidence, "p0.1").items()


@pytest.mark.parametrize("method", METHODS)
def test_a_suspended_volume_opens_by_itself(tmp_path: Path, method: str) -> None:
    image = tmp_path / "c.raw"
    image.write_bytes(made(method, clear=True))
    evidence = open_evidence(image)
    assert [volume.unlocked for volume in evidence.survey().volumes] == ["", ""]
    assert truth("ntfs").items() <= digests(evidence, "p0.1").items()


def test_a_locked_volume_tells_its_protectors_and_the_key_identifier(image: Path) -> None:
    (volume,) = open_evidence(image).survey().volumes
    assert volume.state is VolumeState.LOCKED
    assert str(RECOVERY_KEY).upper() in volume.reason
    assert str(PASSWORD_KEY).upper() not in volume.reason
    assert "protected by password; recovery password" in volume.reason


def test_dislocker_reads_the_same_from_the_recipe(image: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.raw"
    run("dislocker-file", "-q", "-V", image, "-uHorse1", "--", out)
    data = out.read_bytes()
    assert data[: len(PLAIN)] == PLAIN


def test_cryptsetup_tells_the_key_that_the_password_gives(image: Path, tmp_path: Path) -> None:
    key, password = tmp_path / "key", tmp_path / "password"
    password.write_bytes(b"Horse1")
    run("cryptsetup", "bitlkDump", "-q", "--dump-volume-key", "--volume-key-file", key,
        "--key-file", password, image)  # fmt: skip
    container = open_container(image)
    metadata = read_metadata(container, 0, container.info.size_bytes)
    (protector,) = (one for one in metadata.protectors if one.kind == PASSWORD)
    master = unsealed(protector.sealed, stretched(of_password("Horse1"), protector.salt))
    assert master is not None
    found = unsealed(metadata.sealed, master[:32])
    assert found is not None
    assert found[: len(key.read_bytes())] == key.read_bytes()


@pytest.mark.parametrize("method", METHODS)
def test_libbde_decrypts_every_byte_alike(tmp_path: Path, method: str) -> None:
    image = tmp_path / "c.raw"
    image.write_bytes(made(method, clear=True))
    evidence = open_evidence(image)
    assert isinstance(evidence, ImageEvidence)
    medium, _ = evidence.medium("p0.1")
    peer = pybde.volume()
    with image.open("rb") as file:
        peer.open_file_object(file)
        data = b"".join(peer.read_buffer_at_offset(65536, at) for at in range(0, len(PLAIN), 65536))
    assert medium.read_at(0, len(data)) == data
    assert medium.read_at(8191, 4099) == data[8191:12290]


@pytest.mark.parametrize(("name", "to_go"), [("exfat", False), ("fat16", True)])
def test_sticks_that_are_not_ntfs_open_too(tmp_path: Path, name: str, *, to_go: bool) -> None:
    plain = (FIXTURES / "images" / f"{name}.raw").read_bytes()
    image = tmp_path / "stick.raw"
    image.write_bytes(volume(plain + bytes(len(plain) // 2), clear=True, to_go=to_go))
    evidence = open_evidence(image)
    first, inner = evidence.survey().volumes
    assert ("To Go" in first.reason) is to_go
    assert inner.filesystem == name
    assert truth(name).items() <= digests(evidence, "p0.1").items()


def test_what_encryption_had_not_reached_yet_is_read_plain(tmp_path: Path) -> None:
    half = len(PLAIN) // 2
    data = bytearray(made(clear=True))
    metadata = data.index(b"-FVE-FS-", 512)
    for block in range(3):
        at = metadata + block * 65536
        struct.pack_into("<HHQ", data, at + 12, 2, 4, half)
    data[half : len(PLAIN)] = PLAIN[half:]
    moved = metadata + 3 * 65536
    data[moved : moved + 8192] = PLAIN[:8192]  # not reached either
    image = tmp_path / "half.raw"
    image.write_bytes(data)
    evidence = open_evidence(image)
    assert truth("ntfs").items() <= digests(evidence, "p0.1").items()
    assert any("being encrypted or decrypted" in one.detail for one in evidence.survey().problems)


def test_cut_and_flipped_volumes_never_raise(tmp_path: Path) -> None:
    data = made(clear=True)
    image = tmp_path / "hurt.raw"
    for cut in (512, 4096, 100_000, 700_000, len(data) // 2):
        image.write_bytes(data[:cut])
        (volume, *_) = open_evidence(image).survey().volumes
        assert volume.state in {VolumeState.LOCKED, VolumeState.NO_FILES}
    metadata = data.index(b"-FVE-FS-", 512)
    for at in (8, 16, 64, 68, 72, 100, 112, 114, 140, 200, 260):
        hurt = bytearray(data)
        for block in range(3):
            hurt[metadata + block * 65536 + at] ^= 0xFF
        image.write_bytes(hurt)
        assert open_evidence(image).survey().volumes


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        (RECOVERY, RECOVERY),
        (RECOVERY.replace("-", ""), RECOVERY),
        (RECOVERY[:-1] + "0", ""),
        ("0" * 47, ""),
        ("999999-" * 7 + "999999", ""),
        ("\u0660" * 48, ""),
    ],
)
def test_a_recovery_password_is_eight_multiples_of_eleven(secret: str, expected: str) -> None:
    assert recovery_password(secret) == expected
