"""Pictures reach examiners alone, made anew and spared, written down first, and stay nowhere."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image, ImageDraw
from starlette.responses import Response

import suitehere
from road import Road
from suitehere import ROLES, Client, client_of, open_suite, people
from triage.bench.pictures import Viewer
from triage.errors import StoreError
from triage.model.account import AuditAction, AuditRow
from triage.pipeline.tasks import close_evidence
from triage.store.audit import Audit
from triage.web import cookies
from triage.web.app import DOORS, make_app
from triage.web.gate import EVERYBODY, Door, SeatIn
from triage.web.suite import Suite

if TYPE_CHECKING:
    from playwright.sync_api import BrowserType


def drawn(number: int = 1) -> bytes:
    """Draw a harmless picture in colours, with fine lines and EXIF."""
    picture = Image.new("RGB", (1200, 900), (200, 60, 20 * number))
    draw = ImageDraw.Draw(picture)
    for x in range(0, 1200, 8):
        draw.line((x, 0, 1200 - x, 900), fill=(x % 256, 200, 40))
    exif = Image.Exif()
    exif[0x010F] = "SECRETMAKER"
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif, quality=90)
    return out.getvalue()


ORIGINAL = drawn()
SHA256 = hashlib.sha256(ORIGINAL).digest()
PATH = f"/bench/1/picture/{SHA256.hex()}"


@pytest.fixture(scope="module")
def phone_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run a folder with one picture, and add the accounts."""
    folder = tmp_path_factory.mktemp("pictures")
    road = Road(folder)
    road.home.mkdir(mode=0o700)
    (folder / "phone").mkdir()
    (folder / "phone" / "a.jpg").write_bytes(ORIGINAL)
    (folder / "phone" / "text.txt").write_bytes(b"not a picture, but long enough to be some words")
    road.run(folder / "phone")
    with open_suite(road.database, road.home) as made:
        people(made)
    return folder


@pytest.fixture
def phone(phone_once: Path) -> Iterator[Suite]:
    """Give the installation; pictures are decoded in this process."""
    road = Road(phone_once)
    with open_suite(road.database, road.home) as made:
        made.part(Viewer, lambda suite: Viewer(suite.stores, workers=0))
        yield made
    close_evidence()


@pytest.fixture
def examiner(phone: Suite) -> Client:
    return client_of(make_app(phone), "examiner")


def seen(suite: Suite) -> list[tuple[str, str, str, dict[str, str]]]:
    """Give who was shown what, in order."""
    with suite.stores.open() as store:
        return [
            (row.line.by, row.line.case, row.line.sha256.hex(), dict(row.line.detail))
            for row in Audit(store.connection).iterate()
            if isinstance(row, AuditRow) and row.line.action is AuditAction.PICTURE_SHOWN
        ]


def pixels(body: bytes) -> Image.Image:
    with Image.open(io.BytesIO(body)) as picture:
        picture.load()
        return picture


@pytest.mark.parametrize("size", ["", "?size=small", "?size=large"])
def test_a_picture_is_small_grey_and_blurred_until_that_is_lifted(
    examiner: Client, phone: Suite, size: str
) -> None:
    before = len(seen(phone))
    answer = examiner.get(PATH + size)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    picture = pixels(answer.content)
    assert picture.size == (256, 192)
    assert picture.mode == "L"
    neighbours = np.abs(np.diff(np.asarray(picture).astype(int), axis=1))
    assert neighbours.max() < 40  # lines of one pixel would jump by far more
    assert seen(phone)[before:] == [
        ("examiner", "OP-X", SHA256.hex(), {"size": "small", "measures": "grey blur small"})
    ]


def lift(client: Client, *what: str, back: bool = False) -> None:
    body = {"contents": [SHA256.hex()], "what": what, "back": back}
    assert client.call("POST", "/api/cases/1/lifts", json=body).status_code == 200


def test_measures_are_lifted_one_by_one_for_one_session(phone: Suite) -> None:
    app = make_app(phone)
    first, second = client_of(app, "examiner"), client_of(app, "examiner")

    def look(client: Client) -> tuple[str, bool, tuple[int, int]]:
        picture = pixels(client.get(f"{PATH}?size=large").content)
        steps = np.abs(np.diff(np.asarray(picture.convert("L")).astype(int), axis=1))
        return picture.mode, bool(steps.max() > 40), picture.size

    lift(first, "blur")
    assert look(first) == ("L", True, (256, 192))
    lift(first, "grey", "size")
    assert look(first) == ("RGB", True, (1200, 900))
    assert look(second) == ("L", False, (256, 192))
    lift(first, "blur", "grey", back=True)
    assert look(first) == ("L", False, (1200, 900))
    told = [detail["measures"] for *_, detail in seen(phone)][-4:]
    assert told == ["grey small", "none", "grey blur small", "grey blur"]


