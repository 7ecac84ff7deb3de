"""Mail stores of Outlook: real ones of the corpus, and a stand-in for the library beside them."""

from __future__ import annotations

import hashlib
import os
import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from archive_carrier import carried, contents, lawful

from triage.ingest.archive import ArchiveLimits
from triage.ingest.archives import pst
from triage.ingest.filetype import detect

STORE = b"!BDN" + bytes(600)
ATTACHED = {
    "755560d196b67580846cec91fe4188cb82df0f8ce9913eca450134b8f7989810",
    "36a917a48e7b93f5226a082529e6c3ec663f083d4f9387551303d82379e2e445",
    "479b060322517dbb30f0f10b68bf785d48bb8825276cabde82d54ed773cbcb50",
}
"""SHA-256 of the three files that the maker of the sample attached to messages in it."""


@dataclass
class Attachment:
    name: str
    data: bytes = b""
    inner: Message | None = None
    at: int = 0

    @property
    def long_filename(self) -> str:
        return self.name

    @property
    def number_of_sub_items(self) -> int:
        return int(self.inner is not None)

    def get_sub_item(self, index: int) -> Message:
        assert self.inner is not None
        assert not index
        return self.inner

    def get_size(self) -> int:
        if self.name == "lost":
            raise OSError("unable to retrieve size")
        return len(self.data)

    def seek_offset(self, offset: int, whence: int) -> None:
        assert not whence
        self.at = offset

    def read_buffer(self, size: int) -> bytes:
        part = self.data[self.at : self.at + size]
        self.at += len(part)
        return part


@dataclass
class Message:
    attachments: list[Attachment] = field(default_factory=list)

    @property
    def number_of_attachments(self) -> int:
        return len(self.attachments)

    def get_attachment(self, index: int) -> Attachment:
        return self.attachments[index]

    def get_client_submit_time_as_integer(self) -> int:
        return 134_221_697_240_000_000

    def get_delivery_time_as_integer(self) -> int:
        return 0


@dataclass
class Folder:
    identifier: int
    name: str = ""
    folders: list[Folder] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    @property
    def number_of_sub_folders(self) -> int:
        return len(self.folders)

    @property
    def number_of_sub_messages(self) -> int:
        return len(self.messages)

    def get_sub_folder(self, index: int) -> Folder:
        return self.folders[index]

    def get_sub_message(self, index: int) -> Message:
        return self.messages[index]


PICTURE = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 600


def store() -> Folder:
    forwarded = Message([Attachment("inner.png", b"\x89PNG")])
    inbox = Folder(2, "Inbox")
    inbox.messages = [
        Message(),
        Message([Attachment("a.jpg", PICTURE), Attachment("mail", inner=forwarded)]),
        Message([Attachment("lost"), Attachment("", b"unnamed"), Attachment("link")]),
    ]
    inbox.folders = [inbox]
    return Folder(1, folders=[inbox])


class StandIn:
    Message = Message
    message = Message
    root = Folder(0)

    class file:  # noqa: N801  (as the library calls it)
        def open_file_object(self, one: object) -> None:
            assert one.read(4) == b"!BDN"  # type: ignore[attr-defined] # (a file)

        def get_root_folder(self) -> Folder:
            return StandIn.root


@pytest.fixture
def stood_in(monkeypatch: pytest.MonkeyPatch) -> None:
    StandIn.root = store()
    monkeypatch.setattr(pst, "pypff", StandIn)


@pytest.mark.usefixtures("stood_in")
def test_all_that_is_attached_is_listed_with_its_folder_and_message(tmp_path: Path) -> None:
    assert detect(STORE, b"a.pst", len(STORE)).mime == "application/vnd.ms-outlook-pst"
    files, entry = carried(tmp_path, STORE)
    listing = lawful(files, entry)
    assert contents(files, listing) == {
        b"Inbox/000002/a.jpg": PICTURE,
        b"Inbox/000002/mail/inner.png": b"\x89PNG",
        b"Inbox/000003/part-2": b"unnamed",
    }
    assert {one.times.modified_ns for one in listing.entries} == {1_777_696_124_000_000_000}
    assert [problem.detail for problem in listing.problems] == [
        "1 folder(s), message(s) or attachment(s) could not be read",
        "1 attachment(s) are links to what lies elsewhere",
    ]


@pytest.mark.usefixtures("stood_in")
def test_limits_are_kept(tmp_path: Path) -> None:
    files, entry = carried(tmp_path, STORE)
    listing = lawful(files, entry, ArchiveLimits(max_members=1))
    assert len(listing.entries) == 1
    assert "stopped after 1 attachments" in listing.problems[0].detail


def test_what_is_no_store_ends_in_words(tmp_path: Path) -> None:
    chance = random.Random(2)  # noqa: S311  (a seed, no secret)
    for data in (STORE, b"!BDN", b"!BDN" + chance.randbytes(2000)):
        files, entry = carried(tmp_path, data)
        assert lawful(files, entry).problems


def test_stores_of_the_corpus_hold_what_was_attached(tmp_path: Path) -> None:
    corpus = os.environ.get("TRIAGE_CORPUS", "")
    stores = sorted(Path(corpus, "mail").glob("*.[op]st")) if corpus else []
    if not stores:
        pytest.skip("TRIAGE_CORPUS is not set, or holds no mail stores: no real one to read")
    found = set[str]()
    for path in stores:
        files, entry = carried(tmp_path, path.read_bytes())
        for body in contents(files, lawful(files, entry)).values():
            found.add(hashlib.sha256(body).hexdigest())
    assert found >= ATTACHED
