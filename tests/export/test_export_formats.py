"""Every exporter: golden bytes, the laws of the protocol, and what other readers make of it."""

from __future__ import annotations

import base64
import codecs
import csv
import io
import json
import re
import unicodedata
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import export_records as made
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.errors import ExportError, UsageFault
from triage.export.exporter import Exporter, ExportReport, Include, select
from triage.export.formats import EXPORTERS, named
from triage.export.formats.csv_table import COLUMNS, safe_cell
from triage.export.formats.jsonl import entry_line
from triage.export.listing import entry_object
from triage.grading.scheme import SchemeBook
from triage.grading.table import Scheme
from triage.model.grade import Category, Proposal, Standing
from triage.model.match import MatchKind
from triage.model.outcome import Done
from triage.model.record import ExportRecord

GOLDEN = Path(__file__).parent.parent / "golden"
ENDINGS = {"vics": "json", "csv": "csv", "jsonl": "jsonl"}


def _written(
    exporter: Exporter, records: Iterable[ExportRecord], scheme: Scheme = made.UK
) -> tuple[bytes, ExportReport]:
    out = io.BytesIO()
    given_ = list(records)
    ordered = made.by_content(given_) if exporter.order == "content" else given_
    chosen = select(ordered, exporter.include)
    report = exporter.write(chosen, made.head(scheme=scheme), out)
    return out.getvalue(), report


def _is_harmless(text: str) -> bool:
    """No control, direction, surrogate or line character."""
    return not {unicodedata.category(one) for one in text} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _vics(records: Iterable[ExportRecord], scheme: Scheme = made.UK) -> dict[str, Any]:
    written, _ = _written(named("vics"), records, scheme)
    value: dict[str, Any] = json.loads(written)
    return value


def _media(records: Iterable[ExportRecord]) -> list[dict[str, Any]]:
    media: list[dict[str, Any]] = _vics(records)["value"][0]["Media"]
    return media


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda one: one.id)
def test_golden_bytes(exporter: Exporter) -> None:
    golden = GOLDEN / f"export.{ENDINGS[exporter.id]}"
    assert _written(exporter, made.records())[0] == golden.read_bytes()


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda one: one.id)
def test_no_case_at_all_is_still_a_file(exporter: Exporter) -> None:
    written, report = _written(exporter, [])
    written.decode("utf-8")
    assert report.entries == 0


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda one: one.id)
def test_no_control_character_comes_through(exporter: Exporter) -> None:
    text = _written(exporter, made.records())[0].decode("utf-8-sig")
    assert _is_harmless("".join(re.split("\r?\n", text)))


def test_unknown_format_names_those_that_there_are() -> None:
    with pytest.raises(UsageFault) as fault:
        named("xls")
    assert "vics, csv, jsonl" in fault.value.hint


def test_vics_has_the_structure_that_other_tools_read() -> None:
    value = _vics(made.records())
    assert next(iter(value)) == "@odata.context"
    assert value["@odata.context"] == (
        "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/UK/$metadata#Cases"
    )
    (case,) = value["value"]
    assert re.fullmatch(r"\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}", case["CaseID"])
    assert case["CaseNumber"] == "OP-X"
    assert case["ContactOrganization"] == "Example DFU"
    assert case["SourceApplicationVersion"] == "0.1.0"
    assert case["TotalMediaFiles"] == len(case["Media"])
    assert [media["MediaID"] for media in case["Media"]] == list(range(1, len(case["Media"]) + 1))
    for media in case["Media"]:
        assert re.fullmatch(r"[0-9A-F]{32}", media["MD5"])
        assert re.fullmatch(r"[0-9A-F]{40}", media["SHA1"])
        assert type(media["MediaSize"]) is int
        assert re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", media["MimeType"])
        assert media.get("IsPrecategorized", True) is True
        assert type(media.get("Category", 0)) is int
        for place in media["MediaFiles"]:
            assert place["MD5"] == media["MD5"]
            assert type(place["Unallocated"]) is type(place["Deleted"]) is bool
            assert place["FilePath"].startswith("/p1/")
            assert place["FilePath"].endswith(place["FileName"])
    assert "null" not in json.dumps(value)


