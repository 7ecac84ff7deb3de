from __future__ import annotations

import copy
import pickle

from hypothesis import given, settings
from hypothesis import strategies as st

from triage.model.entry import Allocation, DirectoryRef, EntryKind, EntryRef, FileEntry, Times
from triage.model.extents import WHOLE, packed, unpacked
from triage.model.listing import Listing
from triage.model.packing import Packed, Packer, pack

loads = pickle.loads
PIECES = st.lists(
    st.tuples(st.integers(0, 1 << 63), st.integers(1, 1 << 50)), max_size=8
).map(tuple)  # fmt: skip
NUMBERS = st.integers(0, 5) | st.integers(-(1 << 63), (1 << 64) - 1)
MOMENTS = st.none() | st.integers(-(1 << 62), 1 << 62)
ENTRIES = st.builds(
    FileEntry,
    ref=st.builds(
        EntryRef,
        evidence=st.just("0123456789abcdef"),
        volume=st.just("p1"),
        path=st.binary(max_size=5),
        stream=st.binary(max_size=3),
        parent_address=st.just(7),
        address=NUMBERS,
        sequence=NUMBERS,
    ),
    kind=st.sampled_from(EntryKind),
    allocation=st.sampled_from(Allocation),
    size_bytes=st.integers(0, 1 << 62),
    times=st.builds(
        Times, modified_ns=MOMENTS, accessed_ns=MOMENTS, changed_ns=MOMENTS, created_ns=MOMENTS,
        naive_local=st.booleans(),
    ),
    first_block_offset_bytes=st.none() | st.integers(0, 1 << 62),
    extents=PIECES,
    resident=st.booleans(),
    compressed=st.booleans(),
    sparse=st.booleans(),
    encrypted=st.booleans(),
    no_content=st.text(max_size=3),
    detail=st.text(max_size=3),
)  # fmt: skip


@given(PIECES, st.integers(-1, 1 << 62), st.integers(0, 1 << 62))
def test_extents_come_back_as_they_were(
    pieces: tuple[tuple[int, int], ...], first: int, size: int
) -> None:
    assert unpacked(packed(pieces, first, size), first, size) == pieces


def test_the_usual_single_piece_takes_one_byte() -> None:
    assert packed(((4096, 100),), 4096, 100) == WHOLE == b"\x01"
    assert packed((), 4096, 100) == b""


def test_the_bytes_of_pieces_are_as_documented() -> None:
    """Two pieces; 300 on, 5 long; then 2 back from its end, 1 long."""
    assert packed(((300, 5), (303, 1)), 300, 6) == bytes([2, 0xD8, 0x04, 5, 3, 1])


@given(ENTRIES, ENTRIES)
@settings(deadline=None, max_examples=25)
def test_a_value_that_travelled_is_equal_and_hashes_alike(
    entry: FileEntry, container: FileEntry
) -> None:
    inner = copy.replace(entry, container=container) if hasattr(copy, "replace") else entry
    for one in (entry, entry.ref, entry.times, inner):
        for protocol in (2, pickle.HIGHEST_PROTOCOL):
            again = loads(pickle.dumps(one, protocol))
            assert type(again) is type(one)
            assert (again, hash(again), repr(again)) == (one, hash(one), repr(one))
        assert copy.deepcopy(one) == one
    folder = DirectoryRef(volume="p1", path=b"/\xff", address=3, live=False, depth=2)
    assert loads(pickle.dumps(folder)) == folder


@given(st.lists(ENTRIES, max_size=6).map(tuple))
@settings(deadline=None, max_examples=25)
def test_a_listing_that_travelled_holds_the_same_entries(entries: tuple[FileEntry, ...]) -> None:
    folder = DirectoryRef(volume="p1", path=b"/a", address=3)
    listing = Listing(entries=entries, directories=(folder,))
    again = loads(pickle.dumps(listing, pickle.HIGHEST_PROTOCOL))
    assert tuple(again.entries) == listing.entries
    assert again == Listing(entries=pack(entries), directories=(folder,))
    assert isinstance(again.entries, Packed) == bool(entries)
    if isinstance(again.entries, Packed):
        keys = [row[0] for page in again.entries.rows() for row in page]
        assert keys == [entry.ref.key() for entry in entries]


def test_entries_of_different_places_stay_as_they_are() -> None:
    one = FileEntry(
        ref=EntryRef(evidence="e", volume="p1", path=b"/"),
        kind=EntryKind.FILE,
        allocation=Allocation.LIVE,
        size_bytes=0,
    )
    other = FileEntry(
        ref=EntryRef(evidence="e", volume="p2", path=b"/"),
        kind=EntryKind.FILE,
        allocation=Allocation.LIVE,
        size_bytes=0,
    )
    assert pack((one, other)) == (one, other)
    assert pack(()) == ()


def test_entries_that_agree_are_numbered_in_order_over_pages() -> None:
    packer = Packer("e", "p1", 7)
    many = 20_000
    for number in range(many):
        packer.add(
            b"/x%d" % (number % 7_000), b"", 1, 0, "file", "live", 5, (None,) * 4 + (False,),
            -1, (), 0, "", "",
        )  # fmt: skip
    found = packer.done()
    assert isinstance(found, Packed)
    assert len(found) == len(list(found)) == many
    assert [entry.ref.nth for entry in found] == [number // 7_000 for number in range(many)]
    assert len({entry.ref.key() for entry in found}) == many
    assert found[7_000].ref.path == b"/x0"
