"""Zips that 7-Zip encrypted open with the password, and only with it."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from archive_carrier import carried, content, contents, lawful
from backports import zstd

from triage.ingest.archive import list_members
from triage.ingest.archives import zip_lock
from triage.ingest.reading import ContentError
from triage.ingest.secrets import take_secrets
from triage.model.outcome import SkipReason
from triage.model.secret import Secrets

FILES = {"one.jpg": bytes(range(256)) * 500, "two.txt": b"two\n" * 5000, "three": b"3" * 17}
WAYS = ["AES256", "AES192", "AES128", "ZipCrypto"]


@pytest.fixture(autouse=True)
def no_secrets() -> Iterator[None]:
    take_secrets(Secrets())
    yield
    take_secrets(Secrets())


def locked(folder: Path, way: str, *options: str) -> bytes:
    program = shutil.which("7z")
    if program is None:
        pytest.skip("7z is not installed: nobody else encrypts the zips of these tests")
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    command = [program, "a", "-bd", "-tzip", "-psesame", f"-mem={way}", *options, "made.zip"]
    subprocess.run([*command, *FILES], cwd=folder, check=True, capture_output=True)
    return (folder / "made.zip").read_bytes()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("options", [[], ["-mm=Copy"], ["-mm=LZMA"], ["-mm=BZip2"]], ids=str)
def test_the_password_opens_it(tmp_path: Path, way: str, options: list[str]) -> None:
    data = locked(tmp_path, way, *options)
    files, entry = carried(tmp_path, data)
    assert {one.no_content for one in lawful(files, entry).entries} == {SkipReason.ENCRYPTED}
    take_secrets(Secrets(texts=("wrong", "also wrong", "sesame")))
    files, entry = carried(tmp_path, data)
    listing = lawful(files, entry)
    assert not listing.problems
    assert all(one.encrypted for one in listing.entries)
    assert contents(files, listing) == {name.encode(): body for name, body in FILES.items()}


@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_password_leaves_it_locked_and_says_so(tmp_path: Path, way: str) -> None:
    data = locked(tmp_path, way)
    take_secrets(Secrets(texts=("wrong",)))
    files, entry = carried(tmp_path, data)
    for one in list_members(files, entry).entries:
        if one.no_content:  # (one wrong password of 256 passes for the old encryption)
            assert one.no_content == SkipReason.ENCRYPTED
            assert "no given password opens it" in one.detail
        else:
            with pytest.raises(ContentError):
                content(files, one)


@pytest.mark.parametrize("way", WAYS)
def test_a_changed_content_is_not_taken(tmp_path: Path, way: str) -> None:
    data = bytearray(locked(tmp_path, way, "-mm=Copy"))
    data[5000] ^= 1
    take_secrets(Secrets(texts=("sesame",)))
    files, entry = carried(tmp_path, bytes(data))
    one = list_members(files, entry).entries[0]
    with pytest.raises(ContentError, match=r"seal|checksum"):
        content(files, one)


def test_the_old_encryption_is_undone_up_to_a_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zip_lock, "OLD_MOST_BYTES", 30_000)
    take_secrets(Secrets(texts=("sesame",)))
    files, entry = carried(tmp_path, locked(tmp_path, "ZipCrypto"))
    told = {one.ref.path: one for one in list_members(files, entry).entries}
    assert "up to 30000 bytes only" in told[b"/a.bin/one.jpg"].detail
    assert content(files, told[b"/a.bin/two.txt"]) == FILES["two.txt"]


def test_a_member_packed_by_zstandard_comes_out(tmp_path: Path) -> None:
    body = FILES["one.jpg"]
    packed = zstd.compress(body)
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("one.jpg", packed)
    data = bytearray((tmp_path / "z.zip").read_bytes())
    import struct  # noqa: PLC0415  (of this test alone)
    import zlib  # noqa: PLC0415  (of this test alone)

    at = data.find(b"PK\1\2")
    struct.pack_into("<H", data, at + 10, 93)
    struct.pack_into("<I", data, at + 16, zlib.crc32(body))
    struct.pack_into("<I", data, at + 24, len(body))
    files, entry = carried(tmp_path, bytes(data))
    (one,) = lawful(files, entry).entries
    assert content(files, one) == body
