"""The morning summary: what all machines did in a night, and what is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from triage.batch.clock import local
from triage.batch.fits import GIGABYTE, forecast, minutes
from triage.batch.holder import shown
from triage.batch.looking import named
from triage.model.ledger import LedgerEntry, Stage
from triage.model.night import Backlog, DoneExhibit, Happening, NightSummary, OpenExhibit
from triage.model.queue import (
    Attempt,
    AttemptEnd,
    ExhibitResult,
    LeaseState,
    LeaseView,
    NightEvent,
    NightLine,
)
from triage.model.verdict import Colour
from triage.store.database import Store
from triage.store.figures import recent_efforts
from triage.store.leases import Leases
from triage.store.ledger import Ledger
from triage.store.nights import Nights
from triage.store.orders import Orders

_LISTED = frozenset({NightEvent.NOT_STARTED, NightEvent.TAKEN_OVER, NightEvent.SET_ASIDE})
"""Events that stand in lists of their own."""


def summarise(store: Store, since_s: int, now_s: int) -> NightSummary:
    """Gather what all batch processes of one queue did since a moment."""
    leases = Leases(store.connection)
    entries = tuple(Ledger(store.connection).entries(stages=(Stage.QUEUED, Stage.TRIAGE)))
    views = Orders(store.connection).leases()
    lines = Nights(store.connection).lines(since_s)
    attempts = leases.attempts(since_s=since_s)
    results = leases.results_since(since_s)
    sizes = {
        (one.facts.case, one.facts.exhibit): one.facts.image_bytes
        for one in Ledger(store.connection).find_all([one[:2] for one in results]).values()
    }
    done = tuple(_done(*one, sizes.get(one[:2], -1)) for one in results)
    ended = [one for one in attempts if one.end is not AttemptEnd.RUNNING]
    known = [(one.facts.case, one.facts.exhibit) for one in entries]
    known += [(one.case, one.exhibit) for one in attempts]
    names = {named(*one): one for one in known}
    finished = {named(case, exhibit) for case, exhibit, _ in results}
    left = [one for one in _last_of_each(lines) if one.exhibit not in finished]
    return NightSummary(
        since=local(since_s),
        until=local(now_s),
        holders=tuple(
            sorted(map(shown, {one.holder for one in attempts} | {x.holder for x in lines}))
        ),
        done=done,
        colours=_colours(result for _, _, result in results),
        hits=_hits(result for _, _, result in results),
        stopped=_standing(ended, {AttemptEnd.STOPPED, AttemptEnd.STORE}, views, entries),
        working=_working(views),
        failed=_attempts(ended, AttemptEnd.FAILED, views),
        set_aside=_in_state(views, LeaseState.SET_ASIDE),
        not_started=_events(left, NightEvent.NOT_STARTED, names),
        away=_in_state(views, LeaseState.AWAY),
        taken_over=_events(lines, NightEvent.TAKEN_OVER, names),
        happenings=tuple(_happening(one) for one in lines if one.event not in _LISTED),
        seconds=sum(one.seconds for one in attempts),
        read_bytes=sum(one.read_bytes for one in attempts),
        minutes_an_exhibit=_mean([one.seconds / 60 for one in done]),
        gigabytes_an_exhibit=_mean([one.read_bytes / GIGABYTE for one in done]),
        backlog=_backlog(store, entries, views, len(done), now_s - since_s),
    )


def _done(case: str, exhibit: str, result: ExhibitResult, image_bytes: int) -> DoneExhibit:
    return DoneExhibit(
        case=case,
        exhibit=exhibit,
        colour=result.colour,
        done=local(result.done_s),
        hits=result.hits,
        gaps=result.gaps,
        files=result.files,
        seconds=result.seconds,
        read_bytes=result.read_bytes,
        image_bytes=image_bytes,
    )


def _colours(results: Iterable[ExhibitResult]) -> tuple[tuple[str, int], ...]:
    counted = Counter(one.colour for one in results)
    return tuple((colour.value, counted[colour.value]) for colour in Colour)


def _hits(results: Iterable[ExhibitResult]) -> tuple[tuple[str, int], ...]:
    counted: Counter[str] = Counter()
    for one in results:
        counted.update(dict(one.hits))
    return tuple(sorted(counted.items()))


def _standing(
    attempts: Iterable[Attempt],
    ends: set[AttemptEnd],
    views: dict[int, LeaseView],
    entries: Sequence[LedgerEntry],
) -> tuple[OpenExhibit, ...]:
    """Give exhibits whose last attempt ended so, and that wait to be gone on with."""
    last = {one.ledger_id: one for one in attempts}
    waiting = {one.ledger_id for one in entries}
    free = {key for key, view in views.items() if view.state is LeaseState.FREE}
    return tuple(
        _open(one) for key, one in last.items() if one.end in ends and key in waiting & free
    )


def _attempts(
    attempts: Iterable[Attempt], end: AttemptEnd, views: dict[int, LeaseView]
) -> tuple[OpenExhibit, ...]:
    return tuple(
        _open(one, views[one.ledger_id].failures if one.ledger_id in views else 0)
        for one in attempts
        if one.end is end
    )


def _open(one: Attempt, failures: int = 0) -> OpenExhibit:
    return OpenExhibit(
        case=one.case,
        exhibit=one.exhibit,
        at=local(one.ended_s),
        holder=shown(one.holder),
        reason=one.reason,
        failures=failures,
    )


def _working(views: dict[int, LeaseView]) -> tuple[OpenExhibit, ...]:
    return tuple(
        OpenExhibit(
            case=view.case,
            exhibit=view.exhibit,
            at=local(view.taken_s),
            holder=shown(view.holder),
            reason=f"last heard of {local(view.beaten_s)}",
            failures=view.failures,
        )
        for view in views.values()
        if view.state is LeaseState.LEASED
    )


def _in_state(views: dict[int, LeaseView], state: LeaseState) -> tuple[OpenExhibit, ...]:
    return tuple(
        OpenExhibit(
            case=view.case,
            exhibit=view.exhibit,
            at=local(view.beaten_s),
            holder=shown(view.holder),
            reason=view.reason,
            failures=view.failures,
        )
        for view in views.values()
        if view.state is state
    )


def _last_of_each(lines: Sequence[NightLine]) -> list[NightLine]:
    """Keep the last event of a kind of each exhibit: several machines say the same."""
    return list({(one.event, one.exhibit): one for one in lines}.values())


def _events(
    lines: Iterable[NightLine], event: NightEvent, names: Mapping[str, tuple[str, str]]
) -> tuple[OpenExhibit, ...]:
    return tuple(
        OpenExhibit(
            case=names.get(one.exhibit, (one.exhibit, ""))[0],
            exhibit=names.get(one.exhibit, (one.exhibit, ""))[1],
            at=local(one.at_s),
            holder=shown(one.holder),
            reason=one.detail,
        )
        for one in lines
        if one.event is event
    )


def _happening(one: NightLine) -> Happening:
    return Happening(
        at=local(one.at_s),
        holder=shown(one.holder),
        event=one.event.value,
        exhibit=one.exhibit,
        detail=one.detail,
    )


def _backlog(
    store: Store,
    entries: Sequence[LedgerEntry],
    views: dict[int, LeaseView],
    done: int,
    window_s: int,
) -> Backlog:
    """Say what waits, and how long that takes at the rate at which this window went."""
    with_image = [one for one in entries if one.facts.image_path]
    held = [one for one in with_image if one.held_s >= 0]
    states = {key: view.state for key, view in views.items()}
    working = [one for one in with_image if states.get(one.ledger_id) is LeaseState.LEASED]
    aside = (LeaseState.LEASED, LeaseState.SET_ASIDE)
    waiting = [
        one for one in with_image if one.held_s < 0 and states.get(one.ledger_id) not in aside
    ]
    sized = [one.facts.image_bytes for one in waiting if one.facts.image_bytes > 0]
    rate = done * 3600 / window_s if window_s > 0 else 0.0
    efforts = recent_efforts(store.connection)
    times = [forecast(efforts, one.facts.device_type, one.facts.image_bytes) for one in waiting]
    worker_s = sum(one.median_s for one in times)
    words = f"one machine would work {minutes(worker_s)} at the medians of the unit's history"
    if rate:
        words = f"{len(waiting)} waiting at {rate:.1f} an hour, as in this window; {words}"
    return Backlog(
        waiting=len(waiting),
        waiting_bytes=sum(sized),
        unsized=len(waiting) - len(sized),
        working=len(working),
        held=len(held),
        exhibits_an_hour=rate,
        hours_left=len(waiting) / rate if rate else -1.0,
        forecast=words,
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else -1.0
