"""What graders looked at in some days, as figures: for who looks after them, without a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from triage.model.account import Account, AuditAction
from triage.model.load import GraderDay, GraderLoad
from triage.model.settings import UnitSettings
from triage.store.audit import Audit
from triage.store.database import Store
from triage.store.loads import actions_of, shown_by_category

DAY_S = 86_400
PAUSE_MS = 300_000
"""Longer than this from one picture to the next is a pause."""


def loads(
    store: Store,
    accounts: Sequence[Account],
    settings: UnitSettings,
    *,
    since_s: int,
    until_s: int,
) -> tuple[GraderLoad, ...]:
    """Give the load of each grader who was shown a picture, who looked longest first.

    Args:
        since_s: first moment, seconds since 1970 UTC; ``until_s``: the one after the last.
    """
    span = since_s * 1000, until_s * 1000
    done = actions_of(store.connection, *span)
    seen: dict[str, list[tuple[str, int]]] = {}
    for one in shown_by_category(store.connection, *span):
        seen.setdefault(one.by, []).append((one.category, one.contents))
    names = {one.name: one.shown for one in accounts}
    found = []
    for name, actions in done.items():
        days = _days(store, name, span)
        found.append(
            _load(name, names.get(name, name), actions, seen.get(name, []), days, settings)
        )
    return tuple(sorted(found, key=lambda one: (-one.minutes, one.name)))


def _load(  # noqa: PLR0913, PLR0917  (the parts of a load)
    name: str,
    shown: str,
    actions: Mapping[AuditAction, int],
    seen: Sequence[tuple[str, int]],
    days: tuple[GraderDay, ...],
    settings: UnitSettings,
) -> GraderLoad:
    return GraderLoad(
        name=name,
        shown=shown,
        pictures=actions.get(AuditAction.PICTURE_SHOWN, 0),
        contents=sum(number for _, number in seen),
        minutes=sum(one.minutes for one in days),
        categories=tuple(seen),
        graded=actions.get(AuditAction.GRADED, 0),
        lifts=actions.get(AuditAction.WELFARE_LIFTED, 0),
        breaks=actions.get(AuditAction.BREAK_TAKEN, 0),
        limits=actions.get(AuditAction.LIMIT_REACHED, 0),
        days=days,
        over_soft=sum(_is_over(one, settings) for one in days),
    )


def _is_over(day: GraderDay, settings: UnitSettings) -> bool:
    most, longest = settings.pictures_soft, settings.minutes_soft
    return bool(most and day.pictures >= most) or bool(longest and day.minutes >= longest)


def minutes_of(moments: Sequence[int]) -> float:
    """Give the minutes of looking from the moments, in milliseconds, at which pictures came."""
    gaps = (later - one for one, later in pairwise(moments))
    return sum(gap for gap in gaps if gap <= PAUSE_MS) / 60_000


def _days(store: Store, name: str, span: tuple[int, int]) -> tuple[GraderDay, ...]:
    times = Audit(store.connection).times(name, (AuditAction.PICTURE_SHOWN,), span[0])
    by_day: dict[int, list[int]] = {}
    for at_ms, _ in times:
        if at_ms < span[1]:
            by_day.setdefault(at_ms // 1000 // DAY_S, []).append(at_ms)
    return tuple(
        GraderDay(day=day * DAY_S, pictures=len(moments), minutes=minutes_of(moments))
        for day, moments in sorted(by_day.items())
    )
