"""The browser of the walk-through: the program as it serves, people who sign in, and pictures."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright
from walkthrough_unit import FIRST_WORD, OWN_WORD, ROOT, Unit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

WIDE, HIGH = 1280, 860
COLOURS = 128
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
VEIL = """pairs => {
  if (document.activeElement) document.activeElement.blur();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    let words = node.data;
    for (const [pattern, put] of pairs) words = words.replace(new RegExp(pattern, "g"), put);
    if (words !== node.data) node.data = words;
  }
}"""
STARTING_S = 60
WAIT_MS = 60_000


@contextlib.contextmanager
def serving(unit: Unit) -> Iterator[str]:
    """Serve the unit's pages as a process of its own, on a free port, and give the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "triage", "serve", "--port", port]
    log = unit.folder / "serve.log"
    with log.open("wb") as out:
        server = subprocess.Popen(command, env=unit.environment(), cwd=ROOT, stderr=out)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, log)
        yield address
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)


def _wait(address: str, log: Path) -> None:
    until = time.monotonic() + STARTING_S
    while time.monotonic() < until:
        with contextlib.suppress(urllib.error.URLError):
            urllib.request.urlopen(address + "/sign-in", timeout=5).close()  # noqa: S310  (ours)
            return
        time.sleep(0.2)
    raise SystemExit("triage serve does not answer:\n" + log.read_text("utf-8"))


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Start the Chromium of this machine, without a window."""
    names = (os.environ.get("CHROMIUM", ""), *BROWSERS)
    path = next((found for name in names if name and (found := shutil.which(name))), None)
    if path is None:
        raise SystemExit("Chromium is not installed (Debian: chromium); CHROMIUM may name one")
    alone = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=alone)
        yield browser
        browser.close()


class Desk:
    """People's browsers, and the folder that pictures of their pages go to."""

    def __init__(self, unit: Unit, browser: Browser, address: str, pictures: Path) -> None:
        self.browser, self.address, self.pictures = browser, address, pictures
        self.veiled = (
            (re.escape(str(unit.folder)), "/srv/dfu"),
            (rf"\b{re.escape(socket.gethostname())} \(process \d+\)", "dfu-1 (process 2210)"),
            (r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b(?!-)", "7KQ4-M2XD"),
        )
        self._new: set[str] = set()
        self.taken: list[str] = []

    def sit(self, name: str) -> Page:
        """Sign somebody in; the first time, a password of one's own is chosen."""
        context = self.browser.new_context(
            viewport={"width": WIDE, "height": HIGH},
            locale="en-GB",
            timezone_id="UTC",
            reduced_motion="reduce",
        )
        context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        page.goto(f"{self.address}/sign-in")
        self._sign_in(page, name, OWN_WORD if name in self._new else FIRST_WORD)
        if page.url.endswith("/account/password"):
            page.get_by_label("The password you have now").fill(FIRST_WORD)
            page.get_by_label("New password", exact=True).fill(OWN_WORD)
            page.get_by_label("New password, once more").fill(OWN_WORD)
            page.get_by_role("button", name="Change password").click()
            page.locator(".notification").wait_for()
            self._new.add(name)
        return page

    @staticmethod
    def _sign_in(page: Page, name: str, word: str) -> None:
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(word)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/sign-in" not in url)

    def go(self, page: Page, path: str) -> None:
        """Open a page and wait until its pictures and charts are there."""
        page.goto(self.address + path)
        page.wait_for_load_state("networkidle")

    def shot(self, page: Page, name: str, *, until: Locator | None = None, high: int = 0) -> None:
        """Take the window, or the page down to ``high`` pixels or to the end of an element."""
        self._veil(page)
        if until is not None:
            box = until.bounding_box()
            high = int(box["y"] + box["height"] + page.evaluate("scrollY")) + 24 if box else 0
        if high:
            page.evaluate("scrollTo(0, 0)")
            clip = {"x": 0, "y": 0, "width": WIDE, "height": high}
            data = page.screenshot(full_page=True, clip=clip, animations="disabled")  # type: ignore[arg-type]
        else:
            data = page.screenshot(animations="disabled")
        self._keep(name, data)

    def all_of(self, page: Page, name: str) -> None:
        """Take a page from its head to its foot."""
        self._veil(page)
        self._keep(name, page.screenshot(full_page=True, animations="disabled"))

    def _veil(self, page: Page) -> None:
        """Put fixed words in the place of what is of this machine, or is drawn anew each time."""
        page.evaluate(VEIL, [[pattern, words] for pattern, words in self.veiled])

    def _keep(self, name: str, data: bytes) -> None:
        with Image.open(io.BytesIO(data)) as found:
            few = found.convert("RGB").quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=NO_DITHER)
        path = self.pictures / f"{name}.png"
        few.save(path, optimize=True)
        self.taken.append(path.name)
        print(f"  {path.stat().st_size:>8,} bytes  {path.name}", flush=True)


NO_DITHER = Image.Dither.NONE
