"""Wraps known media into layers, by the tools that define them, and reads the truth of both."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from triage.ingest.evidence import Evidence
from triage.ingest.filesystem import FileSystem
from triage.ingest.secrets import take_secrets
from triage.model.entry import DirectoryRef, FileEntry
from triage.model.secret import Secrets

FIXTURES = Path(__file__).parents[2] / "fixtures"
PLAIN = (FIXTURES / "images" / "ext2.raw").read_bytes()
"""What stands inside: an ext2 of one MiB, with pictures."""


def told(*secrets: str) -> None:
    """Give this process secrets, instead of those of before."""
    take_secrets(Secrets(texts=secrets))


def run(*words: str | Path, stdin: bytes = b"") -> bytes:
    """Run a tool; the test is skipped where it is absent."""
    if shutil.which(str(words[0])) is None:
        pytest.skip(f"{words[0]} is not installed")
    done = subprocess.run(words, input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def formatted(image: Path, password: str, *form: str, room_bytes: int) -> bytes:
    """Make a LUKS header in front of room for a payload; give the volume key, by cryptsetup."""
    image.write_bytes(bytes(room_bytes))
    run("cryptsetup", "luksFormat", "-q", *form, "--key-file", "-", image, stdin=password.encode())
    return dumped(image, password)


def dumped(image: Path, password: str) -> bytes:
    """Give the volume key as cryptsetup tells it."""
    key = image.with_suffix(".key")
    run("cryptsetup", "luksDump", "-q", "--dump-volume-key", "--volume-key-file", key,
        "--key-file", "-", image, stdin=password.encode())  # fmt: skip
    found = key.read_bytes()
    key.unlink()
    return found


def encrypted(plain: bytes, key: bytes, cipher: str, sector_bytes: int = 512) -> bytes:
    """Encrypt sector by sector, as dm-crypt's documentation has it."""
    out = []
    for at in range(0, len(plain), sector_bytes):
        number = (at // 512).to_bytes(16, "little")
        sector = plain[at : at + sector_bytes]
        if cipher.startswith("aes-xts"):
            out.append(Cipher(algorithms.AES(key), modes.XTS(number)).encryptor().update(sector))
            continue
        if cipher.endswith("essiv:sha256"):
            salt = hashlib.sha256(key).digest()
            essiv = Cipher(algorithms.AES(salt), modes.ECB())  # noqa: S305  (what ESSIV is)
            number = essiv.encryptor().update(number)
        out.append(Cipher(algorithms.AES(key), modes.CBC(number)).encryptor().update(sector))
    return b"".join(out)


def truth(name: str = "ext2") -> dict[bytes, str]:
    """Give the SHA-256 of every live file of a recipe by its path."""
    rows = map(json.loads, (FIXTURES / "truth" / f"{name}.jsonl").read_text().splitlines())
    return {
        bytes.fromhex(row["path_hex"]): row["sha256"]
        for row in rows
        if row["kind"] == "file" and row["allocation"] == "live"
        if row.get("size_bytes") and not row["stream"]
    }


def walked(filesystem: FileSystem) -> Iterator[FileEntry]:
    """Give every entry of a volume."""
    folders: list[DirectoryRef] = list(filesystem.roots())
    while folders:
        listing = filesystem.list_directory(folders.pop())
        yield from listing.entries
        folders.extend(listing.directories)


def digests(evidence: Evidence, key: str) -> dict[bytes, str]:
    """Give the SHA-256 of every live file of a volume by its path."""
    filesystem = evidence.filesystem(key)
    return {
        entry.ref.path: hashlib.sha256(b"".join(filesystem.read(entry))).hexdigest()
        for entry in walked(filesystem)
        if not entry.no_content and not entry.ref.stream and entry.allocation.value == "live"
    }
