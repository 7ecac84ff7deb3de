"""The officer's part of the walk-through: two devices submitted, and their results read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from walkthrough_unit import CASE

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from walkthrough_browser import Desk

OFFICER = "o.ortiz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What an officer knows of a device."""

    exhibit: str
    kind: str
    make: str
    model: str
    serial: str
    copy: str


LAPTOP = Device(
    exhibit="JD/1", kind="Laptop", make="Harbour", model="H14", serial="", copy=f"{CASE}-JD1.E01"
)
CAMERA = Device(
    exhibit="JD/2",
    kind="USB stick or memory card",
    make="Northlight",
    model="NL-20",
    serial="NL20-0048817",
    copy=f"{CASE}-JD2.dd",
)


def submit(desk: Desk) -> None:
    """Submit both devices: the first with a slip on the way, each page of it taken."""
    page = desk.sit(OFFICER)
    for device, taken in ((CAMERA, False), (LAPTOP, True)):
        desk.go(page, "/officer")
        if taken:
            desk.all_of(page, "officer-front")
        _answer(desk, page, device, taken=taken)
        page.get_by_role("button", name="Submit the device").click()
        page.get_by_role("heading", name="Device submitted").wait_for()
    desk.shot(page, "officer-receipt", until=page.locator("main"))
    page.context.close()


def read(desk: Desk) -> None:
    """Read the result of the laptop, and take it away."""
    page = desk.sit(OFFICER)
    desk.go(page, "/officer")
    page.get_by_role("link", name=f"{LAPTOP.exhibit} of {CASE}", exact=True).click()
    page.get_by_role("link", name="result").first.click()
    page.get_by_role("heading", level=1, name="Red").wait_for()
    desk.shot(page, "officer-result", until=page.locator("main table").last)
    with page.expect_download():
        page.get_by_role("link", name="Download the result").click()
    page.context.close()


def _answer(desk: Desk, page: Page, device: Device, *, taken: bool) -> None:
    page.get_by_role("button", name="Submit a device").click()
    page.get_by_label("Exhibit reference").fill(device.exhibit)
    if taken:
        _on(page)
        page.locator(".error-summary").wait_for()
        desk.shot(page, "officer-error", until=page.locator("main"))
    page.get_by_label("Case reference").fill(CASE)
    _on(page)
    _choose(page, "A suspect's")
    page.get_by_label("Make (optional)").fill(device.make)
    page.get_by_label("Model (optional)").fill(device.model)
    page.get_by_label("Serial number or IMEI (optional)").fill(device.serial)
    for words in (device.kind, "Indecent images of children", "High", "Search warrant"):
        _choose(page, words)
    _choose(page, "All of the device")
    _dates(page)
    _choose(page, "Choose it from the unit's intake folder")
    page.get_by_role("radio", name=device.copy).check()
    if taken:
        desk.shot(page, "officer-intake", until=page.locator("main"))
    _on(page)
    page.get_by_role("heading", name="Check your answers").wait_for()
    if taken:
        desk.shot(page, "officer-check", until=page.locator("main"))


def _dates(page: Page) -> None:
    seized = datetime.now(UTC) - timedelta(days=2)
    group = page.get_by_role("group", name="When was the device seized?")
    for part, value in (("Day", seized.day), ("Month", seized.month), ("Year", seized.year)):
        group.get_by_label(part).fill(str(value))
    _choose(page, "No")


def _choose(page: Page, words: str) -> None:
    page.get_by_role("radio", name=words, exact=True).check()
    _on(page)


def _on(page: Page) -> None:
    page.get_by_role("button", name="Save and continue").click()
    page.wait_for_load_state("networkidle")
