"""The examiners' and the supervisor's part of the walk-through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from walkthrough_unit import CASE

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from walkthrough_browser import Desk

QUIET_MS = 1_500
"""After which pictures that are fetched ahead have come."""


def grade(desk: Desk) -> None:
    """Grade the case at the bench, stack by stack and many at once, by two people."""
    page = desk.sit("e.ellis")
    number = _open(desk, page)
    _settled(page)
    page.locator("#grid").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowRight")
    desk.shot(page, "bench-gallery")
    page.locator("#pick-none").click()
    page.locator("#grid li .open").first.click()
    _shown(page)
    desk.shot(page, "bench-stack")
    _lift(page)
    desk.shot(page, "bench-lifted")
    _votes(page, "bcrraibrcr")
    other = desk.sit("e.evans")
    _open(desk, other, f"{number}?queue=second")
    other.locator("#begin").click()
    _shown(other)
    _votes(other, "brrraciarr")
    other.context.close()
    _casework(desk, page, number)
    desk.go(page, f"/bench/{number}")
    page.locator("#open-break").click()
    page.get_by_role("button", name="Begin the break").click()
    page.get_by_role("heading", name="You are taking a break").wait_for()
    desk.shot(page, "bench-break", high=560)
    page.context.close()


def look_after(desk: Desk) -> None:
    """Look at loads, settle a dispute and draw a sample, as the supervisor."""
    page = desk.sit("s.shaw")
    desk.go(page, "/supervisor")
    desk.shot(page, "bench-graders", until=page.locator("main"))
    desk.go(page, "/cases")
    page.get_by_role("link", name=CASE).click()
    page.get_by_role("link", name="Disputes").first.click()
    page.wait_for_load_state("networkidle")
    desk.shot(page, "casework-disputes", high=760)
    page.locator("main a[href*='/disputes/']").first.click()
    page.get_by_label("Category B", exact=True).check()
    page.get_by_label("Why").fill("Both looked again with me; the description of B fits.")
    page.get_by_role("button", name="Settle the dispute").click()
    page.get_by_text("The dispute is settled.").wait_for()
    number = page.url.split("/cases/")[1].split("/")[0]
    desk.go(page, f"/cases/{number}/quality")
    page.get_by_role("button", name="Draw a sample").click()
    page.get_by_text("Drawn for a second look").wait_for()
    desk.shot(page, "casework-quality", until=page.locator("main"))
    page.context.close()


def _casework(desk: Desk, page: Page, number: str) -> None:
    """See what points at first-generation material, and build the export."""
    desk.go(page, f"/bench/{number}/first-generation")
    page.wait_for_function("() => document.querySelector('.lead-row img').naturalWidth > 0")
    page.wait_for_timeout(QUIET_MS)
    desk.shot(page, "casework-first-generation", high=1000)
    desk.go(page, f"/cases/{number}/files")
    desk.shot(page, "casework-files", until=page.locator("main"))


def _open(desk: Desk, page: Page, number: str = "") -> str:
    desk.go(page, f"/bench/{number}" if number else "/bench")
    if not number:
        page.locator("main").get_by_role("link", name=CASE).click()
    page.locator("#grid li").first.wait_for()
    return page.url.split("/bench/")[1].split("?")[0]


def _settled(page: Page) -> None:
    page.wait_for_function(
        "() => [...document.querySelectorAll('#grid li')].slice(0, 12)"
        ".every(one => one.querySelector('canvas').width > 0)"
    )
    page.wait_for_timeout(QUIET_MS)


def _shown(page: Page) -> None:
    page.locator("#frame canvas").wait_for()
    page.wait_for_function("() => !document.querySelector('#frame').hasAttribute('aria-busy')")
    page.wait_for_timeout(QUIET_MS)


def _lift(page: Page) -> None:
    """Lift all three for the picture that is shown."""
    for key, name in (("g", "Grey"), ("l", "Blurred"), ("+", "Small")):
        page.keyboard.press(key)
        page.locator(f"[data-measure][aria-pressed=false]:has-text('{name}')").wait_for()
        _shown(page)


def _votes(page: Page, keys: str) -> None:
    """Give a grade to each stack that comes."""
    for key in keys:
        if page.locator("#frame canvas").count() == 0:
            break
        page.keyboard.press(key)
        page.wait_for_timeout(QUIET_MS)
    page.wait_for_function("() => /kept/.test(document.querySelector('#kept').textContent)")
