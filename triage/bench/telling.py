"""Puts stacks and contents into words for one grader, who sees of others only what is allowed."""

from __future__ import annotations

from datetime import date

from triage.bench.desk import Desk, Grade, Room
from triage.bench.sight import Sight
from triage.bench.told import ToldMember, ToldMine, ToldOpened, ToldProposal, ToldStack
from triage.model.display import printable
from triage.model.vote import GradeState

MEMBERS_TOLD = 200
"""Contents of a stack that are told at once."""

_WORST_FIRST = (
    GradeState.DISAGREEMENT,
    GradeState.CONFLICT,
    GradeState.RESOLVED,
    GradeState.GRADED,
    GradeState.SECOND,
    GradeState.TRUSTED,
)


def told_stack(room: Room, desk: Desk, stack: int) -> ToldStack:
    """Tell of a stack what the gallery shows."""
    layout = room.layout
    members = layout.members(stack)
    leader = layout.contents[members[0]]
    gravest = layout.contents[layout.gravest[stack]]
    mine, state, others = _said(room, desk, members)
    return ToldStack(
        key=layout.keys[stack].hex(),
        leader=leader.sha256.hex(),
        contents=len(members),
        occurrences=sum(layout.contents[one].occurrences for one in members),
        signals=layout.reasons[stack],
        standing=gravest.standing,
        proposal=told_proposal(gravest),
        mine=mine,
        others=others,
        state=state,
        medium=leader.medium,
        width=leader.width,
        height=leader.height,
        deleted=leader.deleted and not leader.live,
        skipped=stack in desk.skipped,
    )


def told_member(room: Room, desk: Desk, content: int) -> ToldMember:
    """Tell of a content what stands beside it in its stack."""
    layout, one = room.layout, room.layout.contents[content]
    mine, state, others = _said(room, desk, range(content, content + 1))
    return ToldMember(
        sha256=one.sha256.hex(),
        medium=one.medium,
        mime=one.mime,
        width=one.width,
        height=one.height,
        size_bytes=one.size_bytes,
        distance_bits=layout.distance[content],
        occurrences=one.occurrences,
        deleted=one.deleted and not one.live,
        date=date.fromordinal(one.day).isoformat() if one.day > 0 else "",
        camera=one.camera,
        exhibits=tuple(layout.case.exhibits[place][1] for place in one.exhibits),
        sets=tuple(map(printable, one.sets)),
        standing=one.standing,
        proposal=told_proposal(one),
        mine=mine,
        others=others,
        state=state,
    )


def told_opened(room: Room, desk: Desk, stack: int, *, first: int = 0) -> ToldOpened:
    """Tell a stack with its contents, some at a time.

    Args:
        first: place of the first content to tell.
    """
    members = room.layout.members(stack)
    last = min(first + MEMBERS_TOLD, len(members))
    return ToldOpened(
        stack=told_stack(room, desk, stack),
        members=tuple(told_member(room, desk, one) for one in members[first:last]),
        more=last if last < len(members) else None,
    )


def told_proposal(one: Sight) -> ToldProposal | None:
    """Tell what reference sets say of a content, ``None`` where they say nothing."""
    if one.category is None and not one.conflict and not one.reason:
        return None
    return ToldProposal(
        category=one.category,
        code=printable(one.code),
        reason=printable(one.reason),
        conflict=printable(one.conflict),
    )


def _said(room: Room, desk: Desk, members: range) -> tuple[ToldMine | None, GradeState | None, int]:
    """Tell the grader's own, what stands of that, and how many others the grader knows nothing of.

    Neither state nor anything else that follows from others' votes is told of contents that the
    grader has not voted on.
    """
    mine: list[Grade] = []
    states: set[GradeState] = set()
    hidden: set[int] = set()
    for content in members:
        if content not in room.voted:
            continue
        if (grade := desk.grade(content)) is not None:
            mine.append(grade)
            states.add(room.states[content])
        else:
            hidden |= desk.others(content)
    if not mine:
        return None, None, len(hidden)
    told = ToldMine(
        category=mine[0].category,
        code=mine[0].code,
        tags=mine[0].tags,
        number=len(mine),
        mixed=any(one != mine[0] for one in mine),
    )
    worst = next((one for one in _WORST_FIRST if one in states), None)
    return told, worst, len(hidden)
