"""How far a device has come, in an officer's words: waiting, being examined, done."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from triage.batch.dashboard import read_queue
from triage.batch.fits import minutes
from triage.batch.officergaps import size_words
from triage.batch.officerresult import officer_result
from triage.batch.standing import QUEUE_STAGES, QueueLine, Standing
from triage.batch.weights import Weights
from triage.grading.verdict import judge
from triage.grading.voting import decide
from triage.model.ledger import LedgerEntry, Stage
from triage.model.officer import OfficerResult
from triage.model.queue import AttemptEnd
from triage.store.database import Store
from triage.store.figures import Remaining, remaining_of
from triage.store.leases import Leases

DONE_STAGES = frozenset({Stage.REVIEW, Stage.REPORTING, Stage.RELEASED})


class Progress(StrEnum):
    """Where a device stands, as an officer is told."""

    EXPECTED = "Waiting for the device"
    IMAGING = "Being copied"
    WAITING = "Waiting"
    HELD = "Held back"
    EXAMINED = "Being examined"
    STOPPED = "The unit is looking into it"
    DONE = "Result ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How far a device has come.

    Attributes:
        words: more about it, a sentence or two.
        share: of what is to be read, from 0 to 1; -1.0 where it is not known.
    """

    progress: Progress
    words: str
    share: float = -1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is known of an exhibit that is being examined.

    Attributes:
        remaining: what is left, ``None`` before its files are listed.
        since_s: when the only attempt so far began; -1 where there were several.
    """

    remaining: Remaining | None
    since_s: int


def progress_of(
    store: Store, entries: Collection[LedgerEntry], weights: Weights, now_s: int
) -> Mapping[int, Told]:
    """Say of exhibits how far they have come, by ledger id."""
    lines: dict[int, QueueLine] = {}
    placed = 0
    if any(one.stage in QUEUE_STAGES for one in entries):
        queue = read_queue(store, weights, now_s)
        lines = {line.entry.ledger_id: line for line in queue}
        placed = sum(line.number is not None for line in queue)
    told = {}
    for one in entries:
        line = lines.get(one.ledger_id)
        worked = line is not None and line.standing is Standing.WORKED
        work = _work(store, one) if worked else None
        told[one.ledger_id] = say(one, line, placed, work, now_s)
    return told


def say(
    entry: LedgerEntry, line: QueueLine | None, placed: int, work: Work | None, now_s: int
) -> Told:
    """Say how far one exhibit has come.

    Args:
        line: its line in the queue, where it is there.
        placed: how many have a place in the queue.
        work: where somebody works at it.
    """
    if entry.stage in DONE_STAGES:
        return Told(progress=Progress.DONE, words="The examination is finished.")
    if line is not None:
        return _in_queue(line, placed, work, now_s)
    if entry.stage is Stage.IMAGING:
        return Told(progress=Progress.IMAGING, words="The unit is making a copy of the device.")
    if entry.stage is Stage.AWAITING_IMAGING:
        words = "The unit has the device. A copy of it has to be made first."
        return Told(progress=Progress.IMAGING, words=words)
    return Told(
        progress=Progress.EXPECTED,
        words="Nothing has been examined yet. Bring the device to the unit if you have not.",
    )


def has_result(store: Store, entry: LedgerEntry) -> bool:
    """Tell whether there is a result to show: it is finished, and was examined here."""
    facts = entry.facts
    return entry.stage in DONE_STAGES and store.known_exhibit(facts.case, facts.exhibit) is not None


def result_of(store: Store, entry: LedgerEntry, contact: str) -> OfficerResult:
    """Give the result of an exhibit that has one, as it stands now with what people graded."""
    facts = entry.facts
    summary = store.summary(facts.case, facts.exhibit, decide=decide)
    return officer_result(summary, judge(summary), owner=facts.owner_role, contact=contact)


def _work(store: Store, entry: LedgerEntry) -> Work:
    facts = entry.facts
    attempts = Leases(store.connection).attempts(ledger_id=entry.ledger_id)
    alone = len(attempts) == 1 and attempts[0].end is AttemptEnd.RUNNING
    return Work(
        remaining=remaining_of(store.connection, facts.case, facts.exhibit),
        since_s=attempts[0].started_s if alone else -1,
    )


def _in_queue(line: QueueLine, placed: int, work: Work | None, now_s: int) -> Told:
    if line.standing is Standing.WORKED:
        words, share = _work_words(work, now_s)
        return Told(progress=Progress.EXAMINED, words=words, share=share)
    if line.standing is Standing.HELD:
        words = "The unit holds this device back for now. Ask them if you need to know why."
        return Told(progress=Progress.HELD, words=words)
    if line.standing in {Standing.SET_ASIDE, Standing.DONE}:
        words = "The examination did not finish by itself. Somebody at the unit looks at it."
        return Told(progress=Progress.STOPPED, words=words)
    if line.standing is Standing.NO_IMAGE:
        words = "The unit has to make a copy of the device first."
        return Told(progress=Progress.IMAGING, words=words)
    words = _place_words(line.number or 0, placed)
    if line.standing is Standing.AWAY:
        words += " Its evidence cannot be reached at the moment; it is tried again by itself."
    return Told(progress=Progress.WAITING, words=words)


def _place_words(number: int, placed: int) -> str:
    if number == 1:
        return "It is the first in the queue."
    if number == placed:
        return f"It is number {number:,} in the queue, the last one."
    return f"It is number {number:,} of {placed:,} in the queue."


def _work_words(work: Work | None, now_s: int) -> tuple[str, float]:
    if work is None or work.remaining is None or not work.remaining.listed:
        return "Its files are being listed. How long it takes is not known yet.", -1.0
    left = work.remaining
    done = left.entry_bytes - left.pending_bytes
    if not left.entry_bytes or not left.pending_bytes:
        return "All files have been read. The rest is being worked out.", 1.0
    share = done / left.entry_bytes
    words = (
        f"About {share:.0%} has been read: {size_words(done)} of {size_words(left.entry_bytes)}."
    )
    seconds = now_s - work.since_s
    if work.since_s >= 0 and seconds > 0 and done > 0:
        rate = done / seconds
        words += (
            f" That is {size_words(int(rate))} a second so far; at this rate about "
            f"{minutes(left.pending_bytes / rate)} are left."
        )
    return words, share
