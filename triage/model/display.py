"""The one place where raw names from evidence become text that is safe to print."""

from __future__ import annotations

import unicodedata

_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def printable(raw: bytes | str) -> str:
    r"""Give text for a person: every byte or character that is not plain is escaped.

    Bytes that are not UTF-8 become ``\xNN``; control, format (bidi overrides) and separator
    characters become ``\xNN`` in ASCII and ``\uNNNN`` beyond it; a backslash is doubled. The
    result never holds a newline, an escape character or a lone surrogate, and the name can be
    worked out from it: two different names never look the same.

    Args:
        raw: a path or name as the disk has it.
    """
    text = raw.decode("utf-8", "surrogateescape") if isinstance(raw, bytes) else raw
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    point = ord(character)
    if character == "\\":
        return "\\\\"
    if 0xDC80 <= point <= 0xDCFF:
        return f"\\x{point - 0xDC00:02x}"
    if unicodedata.category(character) in _UNSAFE_CATEGORIES:
        if point < 0x80:
            return f"\\x{point:02x}"
        return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
    return character


def iso_time(value_ns: int | None, *, naive_local: bool = False) -> str | None:
    """Give ISO 8601 with seven fractional digits; ``Z`` unless the time is naive local.

    Args:
        value_ns: nanoseconds since 1970-01-01; ``None`` gives ``None``.
        naive_local: true for file systems that record local time without a zone.
    """
    if value_ns is None:
        return None
    seconds, fraction = divmod(value_ns, 1_000_000_000)
    days, second_of_day = divmod(seconds, 86_400)
    year, month, day = _civil_from_days(days)
    hour, rest = divmod(second_of_day, 3_600)
    minute, second = divmod(rest, 60)
    zone = "" if naive_local else "Z"
    return (
        f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}"
        f".{fraction // 100:07d}{zone}"
    )


def _civil_from_days(days: int) -> tuple[int, int, int]:
    """Proleptic Gregorian date of a day number; datetime stops at year 9999, NTFS does not."""
    days += 719_468
    era, day_of_era = divmod(days, 146_097)
    year_of_era = (
        day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096
    ) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted_month + 2) // 5 + 1
    month = shifted_month + 3 if shifted_month < 10 else shifted_month - 9
    year = year_of_era + era * 400 + (1 if month <= 2 else 0)
    return year, month, day
