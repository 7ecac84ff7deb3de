"""Submissions: a draft is one exhibit and one receipt; answers come out as they were given."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from postgresql import PostgresServer
from triage.batch.intakefolders import list_images
from triage.batch.submitting import (
    NoSuchDraft,
    NotSubmitted,
    Submitted,
    check_new,
    new_key,
    new_receipt,
    submit,
    unanswered,
)
from triage.model.account import Account, Role
from triage.model.ledger import ExhibitFacts, OwnerRole, Stage, StatutoryKind
from triage.model.settings import UnitSettings
from triage.store.accounts import Accounts
from triage.store.database import Store, open_store
from triage.store.ledger import Ledger
from triage.store.submissions import Submission, Submissions
from triage.store.uploads import UploadFile, Uploads, UploadState

NOW = 1_795_348_800
UNIT = UnitSettings()
ANSWERS = {
    "case": "OP-HARBOUR",
    "exhibit": "ABC/1",
    "owner_role": "victim",
    "device_type": "Mobile phone",
    "device_make": "Harbour",
    "device_model": "Pilot 9",
    "device_serial": "490154203237518",
    "offence": UNIT.offences[0],
    "risk_band": "High",
    "legal_power": UNIT.legal_powers[-1],
    "power_details": "Section 1",
    "dpn_reference": "DPN/77",
    "scope_kind": "limited",
    "scope_limits": "Messages\nof June only",
    "seized_on": "2026-11-20",
    "statutory_kind": "bail",
    "statutory_on": "2026-12-24",
    "evidence": "brought",
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "sqlite":
        made = f"sqlite:///{tmp_path_factory.mktemp('submitting') / 'cases.sqlite'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgresql_server")
        made = server.fresh()
    with open_store(made, create=True) as store:
        people = Accounts(store.connection)
        team = people.add_team("North")
        for name, of in (("olu", team), ("ola", team), ("una", -1)):
            people.add(name, f"{name.title()} Officer", {Role.OFFICER}, team_id=of, now_s=NOW)
        store.commit()
    return made


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url) as opened:
        yield opened


def who(store: Store, name: str = "olu") -> Account:
    found = Accounts(store.connection).by_name(name)
    assert found is not None
    return found


def drafted(store: Store, name: str = "olu", **answers: str) -> str:
    key = new_key()
    kept = Submissions(store.connection)
    kept.begin(key, who(store, name).user_id, {**ANSWERS, "exhibit": key[:6], **answers}, NOW)
    store.commit()
    return key


def sent(store: Store, key: str, name: str = "olu", *, settings: UnitSettings = UNIT) -> Submitted:
    done = submit(store, key, account=who(store, name), settings=settings, now_s=NOW)
    store.commit()
    return done


def found(store: Store, receipt: str, name: str = "olu") -> Submission | None:
    account = who(store, name)
    kept = Submissions(store.connection)
    return kept.find(receipt, user_id=account.user_id, team_id=account.team_id)


def test_answers_come_out_as_facts_of_the_ledger(store: Store) -> None:
    done = sent(store, drafted(store, exhibit="FACTS/1"))
    entry = Ledger(store.connection).entry("OP-HARBOUR", "FACTS/1")
    assert done.fresh
    assert entry.stage is Stage.RECEIVED
    assert entry.facts == ExhibitFacts(
        case="OP-HARBOUR",
        exhibit="FACTS/1",
        received_s=NOW,
        device_type="Mobile phone",
        device_make="Harbour",
        device_model="Pilot 9",
        device_serial="490154203237518",
        owner_role=OwnerRole.VICTIM,
        offence="Indecent images of children",
        risk_band="High",
        legal_power="Other power: Section 1",
        dpn_reference="DPN/77",
        scope_limits="Messages of June only",
        seized_on="2026-11-20",
        statutory_kind=StatutoryKind.BAIL,
        statutory_on="2026-12-24",
        officer="Olu Officer",
    )


def test_without_a_term_and_a_limit_none_is_said(store: Store) -> None:
    key = drafted(store, exhibit="PLAIN/1", statutory_kind="none", scope_kind="all")
    sent(store, key)
    facts = Ledger(store.connection).entry(None, "PLAIN/1").facts
    assert (facts.statutory_kind, facts.statutory_on) == (StatutoryKind.NONE, "")
    assert facts.scope_limits == ""


def test_a_receipt_can_be_read_out() -> None:
    seen = {new_receipt() for _ in range(200)}
    assert len(seen) == 200
    assert all(
        re.fullmatch("[2-9B-DF-HJKMNP-TV-Z]{4}-[2-9B-DF-HJKMNP-TV-Z]{4}", one) for one in seen
    )


def test_submitted_again_it_is_the_same_submission(store: Store) -> None:
    key = drafted(store)
    first, again = sent(store, key), sent(store, key)
    assert (first.fresh, again.fresh) == (True, False)
    assert replace(again, fresh=True) == first
    assert Submissions(store.connection).draft(key, who(store).user_id) is None


def test_submitted_from_many_windows_at_once_it_is_one(url: str) -> None:
    with open_store(url) as store:
        key = drafted(store)
    done: list[Submitted] = []
    start = threading.Barrier(4)

    def press() -> None:
        with open_store(url) as own:
            account = who(own)
            own.rollback()
            start.wait()
            done.append(submit(own, key, account=account, settings=UNIT, now_s=NOW))
            own.commit()

    windows = [threading.Thread(target=press) for _ in range(4)]
    for one in windows:
        one.start()
    for one in windows:
        one.join()
    assert sorted(one.fresh for one in done) == [False, False, False, True]
    assert len({one.receipt for one in done}) == 1
    with open_store(url) as store:
        entries = Ledger(store.connection).entries(case="OP-HARBOUR")
        assert sum(one.facts.exhibit == key[:6] for one in entries) == 1


def test_a_draft_is_nobody_elses(store: Store) -> None:
    key = drafted(store)
    for name in ("ola", "una"):
        other = who(store, name).user_id
        kept = Submissions(store.connection)
        assert kept.draft(key, other) is None
        assert not kept.keep(key, other, {"case": "X"}, NOW)
        with pytest.raises(NoSuchDraft):
            sent(store, key, name)
        store.rollback()
    sent(store, key)
    with pytest.raises(NoSuchDraft):
        sent(store, key, "ola")


def test_a_submission_is_seen_by_officer_and_team_only(store: Store) -> None:
    done = sent(store, drafted(store))
    assert found(store, done.receipt, "olu") is not None
    assert found(store, done.receipt, "ola") is not None
    assert found(store, done.receipt, "una") is None
    own = sent(store, drafted(store, "una"), "una")
    assert found(store, own.receipt, "una") is not None
    assert found(store, own.receipt, "olu") is None
    kept, una = Submissions(store.connection), who(store, "una")
    listed, total = kept.of(user_id=una.user_id, team_id=-1, limit=10)
    assert ([one.receipt for one in listed], total) == ([own.receipt], 1)


def test_the_list_is_paged_with_the_newest_first(store: Store) -> None:
    receipts = [sent(store, drafted(store)).receipt for _ in range(3)]
    account = who(store)
    kept = Submissions(store.connection)
    first, total = kept.of(user_id=account.user_id, team_id=account.team_id, limit=2)
    second, _ = kept.of(user_id=account.user_id, team_id=account.team_id, limit=2, skip=2)
    assert [one.receipt for one in (*first, *second)][:3] == receipts[::-1]
    assert total >= 3


@pytest.mark.parametrize(
    ("step", "answers"),
    [
        ("references", {"case": ""}),
        ("owner", {"owner_role": "not-stated"}),
        ("device", {"device_type": "Fridge"}),
        ("band", {"risk_band": ""}),
        ("power", {"legal_power": "none"}),
        ("scope", {"scope_limits": ""}),
        ("dates", {"statutory_on": ""}),
        ("evidence", {"evidence": "/etc/passwd"}),
        ("evidence", {"evidence": "intake"}),
    ],
)
def test_what_is_not_answered_is_not_submitted(
    store: Store, step: str, answers: dict[str, str]
) -> None:
    assert unanswered({**ANSWERS, **answers}, UNIT) == (step,)
    key = drafted(store, **answers)
    with pytest.raises(NotSubmitted) as refused:
        sent(store, key)
    store.rollback()
    assert refused.value.step == step
    assert Submissions(store.connection).draft(key, who(store).user_id) is not None


def test_references_that_the_unit_has_are_refused(store: Store) -> None:
    sent(store, drafted(store, exhibit="TWICE/1"))
    key = drafted(store, exhibit="TWICE/1")
    with pytest.raises(NotSubmitted, match="already has an exhibit TWICE/1") as refused:
        sent(store, key)
    store.rollback()
    assert refused.value.step == "references"
    with pytest.raises(NotSubmitted):
        check_new(store, "OP-HARBOUR", "TWICE/1")
    check_new(store, "OP-OTHER", "TWICE/1")


def test_an_image_of_the_intake_folder_goes_into_the_queue_once(
    store: Store, tmp_path: Path
) -> None:
    (tmp_path / "ABC1.E01").write_bytes(b"x" * 70)
    settings = replace(UNIT, intake_folders=(str(tmp_path),))
    (image,) = list_images(settings.intake_folders).images
    picked = {"evidence": "intake", "image_id": image.image_id}
    done = sent(store, drafted(store, exhibit="PICK/1", **picked), settings=settings)
    entry = Ledger(store.connection).entry(None, "PICK/1")
    assert entry.stage is Stage.QUEUED
    assert (Path(entry.facts.image_path), entry.facts.image_bytes) == (image.path, 70)
    kept = found(store, done.receipt)
    assert kept is not None
    assert (kept.evidence["how"], kept.evidence["name"]) == ("intake", "ABC1.E01")
    again = drafted(store, "una", **picked)
    with pytest.raises(NotSubmitted, match="has been submitted already"):
        sent(store, again, "una", settings=settings)
    store.rollback()
    (tmp_path / "ABC1.E01").unlink()
    gone = drafted(store, **picked)
    with pytest.raises(NotSubmitted, match="is not there any more"):
        sent(store, gone, settings=settings)


def uploaded(store: Store, tmp_path: Path, name: str = "olu") -> str:
    key = new_key()
    file = UploadFile(
        nth=0,
        name="Phone.E01",
        stored="evidence.E01",
        size_bytes=70,
        sha256_before="ab" * 32,
    )
    uploads = Uploads(store.connection)
    number = uploads.begin(key, who(store, name).user_id, tmp_path / key, [file], NOW)
    uploads.digested(number, 0, "ab" * 32)
    uploads.settle(number, UploadState.CHECKED, NOW)
    store.commit()
    return key


def test_an_upload_that_was_checked_goes_into_the_queue_once(store: Store, tmp_path: Path) -> None:
    key = uploaded(store, tmp_path)
    picked = {"evidence": "upload", "upload_key": key}
    done = sent(store, drafted(store, exhibit="UP/1", **picked))
    facts = Ledger(store.connection).entry(None, "UP/1").facts
    assert Path(facts.image_path) == tmp_path / key / "evidence.E01"
    kept = found(store, done.receipt)
    assert kept is not None
    (file,) = kept.evidence["files"]
    assert file["sha256_before"] == file["sha256_after"] == "ab" * 32
    with pytest.raises(NotSubmitted, match="upload is not complete"):
        sent(store, drafted(store, **picked))


def test_another_officers_upload_is_not_to_be_had(store: Store, tmp_path: Path) -> None:
    key = uploaded(store, tmp_path, "ola")
    with pytest.raises(NotSubmitted):
        sent(store, drafted(store, evidence="upload", upload_key=key))


def test_answers_of_two_pages_both_stay(url: str) -> None:
    with open_store(url) as store:
        key = drafted(store)
        user_id = who(store).user_id
    start = threading.Barrier(2)

    def answer(name: str) -> None:
        with open_store(url) as own:
            start.wait()
            assert Submissions(own.connection).keep(key, user_id, {name: "new"}, NOW)
            own.commit()

    pages = [threading.Thread(target=answer, args=(name,)) for name in ("case", "offence")]
    for one in pages:
        one.start()
    for one in pages:
        one.join()
    with open_store(url) as store:
        draft = Submissions(store.connection).draft(key, user_id)
    assert draft is not None
    assert (draft.answers["case"], draft.answers["offence"]) == ("new", "new")
