"""A sealed set answers as the one that it was made from, and only to whoever holds the key."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matching_sealed_samples import (
    CONTENTS,
    KEY,
    OTHER,
    SEALED,
    asked,
    picture,
    pictured,
    seal,
    write_pack,
)

from triage.errors import HashSetError, UsageFault
from triage.matching import layout
from triage.matching.column import Column, column_path
from triage.matching.firstlook import FirstLook
from triage.matching.library import PackLibrary
from triage.matching.pack import OpenPack
from triage.matching.sealed.ring import KeyRing
from triage.matching.sealing import SealWanted
from triage.matching.sizes import size_table
from triage.model.digest import Algorithm, Digests, PictureHashes
from triage.model.hashset import Polarity, ReferenceRecord
from triage.model.match import Match, MatchKind


def plain(match: Match) -> Match:
    """Give a match without what is allowed to tell a sealed set from the one in the clear."""
    detail = match.detail.replace(f"; {SEALED}", "").replace(SEALED, "")
    record = "" if match.kind is MatchKind.VISUAL else match.record
    return replace(match, pack="", record=record, series="", detail=detail)


def both(
    home: Path, contents: Sequence[Digests], pictures: Sequence[PictureHashes] = ()
) -> tuple[list[tuple[Match, ...]], list[tuple[Match, ...]]]:
    """Give the matches of the pack in the clear and of the sealed one."""
    found = []
    for name in ("clear", "field"):
        sets = PackLibrary(home, [KEY]).load([name])
        try:
            found.append([*sets.match_exact(contents), *sets.match_pictures(pictures)])
        finally:
            sets.close()
    return found[0], found[1]


picks = st.sampled_from([None, *range(6)])


@st.composite
def records(draw: st.DrawFn) -> ReferenceRecord:
    """Draw a record whose digests may be those of different contents: conflicts and repetitions."""
    md5, sha1, sha256 = draw(picks), draw(picks), draw(picks)
    if md5 is sha1 is sha256 is None:
        md5 = 0
    return ReferenceRecord(
        md5=None if md5 is None else CONTENTS[md5].md5,
        sha1=None if sha1 is None else CONTENTS[sha1].sha1,
        sha256=None if sha256 is None else CONTENTS[sha256].sha256,
        code=draw(st.sampled_from([None, "", "0", "1", "A", "\ud800"])),
        trusted=draw(st.sampled_from([None, True, False])),
        size_bytes=draw(st.sampled_from([None, 1, 2])),
    )


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None
)
@given(st.lists(records(), min_size=1, max_size=30), st.booleans())
def test_a_sealed_set_gives_the_hits_conflicts_and_categories_of_the_one_in_the_clear(
    tmp_path: Path,
    listed: list[ReferenceRecord],
    with_sizes: bool,  # noqa: FBT001  (drawn)
) -> None:
    shutil.rmtree(tmp_path / "packs", ignore_errors=True)
    write_pack(tmp_path, listed, Polarity.BY_CATEGORY)
    seal(tmp_path, with_sizes=with_sizes)
    clear, hidden = both(tmp_path, CONTENTS)
    if not with_sizes:  # then nothing is known against a content of another size
        clear = [
            tuple(
                replace(one, detail="") if "the record states" in one.detail else one
                for one in many
            )
            for many in clear
        ]
    assert [[plain(one) for one in many] for many in hidden] == [
        [plain(one) for one in many] for many in clear
    ]
    assert all(one.detail.endswith(SEALED) for many in hidden for one in many)


@pytest.mark.parametrize("distinct", [40, 1500])
def test_pictures_are_compared_as_before_and_their_hashes_are_not_told(
    tmp_path: Path, distinct: int
) -> None:
    """Few are scanned, many are indexed; each hash stands in several records and categories."""
    listed = [pictured(number % distinct, str(number % 7)) for number in range(2 * distinct + 9)]
    poor = replace(picture(3), quality=20)
    listed += [replace(listed[3], pdq=poor, code="9"), ReferenceRecord(md5=b"m" * 16)]
    write_pack(tmp_path, listed, Polarity.KNOWN_BAD)
    report = seal(tmp_path, with_visual=True)
    assert dict(report.manifest.rows) == {"md5": 1, "pdq": distinct, "phash": distinct}
    pictures = [asked(seed, flips) for seed in (0, 3, 39, 9999) for flips in (0, 5, 31, 32)]
    clear, hidden = both(tmp_path, [], pictures)
    assert sum(map(len, clear)) > 20
    assert [[plain(one) for one in many] for many in hidden] == [
        [plain(one) for one in many] for many in clear
    ]
    assert {one.record for many in hidden for one in many} == {""}


def every_byte(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


@pytest.mark.parametrize("with_visual", [True, False])
def test_nothing_of_the_list_can_be_read_from_a_sealed_set(
    tmp_path: Path,
    with_visual: bool,  # noqa: FBT001  (parametrised)
) -> None:
    listed = [
        replace(
            pictured(number, "1"),
            md5=one.md5,
            sha1=one.sha1,
            sha256=one.sha256,
            series="SeriesName",
            tags="TagName",
            photodna=bytes([200 + number]) * 144,
            size_bytes=0x1234567890 + number,
        )
        for number, one in enumerate(CONTENTS)
    ]
    clear = write_pack(tmp_path, listed, Polarity.KNOWN_BAD)
    seal(tmp_path, with_visual=with_visual)
    raw = every_byte(tmp_path / "packs" / "field@1")
    told = every_byte(clear)
    secrets = [b"SeriesName", b"TagName", b"operation-name", b"5e5e5e5e", b"a note on"]
    for one in listed:
        assert one.pdq
        assert one.size_bytes
        for digest in (one.md5, one.sha1, one.sha256, one.pdq.bits, one.phash, one.photodna):
            assert digest
            secrets.append(digest[8:16] if len(digest) > 8 else digest)
        secrets.append(one.size_bytes.to_bytes(8, "little"))
    assert all(secret in told for secret in secrets)
    assert [secret for secret in secrets if secret in raw] == []
    assert KEY.secret not in raw
    assert KEY.secret.hex().encode() not in raw
    assert all(digest[:6].hex().encode() not in raw for digest in (hashlib.sha256(told).digest(),))


def test_the_sizes_are_kept_where_they_are_asked_for(tmp_path: Path) -> None:
    listed = [ReferenceRecord(md5=one.md5, size_bytes=100 + n) for n, one in enumerate(CONTENTS)]
    write_pack(tmp_path, listed, Polarity.KNOWN_BAD)
    kept = seal(tmp_path, "kept", with_sizes=True)
    gone = seal(tmp_path, "gone")
    tables = [
        size_table(OpenPack(tmp_path / "packs" / name)) for name in ("clear@1", "kept@1", "gone@1")
    ]
    assert tables[1].sizes.tolist() == tables[0].sizes.tolist() == list(range(100, 106))
    assert (tables[2].sizes.tolist(), tables[2].records_unsized) == ([], 6)
    assert (kept.manifest.with_size, gone.manifest.with_size) == (6, 0)
    assert not any("sizes" in words for words in kept.left_out)
    assert any("every file in full" in words for words in gone.left_out)


def test_a_sealed_set_does_not_load_without_its_key(tmp_path: Path) -> None:
    write_pack(tmp_path, [ReferenceRecord(md5=CONTENTS[0].md5)], Polarity.KNOWN_BAD)
    seal(tmp_path)
    for names in (None, ["field"], ["clear", "field@1"]):
        with pytest.raises(HashSetError, match=rf"{KEY.key_id}, and no key was given"):
            PackLibrary(tmp_path).load(names)
        with pytest.raises(HashSetError, match=rf"the key given is another: {OTHER.key_id}"):
            PackLibrary(tmp_path, [OTHER]).load(names)
    PackLibrary(tmp_path).load(["clear"]).close()
    PackLibrary(tmp_path, [OTHER]).load(["clear"]).close()
    sets = PackLibrary(tmp_path, [OTHER, KEY]).load(None)
    assert [one.name for one in sets.manifests] == ["clear", "field"]
    sets.close()


def test_sets_under_two_keys_and_in_the_clear_answer_together(tmp_path: Path) -> None:
    write_pack(tmp_path, [ReferenceRecord(md5=CONTENTS[0].md5)], Polarity.KNOWN_BAD)
    seal(tmp_path, "one")
    seal(tmp_path, "two", OTHER)
    sets = PackLibrary(tmp_path, [KEY, OTHER]).load(None)
    found = sets.match_exact(CONTENTS)
    assert [[match.pack for match in many] for many in found] == [["clear", "one", "two"]] + [
        []
    ] * 5
    assert {match.record for match in found[0]} == {CONTENTS[0].md5.hex()}
    sets.close()
    packs = [OpenPack(tmp_path / "packs" / f"{name}@1") for name in ("clear", "one", "two")]
    for some in (packs, packs[:1], packs[1:2], packs[2:]):
        look = FirstLook(some, KeyRing([KEY, OTHER]))
        assert look.met(Algorithm.MD5, [one.md5 for one in CONTENTS]) == [True] + [False] * 5
        look.close()
    for pack in packs:
        pack.close()


def test_sealing_is_repeatable_and_recognised(tmp_path: Path) -> None:
    listed = [replace(pictured(n, "1"), md5=one.md5) for n, one in enumerate(CONTENTS)]
    write_pack(tmp_path / "a", listed, Polarity.KNOWN_BAD)
    write_pack(tmp_path / "b", listed, Polarity.KNOWN_BAD)
    reports = [seal(tmp_path / home, with_visual=True) for home in "ab"]
    assert reports[0].manifest.pack_sha256 == reports[1].manifest.pack_sha256
    again = seal(tmp_path / "a", with_visual=True)
    assert (again.already, again.manifest) == (True, reports[0].manifest)
    for key, wanted in ((OTHER, True), (KEY, False)):
        with pytest.raises(HashSetError, match="another content or other settings"):
            seal(tmp_path / "a", key=key, with_visual=wanted)
    other = seal(tmp_path / "b", "new", OTHER, with_visual=True)
    ours, theirs = (
        OpenPack(tmp_path / "b" / "packs" / name).exact("md5") for name in ("field@1", "new@1")
    )
    assert ours
    assert theirs
    assert other.manifest.rows == reports[0].manifest.rows
    assert every_byte(tmp_path / "b/packs/field@1") != every_byte(tmp_path / "b/packs/new@1")


def test_the_version_is_told_by_the_key_and_not_by_the_list(tmp_path: Path) -> None:
    clear = write_pack(tmp_path, [ReferenceRecord(md5=CONTENTS[0].md5)], Polarity.KNOWN_BAD)
    wanted = SealWanted(name="field")
    library = PackLibrary(tmp_path)
    versions = {
        library.seal(("clear", "1"), key, wanted).manifest.version for key in (KEY, OTHER, KEY)
    }
    assert len(versions) == 2
    assert not versions & {OpenPack(clear).manifest.pack_sha256[:12], "5e" * 6, "1"}


def test_what_cannot_be_sealed_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    write_pack(tmp_path, [pictured(1, "1")], Polarity.KNOWN_BAD)
    with pytest.raises(HashSetError, match="it would hold nothing"):
        seal(tmp_path)
    with pytest.raises(UsageFault, match="cannot be the name"):
        seal(tmp_path, "../x")
    with pytest.raises(HashSetError, match="no reference set"):
        PackLibrary(tmp_path).seal(("none", None), KEY, SealWanted(name="x"))
    seal(tmp_path, with_visual=True)
    with pytest.raises(HashSetError, match="sealed already"):
        PackLibrary(tmp_path).seal(("field", None), KEY, SealWanted(name="x"))
    with pytest.raises(HashSetError, match="capitals"):
        seal(tmp_path, "FIELD", with_visual=True)
    assert sorted(p.name for p in (tmp_path / "packs").iterdir() if p.is_dir()) == [
        "clear@1",
        "field@1",
    ]


@pytest.fixture
def many(tmp_path: Path) -> Path:
    digests = sorted(
        hashlib.md5(bytes([a, b]), usedforsecurity=False).digest()
        for a in range(8)
        for b in range(250)
    )
    write_pack(
        tmp_path, [ReferenceRecord(md5=one, code="1") for one in digests], Polarity.KNOWN_BAD
    )
    return tmp_path


def test_the_place_of_a_record_does_not_tell_how_its_digest_starts(many: Path) -> None:
    """In a list sorted by digest record n starts with about n / count; in a sealed one not."""
    seal(many)
    (folder,) = (many / "packs").glob("field@*")
    with Column(column_path(folder, layout.rows_name(Algorithm.MD5))) as rows:
        records = np.array(rows.array[:, -4:]).view("<u4").reshape(-1)
    apart = np.corrcoef(np.arange(len(records)), records)[0, 1]
    assert abs(apart) < 0.1
