"""The manager's and the administrator's part of the walk-through."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from walkthrough_unit import Unit

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from walkthrough_browser import Desk


def set_up(desk: Desk, unit: Unit) -> None:
    """Name the unit, its intake folder, and confirm what the codes mean."""
    page = desk.sit("a.archer")
    for group, label, words in (
        ("unit", "unit_name", "Northmoor Digital Forensics Unit"),
        ("unit", "unit_contact", "the DFU desk, extension 4410"),
        ("intake", "intake_folders", str(unit.intake)),
    ):
        desk.go(page, f"/administrator/settings/{group}")
        page.locator(f"#{label}").fill(words)
        page.get_by_role("button", name="Save").click()
        page.locator(".notification").wait_for()
    for scheme in ("uk", "uk-names"):
        desk.go(page, f"/administrator/schemes/{scheme}")
        if scheme == "uk":
            desk.all_of(page, "administrator-scheme")
        page.get_by_label("Who checked it").fill("Ada Archer")
        page.get_by_label("What it was checked against").fill("synthetic sample sets")
        page.get_by_role("button", name="Confirm version").click()
        page.locator(".notification").wait_for()
    desk.go(page, "/administrator/settings/grading")
    page.locator("#grading_scheme").select_option("uk-names")
    page.get_by_role("button", name="Save").click()
    page.locator(".notification").wait_for()
    page.context.close()


def administer(desk: Desk) -> None:
    """Add an account, and see accounts, settings and the record."""
    page = desk.sit("a.archer")
    desk.go(page, "/administrator/accounts/new")
    page.get_by_label("Name as others read it").fill("Nia Noor")
    page.get_by_label("Name to sign in with").fill("n.noor")
    page.get_by_label("Examiner", exact=True).check()
    page.get_by_role("button", name="Add the account").click()
    page.locator("#once").wait_for()
    page.evaluate("document.querySelector('#once').textContent = 'shown-here-only-once'")
    desk.shot(page, "administrator-password", until=page.locator("main"))
    desk.go(page, "/administrator/accounts")
    desk.shot(page, "administrator-accounts", until=page.locator("main"))
    desk.go(page, "/administrator/settings/welfare")
    desk.shot(page, "administrator-settings", until=page.locator("main"))
    desk.go(page, "/administrator/audit")
    desk.shot(page, "administrator-record", high=1100)
    page.context.close()


def manage(desk: Desk) -> None:
    """Read the morning, put an exhibit first, and look at nights, forecast, loads and counts."""
    page = desk.sit("m.moore")
    desk.go(page, "/manager/counts")
    _count(page)
    desk.shot(page, "manager-counts", until=page.locator("main"))
    desk.go(page, "/manager")
    desk.all_of(page, "manager-morning")
    desk.go(page, "/manager/queue")
    desk.shot(page, "manager-queue", until=page.locator("main"))
    page.locator("tbody a").nth(3).click()
    page.wait_for_load_state("networkidle")
    page.locator("summary", has_text="Put it first").click()
    desk.shot(page, "manager-exhibit", until=page.locator("main"))
    page.locator("#why-bump").fill("Bail ends sooner than expected")
    page.locator("details[open]").get_by_role("button").first.click()
    page.locator(".notification").wait_for()
    for name, path in (
        ("manager-tonight", "/manager/tonight"),
        ("manager-night", "/manager/night"),
        ("manager-forecast", "/manager/forecast?arrivals=%2B10%25"),
        ("manager-loads", "/manager/loads"),
    ):
        desk.go(page, path)
        desk.shot(page, name, until=page.locator("main"))
    page.context.close()


def _count(page: Page) -> None:
    page.locator("#kind").select_option(index=1)
    page.get_by_label("Number").fill("214")
    today = datetime.now(UTC)
    for part, value in (("Day", today.day), ("Month", today.month), ("Year", today.year)):
        page.get_by_label(part, exact=True).fill(str(value))
    page.get_by_role("button", name="Enter the count").click()
    page.locator(".notification").wait_for()
