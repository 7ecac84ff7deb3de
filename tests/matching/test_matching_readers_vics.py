"""VICS hash sets and cases in the shapes that tools are known to write."""

from __future__ import annotations

import base64
import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from matching_reader_samples import (
    MD5_A,
    MD5_B,
    PDQ_BRIDGE,
    SHA1_A,
    SHA1_B,
    SHA256_A,
    SHA256_B,
    raw,
    read,
    refused,
    taken,
)

from triage.errors import HashSetError
from triage.matching.reader import ReadOptions, choose_reader

CASES_2 = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/UK/$metadata#Cases"
MEDIA_2 = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"
MEDIA_1_3 = "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media"
MEDIA_1_2 = "http://github.com/ICMEC/ProjectVic/DataModels/1.2.xml#Media"
PHOTODNA = bytes(range(144))
PHOTODNA_BASE64 = base64.b64encode(PHOTODNA).decode()


def vics(folder: Path, value: Any, context: str = MEDIA_2, name: str = "set.json") -> Path:
    key = "odata.metadata" if "ICMEC" in context else "@odata.context"
    path = folder / name
    path.write_text(json.dumps({key: context, "value": value}), encoding="utf-8")
    return path


def test_category_zero_null_and_absent_stay_apart(tmp_path: Path) -> None:
    value = [
        {"MD5": MD5_A, "Category": 0},
        {"MD5": MD5_A, "Category": None},
        {"MD5": MD5_A},
        {"MD5": MD5_A, "Category": "2"},
        {"MD5": MD5_A, "Category": ""},
        {"MD5": MD5_A, "Category": 1.5},
        {"MD5": MD5_A, "Category": True},
        {"MD5": MD5_A, "Category": [1]},
    ]
    items = read(vics(tmp_path, value))
    assert [r.code for r in taken(items)] == ["0", None, None, "2", None, "1.5"]
    assert [place for place, _ in refused(items)] == ["record 7", "record 8"]


def test_hash_set_of_version_1_3_with_alternative_hashes(tmp_path: Path) -> None:
    media = {
        "odata.id": f'Media("{MD5_A}")',
        "MediaID": 1,
        "MD5": f" {MD5_A.upper()} ",
        "SHA1": SHA1_A,
        "MediaSize": "17",
        "Series": ["one", "two"],
        "Tags": "x,y",
        "VictimIdentified": "false",
        "OffenderIdentified": "True",
        "IsDistributed": True,
        "IsPrecategorized": True,
        "AlternativeHashes": [
            {"MD5": MD5_A, "HashName": "PhotoDNA", "HashValue": PHOTODNA_BASE64},
            {"MD5": MD5_A, "HashName": "SHA256", "HashValue": SHA256_A},
            {"HashName": "pdq", "HashValue": PDQ_BRIDGE},
            {"HashName": "EDK", "HashValue": "?"},
        ],
        "MediaFiles": [{"MD5": MD5_B, "FileName": "a.jpg", "Category": 9}],
    }
    path = vics(tmp_path, [media], MEDIA_1_3)
    assert choose_reader(path).id == "vics"
    (record,) = taken(read(path))
    assert (record.md5, record.sha1, record.sha256) == (raw(MD5_A), raw(SHA1_A), raw(SHA256_A))
    assert record.pdq is not None
    assert record.pdq.bits == raw(PDQ_BRIDGE)
    assert (record.photodna, record.size_bytes, record.code) == (PHOTODNA, 17, None)
    flags = (record.victim_identified, record.offender_identified, record.distributed)
    assert flags == (False, True, True)
    assert (record.series, record.tags, record.trusted) == ("one, two", "x,y", None)


def test_cases_in_any_spelling_of_keys(tmp_path: Path) -> None:
    value = [
        {"CaseID": "{1}", "Media": [{"md5": MD5_A, "category": 1}], "CaseMetadata": [{"x": [1]}]},
        {"caseid": "2", "TotalMediaFiles": 99, "media": [{"MD5": MD5_B}, {"SHA1": SHA1_B}, 7, {}]},
        {"CaseID": "3", "Media": []},
        {"CaseID": "4", "Media": None},
    ]
    items = read(vics(tmp_path, value, CASES_2))
    found = [(r.md5, r.sha1, r.place) for r in taken(items)]
    assert found == [
        (raw(MD5_A), None, "record 1"),
        (raw(MD5_B), None, "record 2"),
        (None, raw(SHA1_B), "record 3"),
    ]
    assert refused(items) == [("record 4", "not an object"), ("record 5", "no usable digest")]


def test_shape_is_seen_from_the_elements_not_from_the_context(tmp_path: Path) -> None:
    assert len(taken(read(vics(tmp_path, [{"Media": [{"MD5": MD5_A}]}], MEDIA_2)))) == 1
    assert len(taken(read(vics(tmp_path, [{"MD5": MD5_A}], CASES_2)))) == 1


