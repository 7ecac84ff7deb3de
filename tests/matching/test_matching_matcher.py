"""What a hit is, what a conflict is, and which look-alikes are told."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from triage.errors import HashSetError
from triage.matching.building import PackBuilder
from triage.matching.library import LoadedSets, PackLibrary
from triage.matching.manifest import PackDocument, files_of, sealed, write_document
from triage.matching.visual import MOST_CODES, NEAREST
from triage.model.digest import Algorithm, Digests, Pdq, PdqRecipe, PictureHashes
from triage.model.hashset import PackManifest, Polarity, ReferenceRecord
from triage.model.match import Match, MatchKind

Load = Callable[..., LoadedSets]
SQUEEZED, FULL, UNKNOWN = PdqRecipe.SQUEEZED_512, PdqRecipe.FULL, PdqRecipe.UNKNOWN


def content(data: bytes) -> Digests:
    return Digests(
        md5=hashlib.md5(data, usedforsecurity=False).digest(),
        sha1=hashlib.sha1(data, usedforsecurity=False).digest(),
        sha256=hashlib.sha256(data).digest(),
        size_bytes=len(data),
    )


ONE, TWO = content(b"one"), content(b"two")


def write_pack(home: Path, records: list[ReferenceRecord], name: str, polarity: Polarity) -> None:
    folder = home / "packs" / f"{name}@1"
    folder.mkdir(parents=True)
    builder = PackBuilder(folder, run_rows=3)
    for start in range(0, len(records), 7):
        builder.add(records[start : start + 7])
    manifest = PackManifest(
        name=name,
        version="1",
        polarity=polarity,
        scheme="s",
        scheme_version="1",
        format="test",
        source_name="source",
        source_sha256="00",
        source_size_bytes=1,
        imported_at="2026-01-01T00:00:00+00:00",
        tool_version="0",
        taken=len(records),
        refused=0,
        rows=builder.finish(),
        with_size=builder.with_size,
    )
    write_document(
        folder, sealed(PackDocument(manifest=manifest, settings=(), files=files_of(folder)))
    )


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    opened: list[LoadedSets] = []

    def loaded(
        records: list[ReferenceRecord], polarity: Polarity = Polarity.KNOWN_BAD
    ) -> LoadedSets:
        home = tmp_path / str(len(opened))
        write_pack(home, records, "set", polarity)
        opened.append(PackLibrary(home).load(None))
        return opened[-1]

    yield loaded
    for sets in opened:
        sets.close()


def short(match: Match) -> tuple[str, str, str]:
    return match.kind.value, match.algorithm.value, match.code


def test_a_hit_carries_all_that_the_record_says(load: Load) -> None:
    record = ReferenceRecord(
        md5=ONE.md5, sha1=ONE.sha1, size_bytes=3, code="0", series="Sérïe [red]", trusted=True
    )
    (matches,) = load([record]).match_exact([ONE])
    assert matches == (
        Match(
            pack="set",
            pack_version="1",
            kind=MatchKind.EXACT,
            algorithm=Algorithm.SHA1,
            record=hashlib.sha1(b"one", usedforsecurity=False).hexdigest(),
            polarity=Polarity.KNOWN_BAD,
            scheme="s",
            code="0",
            has_code=True,
            trusted="yes",
            series="Sérïe [red]",
        ),
    )


@pytest.mark.parametrize("holders", [{0}, {1}, {0, 1}, set()])
def test_photodna_of_the_very_record_is_carried(load: Load, holders: set[int]) -> None:
    values = [bytes(range(144)), bytes(range(1, 145))]
    sets = load(
        [
            ReferenceRecord(md5=one.md5, photodna=values[number] if number in holders else None)
            for number, one in enumerate((ONE, TWO))
        ]
    )
    carried = [base64.b64decode(found[0].photodna) for found in sets.match_exact([ONE, TWO])]
    assert carried == [values[number] if number in holders else b"" for number in (0, 1)]


def test_agreeing_md5_with_another_sha1_is_a_conflict_and_no_hit(load: Load) -> None:
    record = ReferenceRecord(md5=ONE.md5, sha1=TWO.sha1, code="1")
    one, two = load([record]).match_exact([ONE, TWO])
    assert [short(match) for match in one] == [("conflict", "md5", "1")]
    assert one[0].detail == "md5 agrees, sha1 differs"
    assert [short(match) for match in two] == [("conflict", "sha1", "1")]
    assert two[0].detail == "sha1 agrees, md5 differs"


def test_each_code_is_told_once_and_an_absent_code_is_not_an_empty_one(load: Load) -> None:
    codes = ["2", "1", "2", None, "", "1", None]
    sets = load([ReferenceRecord(md5=ONE.md5, code=code) for code in codes])
    (matches,) = sets.match_exact([ONE])
    assert [(match.code, match.has_code) for match in matches] == [
        ("2", True),
        ("1", True),
        ("", False),
        ("", True),
    ]


def test_the_strongest_agreeing_digest_is_named(load: Load) -> None:
    records = [ReferenceRecord(md5=ONE.md5), ReferenceRecord(sha256=ONE.sha256, md5=ONE.md5)]
    (matches,) = load(records).match_exact([ONE])
    assert [short(match) for match in matches] == [("exact", "sha256", "")]


def test_another_size_is_told_but_stays_a_hit(load: Load) -> None:
    (matches,) = load([ReferenceRecord(md5=ONE.md5, size_bytes=99)]).match_exact([ONE])
    assert matches[0].kind is MatchKind.EXACT
    assert matches[0].detail == "the record states 99 bytes, the content has 3"


def test_records_without_each_digest_find_their_own_place(load: Load) -> None:
    """Tables are dense: record numbers and rows of a table differ."""
    records = [
        ReferenceRecord(sha1=content(bytes([n])).sha1, code=f"s{n}")
        if n % 2
        else ReferenceRecord(md5=content(bytes([n])).md5, code=f"m{n}")
        for n in range(40)
    ]
    found = load(records).match_exact([content(bytes([n])) for n in range(40)])
    codes = [[match.code for match in matches] for matches in found]
    assert codes == [[f"s{n}" if n % 2 else f"m{n}"] for n in range(40)]


@given(data=st.data())
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_matches_are_those_of_comparing_all_records(data: st.DataObject, load: Load) -> None:
    few = [content(bytes([n])) for n in range(4)]
    pick = st.one_of(st.none(), st.integers(0, 3))
    records = [
        ReferenceRecord(
            md5=None if m is None else few[m].md5,
            sha1=None if s is None else few[s].sha1,
            sha256=None if h is None else few[h].sha256,
            code=code,
        )
        for m, s, h, code in data.draw(
            st.lists(
                st.tuples(pick, pick, pick, st.sampled_from([None, "", "1", "2"])),
                min_size=1,
                max_size=12,
            )
        )
        if (m, s, h) != (None, None, None)
    ]
    if not records:
        return
    expected = []
    for asked in few:
        seen = set()
        for record in records:
            same = {
                getattr(record, name) == getattr(asked, name)
                for name in ("md5", "sha1", "sha256")
                if getattr(record, name) is not None
            }
            if True in same:
                kind = "conflict" if False in same else "exact"
                seen.add((kind, record.code is not None, record.code or ""))
        expected.append(seen)
    found = load(records).match_exact(few)
    told = [[(m.kind.value, m.has_code, m.code) for m in matches] for matches in found]
    assert [set(matches) for matches in told] == expected
    assert [len(matches) for matches in told] == [len(matches) for matches in expected]


# Look-alikes

BITS = hashlib.sha256(b"a picture").digest()
PHASH = bytes.fromhex("856a156ad52b6a97")


def flipped(digest: bytes, count: int) -> bytes:
    mask = (1 << count) - 1
    return (int.from_bytes(digest, "big") ^ mask).to_bytes(len(digest), "big")


def pdq(bits: bytes = BITS, quality: int = 100, recipe: PdqRecipe = SQUEEZED) -> Pdq:
    return Pdq(bits=bits, quality=quality, recipe=recipe)


def picture(*pdqs: Pdq, phash: bytes = bytes(8)) -> PictureHashes:
    return PictureHashes(width=9, height=9, format="JPEG", frames=1, pdq=pdqs, phash=phash)


def visual(sets: LoadedSets, asked: PictureHashes) -> list[tuple[str, int, str]]:
    (matches,) = sets.match_pictures([asked])
    assert {match.kind for match in matches} <= {MatchKind.VISUAL}
    return [(match.algorithm.value, match.distance_bits, match.code) for match in matches]


def test_31_bits_match_and_32_do_not(load: Load) -> None:
    sets = load([ReferenceRecord(pdq=pdq(), code="1")])
    assert visual(sets, picture(pdq(flipped(BITS, 31)))) == [("pdq", 31, "1")]
    assert visual(sets, picture(pdq(flipped(BITS, 32)))) == []
    (matches,) = sets.match_pictures([picture(pdq(flipped(BITS, 31)))])
    assert (matches[0].record, matches[0].detail) == (BITS.hex(), "")


@pytest.mark.parametrize(("record", "asked", "hit"), [(50, 50, 1), (49, 100, 0), (100, 49, 0)])
def test_both_qualities_must_reach_50(load: Load, record: int, asked: int, hit: int) -> None:
    sets = load([ReferenceRecord(pdq=pdq(quality=record))])
    assert len(visual(sets, picture(pdq(quality=asked)))) == hit


def test_a_record_of_unknown_quality_matches_and_says_so(load: Load) -> None:
    sets = load([ReferenceRecord(pdq=pdq(quality=-1))])
    (matches,) = sets.match_pictures([picture(pdq())])
    assert [match.detail for match in matches] == ["quality of the record unknown"]


def test_recipes_are_not_mixed(load: Load) -> None:
    asked = picture(pdq(), pdq(flipped(BITS, 90), recipe=FULL))
    assert visual(load([ReferenceRecord(pdq=pdq(recipe=FULL))]), asked) == []
    assert len(visual(load([ReferenceRecord(pdq=pdq(flipped(BITS, 90), recipe=FULL))]), asked)) == 1


def test_a_record_of_unknown_recipe_is_compared_with_both(load: Load) -> None:
    sets = load([ReferenceRecord(pdq=pdq(recipe=UNKNOWN))])
    near, far = pdq(flipped(BITS, 3), recipe=FULL), pdq(flipped(BITS, 9))
    (matches,) = sets.match_pictures([picture(far, near)])
    assert [(match.distance_bits, match.detail) for match in matches] == [
        (3, "recipe of the record unknown, the nearer one taken")
    ]


def test_phash_matches_within_8_bits_of_a_picture_with_features(load: Load) -> None:
    sets = load([ReferenceRecord(phash=PHASH, code="1")])
    good = pdq(hashlib.sha256(b"else").digest())
    assert visual(sets, picture(good, phash=flipped(PHASH, 8))) == [("phash", 8, "1")]
    assert visual(sets, picture(good, phash=flipped(PHASH, 9))) == []
    assert visual(sets, picture(replace(good, quality=49), phash=PHASH)) == []
    assert visual(sets, picture(phash=PHASH)) == []


@pytest.mark.parametrize("flat", ["8000000000000000", "0000000000000007", "fffffffffffffffc"])
def test_nearly_empty_and_nearly_full_phashes_never_match(load: Load, flat: str) -> None:
    sets = load([ReferenceRecord(phash=bytes.fromhex(flat))])
    assert visual(sets, picture(pdq(), phash=bytes.fromhex(flat))) == []
    sets = load([ReferenceRecord(phash=flipped(bytes.fromhex(flat), 5))])
    assert visual(sets, picture(pdq(), phash=bytes.fromhex(flat))) == []


def test_a_record_whose_own_picture_is_flat_has_no_phash(load: Load) -> None:
    sets = load([ReferenceRecord(phash=PHASH, pdq=pdq(bytes(32), quality=10))])
    assert visual(sets, picture(pdq(), phash=PHASH)) == []


def test_known_good_sets_are_not_searched_for_look_alikes(load: Load) -> None:
    record = ReferenceRecord(md5=ONE.md5, pdq=pdq(), phash=PHASH)
    sets = load([record], Polarity.KNOWN_GOOD)
    assert visual(sets, picture(pdq(), phash=PHASH)) == []
    assert [short(match) for match in sets.match_exact([ONE])[0]] == [("exact", "md5", "")]


def test_the_nearest_20_are_told_and_the_nearest_of_each_further_code(load: Load) -> None:
    records = [ReferenceRecord(pdq=pdq(flipped(BITS, n)), code="5") for n in range(28)]
    records += [
        ReferenceRecord(pdq=pdq(flipped(BITS, 31)), code="1"),
        ReferenceRecord(pdq=pdq(flipped(BITS, 30)), code="1"),
    ]
    expected = [("pdq", n, "5") for n in range(NEAREST)] + [("pdq", 30, "1")]
    assert visual(load(records), picture(pdq())) == expected
    assert visual(load(records[::-1]), picture(pdq())) == expected


def test_a_hostile_number_of_codes_is_bounded(load: Load) -> None:
    records = [ReferenceRecord(pdq=pdq(), code=str(n)) for n in range(700)]
    records.append(ReferenceRecord(pdq=pdq(), code="0"))
    asked = [picture(pdq()), picture(pdq(flipped(BITS, 1))), picture(pdq(flipped(BITS, 99)))]
    counts = [len(matches) for matches in load(records).match_pictures(asked)]
    assert counts == [MOST_CODES, MOST_CODES, 0]


def test_equal_look_alikes_of_one_code_are_told_once(load: Load) -> None:
    sets = load([ReferenceRecord(pdq=pdq(), code="1")] * 9 + [ReferenceRecord(pdq=pdq())])
    assert visual(sets, picture(pdq())) == [("pdq", 0, "1"), ("pdq", 0, "")]


def test_a_set_without_eligible_pictures_finds_nothing(load: Load) -> None:
    sets = load([ReferenceRecord(pdq=pdq(quality=1), phash=bytes(8))])
    assert visual(sets, picture(pdq(), phash=PHASH)) == []
    assert sets.match_pictures([]) == []
    assert sets.match_exact([]) == []


def test_answers_do_not_depend_on_how_questions_are_batched(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = [hashlib.sha256(bytes([n])).digest() for n in range(250)]
    many = [ReferenceRecord(pdq=pdq(digest), phash=digest[:8]) for digest in digests]
    near = [flipped(digest, n % 40) for n, digest in enumerate(digests)]
    asked = [picture(pdq(bits), phash=bits[-8:]) for bits in near]
    sets = load(many * 3)
    whole = sets.match_pictures(asked)
    assert whole == [matches for one in asked for matches in sets.match_pictures([one])]
    assert sum(map(len, whole)) >= 190
    monkeypatch.setattr("triage.matching.visual._MOST_PAIRS", 1)
    assert load(many * 3).match_pictures(asked) == whole


def test_a_digest_of_the_wrong_length_is_refused(tmp_path: Path) -> None:
    builder = PackBuilder(tmp_path)
    with pytest.raises(HashSetError, match="md5 that is not 16 bytes"):
        builder.add([ReferenceRecord(md5=b"short")])
    builder.close()
