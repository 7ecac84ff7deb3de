"""Signals, disputes, quality and files of a case, as examiners and supervisors meet them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from road import CASE, Road
from suitehere import Client, client_of
from triage.model.account import AuditAction, Role
from triage.model.grade import Category
from triage.model.vote import Ballot
from triage.store.accounts import Accounts
from triage.store.audit import Audit
from triage.store.benchtables import dip_contents, dip_samples, picture_facts
from triage.store.tables import contents, matches
from triage.store.votes import Votes
from triage.store.votetables import votes
from triage.web.app import make_app
from triage.web.suite import Suite

Signed = Callable[[str], Client]
A, B, C = Category.A, Category.B, Category.C
ESA, EVA = "Esa Examiner", "Eva Examiner"
LIST = "/bench/1/first-generation"


@pytest.fixture
def signed(album: Suite) -> Signed:
    """Give what makes clients of the album's installation."""
    app = make_app(album)
    return lambda name: client_of(app, name)


def say(suite: Suite, *said: tuple[bytes, Category, str], at_s: int | None = None) -> None:
    """Record votes, in this order."""
    with suite.stores.open() as store:
        for sha256, category, by in said:
            ballot = Ballot(
                sha256=sha256,
                category=category,
                scheme="uk-names",
                scheme_version="1",
                code=category.value,
                by=by,
            )
            Votes(store.connection).cast(CASE, [ballot], now_s=at_s or suite.now_s() - 60)
        store.connection.commit()


def all_pictures(suite: Suite) -> list[bytes]:
    """Give the pictures of the case that no set matches, by SHA-256."""
    with suite.stores.open() as store:
        known = sa.select(matches.c.sha256)
        query = (
            sa.select(contents.c.sha256)
            .where(contents.c.family == "picture", contents.c.sha256.not_in(known))
            .order_by(contents.c.sha256)
        )
        return list(map(bytes, store.connection.execute(query).scalars()))


def the_known(suite: Suite) -> bytes:
    with suite.stores.open() as store:
        return bytes(store.connection.execute(sa.select(matches.c.sha256).distinct()).scalar_one())


def audited(suite: Suite, action: AuditAction) -> list[dict[str, str]]:
    with suite.stores.open() as store:
        rows = Audit(store.connection).rows(limit=1_000)
        return [dict(one.line.detail) for one in rows if one.line.action is action]


def also(suite: Suite, name: str, role: Role) -> None:
    """Give an account another role."""
    with suite.stores.open() as store:
        accounts = Accounts(store.connection)
        one = accounts.by_name(name)
        assert one is not None
        accounts.change(
            one.user_id, shown=one.shown, roles={*one.roles, role}, team_id=-1, active=True
        )
        store.connection.commit()


def saved(client: Client, name: str) -> Any:
    """Take the file of a name that waits, and hold it to the SHA-256 on the page."""
    page = client.get("/cases/1/files").text
    found = re.search(
        rf'{re.escape(name)}.*?class="digest">([0-9a-f]{{64}})<.*?action="(/cases/1/files/[^"]+)"',
        page,
        re.DOTALL,
    )
    assert found is not None, page
    answer = client.send(found[2])
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() == found[1] == answer.headers["x-sha-256"]
    assert name in answer.headers["content-disposition"]
    assert client.send(found[2]).status_code == 404
    return answer


def test_the_list_holds_what_no_set_has_and_says_why(album: Suite, signed: Signed) -> None:
    known = the_known(album).hex()
    examiner = signed("examiner")
    page = examiner.get(LIST)
    assert page.status_code == 200
    assert "In no reference set" in page.text
    assert "first-generation material" in page.text
    assert examiner.send(LIST, format="json").status_code == 200
    told = json.loads(saved(examiner, "OP-X-first-generation.json").content)
    rows = told["contents"]
    assert known not in {one["sha256"] for one in rows}
    assert all(one["reasons"][0].startswith("in no reference set") for one in rows)
    assert all(len(one["reasons"]) > 1 for one in rows)
    assert "not findings" in told["about"]
    by = {one["sha256"]: one for one in rows}
    with album.stores.open() as store:
        for row in store.connection.execute(sa.select(picture_facts)):
            if row.sha256.hex() != known:
                one = by[row.sha256.hex()]
                assert (one["camera_serial"], one["taken"]) == (row.serial, row.taken)