def test_vics_case_identifier_is_the_version_5_uuid_of_the_reference() -> None:
    case_id = _vics([])["value"][0]["CaseID"]
    assert uuid.UUID(case_id) == uuid.uuid5(uuid.NAMESPACE_URL, "urn:triage:case:OP-X")


def test_vics_keeps_every_place_of_one_content() -> None:
    md5 = made.digests(b"graded ").md5.hex().upper()
    (media,) = [one for one in _media(made.records()) if one["MD5"] == md5]
    assert media["Category"] == 1
    assert media["PrecategorizationSource"] == "caid 2026-10; local 2026-10"
    places = [(one["SourceID"], one["FilePath"], one["Deleted"]) for one in media["MediaFiles"]]
    assert places == [
        ("ABC/1", "/p1/DCIM/gone.jpg", True),
        ("ABC/1", "/p1/Users/x/a.jpg", False),
        ("ABC/2", "/p1/Users/x/copy.jpg", False),
    ]
    hashes = {one["HashName"]: one["HashValue"] for one in media["AlternativeHashes"]}
    assert hashes["SHA256"] == made.digests(b"graded ").sha256.hex().upper()
    assert bytes.fromhex(hashes["PDQ"]) == made.PICTURE.pdq[0].bits
    assert hashes["pHash"] == "8F3C00FF12345678"


def test_vics_times_have_a_zone_only_where_the_file_system_has_one() -> None:
    md5 = made.digests(b"graded ").md5.hex().upper()
    (media,) = [one for one in _media(made.records()) if one["MD5"] == md5]
    fat, ntfs = media["MediaFiles"][:2]
    assert fat["Written"] == "2026-01-01T00:00:00.0000000"
    assert "Created" not in fat
    assert "PhysicalLocation" not in fat
    assert ntfs["Written"] == "2026-01-01T00:00:00.1234567Z"
    assert datetime.fromisoformat(ntfs["Created"]).utcoffset() is not None
    assert datetime.fromisoformat(fat["Written"]).utcoffset() is None
    assert ntfs["PhysicalLocation"] == 1_048_576


def test_vics_writes_no_category_that_nobody_gave() -> None:
    by_name = {media["MediaFiles"][0]["FileName"]: media for media in _media(made.records())}
    for name in ("alike.jpg", "list.jpg", "odd.bin", "für.mp4"):
        assert "Category" not in by_name[name]
        assert "IsPrecategorized" not in by_name[name]
    told = {
        one["PropertyName"]: one["PropertyValue"] for one in by_name["für.mp4"]["MediaMetadata"]
    }
    assert told["Standing"] == "unmapped"
    assert told["OriginalCode"] == "9 (scheme uk)"
    assert "nsrl" in told["Conflict"]


def test_vics_counts_categories_without_a_code() -> None:
    _, report = _written(named("vics"), made.records())
    assert report.omitted == (("KNOWN_BAD", 1), ("UNMAPPED", 1))


def test_vics_cites_scheme_tool_and_packs() -> None:
    properties = [
        (one["PropertyName"], one["PropertyValue"])
        for one in _vics(made.records())["value"][0]["CaseMetadata"]
    ]
    assert ("CategoryScheme", "uk version 2") in properties
    assert ("CategorySchemeSHA256", made.UK.sha256()) in properties
    packs = [value for name, value in properties if name == "ReferencePack"]
    assert [value.split(" ", 1)[0] for value in packs] == ["caid", "local", "nsrl"]
    assert all(re.search(r"SHA-256 [0-9a-f]{64}$", value) for value in packs)


def test_vics_keeps_two_contents_of_one_md5_apart() -> None:
    file = made.entry(b"/a.jpg")
    one = made.digests(b"x")
    other = replace(made.digests(b"y"), md5=one.md5)
    records = [
        replace(
            made.record(file, b"x"),
            outcome=Done(digests=digests, type=made.JPEG),
        )
        for digests in (one, other)
    ]
    media = _media(records)
    assert media[0]["MD5"] == media[1]["MD5"]
    assert media[0]["SHA1"] != media[1]["SHA1"]


def test_vics_refuses_records_out_of_order() -> None:
    records = made.by_content([made.record(made.entry(b"/a"), bytes([n])) for n in range(3)])
    with pytest.raises(ExportError, match="order"):
        named("vics").write([records[0], records[2], records[0]], made.head(), io.BytesIO())


