"""What is stored of contents as they were judged, and which of them a new judgement changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa

from triage.model.digest import Digests, PictureHashes
from triage.model.grade import Proposal, Standing
from triage.model.match import Match
from triage.model.video import VideoHashes
from triage.store import rows, tables
from triage.store.reader import Reading
from triage.store.videos import HashedVideos

PAGE = 10_000
"""Contents judged at a time: packs answer sorted batches faster, and it still is little memory."""

_CONTENT = tables.contents.c
_MATCH = tables.matches.c
_PROPOSED = ("standing", "category", "original_code", "scheme", "grade_reason", "conflict")
_PICTURED = ("width", "height", "format", "frames", "pdq", "turned", "phash")
_NOTHING = tuple(rows.proposal_columns(Proposal(standing=Standing.UNKNOWN)).values())

Judged = tuple[bytes, tuple[Match, ...], Proposal]
"""SHA-256 of a content, its matches, and what they propose."""


class JudgedContent(NamedTuple):
    """A stored content: what it can be judged by, and what its last judgement left behind.

    Attributes:
        decoded: what decoding it gave, ``done`` or ``failed``; ``""`` where that was never done.
        matches: as they are stored, in order.
        proposal: the columns of the proposal, in order.
    """

    digests: Digests
    family: str
    picture_state: str
    decoded: str
    matches: tuple[str, ...]
    proposal: tuple[str, ...]


class JudgedPage:
    """Some contents by SHA-256; their picture hashes are read only where they are asked for."""

    def __init__(
        self,
        found: Sequence[rows.Row],
        matches: dict[bytes, tuple[str, ...]],
        videos: HashedVideos,
    ) -> None:
        self._rows = found
        self.contents = [_content(row, matches.get(row[0], ())) for row in found]
        self.videos = PageVideos(found, videos)

    def __getitem__(self, place: int, /) -> PictureHashes | None:
        """Give the picture hashes of one content."""
        return rows.hashes_of(self._rows[place])


class PageVideos:
    """The frames of the videos of a page, by the place of their content."""

    def __init__(self, found: Sequence[rows.Row], videos: HashedVideos) -> None:
        self._rows = found
        self._videos = videos

    def __getitem__(self, place: int, /) -> VideoHashes | None:
        """Give the frames of one content."""
        return self._videos.of(bytes(self._rows[place][0]))


def contents_total(store: Reading, exhibit_id: int) -> int:
    """Count the distinct contents of an exhibit."""
    query = sa.select(sa.func.count()).where(_CONTENT.exhibit_id == exhibit_id)
    return int(store.connection.execute(query.select_from(tables.contents)).scalar_one())


def judged_pages(store: Reading, exhibit_id: int) -> Iterator[JudgedPage]:
    """Yield all contents of an exhibit, by SHA-256, with what is stored of their judgement."""
    columns: list[sa.ColumnElement[Any]] = [
        sa.type_coerce(_CONTENT[name], sa.types.NullType()).label(name)
        for name in (
            *("sha256", "md5", "sha1", "size_bytes", "family", "picture_state", "picture_reason"),
            *_PROPOSED,
            *_PICTURED,
        )
    ]
    after: sa.BindParameter[bytes] = sa.bindparam("after", type_=sa.LargeBinary)
    query = (
        sa.select(*columns)
        .where(_CONTENT.exhibit_id == exhibit_id, _CONTENT.sha256 > after)
        .order_by(_CONTENT.sha256)
        .limit(PAGE)
    )
    last = b""
    while page := store.connection.execute(query, {"after": last}).all():
        first, last = page[0][0], page[-1][0]
        yield JudgedPage(
            page,
            _stored_matches(store, exhibit_id, first, last),
            HashedVideos(store, exhibit_id, first, last),
        )


def changed(page: Sequence[JudgedContent], judged: Sequence[Judged]) -> list[Judged]:
    """Give those judgements, in the order of the page, that differ from what is stored."""
    return [
        fresh for one, fresh in zip(page, judged, strict=True) if _differs(one, fresh[1], fresh[2])
    ]


def _differs(one: JudgedContent, matches: Sequence[Match], proposal: Proposal) -> bool:
    if not matches:
        # a proposal without matches is always the same one
        return bool(one.matches) or one.proposal != _NOTHING
    return one.proposal != tuple(rows.proposal_columns(proposal).values()) or one.matches != tuple(
        map(rows.to_json, matches)
    )


def _stored_matches(
    store: Reading, exhibit_id: int, first: bytes, last: bytes
) -> dict[bytes, tuple[str, ...]]:
    query = (
        sa.select(_MATCH.sha256, _MATCH.match)
        .where(_MATCH.exhibit_id == exhibit_id, _MATCH.sha256.between(first, last))
        .order_by(_MATCH.sha256, _MATCH.nth)
    )
    found = store.connection.execute(query).all()
    return {sha256: tuple(row[1] for row in same) for sha256, same in groupby(found, itemgetter(0))}


def _content(row: rows.Row, matches: tuple[str, ...]) -> JudgedContent:
    sha256, md5, sha1, size_bytes, family, state, reason = row[:7]
    return JudgedContent(
        Digests(md5=md5, sha1=sha1, sha256=sha256, size_bytes=size_bytes),
        family,
        state,
        "done" if row[-1] is not None else "failed" if reason else "",
        matches,
        tuple(row[7:13]),
    )
