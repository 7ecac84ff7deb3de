"""Tables with a header line, from hand-written samples."""

from __future__ import annotations

from pathlib import Path

import pytest
from matching_reader_samples import (
    MD5_A,
    MD5_B,
    SHA1_A,
    SHA1_B,
    SHA256_A,
    SHA256_B,
    raw,
    read,
    refused,
    taken,
    text_file,
)

from triage.errors import HashSetError
from triage.matching.reader import ReadOptions, choose_reader


@pytest.mark.parametrize(
    "header",
    [
        '"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode","SpecialCode"',
        '"SHA-1","FileName","FileSize","ProductCode","OpSystemCode","MD4","MD5","CRC32","SpecialCode"',
    ],
)
def test_nsrl_2_both_headers(tmp_path: Path, header: str) -> None:
    values = {"SHA-1": SHA1_A.upper(), "MD5": MD5_A.upper(), "FileSize": "17", "SpecialCode": "M"}
    names = header.replace('"', "").split(",")
    row = ",".join(f'"{values.get(name, "a, b é")}"' for name in names)
    path = tmp_path / "NSRLFile.txt"
    path.write_bytes(f'{header}\r\n{row}\r\n"stray,{SHA1_B}\r\n{row}\r\n'.encode("iso-8859-1"))
    assert choose_reader(path).id == "nsrl-rds2"
    items = read(path)
    assert [(r.sha1, r.md5, r.size_bytes, r.code, r.tags) for r in taken(items)] == 2 * [
        (raw(SHA1_A), raw(MD5_A), 17, None, "M")
    ]
    assert [place for place, _ in refused(items)] == ["line 3"]


def test_hashkeeper_and_its_description(tmp_path: Path) -> None:
    header = (
        '"file_id","hashset_id","file_name","directory","hash","file_size","date_modified",'
        '"time_modified","time_zone","comments","date_accessed","time_accessed"'
    )
    row = f'1,7,"a.jpg","\\DIR",{MD5_A.upper()},17,"1/1/2001","00:00","PST","","",""'
    path = text_file(tmp_path, f"{header}\r\n{row}\r\n", "set.hsh")
    text_file(
        tmp_path,
        '"hashset_id","name","vendor","package","version","authenicated_flag","notable_flag",'
        '"initials","num_of_files","description","date_loaded"\r\n7,"n","v","p","1",1,1,"x",1,"d",""\r\n',
        "set.hke",
    )
    reader = choose_reader(path)
    assert reader.id == "hashkeeper"
    assert [(r.md5, r.size_bytes, r.code) for r in taken(read(path))] == [(raw(MD5_A), 17, None)]
    assert "notable_flag = '1'" in reader.warnings(path, ReadOptions())[0]


@pytest.mark.parametrize(
    ("header", "row", "sha256"),
    [
        (
            "V1Hash,HashType,SetDescription,FileName,FilePath,FileSize",
            "{md5},MD5,d,a.jpg,\\p,17",
            None,
        ),
        (
            "V3Hash,HashSHA1,FileName,FilePath,FileSize,HashSHA256,HashSHA384,HashSHA512",
            "{md5},{sha1},a, with comma.jpg,\\p,17,{sha256},,",
            SHA256_A,
        ),
        (
            (
                "V4Hash,HashSHA1,FileName,FilePath,FileSize,HashSHA256,HashSHA384,HashSHA512,"
                "CreateTime,ModTime,LastAccessTime"
            ),
            "{md5},{sha1},a.jpg,\\p,17,{sha256},,,,,",
            SHA256_A,
        ),
    ],
)
def test_ilook(tmp_path: Path, header: str, row: str, sha256: str | None) -> None:
    line = row.format(md5=MD5_A, sha1=SHA1_A, sha256=SHA256_A)
    path = text_file(tmp_path, f"{header}\n{line}\n")
    assert choose_reader(path).id == "ilook"
    (record,) = taken(read(path))
    assert (record.md5, record.size_bytes) == (raw(MD5_A), 17)
    assert record.sha256 == (raw(sha256) if sha256 else None)


def test_icse_flags(tmp_path: Path) -> None:
    header = (
        "MD5;SHA1;PhotoDNA;Image ID;Is distributed;Victim identified;Offender identified;"
        "Series name;Number of submissions;File Available;Media Type;Baseline"
    )
    path = text_file(tmp_path, f"{header}\n{MD5_A};{SHA1_A};;9;y;n;t;Sample series;1;f;Image;y\n")
    assert choose_reader(path).id == "icse-csv"
    (record,) = taken(read(path))
    flags = (record.distributed, record.victim_identified, record.offender_identified)
    assert flags == (True, False, True)
    assert (record.series, record.code) == ("Sample series", None)


def test_generic_table_aliases_map_and_delimiters(tmp_path: Path) -> None:
    for mark in ",;\t|":
        header = mark.join(("File", "Md5Hex", "InitialCategory", "MediaSize"))
        row = mark.join(('"quoted' + mark + ' name"', MD5_A, "0", "17"))
        (record,) = taken(read(text_file(tmp_path, f"{header}\n{row}\n")))
        assert (record.md5, record.code, record.size_bytes) == (raw(MD5_A), "0", 17)
    path = text_file(tmp_path, f"Id,Value,Grade\n1,{SHA256_A},C\n2,{MD5_A},A\n3,{SHA256_B}\n")
    with pytest.raises(HashSetError, match="no known hash-set format"):
        read(path)
    items = read(path, "csv", column_map=(("sha256", "value"), ("category", "Grade")))
    assert [(r.sha256, r.code) for r in taken(items)] == [(raw(SHA256_A), "C")]
    assert [place for place, _ in refused(items)] == ["line 3", "line 4"]
    with pytest.raises(HashSetError, match="no column 'Nothing'"):
        read(path, "csv", column_map=(("md5", "Nothing"),))


@pytest.mark.parametrize("mark", [",", ";"])
def test_a_table_whose_first_line_names_its_delimiter_is_recognised(
    tmp_path: Path, mark: str
) -> None:
    path = text_file(tmp_path, f"sep={mark}\r\nMD5{mark}Category\r\n{MD5_A}{mark}2\r\n")
    assert choose_reader(path).id == "csv"
    assert [(r.md5, r.code) for r in taken(read(path))] == [(raw(MD5_A), "2")]


def test_generic_table_with_a_field_over_several_lines(tmp_path: Path) -> None:
    text = f'md5,notes\n{MD5_A},"two\nlines, here"\n{MD5_B},"stray\n{MD5_A},fine\n'
    items = read(text_file(tmp_path, text))
    assert [(r.md5, r.place) for r in taken(items)] == [
        (raw(MD5_A), "line 2"),
        (raw(MD5_A), "line 5"),
    ]
    assert [place for place, _ in refused(items)] == ["line 4"]