def test_vics_keeps_the_code_of_the_source_where_several_mean_the_same() -> None:
    scheme = replace(made.UK, codes=(("4", Category.A), ("5", Category.A)))
    proposal = Proposal(
        standing=Standing.KNOWN_BAD, category=Category.A, original_code="5", scheme="uk"
    )
    record = replace(made.record(made.entry(b"/a.jpg"), b"x"), proposal=proposal)
    assert _vics([record], scheme)["value"][0]["Media"][0]["Category"] == 5


def test_vics_lets_the_most_serious_exhibit_speak_for_a_content() -> None:
    file = made.entry(b"/a.jpg")
    told = [made.match("caid", code="2")]
    records = [
        made.record(file, b"x", exhibit="ABC/1", matches=[made.match("caid", code="9")]),
        made.record(file, b"x", exhibit="ABC/2", matches=told),
        made.record(file, b"x", exhibit="ABC/3"),
    ]
    (media,) = _media(records)
    assert media["Category"] == 2
    assert len(media["MediaFiles"]) == 3


def test_vics_writes_a_category_of_zero() -> None:
    scheme = replace(made.UK, codes=(("0", Category.NON_PERTINENT),))
    proposal = Proposal(standing=Standing.KNOWN_GOOD, category=Category.NON_PERTINENT)
    record = replace(made.record(made.entry(b"/a.jpg"), b"x"), proposal=proposal)
    assert _vics([record], scheme)["value"][0]["Media"][0]["Category"] == 0


@pytest.mark.parametrize(
    ("scheme", "region", "said"),
    [
        ("uk", "UK", "confirmed"),
        ("uk", "Default", "confirmed"),
        ("uk-sap", "UK", "region"),
        ("us-vics-current", "UK", "region"),
        ("uk-names", "UK", "whole numbers"),
        ("us-vics-old", "U/S", "region"),
    ],
)
def test_vics_is_refused_where_its_numbers_would_lie(
    tmp_path: Path, scheme: str, region: str, said: str
) -> None:
    head = made.head(scheme=SchemeBook(tmp_path).get(scheme), region=region)
    out = io.BytesIO()
    with pytest.raises(ExportError, match=said) as refused:
        named("vics").write(made.by_content(made.records()), head, out)
    assert refused.value.exit_code == 7
    assert out.getvalue() == b""
    if said == "confirmed":
        assert "triage scheme confirm uk" in refused.value.hint


def test_vics_of_the_us_needs_nobody_to_confirm_it(tmp_path: Path) -> None:
    head = made.head(scheme=SchemeBook(tmp_path).get("us-vics-current"), region="US")
    out = io.BytesIO()
    named("vics").write(made.by_content(made.records()), head, out)
    value = json.loads(out.getvalue())
    assert "/US/" in value["@odata.context"]
    codes = {media.get("Category") for media in value["value"][0]["Media"]}
    assert codes == {None, 1}


def test_include_says_which_entries() -> None:
    def names(include: Include) -> set[bytes]:
        return {one.entry.ref.path.rpartition(b"/")[2] for one in select(made.records(), include)}

    hits = {b"a.jpg", b"gone.jpg", b"copy.jpg", b"list.jpg", b"alike.jpg", b"odd.bin"}
    hits.add(b"f\xc3\xbcr.mp4")
    assert names(Include.HITS) == hits
    assert names(Include.MEDIA) == hits | {b"\xff\x1b[2J\n\xe2\x80\xae.jpg"}
    assert len(list(select(made.records(), Include.ALL))) == len(made.records())


def test_csv_is_read_back_by_the_standard_reader() -> None:
    written, _ = _written(named("csv"), made.records())
    assert written.startswith(codecs.BOM_UTF8)
    rows = list(csv.DictReader(io.StringIO(written.decode("utf-8-sig"), newline=""), strict=True))
    assert len(rows) == len(made.records())
    assert tuple(rows[0]) == COLUMNS
    assert written.count(b"\n") == written.count(b"\r\n") == len(rows) + 1
    by_path = {row["path"]: row for row in rows}
    assert by_path["/Users/x/a.jpg"]["grade"] == "A"
    assert by_path["/Users/x/=cmd|' /C calc'!A0"]["stream"] == 'Zone,"1"'
    assert by_path["/Users/x/\\xff\\x1b[2J\\x0a\\u202e.jpg"]["state"] == "digested"
    assert by_path["/DCIM/gone.jpg"]["modified"] == "2026-01-01T00:00:00.0000000"


