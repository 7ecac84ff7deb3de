"""Sessions: nobody else's token counts, none outlives its time, and what was planted is no use."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from suitehere import PASSWORD, Client
from triage.access import chain
from triage.model.account import Account, AuditAction
from triage.store.accounts import Accounts
from triage.store.audit import Audit
from triage.web import cookies
from triage.web.suite import Suite

Clients = Callable[[str | None], Client]
NEW = "lantern wombat basalt"
AGAIN = "/account"
WRONG = "wrong one, this"


def account_of(suite: Suite, name: str) -> Account:
    with suite.stores.open() as store:
        found = Accounts(store.connection).by_name(name)
    assert found is not None
    return found


def change(suite: Suite, name: str, **parts: object) -> None:
    account = account_of(suite, name)
    facts = {
        "shown": account.shown,
        "roles": account.roles,
        "team_id": account.team_id,
        "active": True,
    }
    with suite.stores.open() as store:
        Accounts(store.connection).change(account.user_id, **(facts | parts))  # type: ignore[arg-type]
        store.connection.commit()


def written(suite: Suite) -> list[tuple[str, str]]:
    """Give what the audit says, and hold it to its chain."""
    with suite.stores.open() as store:
        rows = list(Audit(store.connection).iterate())
    assert chain.verify(rows).whole
    return [(row.line.action.value, row.line.by) for row in rows]  # type: ignore[union-attr]


def sign_in(browser: Client, name: str = "officer", password: str = PASSWORD, **more: str) -> int:
    form = {"csrf": browser.token_on("/sign-in"), "name": name, "password": password, **more}
    return int(browser.post("/sign-in", data=form, follow_redirects=False).status_code)


def test_a_planted_token_is_not_taken_over_and_a_session_before_ends(
    client: Clients, suite: Suite
) -> None:
    browser = client(None)
    planted = "planted-by-somebody-who-waits-for-a-sign-in"
    browser.cookies.set(cookies.SESSION, planted, domain="127.0.0.1", path="/")
    assert sign_in(browser) == 303
    token = next(one.value for one in browser.cookies.jar if one.name == cookies.SESSION)
    assert token != planted
    assert len(token or "") >= 43
    kept = client(None)
    kept.cookies.set(cookies.SESSION, planted, domain="127.0.0.1", path="/")
    assert kept.get(AGAIN, follow_redirects=False).status_code == 303

    earlier = client("examiner")
    old = earlier.cookies.jar
    form = {"csrf": earlier.csrf, "name": "officer", "password": PASSWORD}
    other = client(None)
    for one in old:
        other.cookies.set(one.name, one.value or "", domain="127.0.0.1", path="/")
    assert other.post("/sign-in", data=form, follow_redirects=False).status_code == 303
    assert earlier.get(AGAIN, follow_redirects=False).status_code == 303
    assert [action for action, _ in written(suite)] == ["signed-in", "signed-in"]


def test_tokens_of_forms_belong_to_one_session(client: Clients) -> None:
    mine, hers = client("officer"), client("officer2")
    for csrf in ("", hers.csrf, mine.csrf[:-1], mine.csrf + "x", "\udc80é\x00"):
        body = {"csrf": csrf.encode("utf-8", "surrogatepass")}
        answer = mine.post("/account/sessions/end", data=body)
        assert answer.status_code == 403, csrf
        assert "nothing was done" in answer.text
    assert mine.post("/account/sessions/end", data={"x": "y"}).status_code == 403
    assert mine.post("/account/sessions/end", json={"csrf": mine.csrf}).status_code == 400
    assert mine.send("/account/sessions/end").status_code == 200
    before = mine.csrf
    mine.send("/sign-out")
    assert sign_in(mine) == 303
    assert mine.post("/account/sessions/end", data={"csrf": before}).status_code == 403


def test_what_other_sites_send_is_refused_even_with_the_token(client: Clients) -> None:
    browser = client("officer")
    for heads in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://127.0.0.1"},
    ):
        form = {"csrf": browser.csrf}
        answer = browser.post("/account/sessions/end", data=form, headers=heads)
        assert answer.status_code == 403, heads
    for heads in (
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Origin": "https://127.0.0.1"},
    ):
        form = {"csrf": browser.csrf}
        answer = browser.post("/account/sessions/end", data=form, headers=heads)
        assert answer.status_code == 200, heads


@pytest.mark.parametrize(
    "asked",
    [
        "//elsewhere.example/",
        "/\\elsewhere.example",
        "https://elsewhere.example/",
        "javascript:alert(1)",
        "\\\\elsewhere.example",
        "/%0d%0aX: y\r\nX: y",
        "///elsewhere.example",
        "/\t/elsewhere.example",
        "elsewhere.example",
        "",
        "/sign-out",
        "/" + "a" * 5_000,
    ],
)
def test_the_way_on_never_leads_elsewhere(client: Clients, asked: str) -> None:
    browser = client(None)
    form = {"csrf": browser.token_on("/sign-in"), "name": "officer", "password": PASSWORD}
    answer = browser.post("/sign-in", data={**form, "next": asked}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    answer = browser.get("/sign-in", params={"next": asked}, follow_redirects=False)
    assert answer.headers["location"] == "/"


def test_sessions_end_when_idle_when_old_and_when_the_account_does(
    client: Clients, suite: Suite
) -> None:
    start_s = suite.now_s()
    idle, worked, expelled, moved = (
        client(one) for one in ("officer", "examiner", "manager", "supervisor")
    )

    def at(minutes: int) -> None:
        suite.now_s = lambda: start_s + minutes * 60

    def lets_in(browser: Client) -> bool:
        return bool(browser.get(AGAIN, follow_redirects=False).status_code == 200)

    assert all(map(lets_in, (idle, worked, expelled, moved)))
    for minutes in range(20, 600, 20):
        at(minutes)
        assert lets_in(worked), minutes
    assert not lets_in(idle)
    at(601)
    assert not lets_in(worked)
    at(0)
    change(suite, "manager", active=False)
    assert not lets_in(expelled)
    assert client("supervisor").get("/").status_code == 200


def test_an_account_locks_after_failures_and_opens_by_itself(client: Clients, suite: Suite) -> None:
    start_s = suite.now_s()
    browser = client(None)
    for _ in range(5):
        assert sign_in(browser, password=WRONG) == 400
    assert sign_in(browser) == 400
    suite.now_s = lambda: start_s + 15 * 60 - 1
    assert sign_in(browser) == 400
    suite.now_s = lambda: start_s + 15 * 60 + 1
    assert sign_in(browser) == 303
    actions = [action for action, _ in written(suite)]
    assert actions.count("locked-out") == 1
    assert actions.count("sign-in-refused") == 7
    assert actions[-1] == "signed-in"


def test_who_there_is_cannot_be_told_from_what_is_said(client: Clients, suite: Suite) -> None:
    change(suite, "officer2", active=False)
    pages = set()
    for name in ("officer", "officer2", "nobody"):
        browser = client(None)
        form = {"csrf": browser.token_on("/sign-in"), "name": name, "password": "wrong, all of it"}
        answer = browser.post("/sign-in", data=form)
        pages.add(answer.text.replace(name, "").replace(form["csrf"], ""))
    assert len(pages) == 1


def test_attempts_are_counted_by_name_and_by_address(client: Clients, suite: Suite) -> None:
    browser = client(None)
    answers = [sign_in(browser, name="nobody", password=WRONG) for _ in range(14)]
    assert answers == [400] * 12 + [429] * 2
    answers = [sign_in(browser, name=f"n{number}", password=WRONG) for number in range(50)]
    assert answers[:46] == [400] * 46
    assert set(answers[46:]) == {429}
    form = {"csrf": browser.token_on("/sign-in"), "name": "officer", "password": PASSWORD}
    answer = browser.post("/sign-in", data=form)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 300
    later_s = suite.now_s() + 301
    suite.now_s = lambda: later_s
    assert sign_in(browser) == 303


def test_a_password_is_changed_by_who_knows_it_and_ends_all_other_sessions(
    client: Clients, suite: Suite
) -> None:
    mine, elsewhere = client("officer"), client("officer")
    wrong = mine.send("/account/password", old="not it", new=NEW, again=NEW)
    assert wrong.status_code == 400
    assert "not the password you have now" in wrong.text
    for new in ("short", "Olu Officer 1979", "aaaaaaaaaaaaaa", "Password12345", PASSWORD):
        answer = mine.send("/account/password", old=PASSWORD, new=new, again=new)
        assert answer.status_code == 400, new
        assert new not in answer.text
    answer = mine.send("/account/password", old=PASSWORD, new=NEW, again=NEW + "x")
    assert "not the same" in answer.text
    before = next(one.value for one in mine.cookies.jar if one.name == cookies.SESSION)
    answer = mine.send("/account/password", old=PASSWORD, new=NEW, again=NEW)
    assert "Your password is changed." in answer.text
    assert next(one.value for one in mine.cookies.jar if one.name == cookies.SESSION) != before
    assert elsewhere.get(AGAIN, follow_redirects=False).status_code == 303
    fresh = client(None)
    assert sign_in(fresh) == 400
    assert sign_in(fresh, password=NEW) == 303
    assert (AuditAction.PASSWORD_CHANGED.value, "officer") in written(suite)


def test_one_ends_own_sessions_and_nobody_elses(client: Clients, suite: Suite) -> None:
    mine, other, hers = client("officer"), client("officer"), client("officer2")
    page = mine.get("/account").text
    assert page.count("/end") == 2
    assert mine.send("/account/sessions/3/end").status_code == 404
    assert hers.get("/account").status_code == 200
    assert mine.send("/account/sessions/2/end").status_code == 200
    assert other.get(AGAIN, follow_redirects=False).status_code == 303
    assert ("session-ended", "officer") in written(suite)


def test_who_is_refused_is_written_down(client: Clients, suite: Suite, app: object) -> None:
    del app
    officer = client("officer")
    officer.post("/account/sessions/end", data={"csrf": "x"})
    assert written(suite) == [("refused", "officer")]
