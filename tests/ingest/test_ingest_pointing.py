"""``.ufd`` and ``.ufdx``: the extraction they name is opened, and told of as they tell."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from zip_recipe import One, write

from triage.errors import EvidenceError
from triage.ingest.evidence import Handover, open_evidence, reopen_evidence
from triage.model.evidence import ContainerKind
from triage.model.problem import ProblemKind

UFD = """[DeviceInfo]\r
Vendor=Maker\r
Model=SM-1\r
OS=12\r
IMEI1=350000000000000\r
[Dumps]\r
FileDump=EXTRACTION_FFS.zip\r
Keychain=keychain.plist\r
"""
UFDX = """<?xml version="1.0" encoding="utf-8"?>
<EvidenceProject EvidenceID="x"><DeviceInfo Vendor="Other" GUID="7" Serial="S1"/>
<Extractions><Extraction TransferType="FFS" Path="{path}"/></Extractions></EvidenceProject>
"""


def extraction(folder: Path) -> Path:
    """Write an extraction and what points at it."""
    folder.mkdir(exist_ok=True)
    write(folder / "EXTRACTION_FFS.zip", [One(name="Dump/data/a.jpg", data=b"picture")])
    path = folder / "EXTRACTION_FFS.ufd"
    path.write_text(UFD, encoding="utf-8")
    return path


def test_a_pointer_opens_the_dump_beside_it_and_tells_of_the_device(tmp_path: Path) -> None:
    path = extraction(tmp_path)
    evidence = open_evidence(path)
    assert evidence.info.kind is ContainerKind.ZIP
    assert evidence.info.key == open_evidence(tmp_path / "EXTRACTION_FFS.zip").info.key
    assert dict(evidence.info.header) == {
        "device_imei": "350000000000000",
        "device_make": "Maker",
        "device_model": "SM-1",
        "device_os": "12",
    }
    files = evidence.filesystem("p0")
    (entry,) = files.list_directory(files.roots()[0]).entries
    assert b"".join(files.read(entry)) == b"picture"
    handover: Handover = pickle.loads(pickle.dumps(evidence.handover()))  # noqa: S301  (made here)
    assert handover.logical is not None
    assert reopen_evidence(path, handover).info == evidence.info


def test_a_list_of_extractions_leads_to_the_one_below_it(tmp_path: Path) -> None:
    extraction(tmp_path / "FFS 01")
    path = tmp_path / "Evidence.ufdx"
    path.write_text(UFDX.format(path="FFS 01\\EXTRACTION_FFS.ufd"), encoding="utf-8")
    header = dict(open_evidence(path).info.header)
    assert header["device_make"] == "Maker"  # the nearer to the extraction is believed
    assert header["device_serial"] == "S1"


def test_an_image_that_is_pointed_at_is_opened_as_one(tmp_path: Path) -> None:
    (tmp_path / "dump.bin").write_bytes(bytes(2**20))
    path = tmp_path / "a.ufd"
    path.write_text("[DeviceInfo]\nVendor=Maker\n[Dumps]\nImage=dump.bin\n", encoding="utf-8")
    info = open_evidence(path).info
    assert (info.kind, dict(info.header)["device_make"]) == (ContainerKind.RAW, "Maker")


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    path = extraction(tmp_path)
    path.write_text(UFD + "More=EXTRA.zip\n", encoding="utf-8")
    (problem,) = open_evidence(path).survey().problems
    assert problem.kind is ProblemKind.EXTRACTION_INCOMPLETE
    assert "EXTRA.zip" in problem.detail
    (tmp_path / "EXTRACTION_FFS.zip").unlink()
    with pytest.raises(EvidenceError, match=r"points at EXTRACTION_FFS\.zip"):
        open_evidence(path)


def test_several_dumps_are_to_be_given_each(tmp_path: Path) -> None:
    path = extraction(tmp_path)
    write(tmp_path / "EXTRA.zip", [One(name="a", data=b"b")])
    path.write_text(UFD + "More=EXTRA.zip\n", encoding="utf-8")
    with pytest.raises(EvidenceError, match="2 extractions") as caught:
        open_evidence(path)
    assert "each" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "name", ["../outside.zip", "C:\\outside.zip", "..\\outside.zip", "self.ufd"]
)
def test_nothing_outside_of_the_folder_is_opened(name: str, tmp_path: Path) -> None:
    write(tmp_path / "outside.zip", [One(name="a", data=b"b")])
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "self.ufd"
    path.write_text(f"[Dumps]\nFileDump={name}\n", encoding="utf-8")
    with pytest.raises(EvidenceError):
        open_evidence(path)


def test_pointers_that_lead_in_a_circle_end(tmp_path: Path) -> None:
    for one, other in (("a", "b"), ("b", "a")):
        text = f"[Dumps]\nFileDump={other}.ufd\n"
        (tmp_path / f"{one}.ufd").write_text(text, encoding="utf-8")
    with pytest.raises(EvidenceError, match="points at others"):
        open_evidence(tmp_path / "a.ufd")


def test_a_list_that_is_damaged_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.ufdx"
    path.write_text("<EvidenceProject><Extr", encoding="utf-8")
    with pytest.raises(EvidenceError, match="damaged"):
        open_evidence(path)


def test_a_file_that_is_only_called_so_is_a_medium(tmp_path: Path) -> None:
    path = tmp_path / "a.ufd"
    path.write_bytes(bytes(2**20))
    assert open_evidence(path).info.kind is ContainerKind.RAW
