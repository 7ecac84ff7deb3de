"""Names, references and words that were made to become markup come out of every page as words."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from crawling import (
    ATTRIBUTE,
    FORMULA,
    LINES,
    MARK,
    MARKUP,
    TEMPLATE,
    WORDS,
    filled,
    read,
    walk,
    wrong_with,
)
from PIL import Image

from road import Road
from suitehere import Client, client_of, open_suite, people, served
from triage.model.account import Role
from triage.model.ledger import ExhibitFacts, Stage
from triage.store.accounts import Accounts
from triage.store.ledger import Ledger
from triage.store.settings import set_settings
from triage.web.app import make_app
from triage.web.suite import Suite

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROLES = ("officer", "examiner", "supervisor", "manager", "administrator")
PLAIN = (MARKUP, ATTRIBUTE, FORMULA, TEMPLATE)
"""What may be typed where no control characters are taken."""

LEFT_ALONE = ("sign-out", "/account/password", "/account/sessions", "/disable", "/end-sessions")
"""Forms that would end what the walk needs."""


DAY = {"day": "1", "month": "2", "year": "2026"}
FITTING = {
    **{f"seized_on-{part}": value for part, value in DAY.items()},
    **{f"statutory_on-{part}": value for part, value in DAY.items()},
    "evidence": "brought",
}
"""What is taken where hostile words are not."""


def evidence(folder: Path) -> Path:
    """Make a folder of pictures whose names and EXIF are hostile."""
    folder.mkdir()
    exif = Image.Exif()
    for tag in (0x010F, 0x0110, 0x0131, 0x9286, 0xA431):
        exif[tag] = MARKUP
    names = [words.replace("/", "_").encode() for words in WORDS] + [b"\xff\xfe" + MARK.encode()]
    for nth, name in enumerate(names):
        drawn = Image.linear_gradient("L").rotate(45 * nth).convert("RGB")
        drawn.putpixel((0, 0), (nth, 0, 0))
        drawn.save(os.fsencode(folder) + b"/" + name + b".jpg", "JPEG", exif=exif)
    return folder


def words_everywhere(suite: Suite) -> None:
    """Put hostile words wherever a person or another system may put some."""
    with suite.stores.open() as store:
        accounts, now_s = Accounts(store.connection), suite.now_s()
        team = accounts.add_team(MARKUP)
        for nth, words in enumerate(PLAIN):
            accounts.add(f"<b>{nth}\"'{MARK}", words, {Role.EXAMINER}, team_id=team, now_s=now_s)
            facts = ExhibitFacts(
                case=words,
                exhibit=words,
                received_s=now_s - 100,
                device_type=words,
                offence=words,
                risk_band=words,
                legal_power=words,
                scope_limits=words,
                officer=words,
                device_make=words,
                image_path=f"/nothing/{words}.E01",
            )
            Ledger(store.connection).add(facts, stage=Stage.QUEUED, by=words, now_s=now_s)
        changes = {"unit_name": MARKUP, "unit_contact": ATTRIBUTE, "offences": PLAIN}
        set_settings(store.connection, changes, by=MARKUP, now_s=now_s)
        store.connection.commit()


@pytest.fixture(scope="module")
def examined_once_more(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    road = Road(folder)
    road.home.mkdir(mode=0o700)
    road.confirm("uk")
    road.run(evidence(folder / "evidence"))
    with open_suite(road.database, road.home) as made:
        people(made)
        words_everywhere(made)
    return folder


@pytest.fixture
def hostile(examined_once_more: Path, tmp_path: Path) -> Iterator[Suite]:
    """Give a copy of the database; the evidence itself stays where it is."""
    folder = tmp_path / "copy"
    left = shutil.ignore_patterns("evidence")
    shutil.copytree(examined_once_more, folder, ignore=left)
    road = Road(folder)
    with open_suite(road.database, road.home) as made:
        yield made


def starts(role: str) -> tuple[str, ...]:
    """Name pages that no link leads to."""
    return ("/", "/bench", "/bench/1") if role == "examiner" else ("/",)


def test_no_page_of_any_role_makes_markup_of_words(hostile: Suite) -> None:
    app, wrong, seen = make_app(hostile), [], 0
    for role in ROLES:
        with client_of(app, role) as client:
            for answer in walk(client, starts(role), most=40):
                wrong += wrong_with(answer)
                seen += MARK in answer.text
    assert wrong == [], "\n".join(wrong)
    assert seen > 20  # the words are there, as words


def fill_in(client: Client, path: str, words: str, sent: Counter[str]) -> list[str]:
    """Send each form of a page with hostile words; counts where they went."""
    wrong = []
    for form in read(client.get(path).text).forms:
        if form.method == "post" and not any(one in form.action for one in LEFT_ALONE):
            answer = client.post(form.action or path, data=filled(form, words))
            wrong += wrong_with(answer)
            sent[form.action] += 1
        elif form.method == "get":
            wrong += wrong_with(client.get(form.action or path, params=filled(form, words)))
    return wrong


def test_what_is_typed_into_any_form_comes_back_as_words(hostile: Suite) -> None:
    app, wrong, sent = make_app(hostile), [], Counter[str]()
    for role in ROLES:
        with client_of(app, role) as client:
            pages = [str(one.url.path) for one in walk(client, starts(role), most=20)]
            for nth, path in enumerate(pages):
                wrong += fill_in(client, path, (MARKUP, LINES, ATTRIBUTE, FORMULA)[nth % 4], sent)
            for answer in walk(client, starts(role), most=20):
                wrong += wrong_with(answer)
    assert wrong == [], "\n".join(wrong)
    assert len(sent) > 15


def test_a_submission_of_hostile_words_comes_back_as_words(hostile: Suite) -> None:
    wrong: list[str] = []
    with client_of(make_app(hostile), "officer") as client:
        answer = client.get("/officer")
        passed: Counter[str] = Counter()
        for words in [*PLAIN, *WORDS] * 6:
            forms = [one for one in read(answer.text).forms if "sign-out" not in one.action]
            forms = [one for one in forms if one.method == "post"]
            if not forms:
                break
            told = filled(forms[0], words)
            if passed[forms[0].action] or "evidence" in told:  # once they were refused
                told |= {name: value for name, value in FITTING.items() if name in told}
            passed[forms[0].action] += 1
            answer = client.post(forms[0].action, data=told)
            wrong += wrong_with(answer)
        for one in walk(
            client, ("/officer", "/officer/submissions", str(answer.url.path)), most=30
        ):
            wrong += wrong_with(one)
    assert wrong == [], "\n".join(wrong)
    assert len(passed) > 10
    assert str(answer.url).endswith("/receipt")


def test_the_bench_shows_hostile_names_as_words(
    hostile: Suite, page_as: Callable[..., Page]
) -> None:
    with served(hostile) as address:
        page = page_as(hostile, address, "examiner")
        page.goto(f"{address}/bench/1")
        page.wait_for_load_state("networkidle")
        page.keyboard.press("Enter")
        page.get_by_text(MARK).first.wait_for()
        grown = f"document.querySelectorAll('#{MARK}, [src={MARK}], [onmouseover]').length"
        assert page.evaluate(grown) == 0
