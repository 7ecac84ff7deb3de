"""The sizes of a set, held against a plain walk over its records."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from triage.matching import layout, sizes
from triage.matching.firstlook import FirstLook
from triage.matching.library import PackLibrary
from triage.matching.pack import OpenPack
from triage.matching.sizes import SizeTable, joined, size_table
from triage.model.digest import Algorithm
from triage.model.hashset import Polarity

DIGESTS = {"sha256": hashlib.sha256, "sha1": hashlib.sha1, "md5": hashlib.md5}
BITS = {str(name): 1 << place for place, name in enumerate(layout.STRENGTH)}
Line = tuple[int, int | None, frozenset[str]]
"""Number of the content, stated size, and the digests that the record gives."""

some_digests = st.frozensets(st.sampled_from(sorted(DIGESTS)), min_size=1)
stated_sizes = st.one_of(st.none(), st.integers(0, 9), st.just(2**40))
lists = st.lists(
    st.tuples(st.integers(0, 50), stated_sizes, some_digests), min_size=1, max_size=30
).filter(lambda lines: any("md5" in line[2] or "sha1" in line[2] for line in lines))


def pack_of(folder: Path, lines: Sequence[Line], name: str = "bad") -> OpenPack:
    rows = ["md5,sha1,sha256,size"]
    for number, size, held in lines:
        cells = [
            DIGESTS[kind](str(number).encode()).hexdigest() if kind in held else ""
            for kind in ("md5", "sha1", "sha256")
        ]
        rows.append(",".join([*cells, "" if size is None else str(size)]))
    source = folder / f"{name}.csv"
    source.write_text("\n".join(rows) + "\n")
    library = PackLibrary(folder)
    report = library.import_set(source, name=name, polarity=Polarity.KNOWN_BAD)
    manifest = report.manifest
    return OpenPack(folder / "packs" / f"{manifest.name}@{manifest.version}")


def decides(lines: list[Line], size: int, bits: int) -> bool:
    """Walk over all records: each that may be of this size must give a digest of those computed."""
    concerned = [held for _, stated, held in lines if stated is None or stated == size]
    return all(any(BITS[kind] & bits for kind in held) for held in concerned)


def needed(lines: list[Line], size: int) -> bool:
    return any(stated is None or stated == size for _, stated, _ in lines)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lines=lists, more=lists, block=st.sampled_from([1, 3, 1 << 20]))
def test_every_record_of_a_size_is_decided_and_no_other_file_is_read(
    tmp_path_factory: pytest.TempPathFactory, lines: list[Line], more: list[Line], block: int
) -> None:
    folder = tmp_path_factory.mktemp("packs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sizes, "BLOCK_RECORDS", block)
        tables = []
        for name, part in (("bad", lines), ("worse", more)):
            pack = pack_of(folder, part, name)
            tables.append(size_table(pack))
            pack.close()
    both = joined(tables)
    for table, part in ((tables[0], lines), (both, lines + more)):
        assert (table.records, table.records_unsized) == (
            len(part),
            sum(stated is None for _, stated, _ in part),
        )
        asked = [*range(12), 2**40, 2**40 + 1, 2**63]
        for size, bits in zip(asked, table.wanted(asked), strict=True):
            assert decides(part, size, bits)
            assert bool(bits) == needed(part, size)


@pytest.mark.parametrize(
    ("held", "chosen"),
    [
        ([{"md5", "sha1"}], "sha1"),
        ([{"md5", "sha1", "sha256"}], "sha1"),
        ([{"sha256"}], "sha256"),
        ([{"md5", "sha256"}, {"sha256", "sha1"}], "sha256"),
        ([{"md5"}], "md5"),
        ([{"md5", "sha1"}, {"md5", "sha256"}], "sha1 sha256"),
        ([{"md5"}, {"sha1", "md5"}], "md5"),
    ],
)
def test_the_cheapest_digest_that_decides_is_chosen(
    tmp_path: Path, held: list[set[str]], chosen: str
) -> None:
    """SHA-1 and SHA-256 together cost less than MD5 alone where the processor helps."""
    pack = pack_of(tmp_path, [(n, 7, frozenset(one)) for n, one in enumerate(held)])
    (bits,) = size_table(pack).wanted([7])
    pack.close()
    assert {kind for kind in BITS if BITS[kind] & bits} == set(chosen.split())


def test_a_set_of_nothing_wants_nothing() -> None:
    assert SizeTable().wanted([0, 1, 2**63]) == b"\0\0\0"
    assert joined([]).wanted([5]) == b"\0"


def digest_of(kind: str) -> Callable[[int], bytes]:
    return lambda number: DIGESTS[kind](str(number).encode()).digest()


def test_a_first_look_knows_just_what_is_listed(tmp_path: Path) -> None:
    odd = [(n, n, frozenset({"md5", "sha1"})) for n in range(1, 40, 2)]
    few = [(n, None, frozenset({"sha256"})) for n in (4, 8)]
    packs = [pack_of(tmp_path, odd, "odd"), pack_of(tmp_path, [*few, odd[0]], "few")]
    look = FirstLook(packs)
    for kind, listed in (("md5", range(1, 40, 2)), ("sha1", range(1, 40, 2)), ("sha256", (4, 8))):
        asked = list(map(digest_of(kind), range(50)))
        assert look.met(Algorithm(kind), asked) == [n in listed for n in range(50)]
    assert look.met(Algorithm.SHA1, []) == []
    look.close()
    for pack in packs:
        pack.close()
