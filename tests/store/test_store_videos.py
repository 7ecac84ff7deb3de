"""Videos come back as they were given; which of them wait follows from what is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from triage.model.digest import Digests
from triage.model.entry import Allocation, EntryKind, EntryRef, FileEntry
from triage.model.evidence import ContainerKind, EvidenceInfo
from triage.model.outcome import Done, FileType
from triage.model.video import (
    FrameHash,
    NoVideo,
    VideoFacts,
    VideoHashes,
    VideoOutcome,
    VideoReason,
    WorkingCopy,
)
from triage.model.volume import VolumeInfo, VolumeState
from triage.store.database import Store, open_store
from triage.store.videocopies import add_copy, copies_of
from triage.store.videos import HashedVideos, all_videos, set_videos, videos_of, waiting_videos

FACTS = VideoFacts(duration_s=61.5, width=640, height=360, frame_rate=29.97, video_codec="h264")
FILES = (
    ("a.mp4", "video/mp4", "video"),
    ("b.txt", "text/plain", "document"),
    ("c.DAV", "application/octet-stream", "other"),
    ("dav", "application/octet-stream", "other"),
    ("d.dav", "text/plain", "document"),
    ("e.mkv", "video/x-matroska", "video"),
)


def digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url, create=True) as opened:
        yield opened


@pytest.fixture
def exhibit_id(store: Store) -> int:
    """Enter a volume with some files, the last of them first on the disk, one of them twice."""
    exhibit = store.add_exhibit("OP-X", "ABC/1")
    info = EvidenceInfo(
        key="k", name="image", kind=ContainerKind.RAW, segments=("image",), size_bytes=9
    )
    evidence = store.add_evidence(exhibit, info, "/nowhere/image")
    volume = VolumeInfo(
        key="p0",
        offset_bytes=0,
        length_bytes=9,
        table="none",
        description="",
        state=VolumeState.OPENED,
    )
    volume_id = store.add_volumes(evidence, [volume])["p0"]
    names = [name for name, _, _ in FILES] + ["again.mp4"]
    entries = [
        FileEntry(
            ref=EntryRef(evidence="k", volume="p0", path=b"/" + name.encode(), address=nth),
            kind=EntryKind.FILE,
            allocation=Allocation.LIVE,
            size_bytes=5,
            first_block_offset_bytes=1000 - nth,
        )
        for nth, name in enumerate(names)
    ]
    store.add_entries(evidence, volume_id, entries)
    kinds = {name: (mime, family) for name, mime, family in FILES}
    outcomes = []
    for one in next(iter(store.waiting(evidence))):
        name = one.entry.ref.path[1:].decode()
        content = "a.mp4" if name == "again.mp4" else name
        sha256 = digest(content)
        digests = Digests(md5=sha256[:16], sha1=sha256[:20], sha256=sha256, size_bytes=5)
        mime, family = kinds[content]
        kind = FileType(mime=mime, family=family, extension_agrees=None)
        outcomes.append((one.entry_id, Done(digests=digests, type=kind)))
    store.finish(exhibit, outcomes)
    store.commit()
    return exhibit


def waiting(store: Store, exhibit_id: int, *extensions: str) -> list[bytes]:
    pages = waiting_videos(store, exhibit_id, extensions)
    return [one.entry.ref.path for page in pages for one in page]


def hashes(count: int, *, complete: bool = True) -> VideoHashes:
    return VideoHashes(
        facts=FACTS,
        frames=tuple(
            FrameHash(number=n * 30, quality=n % 101, bits=digest(str(n)), at_s=n + 0.001)
            for n in range(count)
        ),
        complete=complete,
        detail="" if complete else "left after 2 frames",
    )


def test_videos_wait_in_the_order_of_the_disk_each_once(store: Store, exhibit_id: int) -> None:
    assert waiting(store, exhibit_id) == [b"/e.mkv", b"/a.mp4"]
    assert waiting(store, exhibit_id, "dav") == [b"/e.mkv", b"/c.DAV", b"/a.mp4"]


def test_what_was_looked_into_waits_no_more(store: Store, exhibit_id: int) -> None:
    set_videos(store, exhibit_id, {digest("a.mp4"): hashes(1)})
    assert waiting(store, exhibit_id) == [b"/e.mkv"]
    store.rollback()
    assert waiting(store, exhibit_id) == [b"/e.mkv", b"/a.mp4"]


def test_they_come_back_as_they_were_given(store: Store, exhibit_id: int) -> None:
    given: dict[bytes, VideoOutcome] = {
        digest("a.mp4"): hashes(200),
        digest("e.mkv"): hashes(2, complete=False),
        digest("c.DAV"): NoVideo(reason=VideoReason.NEEDS_PLAYER, detail="needs player X"),
    }
    set_videos(store, exhibit_id, given)
    set_videos(store, exhibit_id, {digest("e.mkv"): given[digest("e.mkv")]})
    store.commit()
    assert videos_of(store, exhibit_id, [*given, bytes(32)]) == given
    assert list(all_videos(store, exhibit_id)) == sorted(given.items(), key=lambda one: one[0])
    some = HashedVideos(store, exhibit_id, bytes(32), b"\xff" * 32)
    assert some.of(digest("a.mp4")) == given[digest("a.mp4")]
    assert some.of(digest("c.DAV")) is None
    assert some.of(digest("b.txt")) is None


def test_copies_are_kept(store: Store, exhibit_id: int) -> None:
    copy = WorkingCopy(
        sha256=digest("a.mp4"),
        copy_sha256=digest("copy"),
        copy_bytes=7,
        name="a.mp4",
        how="packets copied as they are (h264)",
        made_s=1_790_000_000,
        made_by="A Person",
    )
    add_copy(store, exhibit_id, copy)
    store.commit()
    assert copies_of(store, exhibit_id) == (copy,)
