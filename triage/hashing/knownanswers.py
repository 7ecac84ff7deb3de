"""Known answers of the digests, of PDQ and pHash, and of each picture decoder."""

from __future__ import annotations

import io
from functools import partial

import numpy as np
import numpy.typing as npt
from PIL import Image

from triage.hashing.knownpictures import HEIGHT, PDQ_HEX, PICTURES, WIDTH
from triage.hashing.picture import PictureLimits, hash_picture
from triage.hashing.stream import digest_bytes
from triage.model.digest import PictureHashes
from triage.model.knownanswer import KnownAnswer
from triage.model.outcome import PictureOutcome

Pixels = npt.NDArray[np.uint8]

LOSSY_TOLERANCE_BITS = 10
"""What the PDQ project itself allows between two decoders of one file."""
PHASH_TOLERANCE_BITS = 2
"""Versions of Pillow differ by this in Lanczos scaling."""

# RFC 1321, A.5; FIPS 180-4, example values of NIST.
_DIGESTS = (
    ("md5", b"abc", "900150983cd24fb0d6963f7d28e17f72"),
    ("md5", b"1234567890" * 8, "57edf4a22be3c955ac49da2e2107b67a"),
    ("sha1", b"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    ("sha1", b"a" * 10**6, "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
    ("sha256", b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ("sha256", b"a" * 10**6, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
)
# Sizes, PDQ on which two reference implementations agree (quality 100), and pHash by imagehash.
_WAVES = (
    (200, 150, "2d305ac394ae65188a7536886db719286753caa53368dcda35178eadb53bacae"),
    (400, 300, "a3554a1594b529255b6936c94d99931b66338c7378f3c3e60e0ef83c01f8ffe0"),
    (512, 512, "ce731c6738e370e7e1c6c3e687c20f843e1ef81ce03cc1fc03f84ff0ff80e300"),
)
_WAVES_PHASH = ("88326e5bf4ad0b72", "80031f3f38337767", "80010f1f1f3f3e3d")
_BLOCKS_PDQ = "347c2127687a1e632c0c03fdbb73a6a513caf03734f61f15ec5073bc849dc85b"
_LOSSLESS = ("PNG", "BMP", "TIFF", "PPM", "PCX", "GIF", "WEBP", "JPEG2000")


def waves(width: int, height: int) -> Pixels:
    """Give quadratic waves in colour, ``(h, w, 3)``: a picture that needs no file."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    planes = ((x * x + 3 * y * y) // 97, (x * y) // 53, (5 * x + 7 * y) // 3)
    return np.stack([plane % 256 for plane in planes], axis=-1).astype(np.uint8)


def blocks(side: int, count: int, seed: int) -> Pixels:
    """Give ``count`` x ``count`` grey blocks by a linear congruential generator, ``(h, w)``."""
    greys, state = [], seed
    for _ in range(count * count):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        greys.append((state >> 16) & 255)
    grid = np.array(greys, dtype=np.uint8).reshape(count, count)
    place = np.arange(side) * count // side
    return grid[np.ix_(place, place)]


def known_answers() -> tuple[KnownAnswer, ...]:
    """Give the checks of this room."""
    digests = tuple(
        KnownAnswer(
            name=f"{name} of {len(content)} bytes",
            expected=expected,
            check=partial(_check_digest, name, content, expected),
        )
        for name, content, expected in _DIGESTS
    )
    return digests + _perceptual_answers() + _decoder_answers()


def _perceptual_answers() -> tuple[KnownAnswer, ...]:
    answers = []
    for (width, height, pdq), phash in zip(_WAVES, _WAVES_PHASH, strict=True):
        data = _encoded(waves(width, height), "PNG")
        answers += [
            KnownAnswer(
                name=f"PDQ of waves {width}x{height}",
                expected=f"{pdq}, quality 100",
                check=partial(_check_pdq, data, pdq, 0),
            ),
            KnownAnswer(
                name=f"pHash of waves {width}x{height}",
                expected=f"{phash}, up to {PHASH_TOLERANCE_BITS} bits away",
                check=partial(_check_phash, data, phash),
            ),
        ]
    return tuple(answers)


def _decoder_answers() -> tuple[KnownAnswer, ...]:
    lossless = tuple(
        KnownAnswer(
            name=f"decoder {name}",
            expected=f"PDQ {_BLOCKS_PDQ}",
            check=partial(_check_lossless, name),
        )
        for name in _LOSSLESS
    )
    lossy = tuple(
        KnownAnswer(
            name=f"decoder {name}, lossy",
            expected=f"{WIDTH}x{HEIGHT}, PDQ {PDQ_HEX}, up to {LOSSY_TOLERANCE_BITS} bits away",
            check=partial(_check_lossy, name, data),
        )
        for name, data in PICTURES
    )
    return lossless + lossy


def _encoded(pixels: Pixels, name: str) -> bytes:
    out = io.BytesIO()
    options = {"lossless": True} if name == "WEBP" else {}
    Image.fromarray(pixels).save(out, name, **options)
    return out.getvalue()


def _check_digest(name: str, content: bytes, expected: str) -> str | None:
    digest: bytes = getattr(digest_bytes(content), name)
    return None if digest.hex() == expected else digest.hex()


def _hashed(data: bytes) -> PictureOutcome:
    return hash_picture(data, "application/octet-stream", PictureLimits())


def _check_pdq(data: bytes, expected: str, tolerance_bits: int) -> str | None:
    outcome = _hashed(data)
    if not isinstance(outcome, PictureHashes):
        return f"{outcome.reason}: {outcome.detail}"
    pdq = outcome.pdq[0]
    near = distance_bits(pdq.bits, bytes.fromhex(expected)) <= tolerance_bits
    return None if near and pdq.quality == 100 else f"{pdq.bits.hex()}, quality {pdq.quality}"


def _check_phash(data: bytes, expected: str) -> str | None:
    outcome = _hashed(data)
    if not isinstance(outcome, PictureHashes):
        return f"{outcome.reason}: {outcome.detail}"
    near = distance_bits(outcome.phash, bytes.fromhex(expected)) <= PHASH_TOLERANCE_BITS
    return None if near else outcome.phash.hex()


def _check_lossless(name: str) -> str | None:
    return _check_pdq(_encoded(blocks(128, 32, 7), name), _BLOCKS_PDQ, 0)


def _check_lossy(name: str, data: bytes) -> str | None:
    outcome = _hashed(data)
    if isinstance(outcome, PictureHashes):
        shape = (outcome.format, outcome.width, outcome.height)
        if shape != (name, WIDTH, HEIGHT):
            return f"{outcome.format} {outcome.width}x{outcome.height}"
    return _check_pdq(data, PDQ_HEX, LOSSY_TOLERANCE_BITS)


def distance_bits(one: bytes, other: bytes) -> int:
    """Give the number of bits in which two hashes of one length differ."""
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()
