"""UFDR: files under the paths of the device, with what the report says of them."""

from __future__ import annotations

import hashlib
import pickle
import random
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest

from triage.ingest.evidence import Evidence, Handover, open_evidence
from triage.ingest.logicals import reaching, ufdr_facts
from triage.ingest.reading import ContentError
from triage.model.entry import Allocation, FileEntry
from triage.model.evidence import ContainerKind
from triage.model.outcome import SkipReason
from triage.model.problem import ProblemKind

NAMESPACE = "http://pa.cellebrite.com/report/2.0"
DEVICE = """<metadata section="Device Info">
<item name="DeviceInfoSelectedManufacturer"><![CDATA[Maker]]></item>
<item name="DeviceInfoSelectedDeviceName"><![CDATA[SM-1]]></item>
<item name="DeviceInfoDetectedManufacturer"><![CDATA[Guess]]></item>
</metadata>"""


@dataclass(frozen=True, slots=True, kw_only=True)
class One:
    """One file of a report; ``local`` is the member that holds it, ``""`` for none."""

    path: str
    data: bytes
    local: str = ""
    deleted: str = "Intact"
    md5: str | None = None
    stamps: dict[str, str] = field(default_factory=dict)


def element(number: int, one: One) -> str:
    """Give the element of a file as the tool writes it."""
    md5 = hashlib.md5(one.data, usedforsecurity=False).hexdigest() if one.md5 is None else one.md5
    local = one.local.replace("/", "\\")
    items = f'<item name="MD5"><![CDATA[{md5}]]></item>' if md5 else ""
    items += f'<item name="Local Path"><![CDATA[{local}]]></item>' if local else ""
    stamps = "".join(
        f'<timestamp name="{name}">{escape(text)}</timestamp>' for name, text in one.stamps.items()
    )
    return (
        f'<file fs="userdata (ExtX)" path={quoteattr(one.path)} size="{len(one.data)}" '
        f'id="{number}" extractionId="0" deleted="{one.deleted}" embedded="false">'
        f"<accessInfo>{stamps}</accessInfo>"
        f'<metadata section="File">{items}<item name="Tags"><![CDATA[Image]]></item></metadata>'
        "</file>\n"
    )


def report(*files: One) -> bytes:
    """Give a report."""
    listed = "".join(element(number, one) for number, one in enumerate(files))
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<project xmlns="{NAMESPACE}" id="1">{DEVICE}'
        f"<taggedFiles>\n{listed}</taggedFiles><decodedData><modelType type='Chat'>"
        "<model id='x'/></modelType></decodedData></project>"
    ).encode()


