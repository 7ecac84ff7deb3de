"""Reads what a library decrypts, in pieces, and words what it says went wrong."""

from __future__ import annotations

from typing import Protocol

from triage.model.display import printable

_PIECE_BYTES = 256 * 1024
_RECOVERY_DIGITS = 48


class Decrypted(Protocol):
    """A volume of a libyal library."""

    def read_buffer_at_offset(self, size: int, offset: int) -> bytes:
        """Give a part of it, less than asked for where it likes."""


def read_whole(volume: Decrypted, offset_bytes: int, length_bytes: int) -> bytes:
    """Read a range to its end.

    Raises:
        OSError: the library could not.
    """
    parts: list[bytes] = []
    end = offset_bytes + length_bytes
    while offset_bytes < end:
        try:
            data = volume.read_buffer_at_offset(min(_PIECE_BYTES, end - offset_bytes), offset_bytes)
        except (MemoryError, OverflowError, ValueError, RuntimeError, TypeError) as error:
            raise OSError(f"{type(error).__name__}: {error}") from error
        if not data:
            break
        parts.append(data)
        offset_bytes += len(data)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def words_of(error: Exception) -> str:
    """Give what a libyal library says was wrong: the innermost of the functions that failed."""
    told = [one.partition(": ")[2] for one in str(error).split(". ") if ": " in one]
    return printable((told[1:] or told or [type(error).__name__])[0].rstrip("."))


def recovery_password(secret: str) -> str:
    """Give a secret as a recovery password of eight groups of six digits; ``""`` if it is none."""
    digits = [sign for sign in secret if sign not in " -\t"]
    if len(digits) != _RECOVERY_DIGITS or not all("0" <= sign <= "9" for sign in digits):
        return ""
    groups = ["".join(digits[at : at + 6]) for at in range(0, _RECOVERY_DIGITS, 6)]
    fits = all(int(group) % 11 == 0 and int(group) < 11 * 65_536 for group in groups)
    return "-".join(groups) if fits else ""
