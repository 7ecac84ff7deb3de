"""Videos of an exhibit: which wait to be looked into, and what looking into them gave."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from triage.model.entry import FileEntry
from triage.model.video import (
    FrameHash,
    NoVideo,
    VideoFacts,
    VideoHashes,
    VideoOutcome,
    VideoReason,
)
from triage.store import bulk, rows, tables
from triage.store.lookedtables import videos
from triage.store.reader import PAGE, Reading, with_keys
from triage.store.spans import evidence_ids
from triage.store.writer import Writing

KNOWN = ("known-good", "known-bad")
"""Standings by which a video is not looked into: its digests have said all."""

_FRAME = struct.Struct(">IB32sd")
_ENTRY = tables.entries.c
_CONTENT = tables.contents.c
_VIDEO = videos.c
_UNTOLD = "application/octet-stream"
_ASKED = 400


class WaitingVideo(NamedTuple):
    """A video that nobody looked into yet, and the entry to read it from."""

    sha256: bytes
    size_bytes: int
    mime: str
    entry: FileEntry
    location: str


def waiting_videos(
    store: Reading, exhibit_id: int, extensions: Sequence[str] = ()
) -> Iterator[list[WaitingVideo]]:
    """Yield pages of the videos still to be looked into, in the order in which they lie on disk.

    Args:
        extensions: without dot, small letters: a content of no known type counts as a video where
            the name of one of its entries ends so.
    """
    evidence = evidence_ids(store.connection, [exhibit_id])
    first = _first_entries(exhibit_id, evidence, extensions)
    ids = list(store.connection.execute(first).scalars())
    query = (
        with_keys()
        .add_columns(
            tables.evidence.c.location,
            _CONTENT.sha256.label("content_sha256"),
            _CONTENT.size_bytes.label("content_size_bytes"),
            _CONTENT.mime.label("content_mime"),
        )
        .join(
            tables.contents,
            (_CONTENT.exhibit_id == tables.evidence.c.exhibit_id)
            & (_CONTENT.sha256 == _ENTRY.sha256),
        )
    )
    for start in range(0, len(ids), PAGE):
        order = {place: index for index, place in enumerate(ids[start : start + PAGE])}
        found = store.connection.execute(query.where(_ENTRY.id.in_(order))).all()
        page = sorted(found, key=lambda row: order[row.id])
        containers = store._containers(page)  # noqa: SLF001  (of this room)
        yield [
            WaitingVideo(
                row.content_sha256,
                row.content_size_bytes,
                row.content_mime,
                rows.entry_of(row, containers.get(row.container_id)),
                row.location,
            )
            for row in page
        ]


def _first_entries(
    exhibit_id: int, evidence: Sequence[int], extensions: Sequence[str]
) -> sa.Select[tuple[int]]:
    """Select the first entry of each content that waits, in on-disk order."""
    looked = sa.select(_VIDEO.sha256).where(_VIDEO.exhibit_id == exhibit_id)
    is_video: sa.ColumnElement[bool] = _CONTENT.family == "video"
    chosen = sa.select(sa.func.min(_ENTRY.id).label("id")).select_from(tables.entries)
    chosen = chosen.join(
        tables.contents,
        (_CONTENT.exhibit_id == exhibit_id) & (_CONTENT.sha256 == _ENTRY.sha256),
    )
    if extensions:
        named = (_CONTENT.mime == _UNTOLD) & sa.or_(*_endings(extensions))
        is_video |= named
    chosen = chosen.where(
        is_video,
        _ENTRY.evidence_id.in_(evidence),
        _CONTENT.standing.not_in(KNOWN),
        _CONTENT.size_bytes > 0,
        _CONTENT.sha256.not_in(looked),
    ).group_by(_CONTENT.sha256)
    some = chosen.subquery()
    return (
        sa.select(_ENTRY.id)
        .join(some, some.c.id == _ENTRY.id)
        .order_by(_ENTRY.evidence_id, _ENTRY.first_block_offset_bytes, _ENTRY.id)
    )


def _endings(extensions: Sequence[str]) -> Iterator[sa.ColumnElement[bool]]:
    """Compare the ends of paths, which are bytes, on any server."""
    by_length: dict[int, list[bytes]] = {}
    for extension in extensions:
        for text in {extension.lower(), extension.upper(), extension.capitalize()}:
            by_length.setdefault(len(text) + 1, []).append(b"." + text.encode("ascii"))
    for length, endings in sorted(by_length.items()):
        start = sa.func.length(_ENTRY.path) - (length - 1)
        end = sa.func.substr(_ENTRY.path, start, length, type_=sa.LargeBinary)
        yield (sa.func.length(_ENTRY.path) > length) & end.in_(sorted(endings))


def set_videos(store: Writing, exhibit_id: int, found: Mapping[bytes, VideoOutcome]) -> None:
    """Record what looking into videos gave, by SHA-256; kept with the next commit."""
    if not found:
        return
    statement = bulk.insert_of(store.connection.dialect.name)(videos)
    names = ("state", "reason", "detail", "facts", "frames")
    changed = {name: statement.excluded[name] for name in names}
    store.connection.execute(
        statement.on_conflict_do_update(index_elements=["exhibit_id", "sha256"], set_=changed),
        [
            {"exhibit_id": exhibit_id, "sha256": sha256, **_columns(outcome)}
            for sha256, outcome in sorted(found.items())
        ],
    )


def _columns(outcome: VideoOutcome) -> dict[str, object]:
    if isinstance(outcome, NoVideo):
        state, reason, frames = "none", str(outcome.reason), b""
    else:
        state, reason = "hashed" if outcome.complete else "partial", ""
        frames = b"".join(
            _FRAME.pack(one.number, one.quality, one.bits, one.at_s) for one in outcome.frames
        )
    return {
        "state": state,
        "reason": reason,
        "detail": outcome.detail,
        "facts": rows.to_json(outcome.facts),
        "frames": frames,
    }


def videos_of(
    store: Reading, exhibit_id: int, digests: Sequence[bytes]
) -> dict[bytes, VideoOutcome]:
    """Give what looking into these contents gave, by SHA-256; those that were looked into."""
    found: dict[bytes, VideoOutcome] = {}
    for start in range(0, len(digests), _ASKED):
        part = list(digests[start : start + _ASKED])
        query = sa.select(videos).where(_VIDEO.exhibit_id == exhibit_id, _VIDEO.sha256.in_(part))
        found |= {bytes(row.sha256): _outcome(row) for row in store.connection.execute(query)}
    return found


def all_videos(store: Reading, exhibit_id: int) -> Iterator[tuple[bytes, VideoOutcome]]:
    """Yield SHA-256 and outcome of each video that was looked into, by SHA-256."""
    query = sa.select(videos).where(_VIDEO.exhibit_id == exhibit_id).order_by(_VIDEO.sha256)
    for row in store.connection.execute(query):
        yield bytes(row.sha256), _outcome(row)


class HashedVideos:
    """The frames of the videos among some contents, read where they are asked for.

    Args:
        first: SHA-256 of the first of the contents, ``last`` of the last, in their order.
    """

    def __init__(self, store: Reading, exhibit_id: int, first: bytes, last: bytes) -> None:
        self._store = store
        self._exhibit_id = exhibit_id
        query = sa.select(_VIDEO.sha256).where(
            _VIDEO.exhibit_id == exhibit_id,
            _VIDEO.sha256.between(first, last),
            _VIDEO.state != "none",
        )
        self._hashed = frozenset(map(bytes, store.connection.execute(query).scalars()))

    def of(self, sha256: bytes) -> VideoHashes | None:
        """Give the frames of one content."""
        if sha256 not in self._hashed:
            return None
        found = videos_of(self._store, self._exhibit_id, [sha256]).get(sha256)
        return found if isinstance(found, VideoHashes) else None


def _outcome(row: rows.Row) -> VideoOutcome:
    facts = VideoFacts(**json.loads(row.facts))
    if row.state == "none":
        return NoVideo(reason=VideoReason(row.reason), detail=row.detail, facts=facts)
    return VideoHashes(
        facts=facts,
        frames=tuple(
            FrameHash(number=number, quality=quality, bits=bits, at_s=at_s)
            for number, quality, bits, at_s in _FRAME.iter_unpack(row.frames)
        ),
        complete=row.state == "hashed",
        detail=row.detail,
    )