@given(text=st.text())
def test_csv_cell_is_never_a_formula(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cell.removeprefix("'") == text.removeprefix("'")


@given(name=st.binary(min_size=1, max_size=30), stream=st.binary(max_size=12))
def test_hostile_names_stay_in_their_line_and_can_be_told_apart(name: bytes, stream: bytes) -> None:
    record = made.record(made.entry(b"/" + name, stream=stream), b"x")
    line = entry_line(record)
    assert _is_harmless(line)
    value = json.loads(line)
    raw = value["path_hex"]
    assert (bytes.fromhex(raw) if raw else value["path"].encode()) == b"/" + name
    rows = _written(named("csv"), [record])[0].decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(rows, newline=""), strict=True))) == 2
    (media,) = _media([record])
    assert _is_harmless(media["MediaFiles"][0]["FilePath"])


def test_jsonl_keys_are_the_same_for_every_entry_and_as_documented() -> None:
    objects = [entry_object(record) for record in made.records()]
    assert len({tuple(one) for one in objects}) == 1
    page = Path(__file__).parents[2] / "docs" / "formats" / "listing.md"
    text = page.read_text(encoding="utf-8")
    documented = re.findall(r"^\| `([a-z0-9_]+)` \|", text, re.MULTILINE)
    graded = list(entry_object(next(iter(made.records())), graded=True))
    assert documented == graded
    assert list(objects[0]) == [key for key in graded if key not in GRADE_KEYS]


GRADE_KEYS = {"grade_stands", "grade_state", "grade_voters", "grade_origin", "grade_tags"}
"""What listings say only where the case has votes."""


def test_jsonl_tells_states_apart() -> None:
    states = {one["path"]: one for one in map(entry_object, made.records())}
    assert states["/Users/x/waiting.jpg"]["state"] == "pending"
    assert states["/Users"]["reason"] == "directory"
    torn = states["/Users/x/torn.jpg"]
    assert (torn["state"], torn["reason"], torn["detail"]) == ("failed", "damaged", "a\\x0ab")
    assert torn["md5"] is None
    alike = states["/Users/x/alike.jpg"]
    assert (alike["standing"], alike["grade"], alike["pdq_quality"]) == ("visual", None, 87)
    assert alike["pdq_recipe"] == "squeezed-512"
    assert alike["pdq_full_quality"] == 90


def test_photodna_of_an_exact_record_is_passed_on_unchanged_and_nowhere_else() -> None:
    carried = base64.b64encode(bytes(range(144))).decode("ascii")
    plain = made.records()
    hit = next(one for one in plain if any(m.kind is MatchKind.EXACT for m in one.matches))
    marked = replace(hit, matches=(replace(hit.matches[0], photodna=carried), *hit.matches[1:]))
    vics = next(one for one in EXPORTERS if one.id == "vics")
    media = json.loads(_written(vics, [marked])[0])["value"][0]["Media"]
    assert [one.get("PhotoDNA") for one in media] == [carried]
    assert b"PhotoDNA" not in _written(vics, made.by_content(plain))[0]


def test_a_member_of_an_archive_names_its_archive() -> None:
    plain = made.records()
    one = next(record for record in plain if isinstance(record.outcome, Done))
    archive = replace(one.entry, ref=replace(one.entry.ref, path=b"/box/a.zip"))
    inside = replace(
        one,
        entry=replace(
            one.entry,
            ref=replace(one.entry.ref, path=b"/box/a.zip/in/x.jpg"),
            container=archive,
        ),
        container_md5=bytes(range(16)),
    )
    vics = next(one for one in EXPORTERS if one.id == "vics")
    media = json.loads(_written(vics, [inside])[0])["value"][0]["Media"]
    place = media[0]["MediaFiles"][0]
    assert place["ParentMD5"] == bytes(range(16)).hex().upper()
    assert place["ParentFileName"] == "a.zip"
    assert place["ParentFilePath"].endswith("/box/a.zip")
    assert entry_object(inside)["container"] == "/box/a.zip"
    assert entry_object(one)["container"] is None
