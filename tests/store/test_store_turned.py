"""The hashes of turned pictures come back as they were given, and only those lacking are wanted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from triage.model.digest import Pdq, PdqRecipe, PictureHashes, Turn, TurnedHashes
from triage.model.outcome import NoPicture, PictureReason
from triage.store.database import Store, open_store
from triage.store.judged import judged_pages


def digest(number: int) -> bytes:
    return hashlib.sha256(b"%d" % number).digest()


def picture(recipes: tuple[PdqRecipe, ...]) -> PictureHashes:
    pdq = tuple(Pdq(bits=digest(40 + nth), quality=90, recipe=r) for nth, r in enumerate(recipes))
    turned = tuple(
        TurnedHashes(
            turn=turn,
            pdq=tuple(digest(100 * place + nth) for nth in range(len(recipes))),
            phash=digest(100 * place + 99)[:8],
        )
        for place, turn in enumerate(Turn, start=1)
    )
    return PictureHashes(
        width=9, height=8, format="PNG", frames=1, pdq=pdq, phash=bytes(range(8)), turned=turned
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'cases.sqlite'}", create=True) as opened:
        yield opened


def contents(store: Store, count: int) -> int:
    exhibit_id = store.add_exhibit("OP-X", "ABC/1")
    kind = (bytearray(16), bytearray(20), 1, "image/png", "picture", "pending")
    store.add_contents([(exhibit_id, bytearray(digest(one)), *kind) for one in range(count)])
    return exhibit_id


@pytest.mark.parametrize(
    "recipes", [(PdqRecipe.SQUEEZED_512, PdqRecipe.FULL), (PdqRecipe.UNKNOWN,)]
)
def test_they_come_back_as_they_were_given(store: Store, recipes: tuple[PdqRecipe, ...]) -> None:
    exhibit_id = contents(store, 1)
    store.set_pictures(exhibit_id, {digest(0): picture(recipes)})
    store.commit()
    (one,) = store.contents_named(exhibit_id, [digest(0)])
    assert one.picture == picture(recipes)
    assert [page[0] for page in judged_pages(store, exhibit_id)] == [picture(recipes)]


def test_only_pictures_that_lack_them_wait_again(store: Store) -> None:
    exhibit_id = contents(store, 5)
    whole = picture((PdqRecipe.SQUEEZED_512, PdqRecipe.FULL))
    store.set_pictures(
        exhibit_id,
        {
            digest(0): whole,
            digest(1): replace(whole, turned=()),
            digest(2): NoPicture(reason=PictureReason.TRUNCATED),
            digest(3): replace(whole, turned=()),
        },
    )
    store.set_picture_states(exhibit_id, {digest(3): "known-good"})
    counted = store.summary("OP-X", "ABC/1")
    assert (counted.pictures_hashed, counted.pictures_turned) == (2, 1)
    store.redecode_unturned(exhibit_id)
    named = store.contents_named(exhibit_id, [digest(one) for one in range(5)])
    states = {one.digests.sha256: one.picture_state for one in named}
    expected = ("done", "pending", "failed", "known-good", "pending")
    assert states == {digest(one): state for one, state in enumerate(expected)}
