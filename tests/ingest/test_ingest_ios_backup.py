"""iOS backups, plain and encrypted, give what their recipe put in; hostile ones cost themselves."""

from __future__ import annotations

import os
import pickle
import plistlib
import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from ios_recipe import (
    DIRECTORY,
    LINK,
    PASSWORD,
    TIMES,
    Item,
    Recipe,
    archived,
    database,
)
from triage.errors import EvidenceGone
from triage.ingest.evidence import Evidence, open_evidence, reopen_evidence
from triage.ingest.logicals.ios_paths import path_of
from triage.ingest.reading import ContentError, VolumeError
from triage.ingest.secrets import take_secrets
from triage.model.entry import EntryKind, FileEntry
from triage.model.evidence import ContainerKind
from triage.model.problem import Problem, ProblemKind
from triage.model.secret import Secrets
from triage.model.volume import VolumeState

PICTURE = random.Random(3).randbytes(1_300_001)  # noqa: S311  (content)
ITEMS = [
    Item(domain="CameraRollDomain", relative="Media/DCIM/100APPLE/IMG_0001.HEIC", content=PICTURE),
    Item(
        domain="AppDomain-com.example.chat", relative="Documents/é.txt", content=b"sixteen bytes..."
    ),
    Item(domain="AppDomainGroup-group.example", relative="a", content=b"x"),
    Item(domain="OtherDomain-x", relative="../../etc/passwd", content=b"traversal"),
    Item(domain="HomeDomain", relative="Library/empty"),
    Item(domain="HomeDomain", relative="Library", flags=DIRECTORY),
    Item(domain="HomeDomain", relative="Library/link", flags=LINK, target="/private/var/else"),
]
PATHS = {
    b"/private/var/mobile/Media/DCIM/100APPLE/IMG_0001.HEIC": PICTURE,
    "/private/var/mobile/Containers/Data/Application/com.example.chat/Documents/é.txt".encode(): (
        b"sixteen bytes..."
    ),
    b"/private/var/mobile/Containers/Shared/AppGroup/group.example/a": b"x",
    b"/OtherDomain/x/../../etc/passwd": b"traversal",
}


@pytest.fixture(autouse=True)
def no_secrets() -> Iterator[None]:
    """Leave nothing given behind."""
    take_secrets(Secrets())
    yield
    take_secrets(Secrets())


def give(*texts: str) -> None:
    """Give secrets to this process."""
    take_secrets(Secrets(texts=texts))


def made(folder: Path, *, password: str = "", old: bool = False) -> Path:
    """Give a backup."""
    return Recipe(list(ITEMS), password=password, old=old).write(folder / "backup")


def walked(evidence: Evidence) -> tuple[dict[bytes, FileEntry], list[Problem]]:
    """List everything: entries by path, and problems."""
    files = evidence.filesystem("p0")
    entries: dict[bytes, FileEntry] = {}
    problems: list[Problem] = []
    for folder in files.roots():
        listing = files.list_directory(folder)
        assert not listing.directories
        problems += listing.problems
        for entry in listing.entries:
            assert entry.ref.path not in entries
            entries[entry.ref.path] = entry
    return entries, problems


def content(evidence: Evidence, entry: FileEntry) -> bytes:
    """Read an entry."""
    return b"".join(evidence.filesystem("p0").read(entry))


