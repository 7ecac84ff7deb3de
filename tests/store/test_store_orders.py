"""Holds and bumps: what stands follows from what was said, and nothing is said twice or lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from triage.errors import UsageFault
from triage.model.ledger import ExhibitFacts, OrderKind, QueueOrder, Stage
from triage.model.queue import Holder
from triage.store.database import Store, open_store
from triage.store.leases import Leases
from triage.store.ledger import Ledger
from triage.store.ledgertables import queue_orders
from triage.store.orders import Orders

NOW_S = 1_795_330_000


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url, create=True) as opened:
        yield opened


def added(store: Store, exhibit: str) -> int:
    """Enter an exhibit that waits and give its id."""
    facts = ExhibitFacts(case="OP-X", exhibit=exhibit, received_s=NOW_S, image_path="a.E01")
    return Ledger(store.connection).add(facts, stage=Stage.QUEUED, by="t", now_s=NOW_S)


def test_what_stands_is_what_was_said_last(store: Store) -> None:
    orders, ledger = Orders(store.connection), Ledger(store.connection)
    first, other = added(store, "A/1"), added(store, "A/2")
    said = (
        (OrderKind.HOLD, "held"),
        (OrderKind.BUMP, "urgent"),
        (OrderKind.RELEASE, "cleared"),
        (OrderKind.HOLD, "held again \udc80\u202e"),
        (OrderKind.UNBUMP, "not so urgent"),
    )
    for second, (kind, why) in enumerate(said):
        orders.order(first, kind, by="DI", why=why, now_s=NOW_S + second)
    store.commit()
    told = orders.orders_of(first)
    assert [(one.kind, one.at_s) for one in told] == [
        (kind, NOW_S + second) for second, (kind, _) in enumerate(said)
    ]
    entry = ledger.entry("OP-X", "A/1")
    assert (entry.held_s, entry.bumped_s) == (NOW_S + 3, -1)
    assert orders.holds() == {first: told[3]}
    assert orders.bumps() == {}
    assert orders.orders_of(other) == ()


@pytest.mark.parametrize(
    ("begin", "end", "said"),
    [
        (OrderKind.HOLD, OrderKind.RELEASE, ("is held already", "is not held")),
        (OrderKind.BUMP, OrderKind.UNBUMP, ("before all others already", "does not go before")),
    ],
)
def test_what_stands_already_is_not_said_twice(
    store: Store, begin: OrderKind, end: OrderKind, said: tuple[str, str]
) -> None:
    orders, one = Orders(store.connection), added(store, "A/1")
    with pytest.raises(UsageFault, match=f"A/1 of OP-X .*{said[1]}"):
        orders.order(one, end, by="DI", why="x", now_s=NOW_S)
    orders.order(one, begin, by="DI Example", why="the reason", now_s=NOW_S)
    with pytest.raises(UsageFault, match=f"{said[0]}, by DI Example: the reason"):
        orders.order(one, begin, by="DS Other", why="x", now_s=NOW_S)
    store.commit()
    orders.order(one, end, by="DI", why="x", now_s=NOW_S)
    assert [told.kind for told in orders.orders_of(one)] == [begin, end]


@pytest.mark.parametrize(("by", "why"), [("", "x"), ("DI", ""), (" ", "x"), ("DI", "\t")])
def test_who_and_why_are_needed(store: Store, by: str, why: str) -> None:
    one = added(store, "A/1")
    with pytest.raises(UsageFault, match="who says so and why"):
        Orders(store.connection).order(one, OrderKind.HOLD, by=by, why=why, now_s=NOW_S)


def test_an_exhibit_that_is_not_there_takes_no_order(store: Store) -> None:
    with pytest.raises(UsageFault, match="no exhibit of number 99"):
        Orders(store.connection).order(99, OrderKind.HOLD, by="DI", why="x", now_s=NOW_S)


def test_order_and_what_stands_come_and_go_together(store: Store) -> None:
    one = added(store, "A/1")
    store.commit()
    Orders(store.connection).order(one, OrderKind.HOLD, by="DI", why="x", now_s=NOW_S)
    store.rollback()
    assert Ledger(store.connection).entry(None, "A/1").held_s == -1
    assert Orders(store.connection).orders_of(one) == ()


def test_of_two_who_hold_one_is_refused(store_url: str) -> None:
    with open_store(store_url, create=True) as one, open_store(store_url) as two:
        exhibit = added(one, "A/1")
        one.commit()
        assert Ledger(two.connection).entry(None, "A/1").held_s == -1
        two.rollback()
        Orders(one.connection).order(exhibit, OrderKind.HOLD, by="A", why="x", now_s=NOW_S)
        one.commit()
        with pytest.raises(UsageFault, match="held already, by A"):
            Orders(two.connection).order(exhibit, OrderKind.HOLD, by="B", why="y", now_s=NOW_S)


def test_what_was_said_cannot_be_unsaid(store: Store) -> None:
    one = added(store, "A/1")
    Orders(store.connection).order(one, OrderKind.HOLD, by="DI", why="x", now_s=NOW_S)
    store.commit()
    for statement in (sa.delete(queue_orders), sa.update(queue_orders).values(why="y")):
        with pytest.raises(sa.exc.DBAPIError):
            store.connection.execute(statement)
        store.rollback()
    held = QueueOrder(kind=OrderKind.HOLD, at_s=NOW_S, by="DI", why="x")
    assert Orders(store.connection).orders_of(one) == (held,)


def test_leases_of_the_queue_are_told_by_exhibit(store: Store) -> None:
    first, other = added(store, "A/1"), added(store, "A/2")
    store.commit()
    lease = Leases(store.connection).take([first], Holder(name="w", host="h", pid=1), NOW_S)
    assert lease is not None
    found = Orders(store.connection).leases()
    assert list(found) == [first]
    assert other not in found
    assert (found[first].holder, found[first].exhibit) == ("w", "A/1")
