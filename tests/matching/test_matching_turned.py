"""Look-alikes of turned pictures, against a comparison of each with each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from triage.matching.library import PackLibrary
from triage.matching.loading import LoadedSets
from triage.model.digest import Pdq, PdqRecipe, PictureHashes, Turn, TurnedHashes
from triage.model.hashset import Polarity
from triage.model.match import Match

Load = Callable[[list[tuple[bytes, bytes]]], LoadedSets]
HOUSE, FULL = PdqRecipe.SQUEEZED_512, PdqRecipe.FULL


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def loaded(records: list[tuple[bytes, bytes]]) -> LoadedSets:
        lines = [f"{pdq.hex()},{phash.hex()},{code}\n" for code, (pdq, phash) in enumerate(records)]
        source = tmp_path / "list.csv"
        source.write_text("pdq,phash,category\n" + "".join(lines))
        library = PackLibrary(tmp_path)
        library.import_set(source, name="own", polarity=Polarity.BY_CATEGORY, format_id="csv")
        return library.load(None)

    return loaded


def apart(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


def changed(random: np.random.Generator, digest: bytes, bits: int) -> bytes:
    unpacked = np.unpackbits(np.frombuffer(digest, np.uint8))
    unpacked[random.choice(len(unpacked), bits, replace=False)] ^= 1
    return np.packbits(unpacked).tobytes()


def picture(random: np.random.Generator, quality: int = 90) -> PictureHashes:
    house = random.bytes(32)
    pdq = (
        Pdq(bits=house, quality=quality, recipe=HOUSE),
        Pdq(bits=changed(random, house, 10), quality=quality, recipe=FULL),
    )
    turned = tuple(
        TurnedHashes(turn=turn, pdq=(random.bytes(32), random.bytes(32)), phash=random.bytes(8))
        for turn in Turn
    )
    phash = random.bytes(8)
    return PictureHashes(
        width=9, height=9, format="JPEG", frames=1, pdq=pdq, phash=phash, turned=turned
    )


def hashes(one: PictureHashes) -> list[tuple[str, bytes, str]]:
    """Give every hash of a picture with its algorithm and turn."""
    found = [("pdq", pdq.bits, "") for pdq in one.pdq] + [("phash", one.phash, "")]
    for each in one.turned:
        found += [("pdq", bits, f"{each.turn}") for bits in each.pdq]
        found.append(("phash", each.phash, f"{each.turn}"))
    return found


def expected(
    one: PictureHashes, records: list[tuple[bytes, bytes]]
) -> set[tuple[str, str, str, str]]:
    found = set()
    for code, record in enumerate(records):
        for nth, (algorithm, radius) in enumerate((("pdq", 31), ("phash", 8))):
            near = [
                (turn != "", apart(bits, record[nth]), turn)
                for name, bits, turn in hashes(one)
                if name == algorithm and apart(bits, record[nth]) <= radius
            ]
            if near:
                _, distance, turn = min(near)
                found.add((algorithm, str(code), str(distance), turn))
    return found


def told(matches: tuple[Match, ...]) -> set[tuple[str, str, str, str]]:
    found = set()
    for match in matches:
        first = match.detail.partition(";")[0]
        turn = first.removeprefix("alike once ") if first.startswith("alike once ") else ""
        found.add((match.algorithm.value, match.code, str(match.distance_bits), turn))
    assert len(found) == len(matches)
    return found


def test_what_is_found_is_what_comparing_each_with_each_finds(load: Load) -> None:
    random = np.random.default_rng(7)
    pictures = [picture(random) for _ in range(6)]
    records = []
    for one in pictures:
        by_kind = {"pdq": 31, "phash": 8}
        planted = [
            (name, changed(random, bits, int(random.integers(0, by_kind[name] + 2))))
            for name, bits, _ in hashes(one)
        ]
        records += [
            (bits, random.bytes(8)) if name == "pdq" else (random.bytes(32), bits)
            for name, bits in planted
        ]
    sets = load(records)
    for one, matches in zip(pictures, sets.match_pictures(pictures), strict=True):
        assert told(matches) == expected(one, records)
        assert sum(" once " in match.detail for match in matches) > 10
    sets.close()


def test_without_turns_the_same_is_found_as_before_and_with_them_first(load: Load) -> None:
    random = np.random.default_rng(8)
    pictures = [picture(random) for _ in range(4)]
    records = [
        (changed(random, bits, 20), random.bytes(8))
        for one in pictures
        for name, bits, _ in hashes(one)
        if name == "pdq"
    ]
    sets = load(records)
    plain = sets.match_pictures([replace(one, turned=()) for one in pictures])
    for before, after in zip(plain, sets.match_pictures(pictures), strict=True):
        assert before
        assert after[: len(before)] == before
        assert len(after) > len(before)
    sets.close()


def test_a_record_found_as_it_lies_is_not_told_again_although_a_turn_is_nearer(load: Load) -> None:
    random = np.random.default_rng(9)
    one = picture(random)
    turned = (replace(one.turned[0], pdq=(one.pdq[0].bits, one.pdq[0].bits)), *one.turned[1:])
    far = changed(random, one.pdq[0].bits, 29)
    sets = load([(far, random.bytes(8))])
    asked = replace(one, pdq=(replace(one.pdq[0], bits=changed(random, far, 31)),), turned=turned)
    (matches,) = sets.match_pictures([asked])
    assert [match.distance_bits for match in matches] == [31]
    assert " once " not in matches[0].detail
    sets.close()


def test_turns_of_a_picture_without_features_are_not_asked(load: Load) -> None:
    random = np.random.default_rng(10)
    one = picture(random, quality=49)
    sets = load([(each.pdq[0], each.phash) for each in one.turned])
    assert sets.match_pictures([one]) == [()]
    sets.close()