@pytest.mark.parametrize(("password", "old"), [("", False), (PASSWORD, False), (PASSWORD, True)])
def test_every_file_is_listed_under_its_path_and_reads_as_it_was(
    tmp_path: Path, password: str, *, old: bool
) -> None:
    give("another", PASSWORD)
    evidence = open_evidence(made(tmp_path, password=password, old=old))
    assert evidence.info.kind is ContainerKind.IOS_BACKUP
    survey = evidence.survey()
    assert [one.state for one in survey.volumes] == [VolumeState.OPENED]
    assert survey.volumes[0].unlocked == ("password" if password else "")
    assert survey.problems == ()
    entries, problems = walked(evidence)
    assert problems == []
    for path, data in PATHS.items():
        entry = entries.pop(path)
        assert content(evidence, entry) == data
        assert entry.size_bytes == len(data)
        assert entry.times.modified_ns == TIMES["LastModified"] * 10**9
        assert entry.times.created_ns == TIMES["Birth"] * 10**9
        files = evidence.filesystem("p0")
        for start, length in ((0, 1), (5, 20), (15, 17), (len(data) - 3, 50), (600_000, 33)):
            if start >= 0:
                assert files.read_range(entry, start, length) == data[start : start + length]
    empty = entries.pop(b"/private/var/mobile/Library/empty")
    assert empty.no_content == "empty" or content(evidence, empty) == b""
    folder = entries.pop(b"/private/var/mobile/Library")
    assert folder.kind is EntryKind.DIRECTORY
    link = entries.pop(b"/private/var/mobile/Library/link")
    assert (link.kind, link.detail) == (EntryKind.SYMLINK, "link to /private/var/else")
    names = {b"Info.plist", b"Manifest.db", b"Manifest.plist", b"Status.plist"}
    assert set(entries) == {b"/$Backup/" + name for name in names}
    manifest = content(evidence, entries[b"/$Backup/Manifest.db"])
    assert manifest.startswith(b"SQLite format 3\0")
    assert len(manifest) == int.from_bytes(manifest[28:32], "big") * 4096  # of its own header
    evidence.close()


def test_the_device_is_told(tmp_path: Path) -> None:
    header = dict(open_evidence(made(tmp_path)).info.header)
    assert header == {
        "device_imei": "356000000000001",
        "device_make": "Apple",
        "device_model": "iPhone14,2",
        "device_name": "A phone",
        "device_number": "+44 7",
        "device_os": "iOS 17.5",
        "device_serial": "F2L",
    }


@pytest.mark.parametrize(("given", "words"), [((), "would open it"), (("no", "nor"), "none of 2")])
def test_without_its_password_an_encrypted_backup_is_locked_and_says_what_opens_it(
    tmp_path: Path, given: tuple[str, ...], words: str
) -> None:
    give(*given)
    evidence = open_evidence(made(tmp_path, password=PASSWORD))
    survey = evidence.survey()
    (volume,) = survey.volumes
    assert volume.state is VolumeState.LOCKED
    assert words in volume.reason
    assert "--secrets" in volume.reason
    assert [one.kind for one in survey.problems] == [ProblemKind.VOLUME_LOCKED]
    with pytest.raises(VolumeError):
        evidence.filesystem("p0")


def test_another_process_needs_one_trial_and_gets_no_secret_sent(tmp_path: Path) -> None:
    path = made(tmp_path, password=PASSWORD)
    give("first", "second", PASSWORD)
    evidence = open_evidence(path)
    evidence.survey()
    handover = evidence.handover()
    packed = pickle.dumps(handover)
    assert PASSWORD.encode() not in packed
    assert handover.logical is not None
    assert handover.logical.facts == 2
    again = reopen_evidence(path, handover)
    assert walked(again) == walked(evidence)
    give("first")
    with pytest.raises(VolumeError, match="none of 1"):
        reopen_evidence(path, handover).filesystem("p0")


def test_a_backup_that_goes_away_is_gone_and_not_empty(tmp_path: Path) -> None:
    path = made(tmp_path)
    evidence = open_evidence(path)
    handover = evidence.handover()
    assert evidence.gone() == ""
    path.rename(tmp_path / "elsewhere")
    assert evidence.gone()
    with pytest.raises(EvidenceGone):
        reopen_evidence(path, handover)


def test_missing_contents_fail_by_name_and_unnamed_ones_are_listed(tmp_path: Path) -> None:
    path = made(tmp_path)
    name = ITEMS[0].name
    (path / name[:2] / name).rename(path / "ab0")
    (path / "ff").mkdir(exist_ok=True)
    (path / "ff" / "hidden.jpg").write_bytes(b"hidden")
    (path / "ff" / "sub").mkdir()
    (path / "ff" / "sub" / "deep.jpg").write_bytes(b"deep")
    evidence = open_evidence(path)
    entries, _ = walked(evidence)
    lost = entries[b"/private/var/mobile/Media/DCIM/100APPLE/IMG_0001.HEIC"]
    with pytest.raises(ContentError, match="not in the backup"):
        content(evidence, lost)
    assert content(evidence, entries[b"/$Backup/ab0"]) == PICTURE
    assert content(evidence, entries[b"/$Unlisted/ff/hidden.jpg"]) == b"hidden"
    assert content(evidence, entries[b"/$Backup/ff/sub/deep.jpg"]) == b"deep"


