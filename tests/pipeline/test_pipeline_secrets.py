"""What a lock hid in one run is examined in the next one that has its secret, and stays."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from ios_recipe import PASSWORD, Item, Recipe
from quickly import KINDS, take_list
from road import CASE, EXHIBIT, Road, code
from triage.errors import UsageFault
from triage.grading.scheme import SchemeBook
from triage.grading.verdict import judge
from triage.matching.library import PackLibrary
from triage.model.hashset import Polarity
from triage.model.problem import ProblemKind
from triage.model.secret import Secrets
from triage.model.verdict import Colour
from triage.model.volume import VolumeState
from triage.pipeline.quick.run import QuickPass, QuickRequest
from triage.pipeline.run import ExhibitRun, RunRequest
from triage.pipeline.tasks import close_evidence
from triage.scheduler import InlinePool, Pool, ProcessPool
from triage.store.database import open_store

ITEMS = [
    Item(domain="CameraRollDomain", relative=f"Media/DCIM/{n}.txt", content=b"%d" % n * 99)
    for n in range(20)
]
PHONE = Secrets(texts=("wrong", PASSWORD))


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """Give an encrypted backup."""
    return Recipe(list(ITEMS), password=PASSWORD).write(tmp_path / "phone")


def work(road: Road, *images: Path, secrets: Secrets, pool: Pool | None = None) -> None:
    """Run an exhibit with secrets."""
    request = RunRequest(case=CASE, exhibit=EXHIBIT, images=images, secrets=secrets)
    with open_store(road.database, create=True) as store:
        try:
            ExhibitRun(
                request=request,
                store=store,
                pool=pool or InlinePool(),
                library=PackLibrary(road.home),
                book=SchemeBook(road.home),
                tell=road.events.append,
            ).run()
        finally:
            close_evidence()


def verdict(road: Road) -> Colour:
    """Give the colour of the exhibit as it stands."""
    return judge(road.summary()).colour


def locks(road: Road) -> list[VolumeState]:
    """Give the states of the volumes, and make sure that problems say the same."""
    summary = road.summary()
    states = [volume.state for _, volume in summary.volumes]
    told = [one for one in summary.problems if one.kind is ProblemKind.VOLUME_LOCKED]
    assert len(told) == states.count(VolumeState.LOCKED)
    return states


def test_a_run_with_the_secret_renews_what_was_locked_and_lists_it(
    road: Road, backup: Path
) -> None:
    work(road, backup, secrets=Secrets())
    assert locks(road) == [VolumeState.LOCKED]
    assert verdict(road) is Colour.AMBER
    work(road, backup, secrets=Secrets(texts=("wrong",)))
    assert locks(road) == [VolumeState.LOCKED]
    work(road, backup, secrets=PHONE)
    assert locks(road) == [VolumeState.OPENED]
    assert road.summary().problems == ()
    first = road.files()
    assert sum(row["path"].startswith("/private/var/mobile/Media/DCIM/") for row in first) == 20
    other = Road(road.folder / "other")
    other.folder.mkdir()
    work(other, backup, secrets=PHONE)
    assert other.files() == first
    assert verdict(other) is verdict(road)


def test_what_was_listed_stays_when_the_secret_is_not_given_again(road: Road, backup: Path) -> None:
    work(road, backup, secrets=PHONE)
    first, colour = road.files(), verdict(road)
    work(road, backup, secrets=Secrets())
    assert road.files() == first
    assert locks(road) == [VolumeState.OPENED]
    assert verdict(road) is colour


def test_an_unfinished_exhibit_asks_for_the_secret_instead_of_settling_what_it_cannot_read(
    road: Road, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ExhibitRun, "_digest", cut)
        with pytest.raises(Exception, match="stopped"):
            work(road, backup, secrets=PHONE)
    before = road.files()
    with pytest.raises(UsageFault, match="opened by a secret") as caught:
        work(road, backup, secrets=Secrets(texts=("wrong",)))
    assert "--secrets" in caught.value.hint
    assert road.files() == before
    work(road, backup, secrets=PHONE)
    other = Road(road.folder / "other")
    other.folder.mkdir()
    work(other, backup, secrets=PHONE)
    assert other.files() == road.files()


def test_workers_open_it_too_and_the_secret_stands_nowhere(
    road: Road, backup: Path, two_workers: ProcessPool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    work(road, backup, secrets=PHONE, pool=two_workers)
    assert locks(road) == [VolumeState.OPENED]
    kept = b"".join(path.read_bytes() for path in road.folder.glob("cases.sqlite*"))
    assert b"/private/var/mobile" in kept
    for text in PHONE.texts[1:]:
        assert text.encode() not in kept
        assert text not in caplog.text
        assert all(text not in repr(event) for event in road.events)
    work(road, backup, secrets=Secrets(), pool=two_workers)  # workers forget what is not given


def test_the_command_says_what_would_open_it_and_then_opens_it(
    road: Road, backup: Path, tmp_path: Path
) -> None:
    words = ["run", "--exhibit", EXHIBIT, "--workers", "1", str(backup)]
    result = road.on_case(words[0], *words[1:])
    assert code(result) == 3
    assert "would open it" in result.output.replace("\n", " ")
    file = tmp_path / "secrets.txt"
    file.write_text(f"{PASSWORD}\n", encoding="utf-8")
    file.chmod(0o600)
    result = road.on_case(words[0], *words[1:], "--secrets", str(file))
    assert PASSWORD not in result.output + result.stderr
    assert locks(road) == [VolumeState.OPENED]


@pytest.mark.parametrize(("texts", "found"), [((), 0), (("wrong", PASSWORD), 1)])
def test_a_quick_pass_looks_behind_the_lock_with_the_secret(
    road: Road, backup: Path, texts: tuple[str, ...], found: int
) -> None:
    take_list(road, "bad", [(ITEMS[3].content, KINDS, None, "")], Polarity.KNOWN_BAD)
    request = QuickRequest(images=(backup,), secrets=Secrets(texts=texts))
    try:
        result = QuickPass(
            request=request,
            pool=InlinePool(),
            home=road.home,
            book=SchemeBook(road.home),
            tell=road.events.append,
        ).run()
    finally:
        close_evidence()
    assert len(result.hits) == found
    assert bool(result.gaps) == (not found)


def test_an_encrypted_backup_among_other_files_is_named_as_not_examined(
    road: Road, backup: Path
) -> None:
    assert road.run(backup.parent).colour is Colour.AMBER
    (problem,) = road.summary().problems
    assert problem.kind is ProblemKind.ARCHIVE_UNREADABLE
    assert problem.path == b"/phone/Manifest.db"
    assert "encrypted iOS backup" in problem.detail


def test_a_plain_backup_among_other_files_is_examined_by_its_contents(
    road: Road, tmp_path: Path
) -> None:
    Recipe(list(ITEMS)).write(tmp_path / "disk" / "phone")
    road.run(tmp_path / "disk")
    assert road.summary().problems == ()
    digested = {row["size_bytes"] for row in road.files("--state", "digested")}
    assert {len(item.content) for item in ITEMS} <= digested
