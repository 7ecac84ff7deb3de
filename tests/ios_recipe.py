"""Makes iOS backups from a recipe: the truth of what a reader has to find in them.

The wrapping of keys is that of RFC 3394, the derivation that of Apple's platform security guide;
both are done here by the primitives alone, in the other direction than the reader goes.
"""

from __future__ import annotations

import hashlib
import plistlib
import sqlite3
import struct
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from cryptography.hazmat.primitives.padding import PKCS7

PASSWORD = "pässword 1"  # noqa: S105  (of this recipe)
ROUNDS = 100
FILE, DIRECTORY, LINK = 1, 2, 4
CLASS = 3
TIMES = {"LastModified": 1_600_000_000, "Birth": 1_500_000_000, "LastStatusChange": 1_600_000_001}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One file of the device."""

    domain: str
    relative: str
    content: bytes = b""
    flags: int = FILE
    target: str = ""

    @property
    def name(self) -> str:
        """Give the name under which it is stored."""
        return hashlib.sha1(f"{self.domain}-{self.relative}".encode()).hexdigest()  # noqa: S324  (the format's)


@dataclass(slots=True)
class Recipe:
    """A backup to be made; ``password`` makes it an encrypted one."""

    items: list[Item] = field(default_factory=list)
    password: str = ""
    old: bool = False
    """Made before iOS 10.2: the manifest is plain, and the password derived once."""

    def write(self, folder: Path) -> Path:
        """Write it."""
        folder.mkdir(parents=True)
        bag, keys = _keybag(self.password, old=self.old) if self.password else (b"", {})
        listing: dict[str, object] = {
            "IsEncrypted": bool(self.password),
            "Lockdown": {"ProductVersion": "17.5", "DeviceName": "A phone", "SerialNumber": "F2L"},
        }
        rows = [self._store(folder, item, keys) for item in self.items]
        data = database(rows)
        if self.password:
            listing["BackupKeyBag"] = bag
            if not self.old:
                key = _key(b"manifest")
                listing["ManifestKey"] = struct.pack("<I", CLASS) + aes_key_wrap(keys[CLASS], key)
                data = encrypted(data, key)
        (folder / "Manifest.db").write_bytes(data)
        (folder / "Manifest.plist").write_bytes(plistlib.dumps(listing, fmt=plistlib.FMT_BINARY))
        told = {"Product Type": "iPhone14,2", "IMEI": "356000000000001", "Phone Number": "+44 7"}
        (folder / "Info.plist").write_bytes(plistlib.dumps(told))
        status = {"SnapshotState": "finished", "IsFullBackup": True}
        (folder / "Status.plist").write_bytes(plistlib.dumps(status))
        return folder

    def _store(self, folder: Path, item: Item, keys: dict[int, bytes]) -> tuple[object, ...]:
        wrapped, data = b"", item.content
        if keys:
            key = _key(item.name.encode())
            wrapped = struct.pack("<I", CLASS) + aes_key_wrap(keys[CLASS], key)
            data = encrypted(data, key)
        if item.flags == FILE:
            place = folder / item.name[:2]
            place.mkdir(exist_ok=True)
            (place / item.name).write_bytes(data)
        blob = archived(item, wrapped)
        return item.name, item.domain, item.relative, item.flags, blob


def archived(item: Item, wrapped: bytes = b"", **changed: object) -> bytes:
    """Give the archived object of a file, as ``NSKeyedArchiver`` lays it out."""
    uid = plistlib.UID
    root: dict[str, object] = {
        **TIMES,
        "Size": len(item.content),
        "Mode": 0o100644,
        "InodeNumber": 7,
        "UserID": 501,
        "GroupID": 501,
        "ProtectionClass": CLASS,
        "RelativePath": uid(2),
        "$class": uid(3),
        **changed,
    }
    objects: list[object] = ["$null", root, item.relative, {"$classname": "MBFile"}]
    if wrapped:
        root["EncryptionKey"] = uid(len(objects))
        objects.append({"NS.data": wrapped, "$class": uid(3)})
    if item.target:
        root["Target"] = uid(len(objects))
        objects.append(item.target)
    return plistlib.dumps(
        {
            "$archiver": "NSKeyedArchiver",
            "$version": 100_000,
            "$top": {"root": uid(1)},
            "$objects": objects,
        },
        fmt=plistlib.FMT_BINARY,
    )


def database(rows: list[tuple[object, ...]]) -> bytes:
    """Give the bytes of a manifest database."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(
        "CREATE TABLE Files (fileID TEXT PRIMARY KEY, domain TEXT, relativePath TEXT, "
        "flags INTEGER, file BLOB);"
        "CREATE TABLE Properties (key TEXT PRIMARY KEY, value BLOB);"
    )
    connection.executemany("INSERT INTO Files VALUES (?, ?, ?, ?, ?)", rows)
    connection.commit()
    data = connection.serialize()
    connection.close()
    return data


def encrypted(data: bytes, key: bytes) -> bytes:
    """Encrypt in CBC mode from a block of zeros, padded as PKCS #7 says."""
    padder = PKCS7(128).padder()
    data = padder.update(data) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def _key(seed: bytes) -> bytes:
    return hashlib.sha256(b"key of " + seed).digest()


def _keybag(password: str, *, old: bool) -> tuple[bytes, dict[int, bytes]]:
    """Give a keybag and what is wrapped in it: two classes by password, one by the device."""
    salt, first = b"S" * 20, b"D" * 20
    secret = password.encode()
    head = [(b"VERS", 3), (b"TYPE", 1), (b"UUID", b"U" * 16), (b"HMCK", b"H" * 40), (b"WRAP", 0)]
    head += [(b"SALT", salt), (b"ITER", ROUNDS)]
    if not old:
        head += [(b"DPWT", 1), (b"DPIC", 3 * ROUNDS), (b"DPSL", first)]
        secret = hashlib.pbkdf2_hmac("sha256", secret, first, 3 * ROUNDS, 32)
    wrapping = hashlib.pbkdf2_hmac("sha1", secret, salt, ROUNDS, 32)
    keys = {number: _key(b"class %d" % number) for number in (1, CLASS)}
    for number, key in keys.items():
        wrapped = aes_key_wrap(wrapping, key)
        head += [(b"UUID", b"u" * 16), (b"CLAS", number), (b"WRAP", 2), (b"KTYP", 0)]
        head += [(b"WPKY", wrapped)]
    head += [(b"UUID", b"v" * 16), (b"CLAS", 11), (b"WRAP", 1), (b"KTYP", 0)]
    head += [(b"WPKY", b"only the device opens this: 40 bytes....")]
    return b"".join(_field(tag, value) for tag, value in head), keys


def _field(tag: bytes, value: object) -> bytes:
    data = value.to_bytes(4, "big") if isinstance(value, int) else value
    assert isinstance(data, bytes)
    return tag + struct.pack(">I", len(data)) + data
