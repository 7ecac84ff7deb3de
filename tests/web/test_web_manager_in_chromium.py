"""A manager's morning and an administrator's, in a real browser, with nothing serious for axe."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from suitehere import accessible
from triage.model.account import AuditAction
from triage.model.ledger import ExhibitFacts, Stage
from triage.store.audit import Audit
from triage.store.ledger import Ledger
from triage.web.suite import Suite

if TYPE_CHECKING:
    from playwright.sync_api import Page

MANAGER = (
    "/manager",
    "/manager/queue",
    "/manager/queue/1",
    "/manager/tonight",
    "/manager/night",
    "/manager/forecast?arrivals=nonsense",
    "/manager/loads",
    "/manager/counts",
)
ADMINISTRATOR = (
    "/administrator",
    "/administrator/accounts",
    "/administrator/accounts/new",
    "/administrator/accounts/1",
    "/administrator/teams",
    "/administrator/settings",
    "/administrator/settings/welfare",
    "/administrator/schemes/uk",
    "/administrator/audit",
    "/administrator/audit/verify",
)


@pytest.fixture(autouse=True)
def unit(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIAGE_HOME", str(suite.home))
    now_s = suite.now_s()
    with suite.stores.open() as store:
        for number in range(1, 5):
            facts = ExhibitFacts(
                case="OP-X",
                exhibit=f"A/{number}",
                received_s=now_s - number * 9 * 86_400,
                device_type="Mobile phone",
                risk_band="High",
                image_path=f"/images/{number}.E01",
                image_bytes=10**10,
            )
            ledger = Ledger(store.connection)
            ledger.add(facts, stage=Stage.QUEUED, by="made up", now_s=now_s)
        store.commit()


def test_a_manager_reads_the_morning_and_holds_an_exhibit_by_keyboard(
    suite: Suite, live: str, page_as: Callable[..., Page]
) -> None:
    page = page_as(suite, live, "manager")
    page.get_by_role("link", name="This morning").first.click()
    page.get_by_text("How many wait?").wait_for()
    page.wait_for_load_state("networkidle")
    drawn = page.locator(".chart img").evaluate_all(
        "all => all.map(one => one.complete && one.naturalWidth > 100)"
    )
    assert drawn
    assert all(drawn)
    page.locator(".chart summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator(".chart table").first.is_visible()
    page.get_by_role("link", name="A/1 of OP-X").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="A/1").wait_for()
    page.locator("summary", has_text="Hold it back").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator(".error-summary a").click()
    assert page.locator(":focus").get_attribute("id") == "why-hold"
    accessible(page)
    page.keyboard.type("legal privilege is being clarified")
    page.keyboard.press("Enter")
    page.get_by_text("is held back. It is not worked until you release it.").wait_for()
    with suite.stores.open() as store:
        (line,) = Audit(store.connection).rows(action=AuditAction.QUEUE_ORDERED.value)
    assert ("why", "legal privilege is being clarified") in line.line.detail


def test_an_administrator_adds_an_account_and_sees_its_password_once(
    suite: Suite, live: str, page_as: Callable[..., Page]
) -> None:
    page = page_as(suite, live, "administrator")
    page.goto(live + "/administrator/accounts/new")
    page.get_by_role("button", name="Add the account").click()
    page.locator(".error-summary").wait_for()
    accessible(page)
    page.get_by_label("Name as others read it").fill("Nia Examiner")
    page.get_by_label("Name to sign in with").fill("n.examiner")
    page.get_by_label("Examiner", exact=True).check()
    page.get_by_role("button", name="Add the account").click()
    password = page.locator("#once").inner_text()
    accessible(page)
    assert len(password) >= 20
    page.get_by_role("link", name="Go to the account").click()
    page.get_by_text("Has a one-time password").wait_for()
    assert password not in page.content()


@pytest.mark.parametrize(
    ("name", "paths"), [("manager", MANAGER), ("administrator", ADMINISTRATOR)]
)
def test_every_page_holds_at_phone_width_and_at_200_percent(
    suite: Suite, live: str, page_as: Callable[..., Page], name: str, paths: tuple[str, ...]
) -> None:
    page = page_as(suite, live, name, width=320)
    for path in paths:
        page.goto(live + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        accessible(page)
