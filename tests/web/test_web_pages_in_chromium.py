"""The shell of the pages as a person meets it, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from suitehere import PASSWORD, accessible
from triage.web.suite import Suite

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_a_person_signs_in_and_out_by_keyboard_alone(
    suite: Suite, live: str, page_as: Callable[..., Page]
) -> None:
    page = page_as(suite, live, None)
    accessible(page)
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to main content"
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.type("officer")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong one, this")
    page.keyboard.press("Enter")
    page.locator(".error-summary").wait_for()
    accessible(page)
    page.locator("#name").focus()
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Olu Officer").wait_for()
    accessible(page)
    assert [one["name"] for one in page.context.cookies()] == ["__Host-triage"]
    page.get_by_role("button", name="Sign out").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Sign in").wait_for()
    assert "__Host-triage" not in [one["name"] for one in page.context.cookies()]


def test_every_page_of_the_shell_holds_at_phone_width_and_at_200_percent(
    suite: Suite, live: str, page_as: Callable[..., Page]
) -> None:
    for width in (320, 640):
        page = page_as(suite, live, "manager", width=width)
        for path in ("/", "/account", "/account/password", "/nothing-here"):
            page.goto(live + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            accessible(page)
