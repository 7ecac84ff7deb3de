"""The upload of evidence as an officer meets it, in a real browser, over connections that break."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starlette.responses import HTMLResponse

import suitehere
from suitehere import accessible, served
from triage.model.account import Role
from triage.web import pages
from triage.web.app import DOORS, make_app
from triage.web.gate import Door, SeatIn
from triage.web.suite import Suite

if TYPE_CHECKING:
    from fastapi import FastAPI
    from playwright.sync_api import Page, Route

LARGE = 50_000_000
VECTORS = {
    "": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq": (
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    "a" * 1_000_000: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
}
"""FIPS 180-4's examples, as NIST publishes them."""

FORM = """{% extends "base.html" %}
{% import "officer/upload.html" as upload %}
{% block title %}Evidence{% endblock %}
{% block head_extra %}{{ upload.head() }}{% endblock %}
{% block main %}<h1>Upload the evidence</h1>
{% call parts.form(seat, "/try") %}{{ upload.part(key) }}{{ parts.button("Continue") }}{% endcall %}
{% endblock %}
{% block scripts %}{{ upload.scripts() }}{% endblock %}"""

TRY = Door("/try", roles=frozenset({Role.OFFICER}))


@TRY.page("")
def shown(seat: SeatIn) -> HTMLResponse:
    template = pages._pages().from_string(FORM)
    unit, key = seat.suite.settings(), seat.request.query_params.get("key", "")
    return HTMLResponse(
        template.render(
            seat=seat, signed=seat.signed, unit=unit, entries=(), here="/try", flash="", key=key
        )
    )


@pytest.fixture(autouse=True)
def with_a_form(monkeypatch: pytest.MonkeyPatch) -> None:
    def made(suite: Suite) -> FastAPI:
        return make_app(suite, (*DOORS, TRY))

    monkeypatch.setattr(suitehere, "make_app", made)


def made_file(folder: Path, name: str, size: int, seed: int = 1) -> tuple[Path, str]:
    data = random.Random(seed).randbytes(size)  # noqa: S311  (the same bytes each time)
    (folder / name).write_bytes(data)
    return folder / name, hashlib.sha256(data).hexdigest()


def stands(page: Page, words: str) -> None:
    page.get_by_text(words).first.wait_for(timeout=60_000)


def key_of(page: Page) -> str:
    return page.locator("#upload_key").input_value()


def test_the_browser_digests_as_the_standard_says(
    suite: Suite, live: str, page_as: Callable[..., Page]
) -> None:
    page = page_as(suite, live, "officer")
    digest = """async ([words, cut]) => {
      const { Sha256 } = await import("/assets/sha256.js");
      const data = new TextEncoder().encode(words);
      const digest = new Sha256();
      for (let at = 0; at < data.length; at += cut) digest.update(data.subarray(at, at + cut));
      return digest.hex();
    }"""
    for words, expected in VECTORS.items():
        for cut in (1 << 20, 63, 64, 65) if len(words) > 64 else (100, 1):
            assert page.evaluate(digest, [words, cut]) == expected
    for length in (55, 56, 57, 63, 64, 65, 119, 120, 128):
        expected = hashlib.sha256(b"x" * length).hexdigest()
        assert page.evaluate(digest, ["x" * length, 7]) == expected


def broken_off(page: Page, address: str, after: int) -> Callable[[], None]:
    """Let the network abort every piece once some have passed; gives what mends it."""
    passed = 0

    def handle(route: Route) -> None:
        nonlocal passed
        passed += 1
        if passed > after:
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(f"{address}/api/uploads/*/*", handle)
    return lambda: page.unroute(f"{address}/api/uploads/*/*")


def test_a_large_upload_outlives_a_lost_connection_a_reload_and_another_server(
    suite: Suite, page_as: Callable[..., Page], tmp_path: Path
) -> None:
    path, digest = made_file(tmp_path, "Seized phone.dd", LARGE)
    other, _ = made_file(tmp_path, "other.dd", LARGE, seed=2)
    with served(suite) as address:
        page = page_as(suite, address, "officer")
        page.goto(f"{address}/try")
        accessible(page)
        broken_off(page, address, after=1)
        page.set_input_files("#upload-files", path)
        stands(page, "Step 2 of 3")
        stands(page, "Trying again. What has arrived is kept.")
        accessible(page)
        page.close()
    with served(suite) as address:
        page = page_as(suite, address, "officer")
        page.goto(f"{address}/try")
        stands(page, "You have an upload that is not finished:")
        stands(page, "Seized phone.dd, 50.0 MB:")
        accessible(page)
        renamed = tmp_path / "elsewhere" / path.name
        renamed.parent.mkdir()
        other.rename(renamed)
        page.set_input_files("#upload-files", renamed)
        stands(page, "This is not the file that you began to upload")
        accessible(page)
        page.set_input_files("#upload-files", path)
        stands(page, "The evidence has arrived")
        assert page.get_by_text(digest).count() == 2
        accessible(page)
        key = key_of(page)
        page.goto(f"{address}/try?key={key}")
        stands(page, "The evidence has arrived")
        assert key_of(page) == key
    assert (suite.home / "uploads" / key / "evidence.dd").read_bytes() == path.read_bytes()
    assert len(list((suite.home / "uploads").iterdir())) == 1


def test_an_upload_is_paused_goes_on_is_stopped_and_refused_in_plain_words(
    suite: Suite, live: str, page_as: Callable[..., Page], tmp_path: Path
) -> None:
    page = page_as(suite, live, "officer", width=320)
    page.goto(f"{live}/try")
    notes, _ = made_file(tmp_path, "notes.txt", 10)
    page.set_input_files("#upload-files", notes)
    stands(page, "'notes.txt' is not part of a disk image.")
    parts = [made_file(tmp_path, f"Disk.E0{nth}", 300_000, seed=nth)[0] for nth in (1, 2)]
    page.route(f"{live}/api/uploads/*/1", lambda route: route.abort("connectionreset"))
    page.set_input_files("#upload-files", list(reversed(parts)))
    stands(page, "Trying again. What has arrived is kept.")
    page.get_by_role("button", name="Pause").click()
    stands(page, "Paused. What has arrived is kept.")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    accessible(page)
    page.unroute(f"{live}/api/uploads/*/1")
    page.get_by_role("button", name="Go on").click()
    stands(page, "The evidence has arrived")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    files = sorted((suite.home / "uploads" / key_of(page)).iterdir())
    assert [one.read_bytes() for one in files] == [one.read_bytes() for one in parts]
    spoil(suite, page, live, tmp_path)


def spoil(suite: Suite, page: Page, live: str, tmp_path: Path) -> None:
    """Change what arrived of a file behind the server's back: only a digest after can tell."""
    path, _ = made_file(tmp_path, "card.img", 300_000, seed=5)
    done = {one.name for one in (suite.home / "uploads").iterdir()}

    def spoilt(route: Route) -> None:
        fresh = [one for one in (suite.home / "uploads").iterdir() if one.name not in done]
        (fresh[0] / "evidence.img").write_bytes(bytes(300_000))
        route.continue_()

    page.route(f"{live}/api/uploads/*/finish", spoilt)
    page.set_input_files("#upload-files", path)
    stands(page, "What arrived is not what you chose, so it was not kept")
    accessible(page)
    assert key_of(page) == ""
    assert {one.name for one in (suite.home / "uploads").iterdir()} == done