def ufdr(path: Path, text: bytes, *files: One, **more: bytes) -> Evidence:
    """Write a UFDR and open it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("report.xml", text)
        for one in files:
            if one.local and one.local not in file.namelist():
                file.writestr(one.local, one.data)
        for name, data in more.items():
            file.writestr(name, data)
    return open_evidence(path)


def listed(evidence: Evidence) -> list[FileEntry]:
    """Give all entries, page by page."""
    files = evidence.filesystem("p0")
    found: list[FileEntry] = []
    roots = files.roots()
    assert len({root.address for root in roots}) == len(roots)
    for page in roots:
        listing = files.list_directory(page)
        assert not listing.problems
        found += listing.entries
    assert len({entry.ref.key() for entry in found}) == len(found)
    return found


def read(evidence: Evidence, entry: FileEntry) -> bytes:
    """Give a content."""
    return b"".join(evidence.filesystem("p0").read(entry))


PICTURE = One(
    path="/data/media/0/DCIM/1.jpg",
    data=b"picture",
    local="files/Image/1.jpg",
    stamps={
        "CreationTime": "2023-11-14T22:13:20.000+00:00",
        "ModifyTime": "2023-11-14T23:13:21.5+01:00",
        "AccessTime": "",
    },
)
GONE = One(
    path="/data/media/0/DCIM/2.jpg", data=b"erased", local="files/Image/2.jpg", deleted="Deleted"
)


def test_files_lie_under_the_paths_of_the_device_with_what_is_told_of_them(tmp_path: Path) -> None:
    evidence = ufdr(tmp_path / "a.ufdr", report(PICTURE, GONE), PICTURE, GONE, chat=b"left out")
    assert evidence.info.kind is ContainerKind.UFDR
    assert dict(evidence.info.header) == {"device_make": "Maker", "device_model": "SM-1"}
    assert evidence.survey().problems == ()
    first, second, *others = listed(evidence)
    assert (first.ref.path, first.allocation) == (b"/data/media/0/DCIM/1.jpg", Allocation.LIVE)
    assert (second.ref.path, second.allocation) == (b"/data/media/0/DCIM/2.jpg", Allocation.DELETED)
    assert first.times.created_ns == 1_700_000_000 * 10**9
    assert first.times.modified_ns == 1_700_000_001_500_000_000
    assert first.times.accessed_ns is None
    assert (read(evidence, first), read(evidence, second)) == (b"picture", b"erased")
    assert {one.ref.path for one in others} == {b"/report.xml", b"/chat"}
    assert evidence.damage() == ()


def test_a_report_may_be_long(tmp_path: Path) -> None:
    text = report(PICTURE).replace(b"<taggedFiles>", b" " * 3_000_000 + b"<taggedFiles>")
    evidence = ufdr(tmp_path / "a.ufdr", text, PICTURE)
    assert evidence.info.kind is ContainerKind.UFDR
    assert {entry.ref.path for entry in listed(evidence)} == {
        b"/data/media/0/DCIM/1.jpg",
        b"/report.xml",
    }


def test_a_content_that_differs_from_its_md5_is_marked(tmp_path: Path) -> None:
    other = One(path="/a", data=b"text", local="files/a", md5="0" * 32)
    evidence = ufdr(tmp_path / "a.ufdr", report(PICTURE, other), PICTURE, other)
    first, second, *_ = listed(evidence)
    files = evidence.filesystem("p0")
    assert (read(evidence, first), read(evidence, second)) == (b"picture", b"text")
    assert files.touches_damage(first) == ()
    (hurt,) = files.touches_damage(second)
    assert "MD5" in hurt.detail


def test_files_without_a_content_are_named_each_with_the_reason(tmp_path: Path) -> None:
    twin = One(path="/copy/of/1.jpg", data=b"picture")
    lost = One(path="/lost", data=b"nowhere")
    dangling = One(path="/dangling", data=b"nowhere either", local="files/none")
    empty = One(path="/empty", data=b"")
    text = report(PICTURE, twin, lost, dangling, empty)
    evidence = ufdr(tmp_path / "a.ufdr", text, PICTURE)
    found = {entry.ref.path: entry for entry in listed(evidence)}
    reasons = {path: entry.no_content for path, entry in found.items()}
    assert reasons == {
        b"/data/media/0/DCIM/1.jpg": "",
        b"/copy/of/1.jpg": "other-name",
        b"/lost": "out-of-scope",
        b"/dangling": "out-of-scope",
        b"/empty": SkipReason.EMPTY,
        b"/report.xml": "",
    }


def test_two_names_of_one_member_are_two_entries(tmp_path: Path) -> None:
    again = One(path="/elsewhere/1.jpg", data=b"picture", local=PICTURE.local)
    evidence = ufdr(tmp_path / "a.ufdr", report(PICTURE, again, again), PICTURE)
    entries = [entry for entry in listed(evidence) if not entry.ref.path.endswith(b".xml")]
    assert [read(evidence, entry) for entry in entries] == [b"picture"] * 3


@pytest.mark.parametrize("held_bytes", [100, 1_000_000])
def test_a_report_of_several_pages_is_the_same_for_other_processes(
    held_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ufdr_facts, "FILES_A_PAGE", 7)
    monkeypatch.setattr(reaching, "HELD_BYTES", held_bytes)
    names = [f"/d\u00e9/{number}&<\u2028>.txt" for number in range(50)]
    files = [One(path=n, data=n.encode(), local=f"files/{i}") for i, n in enumerate(names)]
    first = ufdr(tmp_path / "a.ufdr", report(*files), *files)
    assert len(first.filesystem("p0").roots()) == 8 + 1
    entries = listed(first)
    assert [entry.ref.path.decode() for entry in entries[:50]] == names
    handover: Handover = pickle.loads(pickle.dumps(first.handover()))  # noqa: S301  (made here)
    other = open_evidence(tmp_path / "a.ufdr", handover)
    assert listed(other) == entries
    assert other.info == first.info
    for entry in reversed(entries[:50]):
        assert read(other, entry).decode() == entry.ref.path.decode()


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_what_a_report_that_breaks_off_does_not_name_is_listed_from_the_zip(
    share: float, tmp_path: Path
) -> None:
    files = [One(path=f"/phone/{n}", data=b"%d" % n, local=f"files/{n}") for n in range(40)]
    whole = report(*files)
    evidence = ufdr(tmp_path / "a.ufdr", whole[: int(len(whole) * share)], *files)
    assert {one.kind for one in evidence.survey().problems} == {ProblemKind.EXTRACTION_INCOMPLETE}
    entries = [one for one in listed(evidence) if one.ref.path != b"/report.xml"]
    contents = sorted(int(read(evidence, entry)) for entry in entries)
    assert contents == list(range(40))


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    bomb = report(PICTURE).replace(
        b"<project", b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>\n<project', 1
    )
    evidence = ufdr(tmp_path / "a.ufdr", bomb, PICTURE)
    assert evidence.survey().problems
    assert {one.ref.path for one in listed(evidence)} == {b"/report.xml", b"/files/Image/1.jpg"}


def test_a_zip_with_a_report_of_another_kind_is_a_plain_zip(tmp_path: Path) -> None:
    evidence = ufdr(tmp_path / "a.zip", b"<report/>", PICTURE)
    assert evidence.info.kind is ContainerKind.ZIP
    assert len(listed(evidence)) == 2


@pytest.mark.parametrize("seed", range(25))
def test_flipped_bytes_of_the_report_lose_no_member(seed: int, tmp_path: Path) -> None:
    files = [One(path=f"/phone/{n}", data=b"%d" % n * 9, local=f"files/{n}") for n in range(12)]
    chance = random.Random(seed)  # noqa: S311  (damage)
    text = bytearray(report(*files))
    for _ in range(4):
        text[chance.randrange(200, len(text))] = chance.randrange(256)
    evidence = ufdr(tmp_path / "a.ufdr", bytes(text), *files)
    read_back = set()
    for entry in listed(evidence):
        if not entry.no_content:
            try:
                read_back.add(read(evidence, entry))
            except ContentError:
                continue
    assert {one.data for one in files} <= read_back
