"""Keys, keyed digests, the shuffled order and encrypted columns, each by itself."""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.errors import HashSetError, UsageFault
from triage.matching.sealed.cipher import BLOCK_BYTES, Place, decrypted, encrypted
from triage.matching.sealed.key import SealKey, exposed_to, new_key, read_key
from triage.matching.sealed.keyed import KeyedDigests
from triage.matching.sealed.order import shared, shuffled
from triage.model.digest import Algorithm

KEY = SealKey(secret=bytes(range(32)))
OTHER = SealKey(secret=bytes(range(1, 33)))
PLACE = Place("bad-sealed@1", "pdq-digests")


def by_the_book(algorithm: str, digest: bytes, width: int) -> bytes:
    """Key a digest by the formula of docs/sealed-sets.md and the standard library's HMAC."""
    words = (b"triage sealed set 1", b"digest", algorithm.encode())
    message = b"".join(len(word).to_bytes(4, "big") + word for word in words)
    lookup = hmac.new(KEY.secret, message, hashlib.sha256).digest()
    return hmac.new(lookup, digest, hashlib.sha256).digest()[:width]


@given(st.lists(st.binary(min_size=16, max_size=16), max_size=5))
def test_keyed_digests_are_those_of_the_standard_hmac(digests: list[bytes]) -> None:
    keyed = KeyedDigests(KEY)
    assert keyed.of(Algorithm.MD5, digests) == [by_the_book("md5", one, 16) for one in digests]
    whole = keyed.joined(Algorithm.MD5, b"".join(digests))
    assert whole == b"".join(keyed.of(Algorithm.MD5, digests))


def test_algorithms_are_keyed_apart() -> None:
    keyed, same = KeyedDigests(KEY), bytes(range(32))
    assert keyed.of(Algorithm.MD5, [same[:16]]) == [by_the_book("md5", same[:16], 16)]
    assert keyed.of(Algorithm.SHA1, [same[:20]]) == [by_the_book("sha1", same[:20], 20)]
    assert keyed.of(Algorithm.SHA256, [same]) == [by_the_book("sha256", same, 32)]
    assert by_the_book("md5", same, 16) != by_the_book("sha1", same, 16)


def test_the_key_is_not_shown_and_its_id_is_not_a_part_of_it() -> None:
    assert KEY.secret.hex() not in repr(KEY)
    assert str(KEY.secret) not in repr(KEY)
    assert KEY.key_id != OTHER.key_id
    assert bytes.fromhex(KEY.key_id) not in KEY.secret
    assert KEY.derived(b"a", b"bc") != KEY.derived(b"ab", b"c")


def test_a_new_key_is_random_private_and_read_back(tmp_path: Path) -> None:
    one, two = new_key(tmp_path / "1.key"), new_key(tmp_path / "2.key")
    assert one.secret != two.secret
    assert (read_key(tmp_path / "1.key"), read_key(tmp_path / "2.key")) == (one, two)
    if os.name != "nt":
        assert stat.S_IMODE((tmp_path / "1.key").stat().st_mode) == 0o600
    assert exposed_to(tmp_path / "1.key") == ""
    with pytest.raises(UsageFault, match="not overwritten"):
        new_key(tmp_path / "1.key")
    with pytest.raises(UsageFault, match="cannot be written"):
        new_key(tmp_path / "no" / "such" / "folder.key")
    assert read_key(tmp_path / "1.key") == one


@pytest.mark.skipif(os.name == "nt", reason="modes say nothing on Windows")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_key_that_others_may_read_is_told(tmp_path: Path, mode: int) -> None:
    new_key(tmp_path / "k")
    (tmp_path / "k").chmod(mode)
    assert f"{mode:04o}" in exposed_to(tmp_path / "k")


@given(st.data())
def test_a_key_file_that_was_cut_or_changed_is_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("key") / "k"
    new_key(path)
    good = path.read_bytes()
    place = data.draw(st.integers(0, len(good) - 2))
    kind = data.draw(st.sampled_from(["flip", "cut", "more", "double"]))
    bad = {
        "flip": good[:place]
        + bytes([good[place] ^ data.draw(st.integers(1, 255))])
        + good[place + 1 :],
        "cut": good[:place],
        "more": good + b"\0",
        "double": good + good,
    }[kind]
    path.write_bytes(bad)
    with pytest.raises(HashSetError) as told:
        read_key(path)
    assert good.split()[2].decode() not in told.value.message + told.value.hint


