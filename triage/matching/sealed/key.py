"""The key that sealed packs answer to: a file of its own, held apart from the packs."""

from __future__ import annotations

import hmac
import os
import re
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from triage.errors import HashSetError, UsageFault
from triage.model.display import printable

KEY_SIZE_BYTES = 32
_DOMAIN = b"triage sealed set 1"
_LINE = re.compile(rb"triage-seal-key-1 ([0-9a-f]{16}) ([0-9a-f]{64})\r?\n?")
_MOST_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class SealKey:
    """A random key of 256 bits; it is shown nowhere, and only its id is written into packs."""

    secret: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        """Give the public fingerprint, 16 hex digits; the key cannot be computed from it."""
        return self.derived(b"id")[:8].hex()

    def derived(self, purpose: bytes, *context: bytes) -> bytes:
        """Give 32 bytes for one purpose; from them neither the key nor those of others follow.

        HMAC-SHA-256 (RFC 2104) over the purpose and the context, each led by its length, so that
        no two lists of words give the same message.
        """
        message = b"".join(
            len(part).to_bytes(4, "big") + part for part in (_DOMAIN, purpose, *context)
        )
        return hmac.digest(self.secret, message, "sha256")

    def check_value(self, pack: str, pack_sha256: str) -> str:
        """Give what proves, to whoever holds the key, that this pack was sealed with it.

        Args:
            pack: ``name@version``.
            pack_sha256: of the sealed pack, so that a pack which was changed shows too.
        """
        return self.derived(b"check", pack.encode(), pack_sha256.encode())[:16].hex()


def new_key(path: Path) -> SealKey:
    """Make a key and write it to a new file that its owner alone may read.

    Raises:
        UsageFault: the file exists or cannot be written.
    """
    key = SealKey(secret=secrets.token_bytes(KEY_SIZE_BYTES))
    line = f"triage-seal-key-1 {key.key_id} {key.secret.hex()}\n".encode()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageFault(
            f"{printable(str(path))}: exists already and is not overwritten",
            hint="a key that is lost makes every pack sealed with it useless: name a new file",
        ) from error
    except OSError as error:
        raise UsageFault(f"{printable(str(path))}: cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise UsageFault(f"{printable(str(path))}: cannot be written: {error.strerror}") from error
    return key


def read_key(path: Path) -> SealKey:
    """Read a key file.

    Raises:
        HashSetError: it cannot be read, is no key file, or was changed; its content is not shown.
    """
    where = f"key file {printable(str(path))}"
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise HashSetError(
            f"{where}: cannot be read: {error.strerror}", hint="is the key medium connected?"
        ) from error
    found = _LINE.fullmatch(raw)
    if found is None:
        raise HashSetError(
            f"{where}: is no key, or was cut or changed",
            hint="a key file is one line, as 'triage hashset key new' writes it",
        )
    key = SealKey(secret=bytes.fromhex(found[2].decode()))
    if not hmac.compare_digest(key.key_id.encode(), found[1]):
        raise HashSetError(f"{where}: was changed: its id is not that of its key")
    return key


def exposed_to(path: Path) -> str:
    """Say who beside its owner may use a key file, ``""`` for nobody.

    On Windows the mode says nothing, and nothing is said.

    Raises:
        HashSetError: the file cannot be looked at.
    """
    if os.name == "nt":
        return ""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise HashSetError(
            f"key file {printable(str(path))}: cannot be read: {error.strerror}",
            hint="is the key medium connected?",
        ) from error
    return f"other accounts of this machine (mode {mode:04o})" if mode & 0o077 else ""
