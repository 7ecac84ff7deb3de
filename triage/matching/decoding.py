"""Decodes fields of many records at once: digests in hex, sizes, category codes."""

from __future__ import annotations

import hashlib
from binascii import unhexlify

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from triage.matching.feed import Bytes, Mask
from triage.matching.index import Numbers, Rows
from triage.model.digest import EXACT, Algorithm

SIZE_DIGITS = 18
CODE_BYTES = 8
"""A longer code is read by itself: codes are short, and each is told apart as one number."""
_HEX = b"0123456789abcdefABCDEF"
_NOT_HEX = bytes(byte not in _HEX for byte in range(256))
_POWERS = 10 ** np.arange(SIZE_DIGITS - 1, -1, -1, dtype=np.int64)
_EMPTY_HEAD = {
    algorithm: int.from_bytes(
        hashlib.new(algorithm.value, b"", usedforsecurity=False).digest()[:8], "little"
    )
    for algorithm in EXACT
}


def windows(text: Bytes, starts: Numbers, width: int) -> Bytes:
    """Give so many bytes from each start on, shape (count, width)."""
    found: Bytes = sliding_window_view(text, width)[starts]
    return found


def unhexed(digits: Bytes) -> tuple[Rows, Mask]:
    """Decode rows of hex digits in either case; tell which rows are hex throughout."""
    count, width = digits.shape
    good: Mask = np.ones(count, bool)
    if not count:
        return np.empty((0, width // 2), np.uint8), good
    try:
        raw = unhexlify(digits.data)
    except ValueError:
        marks = np.frombuffer(digits.tobytes().translate(_NOT_HEX), np.bool_)
        good = np.logical_not(marks.reshape(count, width).any(axis=1))
        digits = digits.copy()
        digits[~good] = ord("0")
        raw = unhexlify(digits.data)
    return np.frombuffer(raw, np.uint8).reshape(count, width // 2), good


def usual(rows: Rows, algorithm: Algorithm) -> Mask:
    """Tell which digests are surely no placeholder: theirs start with other bytes than these."""
    heads = np.ascontiguousarray(rows[:, :8]).view("<u8").reshape(len(rows))
    found: Mask = (heads != 0) & (heads != _EMPTY_HEAD[algorithm])
    return found


def numbers(text: Bytes, starts: Numbers, stops: Numbers) -> tuple[NDArray[np.int64], Mask]:
    """Read fields of 1 to 18 decimal digits; tell which fields are that."""
    lengths = stops - starts
    width = min(SIZE_DIGITS, max(1, int(lengths.max(initial=1))))
    digits = windows(text, stops - width, width)
    digits[np.arange(width) < (width - lengths)[:, None]] = ord("0")
    digits -= np.uint8(ord("0"))
    good: Mask = (digits <= 9).all(axis=1) & (lengths > 0) & (lengths <= width)
    values: NDArray[np.int64] = digits.astype(np.int64) @ _POWERS[-width:]
    return values, good


def words(
    text: Bytes, starts: Numbers, stops: Numbers
) -> tuple[NDArray[np.int32], tuple[str, ...], Mask]:
    """Read short fields of printable ASCII without blanks.

    Gives for each the place of its word among the words, -1 for none (empty or ``null``), the
    words, and which fields are of this kind.
    """
    lengths = stops - starts
    found = windows(text, starts, CODE_BYTES)
    beyond = np.arange(CODE_BYTES) >= lengths[:, None]
    found[beyond] = 0
    printable = (found > ord(" ")) & (found < 0x7F)
    good: Mask = (printable | beyond).all(axis=1) & (lengths <= CODE_BYTES)
    found[~good] = 0
    distinct, places = np.unique(found.view("<u8").reshape(len(found)), return_inverse=True)
    texts = [int(one).to_bytes(CODE_BYTES, "little").rstrip(b"\0").decode() for one in distinct]
    kept = [text for text in texts if text and text.lower() != "null"]
    place_of = {text: place for place, text in enumerate(kept)}
    numbered = [place_of.get(text, -1) for text in texts]
    return np.array(numbered, np.int32)[places], tuple(kept), good
