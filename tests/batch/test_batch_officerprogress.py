"""How far a device has come: each state of the queue and each stage has words of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.batch.officerprogress import Progress, Told, Work, say
from triage.batch.order import Place
from triage.batch.standing import QueueLine, Standing
from triage.model.ledger import ExhibitFacts, LedgerEntry, Stage
from triage.store.figures import Remaining

NOW = 1_795_348_800
NOT_PLACED = (Standing.HELD, Standing.SET_ASIDE, Standing.NO_IMAGE, Standing.DONE)


def entry(stage: Stage) -> LedgerEntry:
    facts = ExhibitFacts(case="X", exhibit="1", received_s=NOW)
    return LedgerEntry(ledger_id=1, facts=facts, stage=stage, entered_s={stage: NOW})


def told(
    standing: Standing, *, number: int | None = None, placed: int = 0, work: Work | None = None
) -> Told:
    one = entry(Stage.QUEUED)
    line = QueueLine(
        number=number,
        entry=one,
        place=Place(points=0.0, reasons=()),
        standing=standing,
        by="secret holder",
        why="secret reason",
    )
    return say(one, line, placed, work, NOW)


@pytest.mark.parametrize(
    ("number", "placed", "words"),
    [
        (1, 1, "It is the first in the queue."),
        (1, 12, "It is the first in the queue."),
        (3, 12, "It is number 3 of 12 in the queue."),
        (1_200, 4_500, "It is number 1,200 of 4,500 in the queue."),
        (12, 12, "It is number 12 in the queue, the last one."),
    ],
)
def test_a_place_in_the_queue_is_said_in_words(number: int, placed: int, words: str) -> None:
    assert told(Standing.WAITING, number=number, placed=placed).words == words


@pytest.mark.parametrize("standing", NOT_PLACED)
def test_reasons_and_names_of_the_unit_are_not_told(standing: Standing) -> None:
    assert "secret" not in told(standing).words


def test_every_state_has_words_and_none_promises_a_result() -> None:
    for standing in Standing:
        found = told(standing, number=2, placed=3)
        assert found.words
        assert found.progress is not Progress.DONE


def test_of_what_is_worked_the_rate_is_known_in_the_first_attempt_only() -> None:
    left = Remaining(listed=True, pending_bytes=6_000_000_000, entry_bytes=10_000_000_000)
    first = told(Standing.WORKED, work=Work(remaining=left, since_s=NOW - 100))
    assert first.words == (
        "About 40% has been read: 4.0 GB of 10 GB. That is 40 MB a second so far; at this rate "
        "about 2 min are left."
    )
    assert first.share == 0.4
    again = told(Standing.WORKED, work=Work(remaining=left, since_s=-1))
    assert again.words == "About 40% has been read: 4.0 GB of 10 GB."


def test_before_all_files_are_listed_no_share_is_told() -> None:
    for left in (None, Remaining(listed=False, pending_bytes=5, entry_bytes=10)):
        found = told(Standing.WORKED, work=Work(remaining=left, since_s=NOW))
        assert (found.share, "not known yet" in found.words) == (-1.0, True)


@given(entry_bytes=st.integers(0, 1 << 50), part=st.floats(0, 1), since_s=st.integers(-1, NOW + 10))
def test_a_share_is_one_whatever_was_counted(entry_bytes: int, part: float, since_s: int) -> None:
    left = Remaining(listed=True, pending_bytes=int(entry_bytes * part), entry_bytes=entry_bytes)
    found = told(Standing.WORKED, work=Work(remaining=left, since_s=since_s))
    assert 0 <= found.share <= 1
    assert found.words


@pytest.mark.parametrize(
    ("stage", "progress"),
    [
        (Stage.RECEIVED, Progress.EXPECTED),
        (Stage.AWAITING_IMAGING, Progress.IMAGING),
        (Stage.IMAGING, Progress.IMAGING),
        (Stage.REVIEW, Progress.DONE),
        (Stage.REPORTING, Progress.DONE),
        (Stage.RELEASED, Progress.DONE),
    ],
)
def test_stages_outside_the_queue(stage: Stage, progress: Progress) -> None:
    assert say(entry(stage), None, 0, None, NOW).progress is progress