def test_over_the_hard_limit_nothing_is_sent(
    examiner: Client, phone: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert examiner.get(PATH).status_code == 200
    limited = replace(phone.settings(), pictures_hard=1)
    monkeypatch.setattr(Suite, "settings", lambda _: limited)
    before = len(seen(phone))
    answer = examiner.get(PATH)
    assert answer.status_code == 409
    assert b"\xff\xd8\xff" not in answer.content
    assert len(seen(phone)) == before


def test_what_is_sent_is_not_the_file_and_says_nothing_of_itself(examiner: Client) -> None:
    body = examiner.get(PATH).content
    assert ORIGINAL not in body
    assert b"SECRET" in ORIGINAL
    assert b"SECRET" not in body
    assert not pixels(body).getexif()


def test_nobody_may_keep_it(examiner: Client) -> None:
    headers = examiner.get(PATH).headers
    assert headers["cache-control"] == "no-store, private"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert "etag" not in headers
    assert "last-modified" not in headers


@pytest.mark.parametrize("path", [PATH, f"{PATH}?size=large", f"{PATH}/tags"])
def test_no_role_but_examiners_reaches_it(phone: Suite, path: str) -> None:
    before = seen(phone)
    app = make_app(phone)
    for role in ROLES:
        if role == "examiner":
            continue
        answer = client_of(app, role or None).get(path)
        assert answer.status_code == (403 if role else 401), role
        assert b"\xff\xd8\xff" not in answer.content
    assert seen(phone) == before


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/bench/2/picture/{SHA256.hex()}", 404),
        (f"/bench/1/picture/{bytes(32).hex()}", 404),
        (f"/bench/0/picture/{SHA256.hex()}", 422),
        (f"/bench/99999999999999999999/picture/{SHA256.hex()}", 422),
        ("/bench/1/picture/..%2f..%2fetc%2fpasswd", 404),
        ("/bench/1/picture/zz", 422),
        (f"{PATH}?size=huge", 422),
        (f"{PATH}%0d%0aX: y", 422),
    ],
)
def test_what_does_not_exist_is_not_shown(examiner: Client, path: str, status: int) -> None:
    answer = examiner.get(path)
    assert answer.status_code == status
    assert b"passwd" not in answer.content


def test_why_a_content_is_not_shown_is_told_in_words(
    examiner: Client, phone: Suite, phone_once: Path
) -> None:
    before = seen(phone)
    text = hashlib.sha256(b"not a picture, but long enough to be some words").hexdigest()
    answer = examiner.get(f"/bench/1/picture/{text}")
    assert answer.status_code == 409
    folder = phone_once / "phone"
    away = folder.rename(phone_once / "unplugged")
    try:
        answer = examiner.get(PATH)
        assert answer.status_code == 409
        assert "not where it was" in answer.json()["error"]["message"]
    finally:
        away.rename(folder)
    assert examiner.get(PATH).status_code == 200
    assert len(seen(phone)) == len(before) + 1


def test_what_cannot_be_written_down_is_not_sent(
    examiner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(Audit, "append", away)
    answer = examiner.get(PATH)
    assert answer.status_code == 503
    assert b"\xff\xd8\xff" not in answer.content


def test_tags_are_told_to_examiners(examiner: Client) -> None:
    told = examiner.get(f"{PATH}/tags").json()["tags"]
    assert {"group": "picture", "name": "Make", "value": "SECRETMAKER"} in told


def files(folder: Path) -> dict[str, int]:
    return {
        os.path.relpath(path, folder): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("cases.sqlite")
    }


def test_viewing_writes_no_file_but_the_database(phone: Suite, phone_once: Path) -> None:
    before = files(phone_once)
    assert before
    reader = client_of(make_app(phone), "examiner")
    for size in ("small", "large"):
        assert reader.get(f"{PATH}?size={size}").status_code == 200
    assert files(phone_once) == before
    for path in phone_once.glob("cases.sqlite*"):
        assert b"\xff\xd8\xff" not in path.read_bytes()


def marked() -> bytes:
    """Draw a picture that a browser is allowed to keep, to see whether the search finds it."""
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(out, "JPEG", comment=b"TEALPICTURE" * 20)
    return out.getvalue()


def kept(profile: Path, mark: bytes) -> list[str]:
    return [
        os.path.relpath(path, profile)
        for path in profile.rglob("*")
        if path.is_file() and mark in path.read_bytes()
    ]


def with_control(suite: Suite) -> FastAPI:
    """Make the application with one more picture, which a browser may keep."""
    door = Door("/control", roles=EVERYBODY)

    @door.get("/kept.jpg", include_in_schema=False)
    def control(seat: SeatIn) -> Response:  # noqa: ARG001  (who asks was checked)
        return Response(
            marked(), media_type="image/jpeg", headers={"Cache-Control": "max-age=9999"}
        )

    return make_app(suite, (*DOORS, door))


SHOW = """source => new Promise((done, failed) => {
  const image = document.createElement("img");
  image.onload = () => done(image.naturalWidth);
  image.onerror = () => failed(new Error(source));
  image.src = source;
  document.body.append(image);
})"""


@pytest.fixture
def profile(
    browsers: BrowserType, phone_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Let a Chromium look at pictures as an examiner, and give the folder that it leaves."""
    road = Road(phone_once)
    monkeypatch.setattr(suitehere, "make_app", with_control)
    with open_suite(road.database, road.home) as suite, suitehere.served(suite) as address:
        context = browsers.launch_persistent_context(
            str(tmp_path / "profile"), **suitehere.launch_options()
        )
        token, _ = suitehere.signed_token(suite, "examiner")
        url = address.replace("http:", "https:", 1)
        context.add_cookies([{"name": cookies.SESSION, "value": token, "url": url, "secure": True}])
        page = context.new_page()
        page.goto(address + "/")
        for source, width in ((PATH, 256), (f"{PATH}?size=large", 256), ("/control/kept.jpg", 64)):
            assert page.evaluate(SHOW, source) == width
        page.goto(address + PATH)  # by itself, too
        page.goto(address + "/")
        page.wait_for_timeout(1_500)  # what is to be kept is written a moment later
        context.close()
    return tmp_path / "profile"


def test_chromium_shows_it_and_keeps_nothing(profile: Path, examiner: Client) -> None:
    assert kept(profile, b"TEALPICTURE") != []  # the search finds what may be kept
    body = examiner.get(PATH).content  # the same bytes each time
    assert body == examiner.get(PATH).content
    pieces = [body[start : start + 24] for start in range(0, len(body) - 24, 512)]
    assert [kept(profile, piece) for piece in pieces[1:]] == [[]] * (len(pieces) - 1)
