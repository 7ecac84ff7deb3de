"""Uploads: whatever breaks, repeats or is out of order, the bytes sent lie here, or it is said."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from triage.batch import uploadfiles, uploading
from triage.batch.uploading import Uploading, evidence_of
from triage.batch.uploadterms import Offered, Piece, Reason, UploadFault
from triage.model.settings import UnitSettings
from triage.store.accounttables import users
from triage.store.benchtables import submissions
from triage.store.database import Store, open_store
from triage.store.ledgertables import ledger
from triage.store.uploads import Upload, Uploads, UploadState

NOW_S = 1_795_330_000
LIMITS = UnitSettings(upload_max_gb=1, upload_free_gb=1)
ROOM = 100 * 10**9


def add_user(store: Store, name: str) -> int:
    row = {"name": name, "shown": name, "roles": "[]", "created_s": NOW_S}
    adding = users.insert().returning(users.c.id)
    return int(store.connection.execute(adding, row).scalar_one())


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url, create=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def kept_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Give one store for all examples of a law."""
    folder = tmp_path_factory.mktemp("store")
    with open_store(f"sqlite:///{folder}/c.sqlite", create=True) as opened:
        yield opened


@pytest.fixture
def officer(store: Store) -> int:
    return add_user(store, "officer")


def door(home: Path) -> Uploading:
    return Uploading(home, free_bytes=lambda _path: ROOM)


def offered(*contents: bytes) -> list[Offered]:
    return [
        Offered(
            name=f"Phone.E{nth:02d}",
            size_bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
        )
        for nth, data in enumerate(contents, 1)
    ]


def begun(doing: Uploading, store: Store, officer: int, *contents: bytes) -> Upload:
    upload = doing.begin(store, officer, offered(*contents), LIMITS, NOW_S)
    store.commit()
    return upload


def piece(key: str, data: bytes, *, at: int = 0, nth: int = 0) -> Piece:
    return Piece(key=key, nth=nth, offset_bytes=at, data=data)


def send(doing: Uploading, store: Store, officer: int, one: Piece) -> int:
    return doing.append(store, officer, one, LIMITS, NOW_S)


def attempt(doing: Uploading, store: Store, officer: int, one: Piece) -> int | UploadFault:
    try:
        return send(doing, store, officer, one)
    except UploadFault as refused:
        return refused


def lying(upload: Upload) -> list[bytes]:
    return [(upload.folder / one.stored).read_bytes() for one in upload.files]


def test_what_was_sent_lies_in_a_folder_that_nobody_else_reads(
    store: Store, officer: int, tmp_path: Path
) -> None:
    doing, parts = door(tmp_path), (b"first" * 1000, b"second")
    upload = begun(doing, store, officer, *parts)
    for nth, data in enumerate(parts):
        assert send(doing, store, officer, piece(upload.key, data, nth=nth)) == len(data)
    checked = doing.check(store, upload.key, officer, NOW_S).upload
    store.commit()
    assert checked.state is UploadState.CHECKED
    assert [one.sha256_after for one in checked.files] == [
        hashlib.sha256(data).hexdigest() for data in parts
    ]
    assert lying(checked) == list(parts)
    assert evidence_of(checked) == tmp_path / "uploads" / upload.key / "evidence.E01"
    assert [one.name for one in checked.files] == ["Phone.E01", "Phone.E02"]
    if os.name != "nt":
        modes = {stat.S_IMODE(one.stat().st_mode) for one in checked.folder.iterdir()}
        assert modes == {0o600}
        assert stat.S_IMODE(checked.folder.stat().st_mode) == 0o700


