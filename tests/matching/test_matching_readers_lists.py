"""Lists, checksum outputs and perceptual lists, from hand-written samples and peer tools."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from matching_reader_samples import (
    MD5_A,
    MD5_B,
    PDQ_BRIDGE,
    SHA1_A,
    SHA256_A,
    SHA256_B,
    expanded,
    raw,
    read,
    refused,
    taken,
    text_file,
)

from triage.errors import HashSetError
from triage.matching import source
from triage.matching.reader import ReadOptions, choose_reader
from triage.model.digest import PdqRecipe


def test_plain_list_by_length_and_case(tmp_path: Path) -> None:
    text = (
        f"# comment\n{MD5_A}\n\n {SHA1_A.upper()} \r\n{SHA256_A}\n{'ab' * 64}\n"
        f"{MD5_B[:-1]}\nzz{MD5_B[2:]}\n"
    )
    path = text_file(tmp_path, text)
    assert choose_reader(path).id == "hash-list"
    items = read(path)
    assert [(r.md5, r.sha1, r.sha256, r.place) for r in taken(items)] == [
        (raw(MD5_A), None, None, "line 2"),
        (None, raw(SHA1_A), None, "line 4"),
        (None, None, raw(SHA256_A), "line 5"),
    ]
    assert refused(items) == [
        ("line 6", "128 hex digits: SHA-512 is not computed here"),
        ("line 7", "31 characters where 32 (MD5), 40 (SHA-1) or 64 (SHA-256) belong"),
        ("line 8", "md5: not hex"),
    ]


@pytest.mark.parametrize("empty", ["md5", "sha1", "sha256"])
def test_digest_of_empty_content_and_zeros_are_refused(tmp_path: Path, empty: str) -> None:
    digest = hashlib.new(empty, b"", usedforsecurity=False).hexdigest()
    items = read(text_file(tmp_path, f"{digest}\n{'0' * len(digest)}\n{MD5_A}\n"))
    assert [place for place, _ in refused(items)] == ["line 1", "line 2"]
    assert "empty content" in refused(items)[0][1]
    assert "placeholder" in refused(items)[1][1]
    assert len(taken(items)) == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_text_encodings_and_line_ends(tmp_path: Path, encoding: str, end: str) -> None:
    path = tmp_path / "set.txt"
    bom = b"\xfe\xff" if encoding == "utf-16-be" else b""
    path.write_bytes(bom + end.join([MD5_A, MD5_B, SHA256_A]).encode(encoding))
    assert [r.place for r in taken(read(path))] == ["line 1", "line 2", "line 3"]


@pytest.mark.parametrize(
    "encoding", ["utf-99", "hex", "rot13", "zlib", "idna", "a\0b", "undefined"]
)
def test_what_is_no_encoding_of_text_is_refused_by_name(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(HashSetError, match="unknown text encoding"):
        read(text_file(tmp_path, f"{MD5_A}\n"), "hash-list", encoding=encoding)


def test_utf_16_without_a_mark_needs_its_order_named(tmp_path: Path) -> None:
    path = tmp_path / "set.txt"
    path.write_bytes(f"{MD5_A}\n{MD5_B}\n".encode("utf-16-le"))
    with pytest.raises(HashSetError, match="cannot be read as utf-16") as caught:
        read(path, "hash-list", encoding="utf-16")
    assert "utf-16-le" in caught.value.hint
    assert len(taken(read(path, "hash-list", encoding="utf-16-le"))) == 2
    assert choose_reader(path, encoding="utf-16-le").id == "hash-list"
    with pytest.raises(HashSetError, match="no known hash-set format"):
        choose_reader(path, encoding="hex")


def sums(count: int, start: int = 1, name: str = "  file") -> list[str]:
    return [f"{number:032x}{name}" for number in range(start, start + count)]


def md5s(path: Path) -> tuple[list[int], list[int]]:
    """Give the digests, as numbers, that are read line by line and in columns."""
    columns = expanded(choose_reader(path).batches(path, ReadOptions()))
    single, batched = (
        [int.from_bytes(record.md5 or b"", "big") for record in taken(items)]
        for items in (read(path), columns)
    )
    return single, batched


@pytest.mark.parametrize("last", ["", "\r", "\n", "\r\n", "\n\n"])
@pytest.mark.parametrize("header", ["", "md5\r"])
def test_a_list_of_an_old_system_whose_last_line_ends_in_another_way_is_read_whole(
    tmp_path: Path, header: str, last: str
) -> None:
    lines = [line[:32] for line in sums(50)] if header else sums(50)
    path = text_file(tmp_path, header + "\r".join(lines) + last)
    assert md5s(path) == (list(range(1, 51)), list(range(1, 51)))


@pytest.mark.parametrize("ends", ["\n\r", "\r\n"])
@pytest.mark.parametrize("chunk_bytes", [64, 1 << 20])
@pytest.mark.parametrize("name", ["", "  file"])
def test_lists_with_the_line_ends_of_two_systems_are_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: str, chunk_bytes: int, name: str
) -> None:
    monkeypatch.setattr(source, "CHUNK_SIZE_BYTES", chunk_bytes)
    monkeypatch.setattr(source, "LINE_LIMIT_BYTES", 4 * chunk_bytes)
    first, second = (
        end.join([*sums(50, start, name), ""]) for end, start in zip(ends, (1, 51), strict=True)
    )
    path = text_file(tmp_path, first + second)
    assert md5s(path) == (list(range(1, 101)), list(range(1, 101)))


def test_gzip_and_zip_are_unpacked_and_progress_reaches_the_end(tmp_path: Path) -> None:
    text = f"{MD5_A}\n{MD5_B}\n".encode()
    (tmp_path / "set.gz").write_bytes(gzip.compress(text))
    with zipfile.ZipFile(tmp_path / "set.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("folder/set.txt", text)
    for name in ("set.gz", "set.zip"):
        told: list[tuple[int, int]] = []
        items = read(
            tmp_path / name, on_bytes=lambda done, total, told=told: told.append((done, total))
        )
        assert [r.md5 for r in taken(items)] == [raw(MD5_A), raw(MD5_B)]
        size = (tmp_path / name).stat().st_size
        assert told[-1] == (size, size)


def test_cut_gzip_and_ambiguous_zip_are_fatal_by_name(tmp_path: Path) -> None:
    whole = gzip.compress(
        b"".join(hashlib.sha256(bytes([i])).hexdigest().encode() + b"\n" for i in range(99))
    )
    (tmp_path / "cut.gz").write_bytes(whole[:-40])
    with pytest.raises(HashSetError, match=r"cut\.gz"):
        read(tmp_path / "cut.gz", "hash-list")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.txt", MD5_A)
        archive.writestr("b.txt", MD5_B)
    with pytest.raises(HashSetError, match=r"two\.zip: the zip holds 2 files"):
        read(tmp_path / "two.zip")


def test_checksum_forms(tmp_path: Path) -> None:
    text = (
        f"{MD5_A}  plain name.jpg\n{SHA1_A} *binary.jpg\n\\{SHA256_A}  new\\nline\\\\.jpg\n"
        f"MD5 (we (ird) = x.jpg) = {MD5_B}\nSHA512 (a) = {'ab' * 64}\nSHA2-256(a)= {SHA256_B}\n"
        f"         26  {MD5_B}  C:\\dir\\b.jpg\n{'cd' * 64}  x\nmd5sum: a: no such file\n"
    )
    path = text_file(tmp_path, text)
    assert choose_reader(path).id == "checksums"
    items = read(path)
    assert [(r.md5, r.sha1, r.sha256, r.size_bytes) for r in taken(items)] == [
        (raw(MD5_A), None, None, None),
        (None, raw(SHA1_A), None, None),
        (None, None, raw(SHA256_A), None),
        (raw(MD5_B), None, None, None),
        (None, None, raw(SHA256_B), None),
        (raw(MD5_B), None, None, 26),
    ]
    assert [place for place, _ in refused(items)] == ["line 5", "line 8", "line 9"]


PEERS = (
    (("md5sum",), "md5"),
    (("sha1sum", "--tag"), "sha1"),
    (("sha256sum", "-b"), "sha256"),
    (("md5deep", "-z"), "md5"),
    (("sha256deep",), "sha256"),
    (("hashdeep", "-c", "md5,sha1,sha256"), "sha256"),
)


@pytest.mark.parametrize(("command", "field"), PEERS, ids=[" ".join(peer[0]) for peer in PEERS])
def test_peer_tools_agree_with_hashlib(
    tmp_path: Path, command: tuple[str, ...], field: str
) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    names = ("a, b.jpg", "new\nline.jpg", "=cmd()", "[red].jpg", "back\\slash")
    contents = {name: f"content of {name}".encode() for name in names}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    printed = subprocess.run([*command, *names], cwd=tmp_path, capture_output=True, check=True)
    listing = tmp_path / "listing.txt"
    listing.write_bytes(printed.stdout)
    items = read(listing)
    wanted = {hashlib.new(field, c, usedforsecurity=False).digest() for c in contents.values()}
    assert {getattr(record, field) for record in taken(items)} == wanted
    if command[0] == "hashdeep":
        assert {r.size_bytes for r in taken(items)} == {len(c) for c in contents.values()}


def test_hashdeep_columns_and_commas(tmp_path: Path) -> None:
    head = "%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n## Invoked from: /\n"
    items = read(text_file(tmp_path, f"{head}17,{MD5_A},{SHA256_A},/x/a,b,c.jpg\n17,{MD5_B}\n"))
    assert taken(items)[0].size_bytes == 17
    assert taken(items)[0].sha256 == raw(SHA256_A)
    assert refused(items) == [("line 5", "2 fields where 4 belong")]
    with pytest.raises(HashSetError, match="line 2"):
        read(text_file(tmp_path, "%%%% HASHDEEP-1.0\n%%%% size,whirlpool,filename\n"))


def test_a_table_of_pdq_and_other_digests_is_read_as_a_table(tmp_path: Path) -> None:
    path = text_file(tmp_path, f"PDQ,Quality,MD5\n{PDQ_BRIDGE},80,{MD5_A}\n")
    assert choose_reader(path).id == "csv"
    (record,) = taken(read(path))
    assert record.md5 == raw(MD5_A)
    assert record.pdq is not None
    assert (record.pdq.bits, record.pdq.quality) == (raw(PDQ_BRIDGE), 80)


def test_pdq_lists(tmp_path: Path) -> None:
    bare = text_file(tmp_path, f"{PDQ_BRIDGE}\n")
    assert choose_reader(bare).id == "hash-list", (
        "64 hex digits are a SHA-256 unless said otherwise"
    )
    assert taken(read(bare, "pdq-list"))[0].pdq is not None
    text = (
        "# pdq\n# recipe: squeezed-512\nfilename,hash,quality\n"
        f"a,b.jpg,{PDQ_BRIDGE},87\n{PDQ_BRIDGE.upper()}\n"
        f"{PDQ_BRIDGE},100,c.jpg\n{PDQ_BRIDGE},101\n{'0' * 64},100\n"
        f"{'00' * 31}07,100\n{PDQ_BRIDGE},0\nhello\n"
    )
    path = text_file(tmp_path, text)
    assert choose_reader(path).id == "pdq-list"
    items = read(path)
    pdqs = [r.pdq for r in taken(items)]
    assert [pdq.quality for pdq in pdqs if pdq] == [87, -1, 100]
    assert {(pdq.bits, pdq.recipe) for pdq in pdqs if pdq} == {
        (raw(PDQ_BRIDGE), PdqRecipe.SQUEEZED_512)
    }
    assert [place for place, _ in refused(items)] == [f"line {n}" for n in range(7, 12)]


def test_phash_list(tmp_path: Path) -> None:
    path = text_file(tmp_path, "856a156ad52b6a97\n8000000000000000\n88326E5BF4AD0B72\n")
    assert choose_reader(path).id == "phash-list"
    items = read(path)
    assert [r.phash for r in taken(items)] == [raw("856a156ad52b6a97"), raw("88326e5bf4ad0b72")]
    assert [place for place, _ in refused(items)] == ["line 2"]
