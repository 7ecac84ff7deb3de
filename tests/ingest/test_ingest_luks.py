"""LUKS volumes: keys as cryptsetup tells them, contents as the recipe or qemu-img wrote them."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_recipe import FIXTURES, PLAIN, digests, dumped, encrypted, formatted, run, told, truth

from triage.ingest.container import open_container
from triage.ingest.evidence import open_evidence
from triage.ingest.layer import Locked
from triage.ingest.layers import luks
from triage.ingest.layers.luks_header import read_header
from triage.ingest.layers.luks_keys import volume_key
from triage.ingest.layers.sectors import Cbc, Xts
from triage.model.volume import VolumeState

FAST_1 = ("--type", "luks1", "--pbkdf-force-iterations", "1000", "--align-payload", "8")
FAST_2 = ("--type", "luks2", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000",
          "--sector-size", "512", "--luks2-metadata-size", "16k",
          "--luks2-keyslots-size", "512k")  # fmt: skip
ARGON = ("--type", "luks2", "--pbkdf", "argon2id", "--pbkdf-force-iterations", "4",
         "--pbkdf-memory", "32", "--pbkdf-parallel", "1",
         "--sector-size", "512", "--luks2-metadata-size", "16k",
         "--luks2-keyslots-size", "512k")  # fmt: skip
ROOM = 2 * 1024**2
MADE = {
    "xts256": (*FAST_1, "--cipher", "aes-xts-plain64", "--key-size", "512"),
    "xts128": (*FAST_1, "--cipher", "aes-xts-plain64", "--key-size", "256", "--hash", "sha1"),
    "essiv": (*FAST_1, "--cipher", "aes-cbc-essiv:sha256", "--key-size", "256"),
    "plain": (*FAST_1, "--cipher", "aes-cbc-plain", "--key-size", "128", "--hash", "sha512"),
    "luks2": (*FAST_2, "--cipher", "aes-xts-plain64"),
    "luks2-4k": (*FAST_2, "--sector-size", "4096", "--cipher", "aes-xts-plain64"),
    "argon2id": ARGON,
    "argon2i": (*(word.replace("argon2id", "argon2i") for word in ARGON),),
}


@pytest.fixture(autouse=True)
def _no_secrets() -> Iterator[None]:
    told()
    yield
    told()


def wrapped(folder: Path, name: str, password: str = "horse", plain: bytes = PLAIN) -> Path:  # noqa: S107  (a fixture's)
    image = folder / f"{name}.raw"
    key = formatted(image, password, *MADE[name], room_bytes=ROOM)
    container = open_container(image)
    header = read_header(container, 0, ROOM)
    container.close()
    form = MADE[name]
    cipher = form[form.index("--cipher") + 1] if "--cipher" in form else "aes-xts-plain64"
    size = 4096 if "4096" in form else 512
    head = image.read_bytes()[: header.payload_bytes]
    image.write_bytes(head + encrypted(plain, key, cipher, size))
    return image


@pytest.mark.parametrize("name", MADE)
def test_what_cryptsetup_locks_opens_with_its_password(tmp_path: Path, name: str) -> None:
    image = wrapped(tmp_path, name)
    told("wrong", "horse")
    evidence = open_evidence(image)
    first, inner = evidence.survey().volumes
    assert (first.key, first.state, first.unlocked) == ("p0", VolumeState.NO_FILES, "password")
    assert (inner.key, inner.filesystem, inner.layer) == ("p0.1", "ext2", "luks")
    assert inner.unlocked == "password"
    assert digests(evidence, "p0.1") == truth()


def test_the_volume_key_is_the_one_that_cryptsetup_tells(tmp_path: Path) -> None:
    image = tmp_path / "k.raw"
    expected = formatted(image, "päss wörd", *MADE["luks2"], room_bytes=ROOM)
    container = open_container(image)
    header = read_header(container, 0, ROOM)
    (slot,) = header.slots
    assert volume_key(container, 0, header, slot, "päss wörd") == expected
    assert volume_key(container, 0, header, slot, "pass word") is None


def test_a_volume_written_by_qemu_reads_as_it_was(tmp_path: Path) -> None:
    image = tmp_path / "q.raw"
    secret = ("--object", "secret,id=s,data=horse", "-o", "key-secret=s,iter-time=10")
    plain = FIXTURES / "images" / "ext2.raw"
    run("qemu-img", "convert", "-f", "raw", "-O", "luks", *secret, plain, image)
    told("horse")
    evidence = open_evidence(image)
    assert digests(evidence, "p0.1") == truth()


def test_without_the_password_it_says_what_opens_it(tmp_path: Path) -> None:
    image = wrapped(tmp_path, "argon2id")
    told("wrong")
    (volume,) = open_evidence(image).survey().volumes
    assert volume.state is VolumeState.LOCKED
    assert "LUKS2" in volume.reason
    assert "1 key slot(s) (argon2id)" in volume.reason


def test_the_second_header_opens_it_where_the_first_is_wiped(tmp_path: Path) -> None:
    image = wrapped(tmp_path, "luks2")
    data = bytearray(image.read_bytes())
    data[:0x4000] = bytes(0x4000)
    image.write_bytes(data)
    told("horse")
    assert digests(open_evidence(image), "p0.1") == truth()


def test_a_second_password_opens_its_own_slot(tmp_path: Path) -> None:
    image = tmp_path / "two.raw"
    key = formatted(image, "horse", *MADE["xts128"], room_bytes=ROOM)
    (tmp_path / "old").write_text("horse")
    (tmp_path / "new").write_text("battery")
    run("cryptsetup", "luksAddKey", "-q", "--pbkdf-force-iterations", "1000", "--key-file",
        tmp_path / "old", image, tmp_path / "new")  # fmt: skip
    assert dumped(image, "battery") == key
    container = open_container(image)
    told("battery")
    assert not isinstance(luks.open_layer(container, 0, ROOM), Locked)


def test_a_committed_volume_needs_no_tool() -> None:
    told("fixture")
    first, inner = open_evidence(FIXTURES / "images" / "luks.raw").survey().volumes
    assert first.unlocked == "password"
    assert inner.state is VolumeState.UNSUPPORTED  # the recipe writes noise, not a file system


def test_a_volume_under_re_encryption_is_named(tmp_path: Path) -> None:
    image = wrapped(tmp_path, "luks2")
    rewritten(
        image, lambda told: told["config"].update(requirements={"mandatory": ["online-reencrypt"]})
    )
    told("horse")
    (volume,) = open_evidence(image).survey().volumes
    assert volume.state is VolumeState.LOCKED
    assert "encrypted anew" in volume.reason


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda told: told["keyslots"]["0"]["kdf"].update(iterations=1 << 60), "rounds"),
        (lambda told: told["keyslots"]["0"]["kdf"].update(type="scrypt"), "scrypt"),
        (lambda told: told["keyslots"]["0"]["af"].update(stripes=1 << 40), "damaged"),
(
            lambda told: told["keyslots"]["0"]["area"].update(encryption="serpent-xts-plain64"),
            "serpent",
        ),
        (lambda told: told["keyslots"].clear(), "no key slot is left"),
        (lambda told: told.update(segments=[]), "0 encrypted parts"),
        (lambda told: told["segments"]["0"].update(offset="-1"), "does not read"),
        (lambda told: told["segments"]["0"].update(integrity={}), "integrity"),
    ],
)  # fmt: skip
def test_hostile_metadata_is_worded_and_costs_nothing(tmp_path: Path, change, words: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  (lambdas of the table)
    image = wrapped(tmp_path, "luks2")
    rewritten(image, change)
    told("horse")
    (volume,) = open_evidence(image).survey().volumes
    assert volume.state is VolumeState.LOCKED
    assert words in volume.reason


def rewritten(image: Path, change) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  (lambdas of the table)
    """Change the JSON of the first header, put its checksum right, and wipe the second."""
    data = bytearray(image.read_bytes())
    size, number = struct.unpack_from(">QQ", data, 8)
    told = json.loads(data[4096:size].partition(b"\0")[0])
    change(told)
    data[4096:size] = json.dumps(told).encode().ljust(size - 4096, b"\0")
    struct.pack_into(">Q", data, 16, number + 1)
    data[448:512] = bytes(64)
    data[448:480] = hashlib.sha256(data[:size]).digest()
    data[size : size + 8] = bytes(8)
    image.write_bytes(data)


def test_a_cut_or_flipped_header_never_raises(tmp_path: Path) -> None:
    data = wrapped(tmp_path, "xts128").read_bytes()
    told("horse")
    image = tmp_path / "hurt.raw"
    for cut in (6, 592, 100_000):
        image.write_bytes(data[:cut])
        assert open_evidence(image).survey().volumes
    for at in (7, 9, 41, 73, 105, 110, 210, 214, 250, 255):
        hurt = bytearray(data[:140_000])
        hurt[at] ^= 0x55
        image.write_bytes(hurt)
        assert open_evidence(image).survey().volumes


@settings(max_examples=40, deadline=None)
@given(
    data=st.sampled_from((4096, 16 * 1024, 20 * 1024)).map(
        lambda size: hashlib.shake_256(b"data").digest(size)
    ),
    first=st.integers(0, (1 << 40) - 1),
    key=st.sampled_from((32, 64)),
    size=st.sampled_from((512, 1024, 4096)),
)
def test_many_sectors_decrypt_as_each_alone_does(
    data: bytes, first: int, key: int, size: int
) -> None:
    secret = hashlib.shake_128(b"key").digest(key)
    alone = b"".join(
        Cipher(algorithms.AES(secret), modes.XTS((first + at // 512).to_bytes(16, "little")))
        .decryptor()
        .update(data[at : at + size])
        for at in range(0, len(data), size)
    )
    assert Xts(secret, size).decrypt(data, first) == alone
    half = secret[: key // 2]
    chained = b"".join(
        Cipher(algorithms.AES(half), modes.CBC((first + at // 512).to_bytes(16, "little")))
        .decryptor()
        .update(data[at : at + size])
        for at in range(0, len(data), size)
    )
    assert Cbc(half, size).decrypt(data, first) == chained
