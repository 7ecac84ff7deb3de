"""What the pages of the bench ask and do, each call one request of one grader."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from triage.bench import ballots
from triage.bench.ballots import Cast, Undone
from triage.bench.board import Board, Found
from triage.bench.boards import Boards
from triage.bench.contents import told_content
from triage.bench.desk import Desk
from triage.bench.sieve import Asked
from triage.bench.telling import told_member, told_opened, told_stack
from triage.bench.told import ToldContent, ToldFilters, ToldLeft, ToldNext, ToldOpened, ToldPage
from triage.errors import UsageFault
from triage.model.vote import DISPUTED, TRUSTED_VOTERS, Ballot
from triage.store import benchlines
from triage.store.benchlines import Note
from triage.store.database import Store

NAMED_MAX = 2_000
"""Stacks and contents that a request may name, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grader:
    """Who asks.

    Attributes:
        name: as votes are recorded under.
        wanted: independent votes that the unit asks for; where that is one, nobody has to look
            twice, and who does so nevertheless finds all that is short of a trusted grade.
    """

    user_id: int
    name: str
    wanted: int

    @property
    def short_of(self) -> int:
        """Give how many votes a content may lack to be offered for a second look."""
        return self.wanted if self.wanted > 1 else TRUSTED_VOTERS


class Sitting:
    """One case in front of one grader, for the length of a request.

    Args:
        store: of this request; what is recorded is the caller's to commit.
    """

    def __init__(
        self, boards: Boards, store: Store, case_id: int, grader: Grader, *, now_s: int
    ) -> None:
        self._board = boards.get(store, case_id, now_s=now_s)
        self._store = store
        self._grader = grader
        self._now_s = now_s

    @property
    def case(self) -> str:
        """Give the reference of the case."""
        return self._board.layout.case.reference

    @property
    def case_id(self) -> int:
        """Give the id of the case."""
        return self._board.layout.case.case_id

    def page(self, asked: Asked, *, after: str, limit: int) -> ToldPage:
        """Give a page of stacks."""
        with self._seen() as (board, desk):
            found = board.page(desk, asked, after=after, limit=limit)
            stacks = tuple(told_stack(board.room, desk, one) for one in found.stacks)
        return ToldPage(stacks=stacks, next=found.next, left=_left(found))

    def next(self, asked: Asked, *, after: str) -> ToldNext:
        """Give the next stack to look at, with its contents."""
        with self._seen() as (board, desk):
            found = board.next(desk, asked, after=after)
            opened = [told_opened(board.room, desk, one) for one in found.stacks]
        return ToldNext(next=opened[0] if opened else None, left=_left(found))

    def stack(self, key: str, *, first: int = 0) -> ToldOpened:
        """Give a stack with its contents.

        Raises:
            Restacked: there is no such stack, or not any more.
        """
        with self._seen() as (board, desk):
            return told_opened(board.room, desk, board.stack(key), first=first)

    def filters(self) -> ToldFilters:
        """Give what the case can be filtered by."""
        with self._board.latch:
            return self._board.filters()

    def content(self, digest: str, *, first: int = 0) -> ToldContent:
        """Give a content with the files that hold it, and all that the grader may know of it.

        Raises:
            NotHere: the case holds no picture or video with that SHA-256.
        """
        with self._seen() as (board, desk):
            number = board.content(digest)
            key = board.layout.keys[board.layout.stack_of[number]].hex()
            member = told_member(board.room, desk, number)
            case = board.layout.case
        return told_content(self._store, case, self._grader.name, member, key, first=first)

    def stack_leader(self, key: str) -> bytes:
        """Give the content that leads a stack.

        Raises:
            Restacked: there is no such stack, or not any more.
        """
        layout = self._board.layout
        return layout.contents[layout.starts[self._board.stack(key)]].sha256

    def named(self, stacks: Sequence[str], contents: Sequence[str]) -> dict[bytes, bytes]:
        """Give the contents that are meant, each with the leader of the stack that it is meant by.

        Raises:
            UsageFault: nothing is named, or too much.
            NotHere: the case does not hold a content.
            Restacked: there is no such stack, or not any more.
        """
        if not stacks and not contents:
            raise UsageFault("name stacks or contents")
        if len(stacks) + len(contents) > NAMED_MAX:
            raise UsageFault(f"no more than {NAMED_MAX:,} stacks and contents at once")
        board, layout = self._board, self._board.layout
        found = {layout.contents[board.content(one)].sha256: b"" for one in contents}
        for key in stacks:
            members = layout.members(board.stack(key))
            leader = layout.contents[members[0]].sha256
            found.setdefault(leader, b"")
            for one in members[1:]:
                found.setdefault(layout.contents[one].sha256, leader)
        return found

    def led(self, named: Mapping[bytes, bytes], changed: Sequence[bytes]) -> dict[bytes, int]:
        """Count the contents that an action changed by the one that the grader named."""
        return dict(Counter(named[one] or one for one in changed))

    def vote(self, plain: Ballot, named: Mapping[bytes, bytes]) -> Cast:
        """Record a vote; the caller commits.

        Raises:
            UsageFault: a content is not in the case any more.
        """
        return ballots.cast(self._store, self.case, plain, named, now_s=self._now_s)

    def disputed(self, contents: Sequence[bytes]) -> int:
        """Count those of some contents that the grader voted on and that are in dispute."""
        with self._seen() as (board, desk):
            numbers = [board.layout.number[one] for one in contents if one in board.layout.number]
            return sum(
                board.room.states[one] in DISPUTED and desk.grade(one) is not None
                for one in numbers
            )

    def undo(self, named: Sequence[bytes], *, action: tuple[int, int] | None) -> Undone:
        """Take back what an action of the grader did; the caller commits."""
        return ballots.undo(
            self._store,
            self.case,
            named,
            by=self._grader.name,
            now_s=self._now_s,
            action=action,
        )

    def skip(self, key: str) -> bytes:
        """Put a stack off, and give its leader; the caller commits.

        Raises:
            Restacked: there is no such stack, or not any more.
        """
        leader = self.stack_leader(key)
        with self._seen() as (board, desk):
            desk.skipped.add(board.stack(key))
        benchlines.add_skip(
            self._store.connection,
            self.case_id,
            self._grader.user_id,
            leader,
            now_s=self._now_s,
        )
        return leader

    def note(self, named: Sequence[bytes], words: str) -> None:
        """Write a note to contents; the caller commits.

        Raises:
            UsageFault: it says nothing, or too much.
        """
        note = Note(by=self._grader.name, at_s=self._now_s, words=words)
        benchlines.add_notes(self._store.connection, self.case_id, named, note)

    @contextlib.contextmanager
    def _seen(self) -> Iterator[tuple[Board, Desk]]:
        """Let nobody else change the board, which knows all that was said till now."""
        board, grader = self._board, self._grader
        with board.latch:
            board.refresh(self._store)
            skipped: frozenset[bytes] = frozenset()
            if not board.knows(grader.name):
                skipped = benchlines.skipped_by(
                    self._store.connection, self.case_id, grader.user_id
                )
            yield board, board.desk(grader.name, wanted=grader.short_of, skipped=skipped)


def _left(found: Found) -> ToldLeft:
    return ToldLeft(stacks=found.left_stacks, contents=found.left_contents)
