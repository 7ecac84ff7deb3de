"""The officer's door: a device is submitted once, seen by the team only, and no name is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from suitehere import Client
from triage.model.ledger import Stage
from triage.model.settings import UnitSettings
from triage.store.accounts import Accounts
from triage.store.audit import Audit
from triage.store.ledger import Ledger
from triage.store.settings import set_settings
from triage.store.uploads import UploadFile, Uploads, UploadState
from triage.web.doors import officer as officer_door
from triage.web.doors import officerresults
from triage.web.suite import Suite

Clients = Callable[[str | None], Client]
UNIT = UnitSettings()
DATES = {"seized_on-day": "20", "seized_on-month": "11", "seized_on-year": "2025"}
STEPS: tuple[tuple[str, dict[str, str]], ...] = (
    ("references", {"case": "OP-HARBOUR", "exhibit": "ABC/1"}),
    ("owner", {"owner_role": "suspect"}),
    ("device", {"device_type": "Mobile phone", "device_make": "Harbour"}),
    ("offence", {"offence": UNIT.offences[0]}),
    ("band", {"risk_band": "High"}),
    ("power", {"legal_power": UNIT.legal_powers[0]}),
    ("scope", {"scope_kind": "all"}),
    ("dates", {**DATES, "statutory_kind": "none"}),
    ("evidence", {"evidence": "brought"}),
)


def begun(officer: Client) -> str:
    """Begin a draft and give its path."""
    page = officer.send("/officer/drafts")
    found = re.search(r"/officer/drafts/[0-9a-f]{32}", str(page.url))
    assert found is not None
    return found[0]


def answered(officer: Client, **other: dict[str, str]) -> str:
    """Answer all questions, some of them in another way, and give the path of the draft."""
    path = begun(officer)
    for step, said in STEPS:
        page = officer.send(f"{path}/{step}", **other.get(step, said))
        assert page.status_code == 200, (step, page.text)
    return path


def submitted(officer: Client, **other: dict[str, str]) -> str:
    """Submit a device and give its receipt."""
    page = officer.send(f"{answered(officer, **other)}/submit")
    found = re.search(r"/officer/submissions/([A-Z0-9-]+)/receipt", str(page.url))
    assert found is not None, page.text
    return found[1]


def exhibit(name: str) -> dict[str, dict[str, str]]:
    return {"references": {"case": "OP-HARBOUR", "exhibit": name}}


def lines(suite: Suite, action: str) -> list[Any]:
    with suite.stores.open() as store:
        return [row.line for row in Audit(store.connection).rows(action=action, limit=1_000)]


def entries(suite: Suite) -> dict[str, Any]:
    with suite.stores.open() as store:
        return {one.facts.exhibit: one for one in Ledger(store.connection).entries()}


def intake(suite: Suite, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    with suite.stores.open() as store:
        changes = {"intake_folders": (str(folder),)}
        set_settings(store.connection, changes, by="A", now_s=suite.now_s())
        store.connection.commit()
    suite.forget_settings()


def test_a_device_is_submitted_with_a_receipt(client: Clients, suite: Suite) -> None:
    officer = client("officer")
    path = answered(officer)
    check = officer.get(f"{path}/check").text
    for words in ("OP-HARBOUR", "ABC/1", "Harbour", "20 Nov 2025", "High", "All of the device"):
        assert words in check
    page = officer.send(f"{path}/submit")
    assert "Device submitted" in page.text
    entry = entries(suite)["ABC/1"]
    assert (entry.stage, entry.facts.officer) == (Stage.RECEIVED, "Olu Officer")
    (line,) = lines(suite, "submitted")
    assert (line.by, line.case, line.exhibit) == ("officer", "OP-HARBOUR", "ABC/1")
    assert dict(line.detail)["receipt"] in page.text


def test_pressed_twice_and_gone_back_to_it_is_one_submission(client: Clients, suite: Suite) -> None:
    officer = client("officer")
    path = answered(officer)
    first, again = officer.send(f"{path}/submit"), officer.send(f"{path}/submit")
    assert first.url == again.url
    for way in ("check", "references", "remove"):
        page = officer.get(f"{path}/{way}")
        assert page.url == first.url
        assert "submitted already" in page.text
    late = officer.send(f"{path}/band", risk_band="Low")
    assert late.url == first.url
    assert entries(suite)["ABC/1"].facts.risk_band == "High"
    assert len(lines(suite, "submitted")) == 1


def test_an_empty_page_says_at_the_field_what_is_missing(client: Clients) -> None:
    officer = client("officer")
    path = begun(officer)
    for step, _ in STEPS:
        page = officer.send(f"{path}/{step}")
        assert page.status_code == 400
        assert "There is a problem" in page.text
        assert "<title>Error: " in page.text
        targets = re.findall(r'<li><a href="#([^"]+)">', page.text)
        assert targets, step
        places = [page.text.index(f'id="{one}-error"') for one in targets]
        assert places == sorted(places), "the summary has the order of the page"
        for one in targets:
            assert f'id="{one}"' in page.text
            assert f'id="{one}-error"' in page.text


CANNOT_BE: tuple[tuple[str, dict[str, str], str], ...] = (
    ("references", {"case": "A", "exhibit": "x" * 61}, "Use 60 characters or fewer"),
    ("references", {"case": "A\u202e", "exhibit": "1"}, "cannot be seen"),
    ("band", {"risk_band": "Enormous"}, "Select the risk band"),
    (
        "dates",
        {**DATES, "seized_on-year": "2999", "statutory_kind": "none"},
        "today or earlier",
    ),
    ("dates", {**DATES, "seized_on-day": "31", "statutory_kind": "none"}, "Enter a real date"),
    ("dates", {**DATES, "statutory_kind": "bail"}, "Enter the day on which bail ends"),
    (
        "dates",
        {
            **DATES,
            "statutory_kind": "bail",
            "statutory_on-day": "1",
            "statutory_on-month": "11",
            "statutory_on-year": "2025",
        },
        "This must be 20 Nov 2025, the day of the seizure, or later",
    ),
    ("scope", {"scope_kind": "limited"}, "Enter what may be examined"),
    ("evidence", {"evidence": "intake"}, "Select how the evidence comes to the unit"),
    ("image", {"image_id": "../../etc/passwd"}, "has changed or is gone"),
    ("upload", {"upload_key": "0" * 32}, "Upload the files"),
)


def test_answers_that_cannot_be_are_refused_in_words(client: Clients) -> None:
    officer = client("officer")
    path = begun(officer)
    for step, said, told in CANNOT_BE:
        page = officer.send(f"{path}/{step}", **said)
        assert page.status_code == 400, said
        assert told in page.text


def test_what_was_typed_stays_where_something_is_wrong(client: Clients) -> None:
    officer = client("officer")
    page = officer.send(f"{begun(officer)}/references", case='OP-"<b>X\\', exhibit="")
    assert 'value="OP-&#34;&lt;b&gt;X\\"' in page.text


def test_references_that_the_unit_has_are_refused_at_the_field(client: Clients) -> None:
    officer = client("officer")
    submitted(officer)
    again = officer.send(f"{begun(officer)}/references", case="OP-HARBOUR", exhibit="ABC/1")
    assert again.status_code == 400
    assert "already has an exhibit ABC/1" in again.text


def test_an_answer_is_changed_from_the_check_and_leads_back_to_it(client: Clients) -> None:
    officer = client("officer")
    path = answered(officer)
    page = officer.send(f"{path}/band?change=1", risk_band="Low")
    assert str(page.url).endswith("/check")
    assert "Low" in page.text


def test_what_is_left_for_later_is_listed_and_gone_on_with(client: Clients) -> None:
    officer = client("officer")
    first = begun(officer)
    assert begun(officer) == first, "what is not answered at all is not begun twice"
    officer.send(f"{first}/references", case="OP-ONE", exhibit="A/1")
    second = begun(officer)
    page = officer.get("/officer").text
    assert first in page
    assert second in page
    assert "A/1 of OP-ONE" in page
    check = officer.get(f"{first}/check").text
    assert "Still to answer" in check
    assert f'href="{first}/owner?change=1"' in check
    assert "Submit the device" not in check
    officer.send(f"{second}/remove")
    assert second not in officer.get("/officer").text
    assert first not in client("officer2").get("/officer").text


def test_no_more_is_begun_than_anybody_goes_on_with(
    client: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(officer_door, "DRAFTS_MOST", 2)
    officer = client("officer")
    for number in range(2):
        officer.send(f"{begun(officer)}/references", case="OP-ONE", exhibit=f"A/{number}")
    page = officer.send("/officer/drafts")
    assert str(page.url).endswith("/officer")
    assert "Submit or remove one of them first." in page.text


def test_an_incomplete_draft_is_not_submitted(client: Clients, suite: Suite) -> None:
    officer = client("officer")
    path = begun(officer)
    page = officer.send(f"{path}/submit")
    assert page.status_code == 400
    assert f'href="{path}/references?change=1"' in page.text
    assert entries(suite) == {}


def test_a_draft_is_nobody_elses(client: Clients, suite: Suite) -> None:
    path = answered(client("officer"))
    for other in (client("officer2"), client("officer3")):
        for way in ("check", "references", "remove"):
            assert other.get(f"{path}/{way}").status_code == 404
        assert other.send(f"{path}/submit").status_code == 404
        assert other.send(f"{path}/band", risk_band="Low").status_code == 404
    refused = lines(suite, "refused")
    assert [one.by for one in refused] == ["officer2"] * 5 + ["officer3"] * 5
    assert {dict(one.detail)["draft"] for one in refused} == {path.rsplit("/", 1)[1]}


def test_own_and_team_see_a_submission_and_others_do_not(client: Clients, suite: Suite) -> None:
    receipt = submitted(client("officer"))
    for name in ("officer", "officer2"):
        assert receipt in client(name).get("/officer").text
        assert client(name).get(f"/officer/submissions/{receipt}").status_code == 200
        assert client(name).get(f"/officer/submissions/{receipt.lower()}").status_code == 200
    other = client("officer3")
    assert receipt not in other.get("/officer/submissions").text
    told = set()
    for number in (receipt, "2222-2222"):
        for way in ("", "/receipt", "/result", "/result.html"):
            page = other.get(f"/officer/submissions/{number}{way}")
            assert page.status_code == 404
            told.add(re.sub("[0-9A-Za-z_-]{43}", "", page.text))
    assert len(told) == 1, "that there is one is not told"
    refused = [dict(one.detail) for one in lines(suite, "refused")]
    assert [one["found"] for one in refused] == ["another team's"] * 4 + ["none"] * 4


def test_the_list_is_paged(client: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(officerresults, "PAGE", 2)
    officer = client("officer")
    receipts = [submitted(officer, **exhibit(f"A/{number}")) for number in range(3)]
    first = officer.get("/officer/submissions").text
    second = officer.get("/officer/submissions?number=2").text
    assert receipts[-1] in first
    assert receipts[0] not in first
    assert receipts[0] in second
    assert officer.get("/officer/submissions?number=-4").status_code == 200
    assert officer.get("/officer/submissions?number=99999999999").status_code == 200


def test_a_copy_in_the_intake_folder_is_picked_and_waits_in_the_queue(
    client: Clients, suite: Suite, tmp_path: Path
) -> None:
    folder = tmp_path / "intake"
    intake(suite, folder)
    for number in range(1, 4):
        (folder / f"PHONE{number}.E01").write_bytes(b"x" * 1_000 * number)
    officer = client("officer")
    path = answered(officer, evidence={"evidence": "intake"})
    page = officer.get(f"{path}/image")
    assert str(tmp_path) not in page.text
    ids = re.findall(r'value="([0-9a-f]{32})"', page.text)
    assert len(ids) == 3
    names = dict(zip(re.findall(r"PHONE\d\.E01", page.text), ids, strict=True))
    done = officer.send(f"{path}/image", image_id=names["PHONE2.E01"])
    assert "PHONE2.E01, 2.0 kB" in done.text
    receipt = officer.send(f"{path}/submit")
    assert "PHONE2.E01" in receipt.text
    assert str(tmp_path) not in receipt.text
    entry = entries(suite)["ABC/1"]
    assert entry.stage is Stage.QUEUED
    assert Path(entry.facts.image_path) == folder / "PHONE2.E01"
    front = officer.get("/officer").text
    assert "It is the first in the queue." in front
    other = client("officer3")
    page = other.get(f"{begun(other)}/image")
    assert "PHONE2.E01" not in page.text
    assert "PHONE1.E01" in page.text


def test_a_copy_that_changes_before_it_is_submitted_is_chosen_again(
    client: Clients, suite: Suite, tmp_path: Path
) -> None:
    folder = tmp_path / "intake"
    intake(suite, folder)
    (folder / "PHONE.E01").write_bytes(b"x")
    officer = client("officer")
    path = answered(officer, evidence={"evidence": "intake"})
    page = officer.get(f"{path}/image").text
    found = re.search(r'value="([0-9a-f]{32})"', page)
    assert found is not None
    officer.send(f"{path}/image", image_id=found[1])
    (folder / "PHONE.E01").write_bytes(b"xx")
    page = officer.send(f"{path}/submit")
    assert page.status_code == 400
    assert f'href="{path}/image?change=1"' in page.text
    assert entries(suite) == {}


def test_an_upload_shows_its_digest_before_and_after(
    client: Clients, suite: Suite, tmp_path: Path
) -> None:
    key, digest = "ab" * 16, "0123456789abcdef" * 4
    file = UploadFile(
        nth=0, name="<b>P.E01", stored="evidence.E01", size_bytes=70, sha256_before=digest
    )
    with suite.stores.open() as store:
        account = Accounts(store.connection).by_name("officer")
        assert account is not None
        uploads = Uploads(store.connection)
        number = uploads.begin(key, account.user_id, tmp_path / key, [file], suite.now_s())
        store.connection.commit()
    officer = client("officer")
    path = answered(officer, evidence={"evidence": "upload"})
    early = officer.send(f"{path}/upload", upload_key=key)
    assert early.status_code == 400, "it is not checked yet"
    with suite.stores.open() as store:
        uploads = Uploads(store.connection)
        uploads.digested(number, 0, digest)
        uploads.settle(number, UploadState.CHECKED, suite.now_s())
        store.connection.commit()
    assert client("officer2").send(f"{path}/upload", upload_key=key).status_code == 404
    for page in (officer.send(f"{path}/upload", upload_key=key), officer.send(f"{path}/submit")):
        assert page.text.count(digest) == 2
        assert "&lt;b&gt;P.E01, 70 bytes" in page.text
        assert str(tmp_path) not in page.text
    assert entries(suite)["ABC/1"].stage is Stage.QUEUED


def test_images_are_found_by_name(client: Clients, suite: Suite, tmp_path: Path) -> None:
    folder = tmp_path / "intake"
    intake(suite, folder)
    for number in range(60):
        (folder / f"PHONE{number:02}.E01").write_bytes(b"x")
    officer = client("officer")
    path = begun(officer)
    page = officer.get(f"{path}/image").text
    assert len(re.findall(r'type="radio"', page)) == 50
    page = officer.get(f"{path}/image?find=phone33").text
    assert re.findall(r"PHONE\d\d\.E01", page) == ["PHONE33.E01"]
    assert "No copy has a name like that" in officer.get(f"{path}/image?find=%3Cb%3E").text


def test_markup_in_answers_stays_text(client: Clients) -> None:
    officer = client("officer")
    hostile = "<script>alert(1)</script>{{7*7}}"
    receipt = submitted(officer, **exhibit(hostile))
    for way in ("", "/receipt"):
        page = officer.get(f"/officer/submissions/{receipt}{way}").text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}" in page


def test_there_is_no_result_before_it_is_finished(client: Clients) -> None:
    officer = client("officer")
    receipt = submitted(officer)
    page = officer.get(f"/officer/submissions/{receipt}/result")
    assert page.status_code == 409
    assert "There is no result yet." in page.text
    assert officer.get(f"/officer/submissions/{receipt}/result.html").status_code == 409


def test_settings_that_change_meanwhile_are_asked_again(client: Clients, suite: Suite) -> None:
    officer = client("officer")
    path = answered(officer)
    with suite.stores.open() as store:
        set_settings(store.connection, {"bands": ("Gold", "Silver")}, by="A", now_s=suite.now_s())
        store.connection.commit()
    suite.forget_settings()
    page = officer.send(f"{path}/submit")
    assert page.status_code == 400
    assert f"{path}/band?change=1" in page.text
