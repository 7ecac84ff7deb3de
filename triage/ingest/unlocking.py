"""Gives secrets to try on a lock, the one first that opened it before."""

from __future__ import annotations

from collections.abc import Iterator

from triage.ingest.secrets import given_secrets

_opened_by: dict[str, int] = {}


def candidates(lock: str) -> Iterator[tuple[int, str]]:
    """Give secrets with their numbers, in order of trial.

    Args:
        lock: what is to be opened, by a name that is the same in every process.
    """
    texts = given_secrets()
    first = _opened_by.get(lock, -1)
    if 0 <= first < len(texts):
        yield first, texts[first]
    for number, text in enumerate(texts):
        if number != first:
            yield number, text


def remember(lock: str, number: int) -> None:
    """Keep which secret opened a lock, by its number alone."""
    _opened_by[lock] = number


def remembered() -> tuple[tuple[str, int], ...]:
    """Give what was remembered, to be sent to other processes: numbers, never a secret."""
    return tuple(sorted(_opened_by.items()))


def recall(known: tuple[tuple[str, int], ...]) -> None:
    """Take what another process remembered, so that each lock costs one trial here."""
    _opened_by.update(known)
