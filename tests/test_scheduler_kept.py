"""What is dear to make is made once for all who ask, and again when it is old."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier

import pytest

from triage.scheduler.kept import Kept


def test_a_value_is_kept_as_long_as_it_is_good() -> None:
    now, made = [100.0], count()
    kept: Kept[int] = Kept(lambda: now[0], keep_s=60, most=4)
    seen = []
    for at in (100.0, 159.9, 160.0, 200.0, 90.0):  # the last one: a clock that was put back
        now[0] = at
        seen.append(kept.get("page", lambda: next(made)))
    assert seen == [0, 0, 1, 1, 2]


def test_only_those_asked_for_last_are_kept() -> None:
    kept: Kept[str] = Kept(lambda: 0.0, keep_s=60, most=2)
    made: list[str] = []

    def ask(key: str) -> str:
        return kept.get(key, lambda: made.append(key) or key)  # type: ignore[func-returns-value]

    for key in "abacab":
        ask(key)
    assert "".join(made) == "abcb"


def test_what_fails_is_not_kept() -> None:
    kept: Kept[int] = Kept(lambda: 0.0, keep_s=60, most=2)
    with pytest.raises(ZeroDivisionError):
        kept.get("page", lambda: 1 // 0)
    assert kept.get("page", lambda: 1) == 1
    kept.forget()
    assert kept.get("page", lambda: 2) == 2


def test_many_threads_make_it_once() -> None:
    kept: Kept[int] = Kept(lambda: 0.0, keep_s=60, most=2)
    barrier, made = Barrier(8), count()

    def ask(_: int) -> int:
        barrier.wait()
        return kept.get("page", lambda: next(made))

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(ask, range(8))) == {0}
    assert next(made) == 1