def test_in_an_encrypted_backup_what_has_no_key_is_named_as_encrypted(tmp_path: Path) -> None:
    path = made(tmp_path, password=PASSWORD)
    (path / "ff").mkdir(exist_ok=True)
    (path / "ff" / ("f" * 40)).write_bytes(b"x" * 32)
    give(PASSWORD)
    evidence = open_evidence(path)
    entries, _ = walked(evidence)
    assert entries[b"/$Unlisted/ff/" + b"f" * 40].no_content == "encrypted"


@pytest.mark.parametrize("cut", [0, 0.25, 0.5, 0.75])
@pytest.mark.parametrize("password", ["", PASSWORD])
@pytest.mark.parametrize("file", ["Manifest.db", "Manifest.plist", "Info.plist"])
def test_truncated_lists_end_in_problems_and_leave_no_content_out(
    tmp_path: Path, file: str, password: str, cut: float
) -> None:
    path = made(tmp_path, password=password)
    whole = (path / file).read_bytes()
    (path / file).write_bytes(whole[: int(len(whole) * cut)])
    give(PASSWORD)
    evidence = open_evidence(path)
    survey = evidence.survey()
    (volume,) = survey.volumes
    if volume.state is not VolumeState.OPENED:
        assert survey.problems
        return
    entries, problems = walked(evidence)
    told = [*survey.problems, *problems]
    assert told or file == "Info.plist"
    if not password:
        found = {content(evidence, one) for one in entries.values() if not one.no_content}
        assert set(PATHS.values()) <= found


def test_flipped_bits_in_the_manifest_never_end_in_anything_but_problems(tmp_path: Path) -> None:
    path = made(tmp_path)
    whole = (path / "Manifest.db").read_bytes()
    chosen = random.Random(11)  # noqa: S311  (places)
    for _ in range(40):
        data = bytearray(whole)
        for _ in range(6):
            data[chosen.randrange(len(data))] ^= 1 << chosen.randrange(8)
        (path / "Manifest.db").write_bytes(data)
        evidence = open_evidence(path)
        evidence.survey()
        files = evidence.filesystem("p0")
        for folder in files.roots():
            for entry in files.list_directory(folder).entries:
                if not entry.no_content:
                    try:
                        assert len(b"".join(files.read(entry))) == entry.size_bytes
                    except ContentError as error:
                        assert error.detail  # noqa: PT017  (either is right)
        evidence.close()


@pytest.mark.parametrize(
    "row",
    [
        ("../../../../etc/passwd", "HomeDomain", "a", 1, archived(ITEMS[0])),
        ("AB" * 20, "HomeDomain", "b", 1, archived(ITEMS[0])),
        (None, None, None, None, None),
        (b"\xff\xfe", b"\xff\n\x1b[31m", "\x1b]0;[red]", 9, b"no plist"),
        ("zz", 5, 6.5, "text", "text"),
        ("a" * 40, "HomeDomain", "c", 1, archived(ITEMS[0], Size=1 << 62)),
        ("a" * 40, "HomeDomain", "c", 1, archived(ITEMS[0], Size=-5, LastModified="never")),
        ("a" * 40, "HomeDomain", "c", 1, plistlib.dumps([1], fmt=plistlib.FMT_BINARY)),
    ],
)
def test_hostile_rows_are_listed_and_lead_nowhere(tmp_path: Path, row: tuple[object, ...]) -> None:
    path = made(tmp_path)
    (path / "Manifest.db").write_bytes(database([row]))
    evidence = open_evidence(path)
    evidence.survey()
    entries, _ = walked(evidence)
    mine = [one for one in entries.values() if one.ref.address]
    assert len(mine) == 1
    if not mine[0].no_content:
        with pytest.raises(ContentError):
            content(evidence, mine[0])


