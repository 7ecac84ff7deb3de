"""The bench as graders meet it, in a real browser: whole stories, on harmless drawn pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from suitehere import accessible, client_of, served
from triage.model.account import AuditAction
from triage.store.audit import Audit
from triage.store.settings import set_settings
from triage.store.votetables import votes
from triage.web.app import make_app
from triage.web.suite import Suite

if TYPE_CHECKING:
    from playwright.sync_api import Page

Pages = Callable[..., "Page"]
SERIES = 8
"""Contents of a series: ten files, two of which are copies of the first byte for byte."""

GREY = """() => {
  const canvas = document.querySelector("#frame canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < data.length; i += 4) {
    if (Math.abs(data[i] - data[i + 2]) > 12) return false;
  }
  return true;
}"""
"""Whether the picture that is shown has no colour."""


def lines(suite: Suite, action: AuditAction, by: str = "examiner") -> list[Any]:
    with suite.stores.open() as store:
        return [
            one.line
            for one in Audit(store.connection).rows(limit=9999)
            if one.line.action is action and one.line.by == by
        ]


def voted(suite: Suite) -> dict[bytes, set[str]]:
    """Give the voters by content."""
    found: dict[bytes, set[str]] = {}
    for one in history(suite):
        found.setdefault(bytes(one.sha256), set()).add(one.by)
    return found


def history(suite: Suite) -> list[Any]:
    """Give every line about any content, in the order of recording."""
    with suite.stores.open() as store:
        return list(store.connection.execute(sa.select(votes).order_by(votes.c.id)))


def at_bench(page: Page, address: str) -> None:
    page.goto(f"{address}/bench/1")
    page.locator("#grid li").first.wait_for()


def kept(page: Page, number: int) -> None:
    page.wait_for_function(
        "n => document.querySelector('#kept').textContent.includes(`kept: ${n} picture`)",
        arg=number,
    )


def in_stack(page: Page) -> str:
    page.locator("#frame canvas").wait_for()
    return page.locator("#stack-title").inner_text()


def set_limits(suite: Suite, **limits: int) -> None:
    with suite.stores.open() as store:
        set_settings(store.connection, limits, by="Ada Administrator", now_s=suite.now_s())
        store.connection.commit()
    suite.forget_settings()


def test_a_stack_graded_once_covers_all_of_it_and_is_undone_by_keyboard_alone(
    album: Suite,
    page_as: Pages,
) -> None:
    with served(album) as address:
        page = page_as(album, address, "examiner")
        page.get_by_role("link", name="Grading").first.focus()
        page.keyboard.press("Enter")
        page.get_by_role("link", name="OP-X").focus()
        page.keyboard.press("Enter")
        page.locator("#grid li").first.wait_for()
        accessible(page)
        page.keyboard.press("Enter")
        assert in_stack(page) == f"{SERIES} pictures that look alike, 10 files"
        accessible(page)
        assert page.locator("#strip li").count() == SERIES
        assert lines(album, AuditAction.WELFARE_LIFTED) == []
        page.keyboard.press("b")
        kept(page, SERIES)
        assert len(voted(album)) == SERIES
        page.wait_for_function("() => document.querySelector('#frame canvas') !== null")
        page.keyboard.press("u")
        page.wait_for_function(
            "() => document.querySelector('#stack-mine').textContent.includes('not graded')"
        )
        page.wait_for_function(
            "() => document.querySelector('#said').textContent.startsWith('Undone')"
        )
        kinds = [one.kind for one in history(album)]
        assert kinds == ["vote"] * SERIES + ["withdrawal"] * SERIES
        page.keyboard.press("n")
        page.keyboard.type("red sails ")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.locator("#panel").get_by_text("red sails").wait_for()
        page.keyboard.press("t")
        page.locator("#tags").wait_for()
        accessible(page)
        page.locator("#series").fill("harbour")
        page.keyboard.press("Enter")
        page.keyboard.press("r")
        kept(page, 2 * SERIES)
        last = history(album)[-1]
        assert (last.code, json.loads(last.tags)) == ("NON_PERTINENT", ["series:harbour"])
        page.keyboard.press("?")
        accessible(page)
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.locator("#grid li").first.wait_for()


def test_pictures_are_spared_until_lifted_by_hand_and_each_lift_is_counted(
    album: Suite,
    page_as: Pages,
) -> None:
    sent: dict[str, str] = {}
    with served(album) as address:
        page = page_as(album, address, "examiner")
        page.on(
            "response",
            lambda got: (
                sent.update({got.url: got.headers.get("x-measures", "")})
                if "/picture/" in got.url
                else None
            ),
        )
        at_bench(page, address)
        page.keyboard.press("Enter")
        in_stack(page)
        page.wait_for_timeout(500)
        assert set(sent.values()) == {"grey blur small"}
        assert page.evaluate(GREY)
        for key, name, left in (
            ("g", "Grey", "blur small"),
            ("l", "Blurred", "small"),
            ("+", "Small", "none"),
        ):
            sent.clear()
            page.keyboard.press(key)
            page.locator(f"[data-measure][aria-pressed=false]:has-text('{name}')").wait_for()
            page.wait_for_function(
                "() => !document.querySelector('#frame').hasAttribute('aria-busy')"
            )
            assert left in sent.values()
        assert not page.evaluate(GREY)
        assert page.evaluate("document.querySelector('#frame canvas').width") > 256
        told = [dict(one.detail)["what"] for one in lines(album, AuditAction.WELFARE_LIFTED)]
        assert told == ["grey", "blur", "size"]
        page.keyboard.press("g")
        page.locator("[data-measure=grey][aria-pressed=true]").wait_for()
        page.wait_for_function("() => !document.querySelector('#frame').hasAttribute('aria-busy')")
        assert page.evaluate(GREY)
        assert len(lines(album, AuditAction.WELFARE_LIFTED)) == 3
        # nothing of a picture stays in the browser
        assert page.evaluate("caches.keys().then(all => all.length)") == 0


def test_two_graders_at_once_lose_no_vote_and_see_nothing_of_each_other(
    album: Suite,
    page_as: Pages,
) -> None:
    with served(album) as address:
        one, other = (page_as(album, address, name) for name in ("examiner", "examiner2"))
        for page in (one, other):
            at_bench(page, address)
            page.keyboard.press("Enter")
            assert in_stack(page).startswith(str(SERIES))
        one.keyboard.press("a")
        other.keyboard.press("b")
        kept(one, SERIES)
        kept(other, SERIES)
        assert set(map(frozenset, voted(album).values())) == {
            frozenset({"Esa Examiner", "Eva Examiner"})
        }
        third = page_as(album, address, "examiner3")
        third.goto(f"{address}/bench/1?queue=second")
        third.locator("#grid li").first.wait_for()
        third.keyboard.press("Enter")
        in_stack(third)
        third.get_by_text("2 other people voted.").wait_for()
        shown = third.locator("main").inner_text()
        assert "Esa" not in shown
        assert "Eva" not in shown
        assert "dispute" not in third.locator("#stack-view").inner_text().lower()


def test_a_vote_that_did_not_arrive_is_shown_and_sent_again(
    album: Suite,
    page_as: Pages,
) -> None:
    with served(album) as address:
        page = page_as(album, address, "examiner")
        at_bench(page, address)
        page.keyboard.press("Control+a")
        page.locator("#picked", has_text="selected").wait_for()
        page.locator("#pick-none").click()
        page.locator("#grid").focus()
        page.keyboard.press("Home")
        page.keyboard.press("Shift+ArrowRight")
        page.locator("#picked", has_text="2 stacks selected").wait_for()
        page.route("**/votes*", lambda route: route.abort())
        page.keyboard.press("c")
        page.locator("#send-again").wait_for()
        assert "is not kept" in page.locator("#kept").inner_text()
        accessible(page)
        assert voted(album) == {}
        page.unroute("**/votes*")
        page.locator("#send-again").click()
        kept(page, 2 * SERIES)
        assert len(voted(album)) == 2 * SERIES


def test_at_the_limit_nothing_more_is_shown_until_a_supervisor_allows_it(
    album: Suite,
    page_as: Pages,
) -> None:
    set_limits(album, pictures_soft=4, pictures_hard=8, break_minutes=1)
    with served(album) as address:
        page = page_as(album, address, "examiner")
        at_bench(page, address)
        page.locator("#grid li").last.scroll_into_view_if_needed()
        page.get_by_role("heading", name="You have reached today's limit").wait_for()
        accessible(page)
        assert not page.locator("canvas:visible").count()
        shown = len(lines(album, AuditAction.PICTURE_SHOWN))
        assert 8 <= shown < 8 + 4
        assert len(lines(album, AuditAction.LIMIT_REACHED)) == 1
        assert client_of(make_app(album), "examiner").get("/api/cases/1/next").status_code == 409
        boss = page_as(album, address, "supervisor")
        boss.goto(f"{address}/supervisor")
        accessible(boss)
        boss.get_by_role("link", name="Esa Examiner").click()
        boss.get_by_label("How many more pictures").fill("50")
        boss.get_by_label("Why").fill("Spoke with Esa")
        boss.get_by_role("button", name="Allow more").click()
        boss.get_by_text("Esa Examiner may look at more today").wait_for()
        page.get_by_role("button", name="Look again").click()
        page.locator("#gallery-view").wait_for()
        page.locator("#grid li").last.scroll_into_view_if_needed()
        page.wait_for_timeout(1500)
        assert len(lines(album, AuditAction.PICTURE_SHOWN)) > shown
        page.locator("#open-break").click()
        page.get_by_role("button", name="Begin the break").click()
        page.get_by_role("heading", name="You are taking a break").wait_for()
        assert not page.locator("canvas:visible").count()
        assert len(lines(album, AuditAction.BREAK_TAKEN)) == 1
        page.goto(f"{address}/bench/exposure")
        accessible(page)


@pytest.mark.parametrize("width", [320, 640])
def test_the_bench_holds_at_phone_width_and_at_200_percent(
    album: Suite,
    page_as: Pages,
    width: int,
) -> None:
    with served(album) as address:
        page = page_as(album, address, "examiner", width=width)
        at_bench(page, address)
        wide = "document.documentElement.scrollWidth"
        assert page.evaluate(wide) <= width
        page.locator("#open-filters").click()
        assert page.evaluate(wide) <= width
        accessible(page)
        page.locator("#begin").click()
        in_stack(page)
        page.locator("#panel section").first.wait_for()
        assert page.evaluate(wide) <= width
        accessible(page)
        small = page.evaluate(
            "[...document.querySelectorAll('button, select, input, summary, main a')]"
            ".filter(one => one.offsetParent && one.getBoundingClientRect().height < 24)"
            ".map(one => one.outerHTML)"
        )
        assert small == []
