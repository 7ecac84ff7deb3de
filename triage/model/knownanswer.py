"""A check of an installation against an answer that is known from outside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAnswer:
    """One line of the self-test.

    Attributes:
        name: what is checked, in words.
        expected: the answer that must come out, and where it is published.
        check: gives ``None`` when it came out, else what came out instead. It may raise.
    """

    name: str
    expected: str
    check: Callable[[], str | None]
