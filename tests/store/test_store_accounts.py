"""Accounts, sessions and settings on both servers."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from triage.errors import StoreError, UsageFault
from triage.model.account import Role, SignedIn
from triage.model.settings import UnitSettings
from triage.store.accounts import Accounts
from triage.store.database import Store, Stores
from triage.store.sessions import Sessions
from triage.store.settings import set_settings, settings_history, settings_of

NOW = 1_795_000_000


@pytest.fixture
def stores(store_url: str) -> Iterator[Stores]:
    opened = Stores(store_url, create=True)
    yield opened
    opened.close()


@pytest.fixture
def store(stores: Stores) -> Iterator[Store]:
    with stores.open() as opened:
        yield opened


def added(store: Store, name: str = "j.smith", **more: object) -> int:
    accounts = Accounts(store.connection)
    shown = "Joan Smith" if name == "j.smith" else name
    return accounts.add(name, shown, [Role.OFFICER], password="x", now_s=NOW, **more)  # type: ignore[arg-type]  # noqa: S106


def begun(store: Store, user_id: int, token: bytes = b"t" * 32) -> int:
    return Sessions(store.connection).begin(
        user_id, token_sha256=token, csrf="c", how="password", now_s=NOW, expires_s=NOW + 36_000
    )


def found(store: Store, now_s: int, idle_s: int = 1_800) -> SignedIn | None:
    return Sessions(store.connection).find(b"t" * 32, now_s, idle_s)


def test_a_name_is_one_whatever_its_capitals_and_is_taken_once(store: Store) -> None:
    accounts = Accounts(store.connection)
    user_id = added(store, "J.Smith")
    assert accounts.by_name(" j.SMITH ") == accounts.by_id(user_id)
    assert accounts.by_name("\uff4a.smith") == accounts.by_id(user_id)
    for name in ("j.smith", "J.SMITH", "", " ", "a b", "a\nb", "a\u200bb", "x" * 101):
        with pytest.raises(UsageFault, match="name"):
            added(store, name)
    assert [one.name for one in accounts.all()] == ["j.smith"]
    store.commit()
    assert accounts.by_name("nobody") is None


def test_what_an_account_is_can_be_said_anew(store: Store) -> None:
    accounts = Accounts(store.connection)
    user_id = added(store)
    team = accounts.add_team("North")
    roles = frozenset({Role.EXAMINER, Role.SUPERVISOR})
    accounts.change(user_id, shown="Joan Smyth", roles=roles, team_id=team, active=False)
    accounts.set_password(user_id, "y", must_change=True)
    account = accounts.by_id(user_id)
    assert account is not None
    assert (account.shown, account.roles, account.team_id) == ("Joan Smyth", roles, team)
    assert (account.active, account.must_change, account.local) == (False, True, True)
    assert accounts.password_of(user_id) == "y"
    for wrong in (
        {"roles": ()},
        {"shown": " "},
        {"shown": "a\x1b[31m"},
        {"team_id": 77},
    ):
        with pytest.raises(UsageFault):
            accounts.change(
                user_id,
                **({"shown": "J", "roles": roles, "team_id": -1, "active": True} | wrong),  # type: ignore[arg-type]
            )
    with pytest.raises(UsageFault, match="no account"):
        accounts.set_password(99, "y", must_change=False)


def test_who_signs_in_elsewhere_is_known_by_issuer_and_subject(store: Store) -> None:
    accounts = Accounts(store.connection)
    facts = {"issuer": "https://force.example", "subject": "S-1"}
    user_id = accounts.add("o1", "O One", [Role.OFFICER], now_s=NOW, **facts)  # type: ignore[arg-type]
    account = accounts.by_subject("https://force.example", "S-1")
    assert account is not None
    assert (account.user_id, account.local) == (user_id, False)
    assert accounts.by_subject("https://force.example", "s-1") is None
    added(store)
    assert accounts.by_subject("", "") is None
    with pytest.raises(UsageFault, match="account already"):
        accounts.add("o2", "O Two", [Role.OFFICER], now_s=NOW, **facts)  # type: ignore[arg-type]


def test_teams_have_one_name_each(store: Store) -> None:
    accounts = Accounts(store.connection)
    south, north = accounts.add_team("South"), accounts.add_team(" North ")
    assert [(one.team_id, one.name) for one in accounts.teams()] == [
        (north, "North"),
        (south, "South"),
    ]
    accounts.rename_team(south, "East")
    accounts.rename_team(south, "East")
    for call in (lambda: accounts.add_team("East"), lambda: accounts.rename_team(north, "East")):
        with pytest.raises(UsageFault, match="already"):
            call()
    with pytest.raises(UsageFault, match="no team"):
        accounts.rename_team(99, "West")


def test_a_session_ends_by_time_by_rest_by_hand_and_with_its_account(store: Store) -> None:
    user_id = added(store)
    session_id = begun(store, user_id)
    signed = found(store, NOW)
    assert signed is not None
    assert (signed.session_id, signed.account.name, signed.csrf) == (session_id, "j.smith", "c")
    assert found(store, NOW + 1_799) is not None
    assert found(store, NOW + 1_800) is None
    sessions, accounts = Sessions(store.connection), Accounts(store.connection)
    sessions.seen(session_id, NOW + 1_700)
    sessions.seen(session_id, NOW + 1_600)
    assert found(store, NOW + 3_499) is not None
    assert found(store, NOW + 36_000, idle_s=99_999) is None
    accounts.failed(user_id, failures=5, locked_until_s=NOW + 900)
    assert found(store, NOW) is not None
    accounts.change(user_id, shown="J", roles=[Role.OFFICER], team_id=-1, active=False)
    assert found(store, NOW) is None
    accounts.change(user_id, shown="J", roles=[Role.OFFICER], team_id=-1, active=True)
    sessions.end(session_id, NOW + 1)
    assert found(store, NOW + 1) is None
    assert sessions.find(b"", NOW, 1_800) is None


def test_two_people_do_not_vote_under_one_name(store: Store) -> None:
    accounts = Accounts(store.connection)
    joan, other = added(store), added(store, "other")
    for shown in ("Joan Smith", "joan  smith", "\uff2aoan Smith"):
        with pytest.raises(UsageFault, match="somebody else's"):
            accounts.add("third", shown, [Role.OFFICER], now_s=NOW)
        with pytest.raises(UsageFault, match="somebody else's"):
            accounts.change(other, shown=shown, roles=[Role.OFFICER], team_id=-1, active=True)
    for shown in ("Joan Smith", "JOAN SMITH"):
        accounts.change(joan, shown=shown, roles=[Role.OFFICER], team_id=-1, active=False)


def test_all_sessions_but_one_end_at_once(store: Store) -> None:
    user_id, other_id = added(store), added(store, "other")
    ids = [begun(store, user_id, bytes([nth]) * 32) for nth in range(3)]
    begun(store, other_id, b"o" * 32)
    sessions = Sessions(store.connection)
    sessions.end_all(user_id, NOW, but=ids[1])
    assert [one.session_id for one in sessions.of(user_id, NOW)] == [ids[1]]
    sessions.end_all(user_id, NOW)
    assert sessions.of(user_id, NOW) == ()
    assert len(sessions.of(other_id, NOW)) == 1


def test_settings_begin_with_what_works_and_keep_who_changed_them(store: Store) -> None:
    assert settings_of(store.connection) == UnitSettings()
    changes = {"unit_name": " North DFU ", "bands": ["Red", "Green"], "idle_minutes": 20}
    changed = set_settings(store.connection, changes, by="Ada", now_s=NOW)
    assert changed == ("unit_name", "bands", "idle_minutes")
    settings = settings_of(store.connection)
    assert (settings.unit_name, settings.bands) == ("North DFU", ("Red", "Green"))
    assert set_settings(store.connection, changes, by="Ada", now_s=NOW) == ()
    set_settings(store.connection, {"idle_minutes": 30}, by="Bob", now_s=NOW + 1)
    assert settings_of(store.connection).idle_minutes == 30
    told = [(one.name, one.by) for one in settings_history(store.connection)]
    assert told == [(name, "Ada") for name in changed] + [("idle_minutes", "Bob")]


REFUSED: tuple[tuple[str, object], ...] = (
    ("unit_name", ""),
    ("unit_name", 7),
    ("unit_name", "a\nb"),
    ("unit_name", "x" * 201),
    ("bands", []),
    ("bands", "High"),
    ("bands", ["High", "high"]),
    ("bands", ["High", 1]),
    ("bands", [f"{nth}" for nth in range(101)]),
    ("intake_folders", ["intake"]),
    ("intake_folders", ["/srv/../etc"]),
    ("trusted_votes", 0),
    ("trusted_votes", True),
    ("trusted_votes", 1.5),
    ("trusted_votes", "3"),
    ("pictures_soft", 5_000),
    ("minutes_hard", 60),
    ("dip_rate", "0%"),
    ("dip_rate", "101%"),
    ("dip_rate", "5"),
    ("dip_rate", "\u0665%"),
    ("idle_minutes", 10**30),
    ("nothing", 1),
)


def test_a_setting_that_cannot_be_is_refused_by_its_name(store: Store) -> None:
    for name, value in REFUSED:
        both = {"unit_name": "Not kept either"} | {name: value}
        with pytest.raises(UsageFault, match=f"^{name}: "):
            set_settings(store.connection, both, by="Ada", now_s=NOW)
    assert settings_of(store.connection) == UnitSettings()


def test_no_limit_and_folders_of_either_kind_can_be(store: Store) -> None:
    changes = {
        "pictures_hard": 0,
        "pictures_soft": 5_000,
        "intake_folders": ("/srv/intake", "D:\\Intake", "\\\\server\\share\\in"),
        "dip_rate": " 2.5% ",
    }
    assert len(set_settings(store.connection, changes, by="Ada", now_s=NOW)) == 4
    settings = settings_of(store.connection)
    assert (settings.dip_rate, len(settings.intake_folders)) == ("2.5%", 3)


def test_a_setting_of_a_newer_program_is_left_and_a_damaged_one_named(store: Store) -> None:
    insert = "INSERT INTO settings (name, value, by, at_s) VALUES ('{}', '{}', 'x', 1)"
    store.connection.exec_driver_sql(insert.format("of_tomorrow", "[1]"))
    assert settings_of(store.connection) == UnitSettings()
    store.connection.exec_driver_sql(insert.format("idle_minutes", "{"))
    with pytest.raises(StoreError, match="setting idle_minutes, row 2"):
        settings_of(store.connection)


def test_many_threads_have_a_store_each_and_of_many_guesses_each_is_counted(
    stores: Stores,
) -> None:
    with stores.open() as store:
        user_id = added(store)
        store.commit()

    def guess() -> None:
        with stores.open() as store:
            accounts = Accounts(store.connection)
            before = accounts.held(user_id)
            accounts.failed(user_id, failures=before.failures + 1, locked_until_s=-1)
            store.commit()

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with stores.open() as store:
        account = Accounts(store.connection).by_id(user_id)
        assert account is not None
        assert account.failures == 12


def test_what_is_not_committed_is_dropped_and_what_is_lies_on_the_disk(stores: Stores) -> None:
    for commit in (False, True):
        with stores.open() as store:
            added(store)
            if commit:
                store.commit()
        with stores.open() as store:
            assert len(Accounts(store.connection).all()) == int(commit)
            if store.connection.dialect.name == "sqlite":
                asked = store.connection.exec_driver_sql("PRAGMA synchronous")
                assert asked.scalar() == 2
    with pytest.raises(StoreError), stores.open() as store:
        store.connection.execute(sa.text("SELECT * FROM nowhere"))