class Sender:
    """Goes on like a browser whose network, server and patience fail; the truth is ``data``."""

    def __init__(self, store: Store, officer: int, home: Path, data: bytes) -> None:
        self.store, self.officer, self.home, self.data = store, officer, home, data
        self.doing = door(home)
        self.upload = begun(self.doing, store, officer, data)
        self.acknowledged = 0

    def here(self) -> int:
        found = self.doing.find(self.store, self.upload.key, self.officer)
        return found.files[0].received_bytes

    def send(self, offset: int, length: int, *, spoilt: bool = False) -> None:
        data = self.data[offset : offset + length]
        data = bytes(one ^ 1 for one in data) if spoilt else data
        before, one = self.here(), piece(self.upload.key, data, at=offset)
        after = attempt(self.doing, self.store, self.officer, one)
        if isinstance(after, UploadFault):
            assert after.reason is Reason.WRONG_PLACE
            assert offset != before
            assert after.received_bytes == before == self.here()
        else:
            assert offset == before
            assert after == self.here() == before + len(data)

    def killed_between(self, length: int) -> None:
        """Lose the server after a piece was written and before that was said."""
        path = self.upload.folder / self.upload.files[0].stored
        here = self.here()
        uploadfiles.write_piece(path, here, b"?" * min(length, len(self.data) - here))
        self.doing = door(self.home)

    def disk_lost(self, length: int) -> None:
        """Lose the end of what was said to be here: a disk that did not keep its word."""
        path = self.upload.folder / self.upload.files[0].stored
        if path.exists():
            os.truncate(path, max(0, uploadfiles.size_bytes(path) - length))


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(("next", "next", "next", "wrong", "spoilt", "killed", "check", "lost")),
        st.integers(0, 60),
        st.integers(1, 40),
    ),
    max_size=25,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(min_size=1, max_size=64), actions=ACTIONS)
def test_any_order_of_pieces_repeats_and_crashes_ends_in_the_same_bytes_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory,
    kept_store: Store,
    data: bytes,
    actions: list[tuple[str, int, int]],
) -> None:
    home = tmp_path_factory.mktemp("home")
    sender = Sender(kept_store, add_user(kept_store, secrets.token_hex()), home, data)
    spoilt = False
    for what, offset, length in actions:
        here = edges_here(sender)
        if what == "next":
            (sender.send(here, length) if here == sender.here() else recover(sender, here))
        elif what == "wrong":
            sender.send(offset, length) if here == sender.here() else recover(sender, here)
        elif what == "spoilt" and here == sender.here() < len(data):
            spoilt = True
            sender.send(here, length, spoilt=True)
        elif what == "killed":
            sender.killed_between(length)
        elif what == "lost":
            sender.disk_lost(length)
        elif what == "check" and here < len(data):
            with pytest.raises(UploadFault) as refused:
                sender.doing.check(kept_store, sender.upload.key, sender.officer, NOW_S)
            assert refused.value.reason is Reason.NOT_COMPLETE
            assert refused.value.received_bytes == here == sender.here()
    while (here := edges_here(sender)) < len(data):
        recover(sender, here)
    ended = sender.doing.check(kept_store, sender.upload.key, sender.officer, NOW_S).upload
    kept_store.commit()
    same = lying(ended) == [data]
    assert same or spoilt
    assert ended.state is (UploadState.CHECKED if same else UploadState.REFUSED)


def edges_here(sender: Sender) -> int:
    """Ask as a sender does after any break; both ends are of what lies here."""
    edges = sender.doing.edges(sender.store, sender.upload.key, sender.officer, 0)
    path = sender.upload.folder / sender.upload.files[0].stored
    there = path.read_bytes()[: edges.received_bytes] if path.exists() else b""
    assert edges.first_sha256 == edges.last_sha256 == hashlib.sha256(there).hexdigest()
    return edges.received_bytes


def recover(sender: Sender, here: int) -> None:
    """Send 7 bytes from where the server stands."""
    part = sender.data[here : here + 7]
    key = sender.upload.key
    after = send(sender.doing, sender.store, sender.officer, piece(key, part, at=here))
    assert after == here + len(part)


def test_a_difference_is_refused_and_its_files_go(
    store: Store, officer: int, tmp_path: Path
) -> None:
    doing = door(tmp_path)
    upload = begun(doing, store, officer, b"as it was")
    send(doing, store, officer, piece(upload.key, b"as it wa5"))
    refused = doing.check(store, upload.key, officer, NOW_S).upload
    store.commit()
    assert refused.state is UploadState.REFUSED
    assert refused.files[0].sha256_after == hashlib.sha256(b"as it wa5").hexdigest()
    assert Uploads(store.connection).take(upload.key, officer, NOW_S) is None
    doing.clear(refused)
    assert not upload.folder.exists()


def test_a_check_goes_in_steps_and_survives_a_transaction_that_is_lost(
    store: Store, officer: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploading, "CHECK_BYTES", 10)
    monkeypatch.setattr("triage.batch.uploadcheck.READ_BYTES", 5)
    doing, parts = door(tmp_path), (b"a" * 12, b"b" * 13)
    upload = begun(doing, store, officer, *parts)
    for nth, data in enumerate(parts):
        send(doing, store, officer, piece(upload.key, data, nth=nth))
    assert steps(doing, store, officer, upload) == [(10, "open"), (22, "open"), (25, "checked")]
    store.rollback()
    assert steps(doing, store, officer, upload) == [(10, "open"), (22, "open"), (25, "checked")]
    store.commit()
    assert steps(doing, store, officer, upload) == [(25, "checked")]


