"""Cases graded elsewhere: what their files say, and what of it is merged with a case here."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from triage.errors import HashSetError, UsageFault
from triage.grading.merging import Merged, merge
from triage.grading.table import Scheme
from triage.matching.gradedcase import read_graded
from triage.model.digest import Digests
from triage.model.grade import Category
from triage.model.gradedcase import GradedFile
from triage.model.vote import NOT_NAMED, VoteHow

UK = Scheme(
    id="uk",
    version="4",
    title="Ours",
    region="UK",
    codes=(("0", Category.UNCATEGORISED), ("1", Category.A), ("2", Category.B)),
    needs_confirmation=False,
)
V2 = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/UK/$metadata#Cases"
V1 = "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml/UK/$metadata#Cases"


def content(number: int) -> Digests:
    raw = b"content %d" % number
    return Digests(
        md5=hashlib.md5(raw, usedforsecurity=False).digest(),
        sha1=hashlib.sha1(raw, usedforsecurity=False).digest(),
        sha256=hashlib.sha256(raw).digest(),
        size_bytes=len(raw),
    )


CASE = [content(number) for number in range(8)]


def media(number: int, category: object = 1, **more: object) -> dict[str, object]:
    one = content(number)
    return {
        "MediaID": number,
        "Category": category,
        "MD5": one.md5.hex().upper(),
        "SHA1": one.sha1.hex(),
        "MediaSize": one.size_bytes,
        "MediaFiles": [{"MD5": one.md5.hex(), "FileName": "x", "Category": 2}],
        **more,
    }


def written(folder: Path, value: Any, name: str = "case.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def case(*listed: object, context: str = V2, key: str = "@odata.context", **head: str) -> Any:
    return {key: context, "value": [{"CaseID": "{1}", "Media": list(listed), **head}]}


def merged(folder: Path, *listed: object, scheme: Scheme = UK, **head: str) -> Merged:
    return merge(read_graded(written(folder, case(*listed, **head))), CASE, scheme)


def test_a_case_of_each_version_gives_the_same_votes(tmp_path: Path) -> None:
    head = {"ContactName": "C. Lerk", "ContactOrganization": "Force"}
    new = written(tmp_path, case(media(1), media(2, 2), SourceApplicationName="Tool", **head))
    old = written(
        tmp_path, case(media(1), media(2, "2"), context=V1, key="odata.metadata", **head), "old"
    )
    packed = tmp_path / "case.json.gz"
    packed.write_bytes(gzip.compress(new.read_bytes()))
    files = [read_graded(path) for path in (new, old, packed)]
    assert [one.version for one in files] == ["2.0", "1.3", "2.0"]
    assert [one.region for one in files] == ["UK"] * 3
    assert [one.said_by for one in files] == ["C. Lerk (Force)"] * 3
    assert files[0].application == "Tool"
    for file, path in zip(files, (new, old, packed), strict=True):
        assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert file.size_bytes == path.stat().st_size
    votes = [merge(file, reversed(CASE), UK).ballots for file in files]
    assert votes[0] == votes[1] == votes[2]
    assert [(one.sha256, one.category, one.code, one.by, one.how) for one in votes[0]] == [
        (content(1).sha256, Category.A, "1", "C. Lerk (Force)", VoteHow.IMPORT),
        (content(2).sha256, Category.B, "2", "C. Lerk (Force)", VoteHow.IMPORT),
    ]


def test_who_graded_is_taken_as_far_as_the_file_says(tmp_path: Path) -> None:
    named = [
        {"PropertyName": "GradedBy", "PropertyValue": name} for name in ("FORCE\\ann", " Bob  B ")
    ]
    found = merged(tmp_path, media(1, MediaMetadata=named), media(2))
    assert [one.by for one in found.ballots] == ["Bob B", "FORCE\\ann", NOT_NAMED]


def test_tags_of_the_file_go_with_its_votes(tmp_path: Path) -> None:
    told = {"VictimIdentified": True, "OffenderIdentified": "False", "Series": "Garden"}
    (one,) = merged(tmp_path, media(1, **told, Tags=["first-generation"])).ballots
    assert one.tags == ("first-generation", "series:Garden", "victim-identified")


def test_every_record_is_accounted_for(tmp_path: Path) -> None:
    sha256 = [{"HashName": "SHA-256", "HashValue": content(5).sha256.hex()}]
    found = merged(
        tmp_path,
        media(1),
        media(2, None),
        media(3, 0),
        media(4, IsPrecategorized=True),
        media(5, 7),
        {"Category": 1, "AlternativeHashes": sha256},
        {"Category": 1, "MD5": "AB" * 16},
        {"Category": 1},
        {"Category": 1, "MD5": "zz"},
        {**media(6), "SHA1": "ab" * 20},
        {**media(7), "MediaSize": 1},
        "text",
        {**media(1, 2)},
        media(1),
    )
    assert [one.sha256 for one in found.ballots] == [content(1).sha256, content(5).sha256]
    assert (found.ungraded, found.precategorised) == (2, 1)
    assert found.strangers == ("ab" * 16,)
    assert [(place, reason.split(",")[0]) for place, reason in found.refused] == [
        ("record 5", "code 7 is not in scheme uk"),
        ("record 8", "no digest"),
        ("record 9", "md5: no digest of it"),
        ("record 10", "a content of the case has one of its digests"),
        ("record 11", "a content of the case has its digest"),
        ("record 12", "not an object"),
        ("record 13", "record 1 says something else of the same content"),
    ]


def test_a_digest_of_two_contents_is_nobodys(tmp_path: Path) -> None:
    twin = replace(content(1), sha256=bytes(32), sha1=bytes(20))
    file = read_graded(written(tmp_path, case({"MD5": content(1).md5.hex(), "Category": 1})))
    found = merge(file, [*CASE, twin], UK)
    assert found.refused == (("record 1", "2 contents of the case have its digest"),)
    whole = read_graded(written(tmp_path, case(media(1)), "whole"))
    assert [one.sha256 for one in merge(whole, [content(1)], UK).ballots] == [content(1).sha256]


def test_codes_are_read_by_a_confirmed_scheme_of_their_region_only(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="nobody has confirmed"):
        merged(tmp_path, media(1), scheme=replace(UK, needs_confirmation=True))
    with pytest.raises(UsageFault, match="of region UK"):
        merged(tmp_path, media(1), scheme=replace(UK, region="US"))
    anywhere = written(tmp_path, case(media(1), context=V2.replace("/UK/", "/Default/")))
    assert len(merge(read_graded(anywhere), CASE, UK).ballots) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "no VICS file"),
        ('{"a": 1}', "no VICS file"),
        (json.dumps({"@odata.context": V2.replace("Cases", "Media")}), "not of cases"),
        (json.dumps({"@odata.context": V2}), "no array 'value'"),
        (json.dumps(case(media(1), media(2)))[:-40], "cut short after record"),
        (json.dumps(case(media(1))) + "}", "not JSON"),
        (json.dumps(case({"MD5": "?"})).replace("?", "\xff"), "not"),
    ],
)
def test_what_is_no_case_is_refused_by_name(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "case.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(HashSetError, match=f"case.json: .*{words}"):
        read_graded(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
KEYS = ("MD5", "SHA1", "SHA256", "Category", "MediaSize", "AlternativeHashes", "MediaMetadata")
RECORDS = st.lists(
    JSON | st.dictionaries(st.sampled_from((*KEYS, "Series", "Tags", "IsPrecategorized")), JSON),
    max_size=4,
)


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(RECORDS)
def test_whatever_stands_in_a_case_is_taken_or_refused(
    tmp_path: Path, records: list[object]
) -> None:
    file: GradedFile = read_graded(written(tmp_path, case(*records)))
    assert [one.place for one in file.records] == [
        f"record {number}" for number in range(1, len(records) + 1)
    ]
    found = merge(file, CASE, UK)
    told = len(found.refused) + len(found.strangers) + found.ungraded + found.precategorised
    assert told == len(records)
    assert found.ballots == ()
