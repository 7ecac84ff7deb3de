"""Reading forms: what was posted, what is wrong with it by field, and what to show again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

TEXT_MOST = 500
"""Characters of an answer in one line."""


class Fields:
    """Posted fields, read one by one; each reading notes what is wrong.

    Args:
        posted: ``(name, value)`` in the order sent; the same name may occur several times.
    """

    def __init__(self, posted: Iterable[tuple[str, str]] = ()) -> None:
        self._posted: dict[str, list[str]] = {}
        for name, value in posted:
            self._posted.setdefault(name, []).append(value)
        self.errors: dict[str, str] = {}

    @property
    def ok(self) -> bool:
        """Tell whether nothing was found wrong so far."""
        return not self.errors

    def error(self, name: str, message: str) -> None:
        """Note what is wrong with a field; the first one stays."""
        self.errors.setdefault(name, message)

    def raw(self, name: str) -> str:
        """Give a value as it was sent, ``""`` where it was not."""
        return self._posted.get(name, [""])[0]

    def all(self, name: str) -> tuple[str, ...]:
        """Give all values of a name."""
        return tuple(self._posted.get(name, ()))

    def fill(self, name: str, *values: str) -> None:
        """Show these values where nothing was posted for the name."""
        self._posted.setdefault(name, list(values))

    def kept(self, name: str) -> Markup:
        """Give a value for the form that is shown again: escaped, but every character as sent."""
        return escape(self.raw(name))

    @staticmethod
    def exact(value: str) -> Markup:
        """Give a value that a form sends back: escaped, but every character as it is."""
        return escape(value)

    def text(self, name: str, *, missing: str = "", most: int = TEXT_MOST) -> str:
        """Read one line; blanks at the ends do not count.

        Args:
            missing: what to say where it is empty; ``""`` where it may be.
        """
        value = " ".join(self.raw(name).split())
        if not value and missing:
            self.error(name, missing)
        if len(value) > most:
            self.error(name, f"Use {most} characters or fewer")
        return value

    def lines(self, name: str, *, missing: str = "", most: int = 4_000) -> str:
        """Read text of several lines, with plain line ends."""
        value = self.raw(name).replace("\r\n", "\n").replace("\r", "\n").strip()
        if not value and missing:
            self.error(name, missing)
        if len(value) > most:
            self.error(name, f"Use {most} characters or fewer")
        return value

    def choice(self, name: str, offered: Sequence[str], *, missing: str = "") -> str:
        """Read one of the values that were offered, ``""`` where none is chosen."""
        value = self.raw(name)
        if value in offered:
            return value
        if value or missing:
            self.error(name, missing or "Choose one of the answers")
        return ""

    def many(self, name: str, offered: Sequence[str], *, missing: str = "") -> tuple[str, ...]:
        """Read the chosen ones of the values that were offered, in the order offered."""
        sent = set(self.all(name))
        if sent - set(offered):
            self.error(name, "Choose from the answers shown")
        chosen = tuple(one for one in offered if one in sent)
        if not chosen and missing:
            self.error(name, missing)
        return chosen

    def checked(self, name: str) -> bool:
        """Tell whether a box is ticked."""
        return bool(self.raw(name))

    def whole(self, name: str, *, least: int, most: int, missing: str = "") -> int:
        """Read a whole number; ``least`` where it is empty or wrong."""
        value = self.raw(name).strip().replace(",", "")
        if not value and not missing:
            return least
        if not (value.isascii() and value.isdigit() and len(value) <= 18):
            self.error(name, missing or "Enter a whole number")
            return least
        if not least <= int(value) <= most:
            self.error(name, f"Enter a number from {least:,} to {most:,}")
            return least
        return int(value)

    def day(self, name: str, *, missing: str = "") -> str:
        """Read a day from the three fields ``name-day``, ``name-month`` and ``name-year``.

        Returns:
            ``YYYY-MM-DD``, ``""`` where all three are empty or it is no day.
        """
        parts = [self.raw(f"{name}-{part}").strip() for part in ("day", "month", "year")]
        if not any(parts):
            if missing:
                self.error(name, missing)
            return ""
        if all(one.isascii() and one.isdigit() and len(one) <= 4 for one in parts):
            day, month, year = (int(one) for one in parts)
            try:
                found = dt.date(year, month, day)
            except ValueError:
                found = dt.date.min
            if found.year >= 1970:
                return found.isoformat()
        self.error(name, "Enter a real date, like 27 3 2026")
        return ""

    def fill_day(self, name: str, day: str) -> None:
        """Show a day ``YYYY-MM-DD`` in its three fields where nothing was posted."""
        year, month, number = day.split("-") if day else ("", "", "")
        for part, value in (("day", number), ("month", month), ("year", year)):
            self.fill(f"{name}-{part}", value.lstrip("0"))