def test_a_key_that_is_not_there_is_told(tmp_path: Path) -> None:
    for look in (read_key, exposed_to):
        with pytest.raises(HashSetError, match="cannot be read"):
            look(tmp_path / "k")


@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=40),
    st.binary(min_size=32, max_size=32),
)
def test_records_that_share_a_digest_keep_their_order(
    records: list[tuple[int, int]], secret: bytes
) -> None:
    """The law of the order, beside a plain search for connected records."""
    groups = [
        shared(np.array([record[side] for record in records], np.uint64), np.arange(len(records)))
        for side in (0, 1)
    ]
    order = shuffled(len(records), groups, secret).tolist()
    assert sorted(order) == list(range(len(records)))
    place = {record: at for at, record in enumerate(order)}
    for first in range(len(records)):
        for second in range(first + 1, len(records)):
            if any(records[first][side] == records[second][side] for side in (0, 1)):
                assert place[first] < place[second]


def test_a_long_chain_of_shared_digests_stays_in_order() -> None:
    """Record n shares one digest with the record before and another with the one after."""
    count = 5000
    number = np.arange(count)
    groups = [shared(((number + side) // 2).astype(np.uint64), number) for side in (0, 1)]
    assert shuffled(count, groups, b"x").tolist() == number.tolist()


def test_the_order_tells_nothing_of_a_sorted_list_and_hangs_on_the_secret() -> None:
    count = 20_000
    listed = np.sort(np.random.default_rng(1).integers(0, 2**63, count, np.uint64))
    groups = [shared(listed, np.arange(count))]
    order = shuffled(count, groups, b"one")
    assert (order == shuffled(count, groups, b"one")).all()
    assert (order != shuffled(count, groups, b"two")).mean() > 0.9
    rising = sum(before < after for before, after in pairwise(order.tolist()))
    assert abs(rising / count - 0.5) < 0.02


@pytest.mark.parametrize("size", [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, 2 * BLOCK_BYTES + 5])
def test_an_encrypted_column_opens_with_its_key_and_shows_nothing(size: int) -> None:
    plain = np.random.default_rng(size).integers(0, 256, size, np.uint8).tobytes()
    raw = b"".join(encrypted(KEY, PLACE, plain))
    assert decrypted(KEY, PLACE, memoryview(raw)).tobytes() == plain
    assert raw == b"".join(encrypted(KEY, PLACE, plain))  # the same bytes each time
    assert plain[:16] not in raw or size < 16
    if size:
        with pytest.raises(HashSetError, match="of another key"):
            decrypted(OTHER, PLACE, memoryview(raw))


def test_equal_columns_differ_by_place_and_equal_blocks_by_number() -> None:
    plain = bytes(2 * BLOCK_BYTES)
    here = b"".join(encrypted(KEY, PLACE, plain))
    there = b"".join(encrypted(KEY, Place("other@1", PLACE.column), plain))
    assert here[64 : 64 + BLOCK_BYTES] != there[64 : 64 + BLOCK_BYTES]
    step = BLOCK_BYTES + 16
    assert here[64 : 64 + BLOCK_BYTES] != here[64 + step : 64 + step + BLOCK_BYTES]
    for place in (Place("other@1", PLACE.column), Place(PLACE.pack, "phash-digests")):
        with pytest.raises(HashSetError, match="was changed"):
            decrypted(KEY, place, memoryview(here))


@given(st.data())
def test_any_changed_or_missing_byte_of_an_encrypted_column_is_refused(data: st.DataObject) -> None:
    raw = bytearray(b"".join(encrypted(KEY, PLACE, b"harmless " * 20)))
    place = data.draw(st.integers(0, len(raw) - 1))
    kind = data.draw(st.sampled_from(["flip", "cut", "more"]))
    if kind == "flip":
        raw[place] ^= data.draw(st.integers(1, 255))
    elif kind == "cut":
        del raw[place:]
    else:
        raw += bytes(1 + place)
    with pytest.raises(HashSetError):
        decrypted(KEY, PLACE, memoryview(bytes(raw)))


def test_blocks_that_change_places_are_refused() -> None:
    raw = b"".join(encrypted(KEY, PLACE, bytes(2 * BLOCK_BYTES)))
    step = BLOCK_BYTES + 16
    swapped = raw[:64] + raw[64 + step :] + raw[64 : 64 + step]
    with pytest.raises(HashSetError, match="block 0"):
        decrypted(KEY, PLACE, memoryview(swapped))