def test_a_loop_in_an_archived_object_says_nothing(tmp_path: Path) -> None:
    path = made(tmp_path)
    loop = b"bplist00" + b"\xa1\x00" + b"\x08" + bytes(6) + b"\x01\x01" + (1).to_bytes(8, "big")
    loop += bytes(8) + (10).to_bytes(8, "big")
    (path / "Manifest.db").write_bytes(database([("a" * 40, "HomeDomain", "c", 1, loop)]))
    evidence = open_evidence(path)
    entries, _ = walked(evidence)
    assert entries[b"/private/var/mobile/c"].times.modified_ns is None


def test_a_manifest_that_is_a_view_is_not_asked(tmp_path: Path) -> None:
    path = made(tmp_path)
    connection = sqlite3.connect(tmp_path / "view.db")
    connection.execute(
        "CREATE VIEW Files AS WITH RECURSIVE n(fileID) AS (SELECT 1 UNION ALL SELECT fileID + 1 "
        "FROM n) SELECT fileID, fileID AS rowid, '' AS domain, '' AS relativePath, 1 AS flags, "
        "'' AS file FROM n"
    )
    connection.commit()
    connection.close()
    shutil.copy(tmp_path / "view.db", path / "Manifest.db")
    evidence = open_evidence(path)
    assert any("no plain table" in one.detail for one in evidence.survey().problems)
    entries, _ = walked(evidence)
    found = {content(evidence, one) for one in entries.values() if not one.no_content}
    assert set(PATHS.values()) <= found


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_in_the_place_of_a_content_is_not_followed(tmp_path: Path) -> None:
    path = made(tmp_path)
    (tmp_path / "secret").write_bytes(b"not of the backup")
    name = ITEMS[2].name
    place = path / name[:2] / name
    place.unlink()
    place.symlink_to(tmp_path / "secret")
    evidence = open_evidence(path)
    entries, _ = walked(evidence)
    entry = entries[b"/private/var/mobile/Containers/Shared/AppGroup/group.example/a"]
    with pytest.raises(ContentError):
        content(evidence, entry)


def test_changes_beside_the_manifest_and_unfinished_backups_are_told(tmp_path: Path) -> None:
    path = made(tmp_path)
    (path / "Manifest.db-wal").write_bytes(b"x" * 100)
    status = {"SnapshotState": "uploading"}
    (path / "Status.plist").write_bytes(plistlib.dumps(status))
    before = sorted(path.iterdir())
    evidence = open_evidence(path)
    told = list(evidence.survey().problems)
    assert {one.kind for one in told} == {ProblemKind.EXTRACTION_INCOMPLETE}
    assert len(told) == 2
    walked(evidence)
    assert sorted(path.iterdir()) == before  # SQLite made nothing beside it


def test_a_keybag_that_asks_for_an_age_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path, password=PASSWORD)
    told = plistlib.loads((path / "Manifest.plist").read_bytes())
    bag = bytearray(told["BackupKeyBag"])
    at = bag.index(b"DPIC") + 8
    bag[at : at + 4] = b"\xff\xff\xff\xff"
    told["BackupKeyBag"] = bytes(bag)
    (path / "Manifest.plist").write_bytes(plistlib.dumps(told))
    give(PASSWORD)
    (volume,) = open_evidence(path).survey().volumes
    assert volume.state is VolumeState.DAMAGED
    assert "rounds" in volume.reason


@pytest.mark.parametrize(
    ("domain", "relative", "path"),
    [
        (b"MediaDomain", b"Media/x", b"/private/var/mobile/Media/x"),
        (b"RootDomain", b"Library/x", b"/private/var/root/Library/x"),
        (b"SysContainerDomain-a-b", b"x", b"/private/var/containers/Data/System/a-b/x"),
        (b"HomeDomain", b"", b"/private/var/mobile"),
        (b"", b"", b"/"),
    ],
)
def test_domains_lie_where_the_device_has_them(domain: bytes, relative: bytes, path: bytes) -> None:
    assert path_of(domain, relative) == path