@pytest.mark.parametrize("packing", ["bom", "gz", "zip", "utf-16"])
def test_packings(tmp_path: Path, packing: str) -> None:
    plain = vics(tmp_path, [{"Media": [{"MD5": MD5_A}]}], CASES_2).read_bytes()
    path = tmp_path / f"case.{packing}"
    if packing == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("VICS_Pictures_Results.json", plain)
            archive.writestr("Files/a.bin", b"harmless")
    else:
        packed = {
            "bom": b"\xef\xbb\xbf" + plain,
            "gz": gzip.compress(plain),
            "utf-16": plain.decode().encode("utf-16"),
        }
        path.write_bytes(packed[packing])
    assert choose_reader(path).id == "vics"
    assert [r.md5 for r in taken(read(path))] == [raw(MD5_A)]


def test_malformed_records_are_named_and_the_next_is_read(tmp_path: Path) -> None:
    other = {"HashName": "SHA256", "HashValue": SHA256_B}
    value = [
        {"MD5": MD5_A[:-1]},
        {"MD5": "z" * 32, "SHA1": SHA1_A},
        {"MD5": "D41D8CD98F00B204E9800998ECF8427E", "SHA1": SHA1_A},
        {"MD5": None, "SHA1": ""},
        {"MD5": 12},
        {"PhotoDNA": PHOTODNA_BASE64},
        {"MD5": MD5_A, "SHA256": SHA256_A, "AlternativeHashes": [other]},
        {"MD5": MD5_B},
    ]
    items = read(vics(tmp_path, value))
    assert [r.md5 for r in taken(items)] == [raw(MD5_B)]
    assert [place for place, _ in refused(items)] == [f"record {n}" for n in range(1, 8)]


@pytest.mark.parametrize("value", [[], {}, [MD5_B], {"a": 1}, 5, True])
def test_an_alternative_hash_that_is_no_text_is_refused_or_left_alone(
    tmp_path: Path, value: object
) -> None:
    alternative = [{"HashName": "MD5", "HashValue": value}]
    records = [{"SHA1": SHA1_A, "AlternativeHashes": alternative}, {"MD5": MD5_B}]
    items = read(vics(tmp_path, records))
    assert refused(items) == [("record 1", "md5: not a text")]
    assert [r.md5 for r in taken(items)] == [raw(MD5_B)]


def test_fields_left_out_of_a_taken_record_are_told(tmp_path: Path) -> None:
    flat = {"HashName": "PDQ", "HashValue": "0" * 64}
    value = [
        {"MD5": MD5_A, "PhotoDNA": base64.b64encode(bytes(144)).decode(), "MediaSize": 17},
        {"MD5": MD5_A, "PhotoDNA": PHOTODNA.hex(), "MediaSize": "many"},
        {"MD5": MD5_A, "SHA1": "0" * 40, "AlternativeHashes": [flat]},
    ]
    notes: list[tuple[str, str]] = []
    path = vics(tmp_path, value)
    records = taken(read(path, on_note=lambda place, words: notes.append((place, words))))
    found = [(r.photodna, r.size_bytes) for r in records]
    assert found == [(None, 17), (PHOTODNA, None), (None, None)]
    assert [place for place, _ in notes] == ["record 1", "record 2", "record 3", "record 3"]


def test_cut_json_gives_its_records_and_then_an_error_with_the_place(tmp_path: Path) -> None:
    path = vics(tmp_path, [{"MD5": MD5_A}, {"MD5": MD5_B}, {"MD5": MD5_A}])
    path.write_bytes(path.read_bytes()[:-20])
    stream = choose_reader(path).read(path, ReadOptions())
    assert [next(stream).place, next(stream).place] == ["record 1", "record 2"]
    with pytest.raises(HashSetError, match=r"set\.json: cut short after record 2"):
        next(stream)
    path.write_text('{"@odata.context": "x/ProjectVic/DataModels/2.0.xml#Media", "value": 3}')
    with pytest.raises(HashSetError, match="'value' is not an array"):
        read(path)
    path.write_text('{"@odata.context": "x/ProjectVic/DataModels/2.0.xml#Media"}')
    with pytest.raises(HashSetError, match="no array 'value'"):
        read(path)


def test_sets_shaped_like_the_known_good_ones_named_caid_are_warned_of(tmp_path: Path) -> None:
    for value, context, warned in (
        ([{"MD5": MD5_A}, {"MD5": MD5_B, "Category": None}], MEDIA_1_2, True),
        ([{"MD5": MD5_A, "Category": 0}], MEDIA_1_3, True),
        ([{"MD5": MD5_A, "Category": 1}], MEDIA_1_2, False),
        ([{"Media": [{"MD5": MD5_A}]}], CASES_2, False),
    ):
        path = vics(tmp_path, value, context)
        said = choose_reader(path).warnings(path, ReadOptions())
        assert bool(said) == warned
        assert all("NIST" in words and "known-GOOD" in words for words in said)


def test_a_nested_value_of_any_length_does_not_fill_the_memory(tmp_path: Path) -> None:
    endless = [{"HashName": "x", "HashValue": "y"}] * 10_000
    deep: Any = []
    for _ in range(200):
        deep = [deep]
    value = [{"MD5": MD5_A, "AlternativeHashes": endless, "MediaFiles": deep}]
    (record,) = taken(read(vics(tmp_path, value)))
    assert record.md5 == raw(MD5_A)
