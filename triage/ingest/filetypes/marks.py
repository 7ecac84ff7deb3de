"""Looks marks up by the first byte of a content, so that a table may be long and still cheap."""

from __future__ import annotations

from collections.abc import Callable, Iterable

Mark = tuple[int, bytes, str]
"""``(offset, bytes, type)``."""

Check = tuple[bytes, Callable[[bytes], str]]
"""``(possible first bytes, function that gives a type or nothing)``; no first bytes are any."""


class Marks:
    """Marks and checks in order of trial, spread over the first bytes that they can meet."""

    def __init__(self, marks: Iterable[Mark], checks: Iterable[Check]) -> None:
        by_first: list[tuple[list[Mark], list[Callable[[bytes], str]]]] = []
        by_first = [([], []) for _ in range(256)]
        for mark in marks:
            offset, magic, _ = mark
            for first in range(256) if offset else magic[:1]:
                by_first[first][0].append(mark)
        for firsts, check in checks:
            for first in firsts or range(256):
                by_first[first][1].append(check)
        self._by_first = tuple((tuple(marks), tuple(checks)) for marks, checks in by_first)

    def told(self, head: bytes) -> str:
        """Give the type of the first mark that stands in a head, ``""`` where none does.

        Args:
            head: the first bytes of a content; not empty.
        """
        marks, checks = self._by_first[head[0]]
        for offset, magic, mime in marks:
            if head.startswith(magic, offset):
                return mime
        for check in checks:
            mime = check(head)
            if mime:
                return mime
        return ""
