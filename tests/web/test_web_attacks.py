"""What somebody tries who means harm: moments between two steps, two windows, many at once."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from suitehere import CHEAP, PASSWORD, Client, client_of, served, signed_token
from triage.access import passwords
from triage.batch.uploadfiles import write_piece
from triage.bench.pictures import Viewer
from triage.model.account import AuditAction, AuditRow, Role
from triage.model.rendition import NotShown, NotShownReason
from triage.scheduler.latch import Places
from triage.store.accounts import Accounts
from triage.store.audit import Audit
from triage.store.sessions import Sessions
from triage.store.settings import set_settings
from triage.web import cookies, signingin
from triage.web.app import make_app
from triage.web.doors import pictures
from triage.web.limits import Rates
from triage.web.suite import Suite

Clients = Callable[[str | None], Client]
NEW = "kettle-orchard-violin-3"
OTHER = "harbour-pencil-walnut-7"


def lines(suite: Suite, action: AuditAction) -> tuple[AuditRow, ...]:
    with suite.stores.open() as store:
        return Audit(store.connection).rows(0, action=action.value, limit=1_000)


def changed(suite: Suite, name: str, **what: Any) -> None:
    """Do to an account what an administrator does at the same moment."""
    with suite.stores.open() as store:
        accounts = Accounts(store.connection)
        account = accounts.by_name(name)
        assert account is not None
        user_id = account.user_id
        if (password := what.get("password")) is not None:
            encoded = passwords.encode(password, cost=CHEAP)
            accounts.set_password(user_id, encoded, must_change=True)
        if what.get("active") is False:
            accounts.change(
                user_id,
                shown=account.shown,
                roles=account.roles,
                team_id=account.team_id,
                active=False,
            )
        Sessions(store.connection).end_all(user_id, suite.now_s())
        store.connection.commit()


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Let something happen while a password is being looked at, which takes long."""
    verify = passwords.verify
    done: list[int] = []

    def slow(encoded: str, password: str, **cost: Any) -> tuple[bool, str | None]:
        found = verify(encoded, password, **cost)
        if not done:
            done.append(1)
            act()
        return found

    monkeypatch.setattr(passwords, "verify", slow)


def signed_in(browser: Client, name: str, password: str) -> bool:
    form = {"csrf": browser.token_on("/sign-in"), "name": name, "password": password}
    return bool(browser.post("/sign-in", data=form, follow_redirects=False).status_code == 303)


def test_a_password_that_was_replaced_while_it_was_looked_at_lets_nobody_in(
    client: Clients, suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, lambda: changed(suite, "officer", password=NEW))
    assert not signed_in(client(None), "officer", PASSWORD)
    assert signed_in(client(None), "officer", NEW)


@pytest.mark.parametrize("what", [{"password": NEW}, {"active": False}, {}], ids=str)
def test_whoever_changes_a_password_is_still_the_one_who_may(
    client: Clients, suite: Suite, monkeypatch: pytest.MonkeyPatch, what: dict[str, Any]
) -> None:
    """An administrator throws out somebody with a stolen session who is just taking it over."""
    thief = client("officer")
    meanwhile(monkeypatch, lambda: changed(suite, "officer", **what))
    answer = thief.post(
        "/account/password",
        data={"csrf": thief.csrf, "old": PASSWORD, "new": OTHER, "again": OTHER},
        follow_redirects=False,
    )
    assert answer.headers.get("location") != "/"
    assert thief.get("/account", follow_redirects=False).status_code == 303
    assert not signed_in(client(None), "officer", OTHER)


def test_guesses_at_the_password_of_a_session_are_written_down(
    client: Clients, suite: Suite
) -> None:
    thief = client("officer")
    form = {"old": PASSWORD[:-1], "new": OTHER, "again": OTHER}
    assert thief.send("/account/password", **form).status_code == 400
    (line,) = lines(suite, AuditAction.REFUSED)
    assert (line.line.by, dict(line.line.detail)["page"]) == ("officer", "POST /account/password")


