from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from triage.ingest.evidence import open_evidence
from triage.ingest.filesystem import ContentError
from triage.model.entry import EntryKind, FileEntry
from triage.model.volume import VolumeState

SECURE = (
    "$Secure has no default stream: the peer digests its stream $SDS in its place, here it is an "
    "empty default entry and a $SDS entry with the peer's digest"
)
SHORT = (
    "deleted, claims 4,096 bytes of which one free cluster is left: the peer digests those 512 "
    "bytes as if they were the file, here the read fails as short"
)
FSCRYPT = (
    "encrypted by the file system: the peer digests the ciphertext, here it is named as encrypted; "
    "the peer's report also escapes the name"
)
CARRIAGE = "the peer's report writes the control character of the name as \\x0D"
CONTROL = "the peer's report writes the control character of a deleted name as \\x01"

# image -> ((path there or here, why), …); every difference has to stand here, nothing else may
EXPLAINED: dict[str, tuple[tuple[str, str], ...]] = {
    "hfsplus.raw": (("/.HFS+ Private Directory Data", CARRIAGE),),
    "1mb_fat32.dmg": (
        ("/.Trashes/505/Downloaded from github.com/._ntfs-lastaccess.raw.gz", SHORT),
        ("/_NTITL~1/._ntfs-lastaccess.raw.gz", SHORT),
        ("/Downloaded from github.com/._ntfs-lastaccess.raw.gz", SHORT),
    ),
    "test_disk1.bin": (("/encrypted_dir/", FSCRYPT),),
    "test_disk_ext3.bin": (("/medium_dir/", CONTROL),),
    **dict.fromkeys(
        (
            "ntfs-512dirs.raw",
            "imageformat_mmls_1.E01",
            "test.ntfs.dd.E01",
            "ntfs-lastaccess.raw",
            "ntfs-ptrn.raw",
            "ntfs-ramslack.raw",
            "ntfs-si-vs-fn.raw",
        ),
        (("/$Secure", SECURE),),
    ),
}

# what `fls -r -P apfs` and `icat` of The Sleuth Kit 4.11 show of apfs.raw, the pool being theirs
APFS = {
    "/passwords.txt": 18,
    "/a_link": 20,
    "/a_directory": 16,
    "/a_directory/a_resourcefork": 23,
    "/a_directory/another_file": 19,
    "/a_directory/a_file": 17,
    "/.fseventsd": 21,
    "/.fseventsd/fseventsd-uuid": 22,
    "/.fseventsd/000000001714941a": 25,
    "/.fseventsd/000000001714941b": 26,
}
APFS_DIGESTS = {"/a_directory/another_file": "d54ff73404ed6041a3bd66850b061bff"}

NAMES = sorted(
    {
        "1mb_fat32.dmg", "ext2.E01", "ext2.split.E01", "ext2.splitraw.000", "fat12.img",
        "fat16.img", "fatcat-deleted.img", "fatcat-directory-loop.img", "fatcat-hello-world.img",
        "fatcat-infinite-file.img", "fatcat-repair.img", "fatcat-two-file-same-cluster.img",
        "hfsplus.raw", "image-split.E01", "imageformat_mmls_1.E01", "iso9660.raw",
        "ntfs-512dirs.raw", "ntfs-lastaccess.raw", "ntfs-ptrn.raw", "ntfs-ramslack.raw",
        "ntfs-si-vs-fn.raw", "plaso-image.E01", "pytsk-image.raw", "test.ntfs.dd.E01",
        "test_disk1.bin", "test_disk_ext3.bin", "tsk-image.E01", "tsk-image.dd",
        "tsk_volume_system.raw", "ímynd.dd",
    }
)  # fmt: skip


def corpus() -> Path:
    folder = os.environ.get("TRIAGE_CORPUS")
    if not folder:
        pytest.skip("TRIAGE_CORPUS is not set: no third-party images to compare with")
    return Path(folder)


def unpacked(name: str, folder: Path) -> Path:
    images = corpus() / "images"
    if (images / name).exists():
        return images / name
    target = folder / name
    packed = images / f"{name}.gz"
    if packed.exists():
        with gzip.open(packed) as source, target.open("wb") as sink:
            shutil.copyfileobj(source, sink, 1024 * 1024)
        return target
    tool = shutil.which("zstd")
    if tool is None:
        pytest.skip("zstd is not installed: the image cannot be unpacked")
    subprocess.run([tool, "-q", "-d", str(images / f"{name}.zst"), "-o", str(target)], check=True)
    return target


