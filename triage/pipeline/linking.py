"""Brings thumbnails together with the pictures that they were made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from triage.matching.nearest import nearest
from triage.matching.stacking import tells
from triage.model.digest import PdqRecipe
from triage.model.thumbnail import LinkHow, ThumbnailLink
from triage.store.database import Store
from triage.store.stacks import stored_pictures
from triage.store.thumbnails import (
    StoredThumbnail,
    files_at,
    files_of,
    set_links,
    thumbnails_of,
)

_Looks = Mapping[bytes, tuple[int, int]]
"""Of a thumbnail's content: the entry that looks the same, and how far apart in bits."""


def link_thumbnails(store: Store, exhibit_id: int) -> None:
    """Link every thumbnail of an exhibit anew, by the strongest way there is.

    A thumbnail lies in its original, or its cache names a file that is there, or a picture of the
    exhibit looks the same, or its original is absent. The links are kept with the next commit.
    """
    found = list(thumbnails_of(store.connection, exhibit_id))
    if not found:
        set_links(store.connection, exhibit_id, ())
        return
    loose = [one for one in found if not one.in_picture]
    named = files_at(store.connection, exhibit_id, ((one.volume_id, one.sibling) for one in loose))
    unnamed = [one for one in loose if (one.volume_id, one.sibling) not in named]
    looks = _looks(store, exhibit_id, {one.sha256 for one in unnamed})
    set_links(store.connection, exhibit_id, _links(found, named, looks))


def _links(
    found: Sequence[StoredThumbnail], named: Mapping[tuple[int, bytes], int], looks: _Looks
) -> Iterator[ThumbnailLink]:
    for one in found:
        key = one.volume_id, one.sibling
        if one.in_picture:
            yield ThumbnailLink(
                entry_id=one.entry_id, how=LinkHow.EMBEDDED, original_id=one.container_id
            )
        elif key in named:
            yield ThumbnailLink(entry_id=one.entry_id, how=LinkHow.NAME, original_id=named[key])
        elif one.sha256 in looks:
            entry_id, distance = looks[one.sha256]
            yield ThumbnailLink(
                entry_id=one.entry_id,
                how=LinkHow.LOOKS,
                original_id=entry_id,
                distance_bits=distance,
            )
        else:
            yield ThumbnailLink(entry_id=one.entry_id, how=LinkHow.ABSENT)


def _looks(store: Store, exhibit_id: int, wanted: set[bytes]) -> _Looks:
    """Find for contents the nearest picture that is more than a thumbnail."""
    same = files_of(store.connection, exhibit_id, sorted(wanted))
    asked: dict[bytes, bytes] = {}
    among: dict[bytes, bytes] = {}
    for page in stored_pictures(store, exhibit_id):
        for one in page:
            if one.pdq.recipe is PdqRecipe.SQUEEZED_512 and tells(one.pdq, one.phash):
                (asked if one.sha256 in wanted else among)[one.sha256] = one.pdq.bits
    asked = {sha256: bits for sha256, bits in asked.items() if sha256 not in same}
    there = _files_only(store, exhibit_id, asked, among)
    return {sha256: (entry_id, 0) for sha256, entry_id in same.items()} | there


def _files_only(
    store: Store, exhibit_id: int, asked: Mapping[bytes, bytes], among: Mapping[bytes, bytes]
) -> dict[bytes, tuple[int, int]]:
    """Ask again without what turned out to be a thumbnail alone, until nothing does."""
    left, found = dict(among), dict[bytes, tuple[int, int]]()
    waiting = dict(asked)
    while waiting and left:
        names, digests = list(waiting), list(left)
        hits = nearest(list(waiting.values()), list(left.values()))
        near = {name: hit for name, hit in zip(names, hits, strict=True) if hit is not None}
        wanted = sorted({digests[place] for place, _ in near.values()})
        files = files_of(store.connection, exhibit_id, wanted)
        for sha256 in wanted:
            if sha256 not in files:
                del left[sha256]
        waiting = {}
        for name, (place, distance) in near.items():
            if digests[place] in files:
                found[name] = files[digests[place]], distance
            else:
                waiting[name] = asked[name]
    return found
