"""An officer submits a device by keyboard alone, and reads its result, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from suitehere import accessible
from triage.model.ledger import ExhibitFacts, OwnerRole, Stage
from triage.store.accounts import Accounts
from triage.store.ledger import Ledger
from triage.store.settings import set_settings
from triage.store.submissions import Submissions
from triage.web.suite import Suite

if TYPE_CHECKING:
    from playwright.sync_api import Page

Opened = Callable[..., "Page"]
WIDE_ENOUGH = 320


def reach(page: Page, role: str, name: str) -> None:
    """Tab until what is named has the focus, as somebody without a mouse does."""
    wanted = page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
    wanted.wait_for()
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{name} is not reached by Tab on {page.url}")


def choose(page: Page, name: str) -> None:
    """Choose a radio button: Tab to the group, then the arrow keys."""
    wanted = page.get_by_role("radio", name=name, exact=True)
    for _ in range(60):
        page.keyboard.press("Tab")
        kind = page.evaluate("document.activeElement.type")
        if kind == "radio":
            break
    page.keyboard.press("Space")
    for _ in range(20):
        if wanted.is_checked():
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"{name} is not reached by arrow keys on {page.url}")


def write(page: Page, label: str, words: str) -> None:
    reach(page, "textbox", label)
    page.keyboard.type(words)


def go_on(page: Page, button: str = "Save and continue") -> None:
    reach(page, "button", button)
    before = page.url
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url != before)
    accessible(page)


def on(page: Page, heading: str) -> None:
    page.get_by_role("heading", level=1, name=heading, exact=True).wait_for()


def intake(suite: Suite, folder: Path) -> None:
    folder.mkdir()
    for number in range(12):
        (folder / f"PHONE{number}.E01").write_bytes(b"x" * 1_000)
    with suite.stores.open() as store:
        changes = {"intake_folders": (str(folder),)}
        set_settings(store.connection, changes, by="A", now_s=suite.now_s())
        store.connection.commit()
    suite.forget_settings()


def name_the_device(page: Page) -> None:
    """Leave a field out first, and go to it by the summary of what is wrong."""
    on(page, "Which case and exhibit is it?")
    write(page, "Exhibit reference", "ABC/1")
    reach(page, "button", "Save and continue")
    page.keyboard.press("Enter")
    page.locator(".error-summary").wait_for()
    accessible(page)
    reach(page, "link", "Enter the case reference")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "case"
    page.keyboard.type("OP-HARBOUR")
    go_on(page)


def answer_questions(page: Page) -> None:
    choose(page, "A suspect's")
    go_on(page)
    choose(page, "Laptop")
    write(page, "Make (optional)", "Harbour")
    go_on(page)
    choose(page, "Indecent images of children")
    go_on(page)
    choose(page, "High")
    go_on(page)
    choose(page, "Search warrant")
    go_on(page)
    choose(page, "All of the device")
    go_on(page)
    seized = page.get_by_role("group", name="When was the device seized?")
    seized.get_by_label("Day").focus()
    for part in ("20", "11", "2025"):
        page.keyboard.type(part)
        page.keyboard.press("Tab")
    page.get_by_role("group", name="When was the device seized?").get_by_label("Year").focus()
    choose(page, "No")
    go_on(page)
    choose(page, "Choose it from the unit's intake folder")
    go_on(page)


def pick_an_image(page: Page) -> None:
    on(page, "Which copy is it?")
    reach(page, "textbox", "Search by name")
    page.keyboard.type("phone7")
    page.keyboard.press("Enter")
    page.wait_for_url("**find=phone7**")
    choose(page, "PHONE7.E01")
    go_on(page)


def check_and_submit(page: Page) -> None:
    """Change an answer on the way."""
    on(page, "Check your answers")
    reach(page, "link", "Change Risk band")
    page.keyboard.press("Enter")
    on(page, "What is the risk band?")
    choose(page, "Very high")
    go_on(page)
    on(page, "Check your answers")
    go_on(page, "Submit the device")


def test_a_device_is_submitted_by_keyboard_alone(
    suite: Suite, live: str, page_as: Opened, tmp_path: Path
) -> None:
    intake(suite, tmp_path / "intake")
    page = page_as(suite, live, "officer")
    page.goto(f"{live}/officer")
    go_on(page, "Submit a device")
    name_the_device(page)
    answer_questions(page)
    pick_an_image(page)
    check_and_submit(page)
    on(page, "Device submitted")
    receipt = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}", page.locator(".panel").inner_text())
    assert receipt is not None
    assert page.get_by_role("button", name="Print this receipt").is_visible()
    assert pages_of(page) == 1
    page.go_back()
    on(page, "Device submitted")
    page.goto(f"{live}/officer")
    reach(page, "link", "ABC/1 of OP-HARBOUR")
    page.keyboard.press("Enter")
    page.get_by_text("It is the first in the queue.").wait_for()
    accessible(page)


def pages_of(page: Page) -> int:
    """Give how many sheets a page takes when it is printed."""
    return len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(prefer_css_page_size=True, format="A4")))


def test_a_result_is_read_and_taken_on_one_sheet(
    examined: Suite, live_examined: str, page_as: Opened, tmp_path: Path
) -> None:
    receipt = submitted(examined)
    page = page_as(examined, live_examined, "officer")
    page.goto(f"{live_examined}/officer/submissions/{receipt}/result")
    page.get_by_role("heading", level=1, name="Red: illegal material was recognised").wait_for()
    accessible(page)
    with page.expect_download() as loading:
        reach(page, "link", "Download the result")
        page.keyboard.press("Enter")
    sheet = tmp_path / loading.value.suggested_filename
    loading.value.save_as(sheet)
    assert sheet.name == f"result-{receipt}.html"
    page.goto(sheet.as_uri())
    accessible(page)
    assert pages_of(page) == 1


def test_every_officer_page_holds_at_phone_width_and_at_200_percent(
    examined: Suite, live_examined: str, page_as: Opened
) -> None:
    receipt = submitted(examined)
    page = page_as(examined, live_examined, "officer", width=WIDE_ENOUGH)
    page.goto(f"{live_examined}/officer")
    page.get_by_role("button", name="Submit a device").click()
    draft = page.url.rsplit("/", 1)[0]
    seen = f"{live_examined}/officer/submissions"
    steps = ("references", "device", "power", "scope", "dates", "evidence", "image", "check")
    for path in (
        f"{live_examined}/officer",
        *(f"{draft}/{step}" for step in steps),
        seen,
        *(f"{seen}/{receipt}{way}" for way in ("", "/receipt", "/result")),
    ):
        for width in (WIDE_ENOUGH, 640):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        accessible(page)


def submitted(suite: Suite) -> str:
    """Let the examined exhibit be one that the officer submitted; give the receipt."""
    receipt, now_s = "7KQ4-M2XD", suite.now_s()
    with suite.stores.open() as store:
        account = Accounts(store.connection).by_name("officer")
        assert account is not None
        facts = ExhibitFacts(
            case="OP-X",
            exhibit="ABC/1",
            received_s=now_s,
            device_type="Laptop",
            owner_role=OwnerRole.SUSPECT,
            offence="Indecent images of children",
            risk_band="High",
            legal_power="Search warrant",
            seized_on="2025-11-20",
        )
        ledger_id = Ledger(store.connection).add(facts, stage=Stage.REVIEW, by="A", now_s=now_s)
        Submissions(store.connection).add(
            receipt,
            draft="0" * 32,
            ledger_id=ledger_id,
            user_id=account.user_id,
            team_id=account.team_id,
            at_s=now_s,
            evidence={"how": "brought"},
        )
        store.connection.commit()
    return receipt
