"""Votes in the database: what is appended, what is refused, and what others may see of it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from triage.errors import UsageFault
from triage.grading.voting import decide
from triage.model.digest import Digests
from triage.model.entry import Allocation, EntryKind, EntryRef, FileEntry, Times
from triage.model.evidence import ContainerKind, EvidenceInfo
from triage.model.grade import Category, Proposal, Standing
from triage.model.outcome import Done, FileType
from triage.model.volume import VolumeInfo, VolumeState
from triage.model.vote import Ballot, GradeState, VoteHow, VoteKind, VoteSource
from triage.store.database import Store, open_store
from triage.store.votes import Votes

CASE = "OP-V"
PICTURE = FileType(mime="image/png", family="picture", extension_agrees=None)
TEXT = FileType(mime="text/plain", family="document", extension_agrees=None)


def content(number: int) -> bytes:
    return b"content %d" % number


def digest(number: int) -> bytes:
    return hashlib.sha256(content(number)).digest()


def remember(store: Store, exhibit: str, numbers: range, case: str = CASE) -> int:
    """Make an exhibit of pictures; those of even numbers lie in it twice."""
    exhibit_id = store.add_exhibit(case, exhibit)
    info = EvidenceInfo(
        key=hashlib.sha256(exhibit.encode()).hexdigest()[:16],
        name=f"{exhibit}.E01",
        kind=ContainerKind.EWF,
        segments=("a.E01",),
        size_bytes=1 << 20,
    )
    evidence_id = store.add_evidence(exhibit_id, info, "there")
    volume = VolumeInfo(
        key="p1",
        offset_bytes=0,
        length_bytes=1 << 20,
        table="dos",
        description="",
        state=VolumeState.OPENED,
    )
    volume_id = store.add_volumes(evidence_id, [volume])["p1"]
    entries = [
        FileEntry(
            ref=EntryRef(evidence=info.key, volume="p1", path=b"/%d/%d.png" % (copy, number)),
            kind=EntryKind.FILE,
            allocation=Allocation.LIVE,
            size_bytes=len(content(number)),
            times=Times(),
        )
        for number in numbers
        for copy in range(2 - number % 2)
    ]
    store.add_entries(evidence_id, volume_id, entries)
    for page in store.waiting(evidence_id):
        store.finish(
            exhibit_id,
            [(one.entry_id, _done(int(one.entry.ref.path[3:-4]))) for one in page],
        )
    store.commit()
    return exhibit_id


def _done(number: int) -> Done:
    raw = content(number)
    return Done(
        digests=Digests(
            md5=hashlib.md5(raw, usedforsecurity=False).digest(),
            sha1=hashlib.sha1(raw, usedforsecurity=False).digest(),
            sha256=hashlib.sha256(raw).digest(),
            size_bytes=len(raw),
        ),
        type=TEXT if number == 9 else PICTURE,
    )


def ballot(number: int, by: str, category: Category = Category.A, **more: Any) -> Ballot:
    plain = Ballot(
        sha256=digest(number),
        category=category,
        scheme="uk-names",
        scheme_version="1",
        code=category.value,
        by=by,
    )
    return replace(plain, **more)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url, create=True) as opened:
        remember(opened, "A/1", range(6))
        remember(opened, "A/2", range(4, 10))
        yield opened


@pytest.fixture
def votes(store: Store) -> Votes:
    return Votes(store.connection)


def state(votes: Votes, number: int) -> tuple[GradeState, Category | None]:
    found = votes.decisions(CASE, [digest(number)], decide).get(digest(number))
    return (GradeState.UNGRADED, None) if found is None else (found.state, found.category)


def test_a_vote_is_kept_as_it_was_given(votes: Votes) -> None:
    given = ballot(
        1,
        "  A.  Grader ",
        why="clear",
        tags=("series:X", "first-generation"),
        how=VoteHow.STACK,
        through=digest(2),
    )
    assert votes.cast(CASE, [given], now_s=77) == (1, 0)
    (one,) = votes.of(CASE, [digest(1), b"\0" * 32])
    (kept,) = one.votes
    assert (kept.kind, kept.category, kept.code) == (VoteKind.VOTE, Category.A, "A")
    assert (kept.by, kept.at_s, kept.why) == ("A. Grader", 77, "clear")
    assert (kept.how, kept.through) == (VoteHow.STACK, digest(2))
    assert kept.tags == ("first-generation", "series:X")
    assert (one.family, one.hidden) == ("picture", 0)


def test_saying_the_same_again_adds_nothing_and_a_change_is_added(votes: Votes) -> None:
    assert votes.cast(CASE, [ballot(1, "Ann"), ballot(2, "Ann")], now_s=1) == (2, 0)
    assert votes.cast(CASE, [ballot(1, "ann "), ballot(2, "Ann")], now_s=2) == (0, 2)
    assert votes.cast(CASE, [ballot(1, "Ann", Category.B)], now_s=3) == (1, 0)
    assert votes.cast(CASE, [ballot(1, "Ann", Category.B, why="seen again")], now_s=4) == (1, 0)
    assert state(votes, 1) == (GradeState.GRADED, Category.B)
    assert len(votes.of(CASE, [digest(1)])[0].votes) == 3


def test_a_vote_counts_for_every_occurrence_in_the_case_and_in_no_other(
    store: Store, votes: Votes
) -> None:
    remember(store, "A/1", range(6), case="OP-OTHER")
    votes.cast(CASE, [ballot(4, "Ann")], now_s=1)
    found = [
        (one.exhibit, one.entry.ref.path, one.decision.category if one.decision else None)
        for one in store.records(CASE, decide=decide)
    ]
    graded = {(exhibit, path) for exhibit, path, grade in found if grade is Category.A}
    assert graded == {(name, b"/%d/4.png" % copy) for name in ("A/1", "A/2") for copy in (0, 1)}
    assert all(one.decision is None for one in store.records("OP-OTHER", decide=decide))
    assert all(one.decision is None for one in store.records(CASE))


def test_withdrawals_take_back_what_the_same_person_said(votes: Votes) -> None:
    votes.cast(CASE, [ballot(1, "Ann"), ballot(1, "Bob"), ballot(2, "Ann")], now_s=1)
    both = [digest(1), digest(2)]
    assert votes.withdraw(CASE, both, by="Bob", why="slip", now_s=2) == 1
    assert votes.withdraw(CASE, both, by="Bob", why="slip", now_s=2) == 0
    assert state(votes, 1) == (GradeState.GRADED, Category.A)
    assert votes.withdraw(CASE, both, by="ANN", why="", now_s=3) == 2
    assert state(votes, 1) == (GradeState.UNGRADED, None)
    assert [one.kind for one in votes.of(CASE, [digest(1)])[0].votes] == [
        *[VoteKind.VOTE] * 2,
        *[VoteKind.WITHDRAWAL] * 2,
    ]


def test_a_dispute_is_resolved_by_somebody_without_a_part_in_it(votes: Votes) -> None:
    votes.cast(CASE, [ballot(1, "Ann"), ballot(1, "Cyd"), ballot(2, "Ann")], now_s=1)
    votes.withdraw(CASE, [digest(1)], by="Cyd", why="", now_s=1)
    votes.cast(CASE, [ballot(1, "Bob", Category.B)], now_s=1)
    assert state(votes, 1) == (GradeState.DISAGREEMENT, None)
    last = votes.of(CASE, [digest(1)])[0].votes[-1].number
    for who, number, why, seen, words in (
        ("DI", 2, "looked", None, "not in dispute"),
        ("bob", 1, "looked", None, "voted on it"),
        ("Cyd", 1, "looked", None, "voted on it"),
        ("DI", 1, " ", None, "reason"),
        ("DI", 1, "looked", last - 1, "in the meantime"),
    ):
        with pytest.raises(UsageFault, match=words):
            votes.resolve(CASE, ballot(number, who, why=why), decide=decide, now_s=2, seen=seen)
    votes.resolve(CASE, ballot(1, "DI", why="age"), decide=decide, now_s=2, seen=last)
    assert state(votes, 1) == (GradeState.RESOLVED, Category.A)
    votes.cast(CASE, [ballot(1, "Dee", Category.C)], now_s=3)
    assert state(votes, 1) == (GradeState.DISAGREEMENT, None)


def test_what_contradicts_a_reference_set_of_any_exhibit_is_a_conflict(
    store: Store, votes: Votes
) -> None:
    exhibit_id = store.exhibit_ids(CASE, "A/2")[0]
    said = Proposal(standing=Standing.KNOWN_BAD, category=Category.C, reason="in caid")
    store.set_matches(exhibit_id, [(digest(4), (), said)])
    votes.cast(CASE, [ballot(4, "Ann"), ballot(5, "Ann")], now_s=1)
    assert state(votes, 4) == (GradeState.CONFLICT, None)
    assert state(votes, 5) == (GradeState.GRADED, Category.A)
    first = [one for one in store.records(CASE, "A/1", decide=decide) if one.decision]
    assert {str(one.decision.state) for one in first if one.decision} == {"conflict", "graded"}
    grades = store.summary(CASE, "A/1", decide=decide).grades
    assert grades is not None
    assert grades.proposed == ()
    assert grades.decided == (("", "conflict", 1), ("A", "graded", 1))
    other = store.summary(CASE, "A/2", decide=decide).grades
    assert other is not None
    assert other.proposed == (("C", 1),)
    assert store.summary(CASE, "A/2").grades is None


def test_a_grader_sees_nothing_of_others_before_voting(votes: Votes) -> None:
    votes.cast(CASE, [ballot(1, "Ann", why="secret"), ballot(1, "Bob")], now_s=1)
    (blind,) = votes.of(CASE, [digest(1)], blind="Cyd")
    assert (blind.votes, blind.hidden) == ((), 2)
    (own,) = votes.contents(CASE, blind="BOB")
    assert (len(own.votes), own.hidden) == (2, 0)
    votes.withdraw(CASE, [digest(1)], by="Bob", why="", now_s=2)
    (again,) = votes.of(CASE, [digest(1)], blind="Bob")
    assert {one.by for one in again.votes} == {"Bob"}
    assert again.hidden == 1


def test_contents_come_by_digest_in_pages(votes: Votes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triage.store.votereading.PAGE", 3)
    votes.cast(CASE, [ballot(number, "Ann") for number in (1, 3, 5, 7, 9)], now_s=1)
    voted = sorted(digest(number) for number in (1, 3, 5, 7, 9))
    assert [one.sha256 for one in votes.contents(CASE)] == voted
    assert [one.sha256 for one in votes.contents(CASE, after=voted[1])] == voted[2:]
    every = [one.sha256 for one in votes.contents(CASE, voted=False)]
    assert every == sorted(digest(number) for number in range(10))
    pictures = {one.sha256 for one in votes.contents(CASE, voted=False, families=["picture"])}
    assert pictures == set(every) - {digest(9)}
    assert [one.sha256 for one in votes.digests(CASE)] == every


def test_contents_are_named_by_any_digest(votes: Votes) -> None:
    raw = content(3)
    names = [
        hashlib.md5(raw, usedforsecurity=False).hexdigest().upper(),
        hashlib.sha1(raw, usedforsecurity=False).hexdigest(),
        digest(3).hex(),
        digest(1).hex(),
    ]
    assert votes.find(CASE, names) == (digest(3), digest(1))
    for text, words in (("zz" * 16, "is no MD5"), ("00", "is no MD5"), ("00" * 20, "no content")):
        with pytest.raises(UsageFault, match=words):
            votes.find(CASE, [text])
    with pytest.raises(UsageFault, match="OP-NONE"):
        votes.any("OP-NONE")


def test_what_is_not_there_or_no_grade_is_refused_whole(store: Store, votes: Votes) -> None:
    for wrong, words in (
        (ballot(77, "Ann"), "holds no content"),
        (ballot(1, " "), "has to be named"),
        (ballot(1, "A\x1b[2J"), "control"),
        (ballot(1, "Ann", Category.UNCATEGORISED), "no grade"),
    ):
        with pytest.raises(UsageFault, match=words):
            votes.cast(CASE, [ballot(2, "Ann"), wrong], now_s=1)
        store.rollback()
    assert not votes.any(CASE)


def test_a_file_is_imported_once_and_withdrawn_as_a_whole(votes: Votes) -> None:
    source = VoteSource(name="case.json", sha256="ab" * 32, size_bytes=9, said_by="Force", by="Ann")
    theirs = [ballot(number, "X", how=VoteHow.IMPORT) for number in (1, 2)]
    votes.cast(CASE, [ballot(1, "X", Category.B)], now_s=1)
    assert votes.cast(CASE, theirs, now_s=2, source=source) == (2, 0)
    assert votes.cast(CASE, theirs, now_s=3, source=source) == (0, 2)
    assert votes.sources(CASE) == (source,)
    # A file never replaces what the same person said here: both stand, and differ.
    assert state(votes, 1) == (GradeState.DISAGREEMENT, None)
    with pytest.raises(UsageFault, match="was imported"):
        votes.withdraw_source(CASE, "cd" * 32, by="Ann", why="wrong file", now_s=4)
    assert votes.withdraw_source(CASE, "ab" * 32, by="Ann", why="wrong file", now_s=4) == 2
    assert votes.withdraw_source(CASE, "ab" * 32, by="Ann", why="wrong file", now_s=4) == 0
    assert state(votes, 1) == (GradeState.GRADED, Category.B)
    assert state(votes, 2) == (GradeState.UNGRADED, None)


def test_no_vote_of_several_graders_at_once_is_lost(store_url: str, store: Store) -> None:
    store.rollback()

    def grade(name: str) -> None:
        with open_store(store_url) as mine:
            for number in range(8):
                Votes(mine.connection).cast(CASE, [ballot(number, name)], now_s=number)
                mine.commit()

    threads = [threading.Thread(target=grade, args=(name,)) for name in ("Ann", "Bob", "Cyd")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    found = list(Votes(store.connection).contents(CASE))
    assert [len(one.votes) for one in found] == [3] * 8
    assert {decide(one.votes, one.proposals).state for one in found} == {GradeState.TRUSTED}
