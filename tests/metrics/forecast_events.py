"""A queue followed event by event, and ledgers made from it: what forecasts are held against.

Nothing here knows how the forecast works: exhibits come and go one by one at exact moments.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from triage.model.history import COLUMNS, History

DAY_S = 86_400
CUT_S = 20_000 * DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Each in order of arrival; the times have any unit."""

    came: tuple[float, ...]
    started: tuple[float, ...]
    left: tuple[float, ...]


def serve(came: Sequence[float], work: Sequence[float], servers: int) -> Served:
    """First come first served by so many servers: whoever is free first takes the next."""
    free = [0.0] * servers
    started, left = [], []
    for arrival, amount in zip(came, work, strict=True):
        start = max(arrival, heapq.heappop(free))
        heapq.heappush(free, start + amount)
        started.append(start)
        left.append(start + amount)
    return Served(came=tuple(came), started=tuple(started), left=tuple(left))


def poisson_stream(
    rng: np.random.Generator, rate: float, mean_work: float, many: int
) -> tuple[list[float], list[float]]:
    """Arrivals at random, and works that are exponential."""
    came = np.cumsum(rng.exponential(1 / rate, many)).tolist()
    return came, rng.exponential(mean_work, many).tolist()


def erlang_c(servers: int, offered: float) -> float:
    """Chance that somebody who comes has to wait, by Erlang's formula (1917)."""
    alone = sum(offered**k / math.factorial(k) for k in range(servers))
    all_busy = offered**servers / math.factorial(servers) * servers / (servers - offered)
    return all_busy / (alone + all_busy)


def made_history(received_s: Sequence[int], released_s: Sequence[int]) -> History:
    """Exhibits of which nothing is known but when they came and, unless -1, when they left."""
    columns: dict[str, Sequence[object]] = {name: [""] * len(received_s) for name in COLUMNS}
    columns["received_s"] = list(received_s)
    columns["released_s"] = list(released_s)
    columns["stage"] = ["released" if moment >= 0 else "queued" for moment in released_s]
    return History(columns)


def unit(
    rng: np.random.Generator, *, weeks: int, arrivals: float, capacity: Sequence[float]
) -> tuple[list[int], list[int]]:
    """A unit that starts with nothing, with random arrivals and a capacity a week of each week.

    Each finishes in its turn; moments are seconds since 1970, the last week ends at ``CUT_S``.

    Returns:
        Received and released, the latter -1 where that is after ``CUT_S``.
    """
    start_s = CUT_S - weeks * 7 * DAY_S
    many = rng.poisson(arrivals * weeks)
    came = np.sort(rng.uniform(0, weeks, many))
    busy_until, left = 0.0, []
    for moment in came:
        begun = max(float(moment), busy_until)
        rate = capacity[min(int(begun), weeks - 1)]
        busy_until = begun + rng.exponential(1 / rate)
        left.append(busy_until)
    week_s = 7 * DAY_S
    received = [start_s + int(moment * week_s) for moment in came]
    released = [start_s + int(moment * week_s) if moment < weeks else -1 for moment in left]
    return received, released
