"""The sample sets are made from the recipe of the demonstration disk, and match it as promised."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "hashsets" / "sample"
LINES = (ROOT / "fixtures" / "truth" / "sample.jsonl").read_text("ascii").splitlines()
ROWS: list[dict[str, Any]] = [json.loads(line) for line in LINES]
FILES = [row for row in ROWS if row["kind"] == "file"]


def records(name: str) -> list[dict[str, Any]]:
    value: list[dict[str, Any]] = json.loads((SAMPLE / name).read_text("utf-8"))["value"]
    return value


def test_sets_are_what_the_script_makes(tmp_path: Path) -> None:
    script = ROOT / "hashsets" / "make_samples.py"
    subprocess.run([sys.executable, str(script), "--into", str(tmp_path)], check=True)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert len(made) >= 3
    assert made == {name: (SAMPLE / name).read_bytes() for name in made}


def test_vics_hits_the_disk_in_every_category() -> None:
    on_disk = {row["md5"].upper() for row in FILES}
    hits = {one["MD5"]: one["Category"] for one in records("sample-vics-2.0.json")
            if one["MD5"] in on_disk}  # fmt: skip
    assert sorted(hits.values()) == [0, 1, 2, 2, 3, 5]


def test_vics_sizes_and_sha1_agree_with_the_disk() -> None:
    held = {row["md5"].upper(): row for row in FILES}
    for one in records("sample-vics-2.0.json"):
        if one["MD5"] in held:
            row = held[one["MD5"]]
            assert one["SHA1"] == row["sha1"].upper()
            assert one["MediaSize"] == row["size_bytes"]


@pytest.mark.parametrize("name", ["sample-vics-2.0.json", "sample-vics-1.3.json"])
def test_photodna_has_its_shape(name: str) -> None:
    for one in records(name):
        other = one.get("AlternativeHashes", [{}])[0]
        assert len(base64.b64decode(one.get("PhotoDNA") or other["HashValue"])) == 144


def test_flags_stand_in_both_spellings() -> None:
    flags = [one["IsDistributed"] for one in records("sample-vics-2.0.json")
             if "IsDistributed" in one]  # fmt: skip
    assert True in flags
    assert "true" in flags


def test_visual_motif_is_on_the_disk_only_as_a_copy() -> None:
    shown = {row["relation"] for row in FILES if row["motif"] == "orchard"}
    assert shown == {"JPEG, quality 60", "50 % resized, PNG"}
    listed = {one["MD5"] for one in records("sample-vics-2.0.json")}
    assert not listed & {row["md5"].upper() for row in FILES if row["motif"] == "orchard"}


def test_pdq_list_holds_the_visual_motif_by_the_oracle() -> None:
    oracle = pytest.importorskip("pdqhash", reason="pdqhash, for development only, is missing")
    numpy = pytest.importorskip("numpy")
    image = pytest.importorskip("PIL.Image")
    with image.open(ROOT / "fixtures" / "pictures" / "orchard.jpg") as picture:
        vector, quality = oracle.compute(numpy.asarray(picture.convert("RGB")))
    line = f"{numpy.packbits(vector).tobytes().hex()},{quality}"
    assert line in (SAMPLE / "sample-pdq.txt").read_text("ascii").splitlines()


def test_pdq_list_is_hex_and_states_its_recipe() -> None:
    lines = (SAMPLE / "sample-pdq.txt").read_text("ascii").splitlines()
    assert "# recipe: squeezed-512" in lines
    assert all(re.fullmatch(r"[0-9a-f]{64},\d{1,3}", one) for one in lines if one[0] != "#")


def test_known_good_names_live_documents_only() -> None:
    lines = (SAMPLE / "sample-known-good.md5").read_text("utf-8").splitlines()
    digests = {line.lstrip("\\")[:32] for line in lines}
    held = {row["md5"]: row["mime"] for row in FILES if row["allocation"] == "live"}
    assert digests <= set(held)
    assert all(not held[one].startswith("image/") for one in digests)