def steps(doing: Uploading, store: Store, officer: int, upload: Upload) -> list[tuple[int, str]]:
    """Check until there is a verdict."""
    seen: list[tuple[int, str]] = []
    while not seen or seen[-1][1] == "open":
        step = doing.check(store, upload.key, officer, NOW_S)
        seen.append((step.bytes, step.upload.state.value))
    return seen


def test_a_finished_upload_takes_nothing_more(store: Store, officer: int, tmp_path: Path) -> None:
    doing = door(tmp_path)
    upload = begun(doing, store, officer, b"abc")
    send(doing, store, officer, piece(upload.key, b"abc"))
    with pytest.raises(UploadFault) as refused:
        send(doing, store, officer, piece(upload.key, b"d", at=3))
    assert refused.value.reason is Reason.TOO_LARGE
    doing.check(store, upload.key, officer, NOW_S)
    store.commit()
    with pytest.raises(UploadFault) as refused:
        send(doing, store, officer, piece(upload.key, b"xyz"))
    assert refused.value.reason is Reason.NOT_OPEN
    assert lying(upload) == [b"abc"]


def test_uploads_of_others_are_as_if_they_were_not_there(
    store: Store, officer: int, tmp_path: Path
) -> None:
    doing, other = door(tmp_path), add_user(store, "other")
    upload = begun(doing, store, officer, b"abc")
    for key in (upload.key, "0" * 32, "../../etc", "", "é" * 32):
        with pytest.raises(UploadFault) as refused:
            doing.find(store, key, other)
        assert refused.value.reason is Reason.NO_SUCH
    assert Uploads(store.connection).of(other) == ()
    for nth in (-1, 1, 10**30):
        with pytest.raises(UploadFault) as refused:
            send(doing, store, officer, piece(upload.key, b"a", nth=nth))
        assert refused.value.reason is Reason.NO_SUCH


