"""All known answers of all rooms, checked one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from triage.hashing import knownanswers as of_hashing
from triage.ingest import knownanswers as of_ingest
from triage.matching import knownanswers as of_matching
from triage.matching.packproof import pack_answers
from triage.model.knownanswer import KnownAnswer

ROOMS: tuple[Callable[[], tuple[KnownAnswer, ...]], ...] = (
    of_ingest.known_answers,
    of_hashing.known_answers,
    of_matching.known_answers,
)
"""One line a room, in the order of the road."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One known answer after its check; ``got`` is ``None`` where the expected answer came out."""

    name: str
    expected: str
    got: str | None

    @property
    def ok(self) -> bool:
        """Tell whether the expected answer came out."""
        return self.got is None


def check_all(
    answers: Iterable[KnownAnswer] | None = None, *, home: Path | None = None
) -> Iterator[Checked]:
    """Check known answers one by one, those of all rooms where none are given.

    Args:
        home: folder of an installation whose reference packs are checked as well.
    """
    of_packs = () if home is None else pack_answers(home)
    for answer in chain(_of_all_rooms() if answers is None else answers, of_packs):
        yield Checked(name=answer.name, expected=answer.expected, got=_outcome(answer))


def _of_all_rooms() -> Iterator[KnownAnswer]:
    for room in ROOMS:
        yield from room()


def _outcome(answer: KnownAnswer) -> str | None:
    try:
        return answer.check()
    except Exception as error:  # noqa: BLE001  (border: a check that raises is one that failed)
        return f"{type(error).__name__}: {error}"
