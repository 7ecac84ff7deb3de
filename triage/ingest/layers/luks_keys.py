"""Makes the volume key of a LUKS volume from a secret."""

from __future__ import annotations

import hashlib
import hmac

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.kdf.argon2 import Argon2i, Argon2id

from triage.ingest.container import Container
from triage.ingest.layers.luks_header import Derivation, Header, HeaderError, KeySlot
from triage.ingest.layers.sectorcipher import SectorCipher

ROUNDS_LIMIT = 100_000_000
"""PBKDF2 beyond this takes minutes a secret: no tool writes it, and none is tried."""

_PASSES_LIMIT = 256
_MEMORY_LIMIT_KIB = 4 * 1024**2
"""The most that cryptsetup lets Argon2 ask for."""

_STRIPES_LIMIT = 65_536
_KEY_BYTES = frozenset({16, 24, 32, 48, 64})
_SECTOR_BYTES = 512


def cipher_of(name: str, key: bytes, sector_bytes: int = _SECTOR_BYTES) -> SectorCipher:
    """Give the cipher that a header names: ``aes-xts-plain64``, ``aes-cbc-essiv:sha256``.

    Raises:
        HeaderError: it is not read here.
    """
    from triage.ingest.layers.sectors import (  # noqa: PLC0415  (numpy, for the encrypted only)
        Cbc,
        Xts,
    )

    algorithm, _, mode = name.partition("-")
    chaining, _, vector = mode.partition("-")
    bits = {"plain": 32, "plain64": 64}.get(vector)
    try:
        if algorithm == "aes" and chaining == "xts" and bits and len(key) in {32, 64}:
            return Xts(key, sector_bytes, bits)
        if algorithm == "aes" and chaining == "cbc" and len(key) in {16, 24, 32}:
            if bits:
                return Cbc(key, sector_bytes, bits)
            if vector.startswith("essiv:"):
                seed = hashlib.new(vector.removeprefix("essiv:"), key).digest()
                return Cbc(key, sector_bytes, seed=seed)
    except (ValueError, TypeError) as error:
        raise HeaderError(f"its cipher {name} is not known here") from error
    raise HeaderError(f"its cipher {name} with {len(key) * 8} bits is not read here")


def volume_key(
    container: Container, offset_bytes: int, header: Header, slot: KeySlot, secret: str
) -> bytes | None:
    """Try a secret on a key slot; ``None`` where it does not fit.

    Raises:
        HeaderError: the slot cannot be tried, whatever the secret.
    """
    if slot.key_bytes not in _KEY_BYTES or not 0 < slot.stripes <= _STRIPES_LIMIT:
        raise HeaderError(f"key slot {slot.name} is damaged")
    key = derived(slot.derivation, secret.encode(), slot.cipher_key_bytes)
    cipher = cipher_of(slot.cipher, key)
    wanted = slot.key_bytes * slot.stripes
    whole = -(-wanted // _SECTOR_BYTES) * _SECTOR_BYTES
    area = container.read_at(offset_bytes + slot.offset_bytes, whole)
    if len(area) < whole:
        raise HeaderError(f"key slot {slot.name} lies beyond the end")
    merged = _merged(cipher.decrypt(area, 0)[:wanted], slot)
    proof = derived(header.check, merged, len(header.proof))
    return merged if hmac.compare_digest(proof, header.proof) else None


def derived(how: Derivation, secret: bytes, length_bytes: int) -> bytes:
    """Derive a key.

    Raises:
        HeaderError: it asks for more than is tried, or for what is not known here.
    """
    try:
        if how.kind == "pbkdf2":
            if not 0 < how.rounds <= ROUNDS_LIMIT:
                raise HeaderError(f"it asks for {how.rounds} rounds of PBKDF2")
            return hashlib.pbkdf2_hmac(how.digest, secret, how.salt, how.rounds, length_bytes)
        if how.kind in {"argon2i", "argon2id"}:
            return _argon2(how, secret, length_bytes)
    except (ValueError, TypeError, UnsupportedAlgorithm, OverflowError) as error:
        raise HeaderError(f"its key derivation does not read: {type(error).__name__}") from error
    except MemoryError as error:
        need = how.memory_kib // 1024
        raise HeaderError(f"its key derivation needs {need} MiB of memory") from error
    raise HeaderError(f"its key derivation {how.kind} is not known here")


def _argon2(how: Derivation, secret: bytes, length_bytes: int) -> bytes:
    if not 0 < how.rounds <= _PASSES_LIMIT or not 0 < how.memory_kib <= _MEMORY_LIMIT_KIB:
        raise HeaderError(f"it asks for {how.rounds} passes over {how.memory_kib} KiB of memory")
    kind = Argon2id if how.kind == "argon2id" else Argon2i
    function = kind(
        salt=how.salt,
        length=length_bytes,
        iterations=how.rounds,
        lanes=how.lanes,
        memory_cost=how.memory_kib,
    )
    return function.derive(secret)


def _merged(split: bytes, slot: KeySlot) -> bytes:
    """Undo the anti-forensic splitter of the specification."""
    size = slot.key_bytes
    state = bytes(size)
    for at in range(0, len(split) - size, size):
        state = _diffused(_xor(state, split[at : at + size]), slot.digest)
    return _xor(state, split[-size:])


def _diffused(block: bytes, digest: str) -> bytes:
    step = hashlib.new(digest).digest_size
    return b"".join(
        hashlib.new(digest, number.to_bytes(4, "big") + block[at : at + step]).digest()[
            : len(block) - at
        ]
        for number, at in enumerate(range(0, len(block), step))
    )


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(len(one))
