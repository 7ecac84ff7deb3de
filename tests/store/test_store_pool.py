"""A database that serves many threads for long: each has a store of its own, also after a fall."""

from __future__ import annotations

import threading

import pytest

from postgresql import PASSWORD, PostgresServer
from triage.errors import StoreError
from triage.store.database import Store, Stores

EXHIBITS = 20


def test_what_threads_write_at_once_is_all_there(store_url: str) -> None:
    stores = Stores(store_url, create=True)
    failures: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for nth in range(EXHIBITS):
                with stores.open() as store:
                    store.add_exhibit("OP-X", f"{name}/{nth}")
                    store.commit()
        except BaseException as error:  # noqa: BLE001  (told to the test)
            failures.append(error)

    threads = [threading.Thread(target=work, args=(f"T{nth}",)) for nth in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failures == []
    with stores.open() as store:
        assert len(store.exhibits("OP-X")) == 6 * EXHIBITS
    stores.close()


def write_and_fail(store: Store) -> None:
    store.add_exhibit("OP-X", "A/1")
    store.connection.exec_driver_sql("SELECT * FROM nowhere")


def test_a_fault_in_one_store_is_rolled_back_and_the_next_is_clean(store_url: str) -> None:
    stores = Stores(store_url, create=True)
    with pytest.raises(StoreError, match="nowhere"), stores.open() as store:
        write_and_fail(store)
    for _ in range(3):
        with stores.open() as store:
            assert store.case_names() == ()
    stores.close()


def test_there_is_nothing_to_open_unless_it_is_to_be_made(store_url: str) -> None:
    with pytest.raises(StoreError):
        Stores(store_url)
    Stores(store_url, create=True).close()
    Stores(store_url).close()


def test_a_server_that_fell_and_stands_again_is_used_again(
    stoppable_postgresql: PostgresServer,
) -> None:
    stores = Stores(stoppable_postgresql.fresh(), create=True)
    with stores.open() as store:
        store.add_exhibit("OP-X", "A/1")
        store.commit()
    stoppable_postgresql.stop("fast")
    with pytest.raises(StoreError) as caught, stores.open() as store:
        store.case_names()
    assert PASSWORD not in caught.value.message
    stoppable_postgresql.start()
    with stores.open() as store:
        assert store.case_names() == ("OP-X",)
    stores.close()