def test_room_is_kept_free_for_the_unit(store: Store, officer: int, tmp_path: Path) -> None:
    free = [3 * uploading.GB]
    doing = Uploading(tmp_path, free_bytes=lambda _path: free[0])
    limits = UnitSettings(upload_max_gb=2, upload_free_gb=1)
    large = Offered(name="a.dd", size_bytes=3 * uploading.GB // 2, sha256="0" * 64)
    doing.begin(store, officer, [large], limits, NOW_S)
    with pytest.raises(UploadFault) as refused:  # what is promised counts as taken
        doing.begin(store, officer, [large], limits, NOW_S)
    assert refused.value.reason is Reason.NO_ROOM
    huge = Offered(name="a.dd", size_bytes=2 * uploading.GB + 1, sha256="0" * 64)
    with pytest.raises(UploadFault) as refused:
        doing.begin(store, officer, [huge], limits, NOW_S)
    assert refused.value.reason is Reason.TOO_LARGE
    upload = begun(doing, store, officer, b"abc")
    free[0] = uploading.GB + 2
    with pytest.raises(UploadFault) as refused:
        doing.append(store, officer, piece(upload.key, b"abc"), limits, NOW_S)
    assert refused.value.reason is Reason.NO_ROOM
    assert not upload.folder.exists()


def test_a_full_disk_is_said_in_plain_words(
    store: Store, officer: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doing = door(tmp_path)
    upload = begun(doing, store, officer, b"abcdef")
    send(doing, store, officer, piece(upload.key, b"abc"))

    def full(_path: Path, _offset: int, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(uploadfiles, "write_piece", full)
    with pytest.raises(UploadFault, match="no room"):
        send(doing, store, officer, piece(upload.key, b"def", at=3))
    monkeypatch.undo()
    assert send(doing, store, officer, piece(upload.key, b"def", at=3)) == 6


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ([], "between 1 and"),
        ([Offered(name="a.E01", size_bytes=0, sha256="0" * 64)], "empty"),
        ([Offered(name="a.E01", size_bytes=1 << 62, sha256="0" * 64)], "empty"),
        ([Offered(name="a.E01", size_bytes=1, sha256="A" * 64)], "SHA-256"),
        ([Offered(name="a.E01", size_bytes=1, sha256="")], "SHA-256"),
        ([Offered(name="a.exe", size_bytes=1, sha256="0" * 64)], "not part of a disk image"),
        ([Offered(name="a.E01", size_bytes=1, sha256="0" * 64)] * 801, "between 1 and"),
    ],
)
def test_what_is_no_evidence_is_refused(
    kept_store: Store, tmp_path: Path, wrong: list[Offered], words: str
) -> None:
    with pytest.raises(UploadFault, match=words) as refused:
        door(tmp_path).begin(kept_store, 1, wrong, LIMITS, NOW_S)
    assert refused.value.reason is Reason.NOT_EVIDENCE


def test_a_person_has_a_few_uploads_at_once(store: Store, officer: int, tmp_path: Path) -> None:
    doing = door(tmp_path)
    uploads = [begun(doing, store, officer, b"abc") for _ in range(uploading.MAX_OPEN)]
    with pytest.raises(UploadFault) as refused:
        begun(doing, store, officer, b"abc")
    assert refused.value.reason is Reason.TOO_MANY
    doing.drop(store, uploads[0].key, officer, NOW_S)
    begun(doing, store, officer, b"abc")
    assert uploads[0].key not in {one.key for one in Uploads(store.connection).of(officer)}


def submit(store: Store, officer: int, upload: Upload) -> None:
    row: dict[str, object] = {"case_reference": "OP-X", "reference": "A/1", "stage": "queued"}
    row |= {"owner_role": "suspect", "arrived_s": NOW_S}
    line = store.connection.execute(ledger.insert().returning(ledger.c.id), row).scalar_one()
    said = {"ledger_id": line, "user_id": officer, "upload_id": upload.upload_id}
    said |= {"receipt": "R-1", "draft": "d", "at_s": NOW_S, "evidence": "{}"}
    store.connection.execute(submissions.insert(), said)


def test_what_nobody_goes_on_with_is_removed_and_what_was_submitted_stays(
    store: Store, officer: int, tmp_path: Path
) -> None:
    doing = door(tmp_path)
    kept, old = (begun(doing, store, officer, b"abc") for _ in range(2))
    for one in (kept, old):
        send(doing, store, officer, piece(one.key, b"abc"))
    doing.check(store, kept.key, officer, NOW_S)
    taken = Uploads(store.connection).take(kept.key, officer, NOW_S)
    assert taken is not None
    submit(store, officer, taken)
    store.commit()
    assert Uploads(store.connection).take(kept.key, officer, NOW_S) is None
    with pytest.raises(UploadFault) as refused:
        doing.drop(store, kept.key, officer, NOW_S)
    assert refused.value.reason is Reason.SUBMITTED
    stray = tmp_path / "uploads" / ("f" * 32)
    stray.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "keep").touch()
    (tmp_path / "uploads" / ("e" * 32)).symlink_to(tmp_path / "elsewhere")
    assert doing.sweep(store, NOW_S + uploading.STALE_S) == 0
    assert old.folder.exists()
    assert doing.sweep(store, NOW_S + uploading.STALE_S + 1) == 1
    assert sorted((tmp_path / "uploads").iterdir()) == [kept.folder]
    assert lying(kept) == [b"abc"]
    assert (tmp_path / "elsewhere" / "keep").exists()


def test_two_windows_that_send_the_same_file_do_not_spoil_it(
    store_url: str, tmp_path: Path
) -> None:
    doing, data = door(tmp_path), bytes(range(256)) * 16
    with open_store(store_url, create=True) as store:
        officer = add_user(store, "officer")
        upload = begun(doing, store, officer, data)

    odd: set[Reason] = set()
    turn = threading.Event()

    def window() -> None:
        with open_store(store_url) as store:
            here = 0
            while here < len(data):
                one = piece(upload.key, data[here : here + 500], at=here)
                after = attempt(doing, store, officer, one)
                if isinstance(after, UploadFault):
                    odd.update({after.reason} - {Reason.WRONG_PLACE, Reason.BUSY})
                    here = max(here, after.received_bytes)
                    turn.wait(0.002)
                else:
                    here = after

    windows = [threading.Thread(target=window) for _ in range(3)]
    for one in windows:
        one.start()
    for one in windows:
        one.join()
    assert odd == set()
    with open_store(store_url) as store:
        assert doing.check(store, upload.key, officer, NOW_S).upload.state is UploadState.CHECKED
        store.commit()
        states = store.connection.execute(sa.text("SELECT state FROM uploads")).scalars().all()
    assert states == ["checked"]
    assert lying(upload) == [data]