def walked(path: Path) -> Iterator[tuple[FileEntry, str, str]]:
    evidence = open_evidence(path)
    for volume in evidence.survey().volumes:
        if volume.state is not VolumeState.OPENED:
            continue
        files = evidence.filesystem(volume.key)
        todo, seen = list(files.roots()), set()
        while todo:
            folder = todo.pop(0)
            if folder.address in seen:
                continue
            seen.add(folder.address)
            listing = files.list_directory(folder)
            assert listing.problems == ()
            todo.extend(listing.directories)
            for entry in listing.entries:
                md5, sha1 = hashlib.md5(), hashlib.sha1()  # noqa: S324 (digests of the truth)
                try:
                    for chunk in files.read(entry) if not entry.no_content else ():
                        md5.update(chunk)
                        sha1.update(chunk)
                except ContentError:
                    yield entry, "", ""
                    continue
                if entry.no_content:
                    yield entry, "", ""
                else:
                    yield entry, md5.hexdigest(), sha1.hexdigest()
    evidence.close()


Key = tuple[str, str, str, str, str]


def truth(name: str) -> Iterator[Key]:
    """Give path, inode, size and digests; folders and links have no content to compare."""
    lines = (corpus() / "truth" / f"{name}.jsonl").read_text("utf-8").splitlines()
    for row in map(json.loads, lines):
        path = row["filename"]
        if path.rpartition("/")[2] in (".", ".."):
            continue
        plain = row["name_type"] in "rv-" and row.get("meta_type", "") not in ("2", "6", "11")
        digests = (row.get("md5", ""), row.get("sha1", "")) if plain else ("", "")
        yield f"/{path}", row.get("inode", "0"), row.get("filesize", "0"), *digests


def ours(path: Path) -> Iterator[Key]:
    for entry, md5, sha1 in walked(path):
        if not entry.ref.stream:
            text = entry.ref.path.decode("utf-8", "replace")
            yield text, str(entry.ref.address), str(entry.size_bytes), md5, sha1


@pytest.mark.parametrize("name", NAMES)
def test_listing_and_digests_agree_with_fiwalk_but_for_what_is_explained(
    name: str, tmp_path: Path
) -> None:
    there = Counter(truth(name))
    here = Counter(ours(unpacked(name, tmp_path)))
    assert there.total() > 0
    assert here.total() == there.total()
    explained = EXPLAINED.get(name, ())
    differing = [*(there - here).elements(), *(here - there).elements()]
    unexplained = [
        key for key in differing if not any(key[0].startswith(path) for path, _ in explained)
    ]
    assert unexplained == []
    for path, _ in explained:
        assert any(key[0].startswith(path) for key in differing)
    assert len(differing) == 2 * sum(
        sum(key[0].startswith(path) for key in (there - here).elements()) for path, _ in explained
    )


def test_secure_stream_has_the_digest_that_the_peer_gives_the_file(tmp_path: Path) -> None:
    path = unpacked("test.ntfs.dd.E01", tmp_path)
    (peer,) = {key[3] for key in truth("test.ntfs.dd.E01") if key[0] == "/$Secure"}
    streams = {
        entry.ref.stream: md5 for entry, md5, _ in walked(path) if entry.ref.path == b"/$Secure"
    }
    assert streams[b"$SDS"] == peer


def test_apfs_agrees_with_the_sleuth_kit_tools() -> None:
    entries = list(walked(corpus() / "images" / "apfs.raw"))
    found = {
        entry.ref.path.decode(): entry.ref.address
        for entry, _, _ in entries
        if not entry.ref.stream
    }
    assert found == APFS
    digests = {entry.ref.path.decode(): md5 for entry, md5, _ in entries if not entry.ref.stream}
    assert APFS_DIGESTS.items() <= digests.items()
    kinds = {entry.ref.path: entry.kind for entry, _, _ in entries}
    assert kinds[b"/a_link"] is EntryKind.SYMLINK


@pytest.mark.parametrize("name", ["ext2.qcow2", "ext2.vhd", "ext2.vmdk"])
def test_a_virtual_disk_holds_what_the_e01_of_the_same_disk_holds(name: str) -> None:
    there = Counter(ours(corpus() / "images" / "ext2.E01"))
    assert Counter(ours(corpus() / "containers" / name)) == there
    assert there.total() == 7


def test_a_packed_dmg_holds_the_files_that_its_maker_puts_on_every_volume() -> None:
    def contents(path: Path) -> dict[str, str]:
        return {key[0]: key[3] for key in ours(path) if key[3] and not key[0].startswith("/$")}

    packed = contents(corpus() / "containers" / "hfsplus_zlib.dmg")
    peer = contents(corpus() / "images" / "hfsplus.raw")
    files = {"/passwords.txt", "/a_directory/a_file", "/a_directory/another_file"}
    assert set(packed) == files
    assert packed.items() <= peer.items()
