"""The keybag of an encrypted iOS backup: class keys, wrapped with a key made from the password.

Source: Apple Platform Security, "Keybags"; the tags are those that public readers of backups agree
on: a header (VERS, TYPE, UUID, HMCK, WRAP, SALT, ITER, DPWT, DPIC, DPSL), then one group of
(UUID, CLAS, WRAP, KTYP, WPKY) a class, each tag with a length of 4 bytes, big-endian.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

_KEY_BYTES = 32
_WRAPPED_BYTES = 40
_BY_PASSWORD = 2
_TAG = struct.Struct(">4sI")
_MOST_ROUNDS = 100_000_000
"""Some minutes for one trial; backups of iOS 10.2 to now ask for 10 million and 10 thousand."""


class KeybagError(ValueError):
    """The keybag does not read, or asks for what no backup does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keybag:
    """A keybag as it stands in ``Manifest.plist``.

    Attributes:
        rounds: of PBKDF2 with SHA-1, the last step.
        first_rounds: of PBKDF2 with SHA-256, the step before it since iOS 10.2, 0 without one.
        wrapped: class keys by their protection class, wrapped with the key from the password.
    """

    salt: bytes
    rounds: int
    first_salt: bytes = b""
    first_rounds: int = 0
    wrapped: dict[int, bytes] = field(default_factory=dict)

    def unlocked(self, text: str) -> ClassKeys | None:
        """Give the class keys, ``None`` where the password is another one."""
        password = text.encode()
        if self.first_rounds:
            password = _derived("sha256", password, self.first_salt, self.first_rounds)
        key = _derived("sha1", password, self.salt, self.rounds)
        try:
            keys = {number: aes_key_unwrap(key, one) for number, one in self.wrapped.items()}
        except (InvalidUnwrap, ValueError):
            return None
        return ClassKeys(keys)


class ClassKeys:
    """The keys of the protection classes, which unwrap those of the files."""

    def __init__(self, keys: dict[int, bytes]) -> None:
        self._keys = keys

    def unwrapped(self, number: int, wrapped: bytes) -> bytes:
        """Give the key of one file.

        Raises:
            KeybagError: the class has no key here, or the key does not come out whole.
        """
        key = self._keys.get(number)
        if key is None:
            raise KeybagError(f"the backup has no key of protection class {number}")
        try:
            return aes_key_unwrap(key, wrapped)
        except (InvalidUnwrap, ValueError) as error:
            words = f"its key does not agree with that of protection class {number}"
            raise KeybagError(words) from error

    def labelled(self, blob: bytes) -> bytes:
        """Unwrap a key before which its class stands: 4 bytes, little-endian.

        Raises:
            KeybagError: as :meth:`unwrapped`.
        """
        return self.unwrapped(int.from_bytes(blob[:4], "little"), blob[4:])


def keybag(data: bytes) -> Keybag:
    """Read a keybag.

    Raises:
        KeybagError: it does not read, or asks for more rounds than any backup does.
    """
    head: dict[bytes, bytes] = {}
    groups: list[dict[bytes, bytes]] = []
    for tag, value in _fields(data):
        if tag == b"UUID" and b"UUID" in head:
            groups.append({})
        (groups[-1] if groups else head)[tag] = value
    rounds, first = _number(head.get(b"ITER", b"")), _number(head.get(b"DPIC", b""))
    if not rounds or b"SALT" not in head:
        raise KeybagError("the keybag has no salt or no number of rounds")
    if max(rounds, first) > _MOST_ROUNDS:
        raise KeybagError(f"the keybag asks for {max(rounds, first)} rounds for one password")
    wrapped = {
        _number(group.get(b"CLAS", b"")): group[b"WPKY"]
        for group in groups
        if _number(group.get(b"WRAP", b"")) & _BY_PASSWORD
        and len(group.get(b"WPKY", b"")) == _WRAPPED_BYTES
    }
    if not wrapped:
        raise KeybagError("the keybag holds no key that a password opens")
    return Keybag(
        salt=head[b"SALT"],
        rounds=rounds,
        first_salt=head.get(b"DPSL", b""),
        first_rounds=first,
        wrapped=wrapped,
    )


def _fields(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + _TAG.size <= len(data):
        tag, length = _TAG.unpack_from(data, at)
        at += _TAG.size
        if at + length > len(data):
            raise KeybagError("the keybag breaks off")
        yield tag, data[at : at + length]
        at += length


def _number(value: bytes) -> int:
    return int.from_bytes(value[:8], "big")


def _derived(algorithm: str, password: bytes, salt: bytes, rounds: int) -> bytes:
    return hashlib.pbkdf2_hmac(algorithm, password, salt, rounds, _KEY_BYTES)
