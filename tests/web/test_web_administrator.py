"""The administrator's door: accounts, teams, settings, schemes and the record."""

from __future__ import annotations

import html
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

from suitehere import PASSWORD, Client
from triage.access import passwords
from triage.grading.scheme import SchemeBook
from triage.model.account import Account, AuditAction, AuditLine, Role
from triage.store.accounts import Accounts
from triage.store.audit import Audit
from triage.store.settings import settings_of
from triage.web.oidc import Provider
from triage.web.suite import Suite

Clients = Callable[[str | None], Client]


def text_of(page: str) -> str:
    """Give the words of a page without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def audited(suite: Suite, action: AuditAction) -> list[dict[str, str]]:
    with suite.stores.open() as store:
        rows = Audit(store.connection).rows(action=action.value)
    return [dict(one.line.detail) | {"by": one.line.by} for one in rows]


def account(suite: Suite, name: str) -> Account:
    with suite.stores.open() as store:
        found = Accounts(store.connection).by_name(name)
    assert found is not None
    return found


def path_of(suite: Suite, name: str, act: str = "") -> str:
    return f"/administrator/accounts/{account(suite, name).user_id}" + (f"/{act}" if act else "")


def test_a_new_account_gets_a_password_that_is_shown_once_and_good_for_one_sign_in(
    client: Clients, suite: Suite
) -> None:
    browser = client("administrator")
    answer = browser.send(
        "/administrator/accounts/new",
        name="N.Examiner",
        shown="Nia <Examiner>",
        roles=["examiner", "supervisor"],
        team="",
    )
    found = re.search(r'id="once">([^<]+)<', answer.text)
    assert found is not None
    assert "<Examiner>" not in answer.text
    made = account(suite, "n.examiner")
    assert made.roles == {Role.EXAMINER, Role.SUPERVISOR}
    assert made.must_change
    with suite.stores.open() as store:
        encoded = Accounts(store.connection).password_of(made.user_id)
    assert passwords.verify(encoded, found[1], cost=suite.cost)[0]
    assert found[1] not in browser.get(path_of(suite, "n.examiner")).text
    (line,) = audited(suite, AuditAction.ACCOUNT_ADDED)
    assert line == {
        "account": "n.examiner",
        "roles": "examiner, supervisor",
        "by": "administrator",
    }
    fresh = client(None)
    fresh.csrf = fresh.token_on("/sign-in")
    assert "/account/password" in str(
        fresh.send("/sign-in", name="n.examiner", password=found[1]).url
    )


IMPOSSIBLE: tuple[tuple[dict[str, str], set[str]], ...] = (
    ({"name": "", "shown": "A", "roles": "officer"}, {"name"}),
    ({"name": "a b", "shown": "A", "roles": "officer"}, {"name"}),
    ({"name": "OFFICER", "shown": "A", "roles": "officer"}, {"name"}),
    ({"name": "fresh", "shown": "", "roles": "officer"}, {"shown"}),
    ({"name": "fresh", "shown": "A\x1b[31m", "roles": "officer"}, {"shown"}),
    ({"name": "fresh", "shown": "A"}, {"roles"}),
    ({"name": "fresh", "shown": "A", "roles": "root"}, {"roles"}),
    ({"name": "fresh", "shown": "A", "roles": "officer", "team": "999"}, {"team"}),
    ({}, {"name", "shown", "roles"}),
)


def test_an_account_that_cannot_be_is_told_at_its_field(client: Clients, suite: Suite) -> None:
    browser = client("administrator")
    for fields, wrong in IMPOSSIBLE:
        answer = browser.send("/administrator/accounts/new", **fields)
        assert answer.status_code == 400, fields
        assert set(re.findall(r'<li><a href="#([a-z]+)">', answer.text)) == wrong, fields
    assert audited(suite, AuditAction.ACCOUNT_ADDED) == []


def test_who_signs_in_at_the_force_has_no_password_here(client: Clients, suite: Suite) -> None:
    suite.provider = Provider(
        name="Force sign-in",
        issuer="https://login.force.example",
        client_id="triage",
        redirect_uri="https://triage.force.example/sign-in/provider/back",
    )
    browser = client("administrator")
    fields = {"name": "f.one", "shown": "Fay One", "roles": "officer", "how": "provider"}
    refused = browser.send("/administrator/accounts/new", **fields, subject="")
    assert refused.status_code == 400
    assert 'href="#subject"' in refused.text
    added = browser.send("/administrator/accounts/new", **fields, subject="0f1e2d")
    assert 'id="once"' not in added.text
    made = account(suite, "f.one")
    assert (made.local, made.issuer, made.subject) == (
        False,
        "https://login.force.example",
        "0f1e2d",
    )
    assert browser.send(path_of(suite, "f.one", "password")).status_code == 404


def test_roles_and_team_are_changed_from_the_next_page_on(client: Clients, suite: Suite) -> None:
    browser, theirs = client("administrator"), client("officer3")
    with suite.stores.open() as store:
        teams = {one.name: one.team_id for one in Accounts(store.connection).teams()}
    assert theirs.get("/manager").status_code == 403
    browser.send(
        path_of(suite, "officer3"),
        shown="Ove Officer",
        roles=["officer", "manager"],
        team=str(teams["Response"]),
    )
    after = account(suite, "officer3")
    assert after.roles == {Role.OFFICER, Role.MANAGER}
    assert after.team_id == teams["Response"]
    assert theirs.get("/manager").status_code == 200
    (line,) = audited(suite, AuditAction.ACCOUNT_CHANGED)
    assert (line["roles"], line["roles-before"]) == ("manager, officer", "officer")


def test_the_last_administrator_can_neither_leave_nor_be_made_to(
    client: Clients, suite: Suite
) -> None:
    browser = client("administrator")
    lost = browser.send(path_of(suite, "administrator"), shown="Ada", roles="manager", team="")
    assert lost.status_code == 400
    assert "last administrator" in lost.text
    off = browser.send(path_of(suite, "administrator", "disable"), why="off")
    assert off.status_code == 400
    assert "last administrator" in off.text
    kept = account(suite, "administrator")
    assert kept.active
    assert kept.roles == {Role.ADMINISTRATOR}
    assert audited(suite, AuditAction.ACCOUNT_CHANGED) == []
    browser.send(path_of(suite, "manager"), shown="Mo", roles="administrator", team="")
    browser.send(path_of(suite, "administrator", "disable"), why="left the force")
    assert not account(suite, "administrator").active


def test_disabling_ends_every_session_and_needs_a_reason(client: Clients, suite: Suite) -> None:
    browser, theirs = client("administrator"), client("officer")
    assert theirs.get("/account").status_code == 200
    refused = browser.send(path_of(suite, "officer", "disable"), why="")
    assert refused.status_code == 400
    assert 'href="#why"' in refused.text
    browser.send(path_of(suite, "officer", "disable"), why="left the force")
    assert "/sign-in" in str(theirs.get("/account").url)
    (line,) = audited(suite, AuditAction.ACCOUNT_CHANGED)
    assert line == {
        "account": "officer",
        "active": "no",
        "why": "left the force",
        "by": "administrator",
    }
    browser.send(path_of(suite, "officer", "enable"))
    assert account(suite, "officer").active


def test_a_lock_is_ended_and_sessions_are(client: Clients, suite: Suite) -> None:
    browser, theirs = client("administrator"), client("officer2")
    user_id = account(suite, "officer2").user_id
    with suite.stores.open() as store:
        accounts = Accounts(store.connection)
        accounts.failed(user_id, failures=5, locked_until_s=suite.now_s() + 900)
        store.commit()
    assert "Unlock the account" in browser.get(path_of(suite, "officer2")).text
    browser.send(path_of(suite, "officer2", "unlock"))
    assert account(suite, "officer2").failures == 0
    browser.send(path_of(suite, "officer2", "end-sessions"))
    assert "/sign-in" in str(theirs.get("/account").url)
    assert [one["account"] for one in audited(suite, AuditAction.SESSION_ENDED)] == ["officer2"]
    browser.send(path_of(suite, "administrator", "end-sessions"))
    assert browser.get("/administrator").status_code == 200, "one's own session goes on"


def test_a_one_time_password_takes_the_place_of_a_forgotten_one(
    client: Clients, suite: Suite
) -> None:
    answer = client("administrator").send(path_of(suite, "officer", "password"))
    found = re.search(r'id="once">([^<]+)<', answer.text)
    assert found is not None
    made = account(suite, "officer")
    with suite.stores.open() as store:
        encoded = Accounts(store.connection).password_of(made.user_id)
    assert made.must_change
    assert not passwords.verify(encoded, PASSWORD, cost=suite.cost)[0]
    assert passwords.verify(encoded, found[1], cost=suite.cost)[0]
    (line,) = audited(suite, AuditAction.PASSWORD_CHANGED)
    assert line == {"account": "officer", "once": "yes", "by": "administrator"}


def test_teams_are_added_and_renamed(client: Clients, suite: Suite) -> None:
    browser = client("administrator")
    assert "added" in text_of(browser.send("/administrator/teams", team="Fraud").text)
    again = browser.send("/administrator/teams", team="Fraud")
    assert again.status_code == 400
    assert "There is a team Fraud already" in text_of(again.text)
    with suite.stores.open() as store:
        teams = {one.name: one.team_id for one in Accounts(store.connection).teams()}
    renamed = browser.send(f"/administrator/teams/{teams['Fraud']}", team="Economic crime")
    assert "renamed" in text_of(renamed.text)
    empty = browser.send(f"/administrator/teams/{teams['Fraud']}", team=" ")
    assert f'href="#team-{teams["Fraud"]}"' in empty.text
    assert browser.send("/administrator/teams/999", team="x").status_code == 404
    lines = audited(suite, AuditAction.TEAM_CHANGED)
    assert [one["team"] for one in lines] == ["Fraud", "Economic crime"]


def settings_fields(suite: Suite, *names: str) -> dict[str, str]:
    with suite.stores.open() as store:
        found = settings_of(store.connection)
    return {name: str(getattr(found, name)) for name in names}


WELFARE = (
    "pictures_soft",
    "pictures_hard",
    "minutes_soft",
    "minutes_hard",
    "break_after_minutes",
    "break_minutes",
)


def test_settings_are_changed_with_who_and_when_and_count_at_once(
    client: Clients, suite: Suite
) -> None:
    browser = client("administrator")
    answer = browser.send(
        "/administrator/settings/unit",
        unit_name="Northshire <DFU>",
        unit_contact="extension 1234",
    )
    assert "Northshire <DFU>" in text_of(answer.text)
    assert "Northshire <DFU>" not in answer.text
    assert suite.settings().unit_contact == "extension 1234"
    history = text_of(browser.get("/administrator/settings/unit").text)
    assert "Ada Administrator Whom to ask for help extension 1234" in history
    lines = audited(suite, AuditAction.SETTING_CHANGED)
    assert {one["setting"] for one in lines} == {"unit_name", "unit_contact"}
    browser.send(
        "/administrator/settings/unit", unit_name="Northshire <DFU>", unit_contact="extension 1234"
    )
    assert len(audited(suite, AuditAction.SETTING_CHANGED)) == 2


WRONG: tuple[tuple[str, dict[str, str], set[str]], ...] = (
    (
        "welfare",
        {"pictures_soft": "-1", "break_minutes": "no"},
        {"pictures_soft", "break_minutes"},
    ),
    ("welfare", {"pictures_soft": "5000", "pictures_hard": "10"}, {"pictures_soft"}),
    ("grading", {"grading_scheme": "nobodys"}, {"grading_scheme"}),
    ("grading", {"dip_rate": "101%"}, {"dip_rate"}),
    ("answers", {"bands": ""}, {"bands"}),
    ("answers", {"bands": "High\nhigh"}, {"bands"}),
)


def test_a_setting_that_cannot_be_is_told_at_its_field_and_nothing_changes(
    client: Clients, suite: Suite
) -> None:
    browser, before = client("administrator"), suite.settings()
    lists = ("bands", "offences", "device_types", "legal_powers")
    groups = {
        "welfare": settings_fields(suite, *WELFARE),
        "grading": settings_fields(suite, "grading_scheme", "trusted_votes", "dip_rate"),
        "answers": {name: "\n".join(getattr(before, name)) for name in lists},
    }
    for key, changed, wrong in WRONG:
        answer = browser.send(f"/administrator/settings/{key}", **(groups[key] | changed))
        assert answer.status_code == 400, changed
        assert set(re.findall(r'<li><a href="#([a-z_]+)">', answer.text)) == wrong, changed
    with suite.stores.open() as store:
        assert settings_of(store.connection) == before


def test_an_intake_folder_has_to_be_there_and_outside_of_our_own(
    client: Clients, suite: Suite, tmp_path: Path
) -> None:
    browser, good = client("administrator"), tmp_path / "intake"
    good.mkdir()
    inside = suite.home / "uploads"
    inside.mkdir()
    link = tmp_path / "link"
    link.symlink_to(inside)
    for folder in ("intake", str(tmp_path / "none"), str(inside), str(link), str(suite.home), "/"):
        answer = browser.send("/administrator/settings/intake", intake_folders=folder)
        assert answer.status_code == 400, folder
        assert 'href="#intake_folders"' in answer.text
    done = browser.send("/administrator/settings/intake", intake_folders=f"{good}\r\n")
    assert done.status_code == 200
    assert suite.settings().intake_folders == (str(good),)
    good.rmdir()
    assert "is not there at the moment" in browser.get("/administrator/settings").text


def test_a_scheme_is_confirmed_as_it_was_looked_at(client: Clients, suite: Suite) -> None:
    browser, book = client("administrator"), SchemeBook(suite.home)
    digest = book.get("uk").sha256()
    path = "/administrator/schemes/uk/confirm"
    stale = browser.send(path, by="A. Examiner", source="CAID of October", sha256="0" * 64)
    assert stale.status_code == 400
    assert "was changed since you looked at it" in stale.text
    nobody = browser.send(path, by="", source="", sha256=digest)
    assert set(re.findall(r'<li><a href="#([a-z]+)">', nobody.text)) == {"by", "source"}
    assert not book.get("uk").is_confirmed
    browser.send(path, by="A. Examiner", source="CAID of October", sha256=digest)
    assert book.get("uk").confirmed_by == "A. Examiner"
    (line,) = audited(suite, AuditAction.SCHEME_CONFIRMED)
    assert (line["scheme"], line["source"]) == ("uk", "CAID of October")
    assert browser.get("/administrator/schemes/..%2f..%2fetc").status_code == 404


def test_the_record_is_filtered_taken_away_and_verified(client: Clients, suite: Suite) -> None:
    browser = client("administrator")
    client("officer").get("/manager")
    page = text_of(browser.get("/administrator/audit?by=officer&action=refused").text)
    assert "Refused a page or action" in page
    assert "page: GET /manager" in page
    assert browser.get("/administrator/audit?since=soon").status_code == 400
    assert browser.get(f"/administrator/audit?before={9**40}").status_code == 200
    assert "No line agrees" in browser.get("/administrator/audit?case=none").text
    browser.send("/administrator/teams", team="=cmd|' /C calc'!A0")
    taken = browser.send("/administrator/audit/csv", by="", action="", case="", since="")
    assert taken.headers["content-type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(
        r'attachment; filename="audit-[0-9-]+\.csv"', taken.headers["content-disposition"]
    )
    lines = taken.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("number,at,action,by")
    assert not any(re.search(r'(^|,)"?[=+@-]', line) for line in lines[1:])
    (line,) = audited(suite, AuditAction.EXPORTED)
    assert line["what"] == "audit"
    assert "The record is whole" in browser.get("/administrator/audit/verify").text


def test_a_changed_line_is_named(client: Clients, tmp_path: Path) -> None:
    browser = client("administrator")
    for name in ("one", "two", "three"):
        browser.send("/administrator/teams", team=name)
    with sqlite3.connect(tmp_path / "cases.sqlite") as outside:
        outside.execute("DROP TRIGGER audit_no_update")
        outside.execute("UPDATE audit SET by = 'somebody' WHERE number = 2")
    outside.close()
    page = text_of(browser.get("/administrator/audit/verify").text)
    assert "The record is not as it was written" in page
    assert "Line 2: changed" in page


def test_long_records_are_read_page_by_page(client: Clients, suite: Suite) -> None:
    browser = client("administrator")
    with suite.stores.open() as store:
        lines = [
            AuditLine(
                at_ms=nth,
                action=AuditAction.TEAM_CHANGED,
                by="administrator",
                detail=(("team", f"team {nth}"),),
            )
            for nth in range(60)
        ]
        Audit(store.connection).append(lines)
        store.commit()
    first = browser.get("/administrator/audit?action=team-changed").text
    assert "team: team 59" in first
    assert "team: team 9<" not in first
    later = re.search(r'rel="next" href="([^"]+)"', first)
    assert later is not None
    second = browser.get(html.unescape(later[1])).text
    assert "team: team 9<" in second
    assert "team: team 10<" not in second
