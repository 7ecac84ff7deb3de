"""The boards of the cases that graders work at, made when they are first asked for."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime

from triage.bench.board import Board
from triage.bench.layout import lay_out
from triage.bench.missing import NotHere
from triage.scheduler.latch import Latch
from triage.store import boardrows
from triage.store.database import Store

MOST_PICTURES = 600_000
"""Contents of all boards that are kept; the one asked for last is kept whatever its size."""

LOOKED_AT_S = 2.0
"""How long a change of a case may go unnoticed; votes are noticed at once."""

RUNNING_S = 600.0
"""How often a board is made anew while a run adds to its case."""


class Boards:
    """Boards by case, those asked for last.

    Args:
        clock: seconds from anywhere that only go forward.
    """

    def __init__(
        self,
        *,
        most_pictures: int = MOST_PICTURES,
        looked_at_s: float = LOOKED_AT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most_pictures = most_pictures
        self._looked_at_s = looked_at_s
        self._clock = clock
        self._latch = Latch()
        self._making: dict[int, Latch] = {}
        self._boards: OrderedDict[int, Board] = OrderedDict()
        self._looked: dict[int, float] = {}

    def get(self, store: Store, case_id: int, *, now_s: int) -> Board:
        """Give the board of a case as it stands, votes not yet taken in.

        Who asks for a board that is being made waits for it; other cases do not.

        Args:
            now_s: seconds since 1970 UTC; what is dated later is not believed.

        Raises:
            NotHere: there is no such case.
        """
        with self._latch:
            board = self._boards.get(case_id)
            making = self._making.setdefault(case_id, Latch())
            if board is not None and self._clock() - self._looked[case_id] < self._looked_at_s:
                self._boards.move_to_end(case_id)
                return board
        with making:
            return self._looked_at(store, case_id, now_s)

    def _looked_at(self, store: Store, case_id: int, now_s: int) -> Board:
        with self._latch:
            board = self._boards.get(case_id)
        began_s = self._clock()
        if board is not None and began_s - self._looked[case_id] < self._looked_at_s:
            return board
        case = boardrows.case_by_id(store.connection, case_id)
        if case is None:
            raise NotHere("there is no such case here")
        mark, running = boardrows.mark_of(store.connection, case)
        if board is None or board.mark != mark or (running and began_s - board.made_s >= RUNNING_S):
            today = datetime.fromtimestamp(now_s, UTC).date()
            board = Board(lay_out(store, case, today=today), mark, began_s)
        with self._latch:
            self._boards[case_id] = board
            self._boards.move_to_end(case_id)
            self._looked[case_id] = self._clock()
            self._drop(case_id)
        return board

    def _drop(self, but: int) -> None:
        """Let go of the boards asked for longest ago, where all together are too large."""
        while sum(one.layout.pictures for one in self._boards.values()) > self._most_pictures:
            first = next(iter(self._boards))
            if first == but:
                return
            del self._boards[first]