def test_what_another_site_sends_for_somebody_is_written_down(
    client: Clients, suite: Suite
) -> None:
    browser = client("officer")
    answer = browser.post(
        "/sign-out", data={"csrf": browser.csrf}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403
    assert browser.get("/account", follow_redirects=False).status_code == 200
    (line,) = lines(suite, AuditAction.REFUSED)
    assert line.line.by == "officer"


def test_of_guesses_at_the_same_moment_each_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    rates, waits = Rates(), []
    inner = rates._seen

    class Slow(OrderedDict[str, tuple[int, ...]]):
        def pop(self, *key: Any) -> Any:
            found = super().pop(*key)
            time.sleep(0.002)
            return found

    monkeypatch.setattr(rates, "_seen", Slow(inner))
    threads = [
        threading.Thread(
            target=lambda: waits.append(rates.wait_s("name", now_s=1_000, most=5, window_s=300))
        )
        for _ in range(20)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(wait == 0 for wait in waits) == 5


def test_one_name_is_one_however_it_is_written(client: Clients, suite: Suite) -> None:
    """Full-width letters are the same name to the account, so they are to the count."""
    forms = ["officer", "OFFICER", "\uff4f\uff46\uff46\uff49\uff43\uff45\uff52"]
    suite.now_s = lambda: 1_800_000_000
    browser = client(None)
    answers = []
    for nth in range(signingin.BY_NAME + 1):
        form = {"csrf": browser.token_on("/sign-in"), "name": forms[nth % 3], "password": "x" * 12}
        answers.append(browser.post("/sign-in", data=form).status_code)
    assert answers == [400] * signingin.BY_NAME + [429]


def test_few_passwords_are_looked_at_at_a_time_and_the_rest_are_told_to_wait(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes 64 MB and a third of a second: many at once would take all there is."""
    now, most, gate = [0], [0], threading.Event()
    verify, latch = passwords.verify, threading.Lock()

    def counted(encoded: str, password: str, **cost: Any) -> tuple[bool, str | None]:
        with latch:
            now[0] += 1
            most[0] = max(most[0], now[0])
        gate.wait(10)
        with latch:
            now[0] -= 1
        return verify(encoded, password, **cost)

    monkeypatch.setattr(passwords, "verify", counted)
    browsers = [client_of(app, None) for _ in range(30)]
    tokens = [one.token_on("/sign-in") for one in browsers]
    answers: list[int] = []

    def tried(nth: int) -> None:
        form = {"csrf": tokens[nth], "name": f"n{nth}", "password": "x" * 12}
        answers.append(browsers[nth].post("/sign-in", data=form).status_code)
        if answers.count(429) >= 30 - signingin.AT_ONCE - signingin.WAITING:
            gate.set()

    threads = [threading.Thread(target=tried, args=(nth,)) for nth in range(30)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert most[0] == signingin.AT_ONCE
    assert answers.count(400) == signingin.AT_ONCE + signingin.WAITING
    assert answers.count(429) == 30 - answers.count(400)


def test_places_are_given_back() -> None:
    places = Places(1, 0)
    for _ in range(3):
        with places.taken() as first, places.taken() as second:
            assert (first, second) == (True, False)


def test_nobody_gets_the_name_under_which_another_votes(client: Clients, suite: Suite) -> None:
    """Votes stand under the name as shown: whoever had the same could take them back."""
    administrator = client("administrator")
    with suite.stores.open() as store:
        other = Accounts(store.connection).by_name("examiner2")
        assert other is not None
    for shown in ("Esa Examiner", "esa  EXAMINER", "\uff25sa Examiner"):
        answer = administrator.send(
            f"/administrator/accounts/{other.user_id}", shown=shown, roles=Role.EXAMINER.value
        )
        assert answer.status_code == 400, shown
        answer = administrator.send(
            "/administrator/accounts/new",
            name="another",
            shown=shown,
            roles=Role.EXAMINER.value,
            how="password",
        )
        assert answer.status_code == 400, shown
    with suite.stores.open() as store:
        accounts = Accounts(store.connection)
        assert accounts.by_name("another") is None
        assert [one.shown for one in accounts.all()].count("Esa Examiner") == 1


def test_many_requests_at_once_do_not_go_over_the_hard_limit(examined: Suite) -> None:
    with examined.stores.open() as store:
        limits = {"pictures_soft": 1, "pictures_hard": 3}
        set_settings(store.connection, limits, by="test", now_s=examined.now_s())
        store.connection.commit()
    app = make_app(examined)
    first = client_of(app, "examiner")
    sha256 = first.get("/api/cases/1/stacks").json()["stacks"][0]["leader"]
    answers: list[int] = []
    browsers = [client_of(app, "examiner") for _ in range(8)]
    threads = [
        threading.Thread(
            target=lambda one=one: answers.append(one.get(f"/bench/1/picture/{sha256}").status_code)
        )
        for one in browsers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] * 3 + [409] * 5
    assert len(lines(examined, AuditAction.PICTURE_SHOWN)) == 3


def test_pictures_that_take_long_leave_room_for_everybody_else(
    examined: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A case made of files that take half a minute each is opened by many graders at once."""
    gate = threading.Event()

    def slow(*_: object, **__: object) -> NotShown:
        gate.wait(30)
        return NotShown(reason=NotShownReason.TIME_LIMIT)

    monkeypatch.setattr(Viewer, "rendition", slow)
    cookie, _ = signed_token(examined, "examiner")
    answers: list[int] = []
    with served(examined) as address:

        def asked() -> None:
            got = httpx2.get(
                f"{address}/bench/1/picture/{'0' * 64}",
                headers={"Cookie": f"{cookies.SESSION}={cookie}"},
                timeout=60,
            )
            answers.append(got.status_code)

        threads = [threading.Thread(target=asked) for _ in range(60)]
        for one in threads:
            one.start()
        try:
            until = time.monotonic() + 20
            while len(answers) < 60 - pictures.AT_ONCE and time.monotonic() < until:
                time.sleep(0.05)
            assert httpx2.get(address + "/sign-in", timeout=10).status_code == 200
        finally:
            gate.set()
            for one in threads:
                one.join()
    assert set(answers) == {409, 429}
    assert answers.count(409) == pictures.AT_ONCE


def test_a_database_that_fails_on_the_way_is_told_without_what_was_to_be_written(
    client: Clients, suite: Suite, caplog: pytest.LogCaptureFixture
) -> None:
    """Passwords' digests and names from evidence go into statements; a log is read by others."""
    browser = client("administrator")
    with suite.stores.open() as store:
        store.connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON teams "
            "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
        store.connection.commit()
    answer = browser.send("/administrator/teams", team="Operation Quiet")
    assert answer.status_code == 503
    assert "What you did last was not saved" in answer.text
    assert "disk is full" in caplog.text
    assert "Operation Quiet" not in caplog.text
    assert browser.get("/administrator/teams").status_code == 200


def test_the_folder_of_uploads_is_its_owners_alone_as_well(tmp_path: Path) -> None:
    """A mode that is asked for holds for the last folder of a path, not for those on the way."""
    if os.name != "posix":
        pytest.skip("Windows keeps rights elsewhere")
    before = os.umask(0o022)
    try:
        write_piece(tmp_path / "uploads" / "key" / "evidence.dd", 0, b"a")
    finally:
        os.umask(before)
    lying = (tmp_path / "uploads", *(tmp_path / "uploads").rglob("*"))
    assert [stat.S_IMODE(one.stat().st_mode) for one in lying] == [0o700, 0o700, 0o600]
