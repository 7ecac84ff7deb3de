"""Casework in a real browser: from the list of signals to a settled dispute and a file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from suitehere import accessible, served
from triage.model.account import AuditAction
from triage.model.grade import Category
from triage.model.vote import Ballot
from triage.store.audit import Audit
from triage.store.tables import contents
from triage.store.votes import Votes
from triage.web.suite import Suite

if TYPE_CHECKING:
    from playwright.sync_api import Page

Pages = Callable[..., "Page"]


def quarrel(suite: Suite) -> str:
    """Have two graders differ about a picture, and give its SHA-256."""
    with suite.stores.open() as store:
        query = sa.select(contents.c.sha256).where(contents.c.family == "picture")
        sha256 = bytes(
            store.connection.execute(query.order_by(contents.c.sha256)).scalars().all()[3]
        )
        for by, category in (("Esa Examiner", Category.A), ("Eva Examiner", Category.B)):
            one = Ballot(
                sha256=sha256,
                category=category,
                scheme="uk-names",
                scheme_version="1",
                code=category.value,
                by=by,
            )
            Votes(store.connection).cast("OP-X", [one], now_s=suite.now_s() - 60)
        store.connection.commit()
    return sha256.hex()


def shown(suite: Suite) -> set[str]:
    """Give the pictures that were sent to somebody."""
    with suite.stores.open() as store:
        rows = Audit(store.connection).rows(limit=1_000)
        return {
            one.line.sha256.hex() for one in rows if one.line.action is AuditAction.PICTURE_SHOWN
        }


def test_from_the_signals_to_their_stack_a_file_and_grades_from_elsewhere(
    album: Suite, page_as: Pages, tmp_path: Path
) -> None:
    disputed = quarrel(album)
    with served(album) as address:
        page = page_as(album, address, "examiner")
        page.get_by_role("link", name="Cases").first.click()
        page.get_by_role("link", name="OP-X").click()
        accessible(page)
        page.get_by_role("link", name="Possible first-generation material").click()
        accessible(page)
        first = page.locator(".lead-row").first
        page.wait_for_function("() => document.querySelector('.lead-row img').naturalWidth > 0")
        digest = first.locator(".digest").inner_text()
        assert digest in shown(album)
        page.get_by_role("button", name="Build a spreadsheet (CSV)").click()
        accessible(page)
        told = page.locator(".parcel .digest").inner_text()
        with page.expect_download() as download:
            page.get_by_role("button", name="Save").click()
        data = Path(download.value.path()).read_bytes()
        assert download.value.suggested_filename == "OP-X-first-generation.csv"
        assert hashlib.sha256(data).hexdigest() == told
        assert digest.encode() in data

        case = {"ContactName": "Ann", "Media": [{"Category": 3, "SHA256": disputed}]}
        data_model = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml"
        context = f"{data_model}/UK/$metadata#Cases"
        theirs = tmp_path / "theirs.json"
        theirs.write_text(json.dumps({"@odata.context": context, "value": [case]}))
        page.goto(f"{address}/cases/1/files")
        page.get_by_role("button", name="Import the grades").click()
        page.get_by_text("Choose a file first.").wait_for()
        page.get_by_label("VICS file").set_input_files(theirs)
        page.get_by_label("Category scheme of its codes").select_option("uk-names")
        page.get_by_role("button", name="Import the grades").click()
        page.get_by_text("theirs.json was imported").wait_for()
        page.get_by_text("1 record was refused").click()
        page.get_by_text("code 3 is not in scheme uk-names").wait_for()
        accessible(page)

        page.goto(f"{address}/bench/1/first-generation")
        page.get_by_role("link", name="Open its stack").first.click()
        page.locator("#frame canvas").wait_for()


def test_a_dispute_is_settled_by_keyboard_and_a_sample_drawn_on_a_narrow_screen(
    album: Suite, page_as: Pages
) -> None:
    disputed = quarrel(album)
    with served(album) as address:
        page = page_as(album, address, "supervisor", width=640)
        page.goto(f"{address}/cases/1/disputes")
        accessible(page)
        page.get_by_role("link", name=disputed[:16]).focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Settle the dispute").click()
        page.get_by_role("link", name="Say why, so that others can follow it").click()
        accessible(page)
        page.keyboard.type("age by expert")
        page.get_by_label("Category B", exact=True).check()
        page.get_by_role("button", name="Settle the dispute").click()
        page.get_by_text("The dispute is settled.").wait_for()
        page.goto(f"{address}/cases/1/quality")
        page.get_by_role("button", name="Draw a sample").click()
        page.get_by_text("Drawn for a second look: 1.").wait_for()
        accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 640
