"""Digests in keyed form: whoever lacks the key can neither read nor test them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from triage.matching import layout
from triage.matching.sealed.key import SealKey
from triage.model.digest import DIGEST_SIZE_BYTES, Algorithm

_BLOCK = 64


class KeyedDigests:
    """HMAC-SHA-256 of exact digests, each algorithm by itself.

    The keyed value has the width of the digest that it stands for: 16, 20 or 32 bytes. So a sealed
    pack is a pack like any other to every index, and no value is shorter than 128 bits: among
    10^8 records and 10^9 look-ups, a false agreement has a chance below 10^-21. Cutting a HMAC to
    half its length or more is what RFC 2104, section 5, allows.
    """

    def __init__(self, key: SealKey) -> None:
        self.key_id = key.key_id
        # Both paddings of RFC 2104 are digested once; a look-up copies the state they leave.
        self._states = {
            name: _states(key.derived(b"digest", str(name).encode())) for name in layout.STRENGTH
        }

    def of(self, algorithm: Algorithm, digests: Iterable[bytes]) -> list[bytes]:
        """Give the keyed form of digests of one algorithm, in the order given."""
        inner_state, outer_state = self._states[algorithm]
        copy_inner, copy_outer = inner_state.copy, outer_state.copy
        width = DIGEST_SIZE_BYTES[algorithm]
        keyed = []
        for digest in digests:
            inner = copy_inner()
            inner.update(digest)
            outer = copy_outer()
            outer.update(inner.digest())
            keyed.append(outer.digest()[:width])
        return keyed

    def joined(self, algorithm: Algorithm, digests: bytes) -> bytes:
        """Give the keyed form of digests that stand one after another."""
        width = DIGEST_SIZE_BYTES[algorithm]
        pieces = (digests[start : start + width] for start in range(0, len(digests), width))
        return b"".join(self.of(algorithm, pieces))


def _states(secret: bytes) -> tuple[hashlib._Hash, hashlib._Hash]:
    padded = secret.ljust(_BLOCK, b"\0")
    return (
        hashlib.sha256(bytes(byte ^ 0x36 for byte in padded)),
        hashlib.sha256(bytes(byte ^ 0x5C for byte in padded)),
    )
