"""Real pictures of public collections: copies are near, others far, hostile files harmless."""

from __future__ import annotations

import os
from itertools import combinations
from pathlib import Path

import pytest

from triage.hashing.knownanswers import distance_bits
from triage.hashing.picture import PictureLimits, hash_picture
from triage.model.digest import PictureHashes
from triage.model.outcome import NoPicture, PictureReason

# The PDQ project's published hash of its picture "bridge-1".
BRIDGE = bytes.fromhex("d8f8f0cce0f4a84f0e370a22028f67f0b36e2ed596623e1d33e6b39c4e9c9b22")
# The published hash of the same picture by a port that does not scale down first.
BRIDGE_FULL = bytes.fromhex("f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22")


def corpus(folder: str) -> Path:
    named = os.environ.get("TRIAGE_CORPUS", "")
    if not named:
        pytest.skip("TRIAGE_CORPUS is not set: no folder of public test evidence")
    return Path(named) / folder


def hashed(path: Path) -> PictureHashes | NoPicture:
    return hash_picture(path.read_bytes(), "image/jpeg", PictureLimits())


def all_hashed(folder: str) -> dict[str, PictureHashes]:
    found = {path.name: hashed(path) for path in sorted(corpus(folder).iterdir())}
    assert found
    assert [name for name, one in found.items() if isinstance(one, NoPicture)] == []
    return {name: one for name, one in found.items() if isinstance(one, PictureHashes)}


def test_the_bridge_has_its_published_hashes() -> None:
    bridge = all_hashed("pictures/bridge-mods")["aaa-orig.jpg"]
    assert distance_bits(bridge.pdq[0].bits, BRIDGE) <= 16
    assert distance_bits(bridge.pdq[1].bits, BRIDGE_FULL) <= 2


@pytest.mark.parametrize("recipe", [0, 1])
def test_changed_bridges_stay_within_sixteen_bits(recipe: int) -> None:
    bridges = all_hashed("pictures/bridge-mods")
    original = bridges.pop("aaa-orig.jpg").pdq[recipe].bits
    assert len(bridges) == 11
    far = {name: distance_bits(one.pdq[recipe].bits, original) for name, one in bridges.items()}
    assert max(far.values()) <= 16, far


def test_changed_forests_stay_within_thirty_bits() -> None:
    forests = all_hashed("pictures/forest")
    original = forests.pop("forest-high.jpg").pdq[0].bits
    assert len(forests) == 4
    far = {name: distance_bits(one.pdq[0].bits, original) for name, one in forests.items()}
    assert max(far.values()) <= 30, far


def test_unrelated_pictures_are_far_apart() -> None:
    hashes = [one.pdq[0].bits for one in all_hashed("pictures/perception").values()]
    assert len(hashes) == 10
    apart = [distance_bits(one, other) for one, other in combinations(hashes, 2)]
    assert (min(apart), max(apart)) == (108, 144)


def test_every_format_decodes_or_says_why() -> None:
    failed = {}
    for path in sorted(corpus("pictures/formats").iterdir()):
        outcome = hashed(path)
        if isinstance(outcome, NoPicture):
            failed[path.name] = outcome.reason
    assert failed == {"ukbench09268_corrupt.jpg": PictureReason.UNDECODABLE}


def test_hostile_pictures_end_in_a_reason() -> None:
    reasons = {}
    for path in sorted(corpus("hostile").iterdir()):
        outcome = hash_picture(path.read_bytes(), "application/octet-stream", PictureLimits())
        if isinstance(outcome, NoPicture):
            reasons[path.name] = outcome.reason
    # A GIF whose second frame is the bomb: its first frame is a picture.
    assert "decompression_bomb_extents.gif" not in reasons
    assert reasons["decompression_bomb.gif"] is PictureReason.TOO_MANY_PIXELS
    assert reasons["decompression_bomb.ico"] is PictureReason.TOO_MANY_PIXELS
    assert reasons["truncated_jpeg.jpg"] is PictureReason.TRUNCATED
    assert sum(1 for _ in corpus("hostile").iterdir()) == len(reasons) + 1