def test_pictures_from_one_place_and_the_camera_of_a_device_are_named(
    album: Suite, signed: Signed
) -> None:
    with album.stores.open() as store:
        mine = [
            bytes(one)
            for one in store.connection.execute(
                sa.select(picture_facts.c.sha256).order_by(picture_facts.c.sha256).limit(4)
            ).scalars()
        ]
        for number, sha256 in enumerate(mine):
            change = {"latitude": 51.5 + number * 0.0002, "longitude": -0.1, "serial": "=1+1"}
            change |= {"latitude": 40.0} if number == 3 else {}
            where = picture_facts.c.sha256 == sha256
            store.connection.execute(sa.update(picture_facts).where(where).values(change))
        store.connection.commit()
    road = Road(album.home.parent)
    words = ("--serial", "=1+1", "--device-type", "Mobile phone", "--band", "High")
    added = road.on_case("exhibit add", "--exhibit", "ZZ/9", *words)
    assert added.exit_code == 0, added.output
    examiner = signed("examiner")
    examiner.send(LIST, format="csv")
    data = saved(examiner, "OP-X-first-generation.csv").content
    assert data.startswith(b"\xef\xbb\xbfcase,exhibit,")
    rows = {one["sha256"]: one for one in csv.DictReader(io.StringIO(data.decode("utf-8-sig")))}
    for sha256 in mine[:3]:
        assert "one of 3 pictures from the same place" in rows[sha256.hex()]["reasons"]
        assert rows[sha256.hex()]["camera_serial"] == "'=1+1"
    assert "same place" not in rows[mine[3].hex()]["reasons"]
    assert "serial number is that of exhibit ZZ/9" in rows[mine[0].hex()]["reasons"]
    assert next(iter(rows)) in {one.hex() for one in mine}
    assert not any(
        cell.startswith(("=", "+", "@")) for one in rows.values() for cell in one.values()
    )


def test_a_file_waits_for_its_person_alone_under_a_name_of_ours(
    album: Suite, signed: Signed
) -> None:
    examiner, other = signed("examiner"), signed("examiner2")
    examiner.send(LIST, format="csv")
    page = examiner.get("/cases/1/files").text
    way = re.search(r'action="(/cases/1/files/[^"]+)"', page)
    assert way is not None
    folder = album.home / "exports"
    built = [one for one in folder.iterdir() if not one.name.endswith(".sha256")]
    assert len(built) == 1
    assert CASE not in built[0].name
    if hasattr(stat, "S_IMODE"):
        assert stat.S_IMODE(built[0].stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "OP-X-first-generation" not in other.get("/cases/1/files").text
    assert other.send(way[1]).status_code == 404
    assert examiner.send(way[1]).status_code == 200
    assert list(folder.iterdir()) == []
    assert [one["what"] for one in audited(album, AuditAction.EXPORTED)] == [
        "first-generation",
        "Possible first-generation material",
    ]
    later = album.now_s() + 7_200
    examiner.send(LIST, format="csv")
    album.now_s = lambda: later
    assert "Export the case" in signed("examiner").get("/cases/1/files").text
    assert list(folder.iterdir()) == []


def test_who_has_not_voted_learns_nothing_of_a_dispute(album: Suite, signed: Signed) -> None:
    one, other, *_ = all_pictures(album)
    say(album, (one, A, ESA), (one, B, EVA), (other, A, ESA), (other, A, EVA))
    say(album, (the_known(album), Category.NON_PERTINENT, ESA))
    place = f"/cases/1/disputes/{one.hex()}"
    for name in ("examiner", "examiner2"):
        page = signed(name).get("/cases/1/disputes").text
        assert "A by Esa Examiner, B by Eva Examiner" in page
        assert other.hex()[:16] not in page
        assert "Settle the dispute" not in signed(name).get(place).text
    blind = signed("examiner3")
    assert one.hex()[:16] not in blind.get("/cases/1/disputes").text
    assert blind.get(place).status_code == 404
    assert blind.get(f"/cases/1/disputes/{other.hex()}").status_code == 404
    assert "Against a reference set" in signed("examiner").get("/cases/1/disputes").text
    assert "Against a reference set" not in signed("examiner2").get("/cases/1/disputes").text
    assert signed("examiner").send(place, code="A", why="x", seen="1").status_code == 403


def test_a_dispute_is_settled_with_a_reason_by_who_had_no_part_and_nothing_is_overwritten(
    album: Suite, signed: Signed
) -> None:
    one, other, *_ = all_pictures(album)
    say(album, (one, A, ESA), (one, B, EVA))
    place = f"/cases/1/disputes/{one.hex()}"
    supervisor = signed("supervisor")
    page = supervisor.get(place).text
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen is not None
    wrong = supervisor.send(place, code="A", why=" ", seen=seen[1])
    assert wrong.status_code == 400
    assert "Say why" in wrong.text
    say(album, (one, C, "Eno Examiner"))
    stale = supervisor.send(place, code="A", why="age by expert", seen=seen[1])
    assert stale.status_code == 400
    assert "more was said of it" in stale.text
    fresh = re.search(r'name="seen" value="(\d+)"', supervisor.get(place).text)
    assert fresh is not None
    done = supervisor.send(place, code="B", why="age by expert", seen=fresh[1])
    assert done.status_code == 200
    assert "settled" in done.text
    with album.stores.open() as store:
        lines = list(store.connection.execute(sa.select(votes).order_by(votes.c.id)))
    assert [(line.kind, line.category, line.by) for line in lines] == [
        ("vote", "A", ESA),
        ("vote", "B", EVA),
        ("vote", "C", "Eno Examiner"),
        ("resolution", "B", "Sam Supervisor"),
    ]
    assert [told["why"] for told in audited(album, AuditAction.DISPUTE_RESOLVED)] == [
        "age by expert"
    ]
    assert supervisor.get(place).status_code == 404
    say(album, (other, A, ESA), (other, B, "Sam Supervisor"))
    mine = supervisor.get(f"/cases/1/disputes/{other.hex()}")
    assert "Settle the dispute" not in mine.text
    refused = supervisor.send(f"/cases/1/disputes/{other.hex()}", code="A", why="x", seen="9")
    assert refused.status_code == 400


def test_a_sample_is_drawn_noted_and_its_second_look_counted(album: Suite, signed: Signed) -> None:
    pictures = all_pictures(album)[:20]
    say(album, *((one, A, ESA) for one in pictures[:15]), *((one, B, ESA) for one in pictures[15:]))
    supervisor, second = signed("supervisor"), signed("examiner2")
    assert 'value="5%"' in supervisor.get("/cases/1/quality").text
    assert supervisor.send("/cases/1/quality", rate="400%").status_code == 400
    assert supervisor.send("/cases/1/quality", rate="20%").status_code == 200
    with album.stores.open() as store:
        (sample,) = store.connection.execute(sa.select(dip_samples)).all()
        drawn = list(store.connection.execute(sa.select(dip_contents)))
    assert sorted(one.category for one in drawn) == ["A"] * 3 + ["B"]
    (noted,) = audited(album, AuditAction.SAMPLE_DRAWN)
    assert (noted["seed"], noted["rate"]) == (sample.seed, "20%")
    again = Road(album.home.parent).on_case("grade sample", "--rate", "20%", "--seed", sample.seed)
    assert again.stdout.split() == sorted(bytes(one.sha256).hex() for one in drawn)
    queue = second.get("/api/cases/1/stacks?queue=dip").json()
    assert queue["left"]["contents"] == 4
    later = album.now_s() + 100
    album.now_s = lambda: later
    first = bytes(drawn[0].sha256)
    say(
        album,
        (first, C, EVA),
        (bytes(drawn[1].sha256), Category(drawn[1].category), EVA),
        at_s=later,
    )
    say(album, (bytes(drawn[2].sha256), C, ESA), at_s=later)
    page = supervisor.get("/cases/1/quality").text
    assert "2 of 4" in page
    assert "1 of 2" in page
    assert sample.seed in page
    examiner = second.get("/cases/1/quality").text
    assert "2 of 4" in examiner
    assert sample.seed not in examiner
    assert "1 of 2" not in examiner


def test_the_agreement_is_that_of_the_published_example(album: Suite, signed: Signed) -> None:
    # Cohen's kappa: 50 of two readers, 20 yes by both, 15 no by both, 5 and 10 mixed: 0.4
    # (https://en.wikipedia.org/wiki/Cohen%27s_kappa, grant proposals), here a fifth of it.
    pictures = iter(all_pictures(album))
    for number, one, other in ((4, A, A), (1, A, B), (2, B, A), (3, B, B)):
        for _ in range(number):
            picture = next(pictures)
            say(album, (picture, one, ESA), (picture, other, EVA))
    page = signed("supervisor").get("/cases/1/quality").text
    assert "Esa Examiner and Eva Examiner" in page
    assert "0.40" in page
    assert "70%" in page
    assert "50%" in page
    assert "Fair agreement" in page
    blind = signed("examiner3").get("/cases/1/quality").text
    assert "70%" not in blind
    assert "Esa Examiner" not in blind
    for picture in [*pictures][:15]:
        say(album, (picture, A, ESA), (picture, A, EVA))
    assert "Esa Examiner and Eva Examiner" in signed("examiner3").get("/cases/1/quality").text


def test_the_case_goes_out_as_the_command_line_writes_it_and_comes_back(
    album: Suite, signed: Signed, tmp_path: Path
) -> None:
    road = Road(album.home.parent)
    pictures = all_pictures(album)[:6]
    say(album, *((one, A, ESA) for one in pictures))
    examiner = signed("examiner")
    fields = {"organisation": "Force", "contact": "P", "title": "DFU", "include": ""}
    asked = {"format": "vics", "scheme": "uk-names", **fields}
    refused = examiner.send("/cases/1/files", **asked)
    assert refused.status_code == 400
    assert "no whole numbers" in refused.text
    assert examiner.send("/cases/1/files", **{**asked, "scheme": "uk"}).status_code == 400
    road.confirm("uk")
    assert examiner.send("/cases/1/files", **{**asked, "scheme": "uk"}).status_code == 200
    data = saved(examiner, "OP-X.json").content
    assert data == road.export("vics", tmp_path)
    for form, ending in (("csv", "csv"), ("jsonl", "jsonl")):
        assert examiner.send("/cases/1/files", **{**asked, "format": form}).status_code == 200
        assert saved(examiner, f"OP-X.{ending}").content == road.export(form, tmp_path)
    told = bring(examiner, data, "theirs.json", "uk").json()
    assert (told["added"], told["disputed"], told["refusals"]) == (6, 0, 0)
    assert told["sha256"] == hashlib.sha256(data).hexdigest()
    assert bring(examiner, data, "theirs.json", "uk").json()["unchanged"] == 6
    assert "theirs.json" in examiner.get("/cases/1/files").text
    assert len(audited(album, AuditAction.GRADES_IMPORTED)) == 2
    assert list((album.home / "imports").iterdir()) == []


def test_grades_from_elsewhere_are_merged_by_hash_and_what_is_not_taken_is_named(
    album: Suite, signed: Signed
) -> None:
    road, examiner = Road(album.home.parent), signed("examiner")
    road.confirm("uk")
    one, other, *_ = all_pictures(album)
    say(album, (one, A, ESA))
    media: list[dict[str, Any]] = [
        {"MediaID": 1, "Category": 2, "SHA256": one.hex()},
        {"MediaID": 2, "Category": 77, "SHA256": other.hex()},
        {"MediaID": 3, "Category": 1, "SHA256": "0" * 64},
        {"MediaID": 4, "SHA256": other.hex()},
    ]
    data = vics(media)
    told = bring(examiner, data, "../<b>=x\n.json", "uk").json()
    assert (told["added"], told["disputed"], told["without_a_grade"]) == (1, 1, 1)
    assert told["not_in_the_case"] == ["0" * 64]
    assert [line["place"] for line in told["refused"]] == ["record 2"]
    assert "\n" not in told["file"]
    page = examiner.get("/cases/1/files").text
    assert "<b>=x" not in page
    assert "A by Esa Examiner" in examiner.get("/cases/1/disputes").text


def test_what_is_no_file_of_grades_is_refused_and_leaves_nothing(
    album: Suite, signed: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    examiner = signed("examiner")
    for data in (b"", b"{}", b"\x1f\x8bnot really", b"PK\x03\x04", vics([])[:-3]):
        answer = bring(examiner, data, "x.json", "uk-names")
        assert answer.status_code == 400, data
        assert str(album.home) not in answer.text
    assert bring(examiner, vics([]), "x.json", "no-such").status_code == 400
    headers = {"Content-Type": "text/plain"}
    way = "/api/cases/1/grades?name=x&scheme=uk"
    assert examiner.call("POST", way, content=b"x", headers=headers).status_code == 415
    assert bring(examiner, vics([]), "x.json", "uk-names", case=9).status_code == 404
    assert bring(signed("supervisor"), vics([]), "x.json", "uk-names").status_code == 403
    monkeypatch.setattr("triage.web.doors.gradesfile.MOST_BYTES", 10)
    assert bring(examiner, vics([]), "x.json", "uk-names").status_code == 413
    assert list((album.home / "imports").iterdir()) == []
    assert audited(album, AuditAction.GRADES_IMPORTED) == []


def vics(media: list[dict[str, Any]]) -> bytes:
    """Write a VICS case as other tools do."""
    context = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/UK/$metadata#Cases"
    case = {"CaseID": "c", "ContactName": "Ann", "ContactOrganization": "Other", "Media": media}
    return json.dumps({"@odata.context": context, "value": [case]}).encode()


def bring(client: Client, data: bytes, name: str, scheme: str, *, case: int = 1) -> Any:
    return client.call(
        "POST",
        f"/api/cases/{case}/grades",
        params={"name": name, "scheme": scheme},
        content=data,
        headers={"Content-Type": "application/octet-stream"},
    )
