"""Android backups of every version give what their recipe put in; damaged ones what is left."""

from __future__ import annotations

import pickle
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from ab_recipe import PASSWORD, backup, tar_of

from triage.errors import EvidenceError
from triage.ingest.archive import (
    ARCHIVE_MIMES,
    close_archives,
    list_members,
    read_content,
)
from triage.ingest.evidence import Evidence, open_evidence, reopen_evidence
from triage.ingest.filetype import detect
from triage.ingest.reading import ContentError, VolumeError
from triage.ingest.secrets import take_secrets
from triage.model.entry import FileEntry
from triage.model.evidence import ContainerKind
from triage.model.problem import ProblemKind
from triage.model.secret import Secrets
from triage.model.volume import VolumeState

FILES = {
    "apps/com.example/_manifest": b"1\ncom.example\n",
    "apps/com.example/f/picture.jpg": random.Random(5).randbytes(700_001),  # noqa: S311  (content)
    "apps/com.example/db/" + "long" * 40 + "/é.db": b"x" * 5_000,
    "shared/0/DCIM/../../up.jpg": b"traversal",
    "shared/0/empty": b"",
}


@pytest.fixture(autouse=True)
def no_secrets() -> Iterator[None]:
    """Leave nothing given behind."""
    take_secrets(Secrets())
    yield
    take_secrets(Secrets())


def written(folder: Path, data: bytes) -> Path:
    """Give a file of evidence."""
    path = folder / "backup.ab"
    path.write_bytes(data)
    return path


def walked(evidence: Evidence) -> dict[bytes, FileEntry]:
    """Give all that is listed by its path."""
    files = evidence.filesystem("p0")
    return {
        entry.ref.path: entry
        for folder in files.roots()
        for entry in files.list_directory(folder).entries
    }


@pytest.mark.parametrize("version", [1, 2, 5])
@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("password", ["", PASSWORD])
def test_every_member_reads_as_it_was(
    tmp_path: Path, version: int, password: str, *, packed: bool
) -> None:
    take_secrets(Secrets(texts=("another", PASSWORD)))
    data = backup(tar_of(FILES), version=version, packed=packed, password=password)
    evidence = open_evidence(written(tmp_path, data))
    assert evidence.info.kind is ContainerKind.ANDROID_BACKUP
    survey = evidence.survey()
    assert survey.problems == ()
    assert survey.volumes[0].state is VolumeState.OPENED
    assert survey.volumes[0].unlocked == ("password" if password else "")
    entries = walked(evidence)
    assert set(entries) == {b"/" + name.encode() for name in FILES}
    files = evidence.filesystem("p0")
    for name, content in FILES.items():
        entry = entries[b"/" + name.encode()]
        assert entry.size_bytes == len(content)
        assert b"".join(files.read(entry)) == content
        assert files.read_range(entry, 3, 1000) == content[3:1003]
    evidence.close()


@pytest.mark.parametrize(("given", "words"), [((), "would open it"), (("no",), "none of 1")])
def test_without_its_password_a_backup_is_locked_and_says_what_opens_it(
    tmp_path: Path, given: tuple[str, ...], words: str
) -> None:
    take_secrets(Secrets(texts=given))
    evidence = open_evidence(written(tmp_path, backup(tar_of(FILES), password=PASSWORD)))
    survey = evidence.survey()
    assert survey.volumes[0].state is VolumeState.LOCKED
    assert words in survey.volumes[0].reason
    assert "--secrets" in survey.volumes[0].reason
    assert [one.kind for one in survey.problems] == [ProblemKind.VOLUME_LOCKED]


def test_another_process_is_told_the_number_of_the_secret_alone(tmp_path: Path) -> None:
    path = written(tmp_path, backup(tar_of(FILES), password=PASSWORD))
    take_secrets(Secrets(texts=("a", "b", PASSWORD)))
    evidence = open_evidence(path)
    evidence.survey()
    handover = evidence.handover()
    assert PASSWORD.encode() not in pickle.dumps(handover)
    again = reopen_evidence(path, handover)
    assert walked(again) == walked(evidence)
    entry = walked(again)[b"/apps/com.example/f/picture.jpg"]
    picture = FILES["apps/com.example/f/picture.jpg"]
    assert b"".join(again.filesystem("p0").read(entry)) == picture
    take_secrets(Secrets())
    with pytest.raises(VolumeError):
        reopen_evidence(path, handover).filesystem("p0")


@pytest.mark.parametrize("cut", [0.25, 0.5, 0.75])
@pytest.mark.parametrize("password", ["", PASSWORD])
def test_a_backup_that_breaks_off_gives_what_is_there_and_says_so(
    tmp_path: Path, password: str, cut: float
) -> None:
    take_secrets(Secrets(texts=(PASSWORD,)))
    whole = backup(tar_of(FILES), password=password)
    evidence = open_evidence(written(tmp_path, whole[: int(len(whole) * cut)]))
    survey = evidence.survey()
    assert {one.kind for one in survey.problems} == {ProblemKind.EXTRACTION_INCOMPLETE}
    entries = walked(evidence)
    files = evidence.filesystem("p0")
    first = entries[b"/apps/com.example/_manifest"]
    assert b"".join(files.read(first)) == FILES["apps/com.example/_manifest"]
    with pytest.raises(ContentError):
        list(files.read(entries[b"/apps/com.example/f/picture.jpg"]))


def test_flipped_bits_never_end_in_anything_but_problems_and_errors(tmp_path: Path) -> None:
    whole = backup(tar_of(FILES), password=PASSWORD)
    take_secrets(Secrets(texts=(PASSWORD,)))
    chosen = random.Random(2)  # noqa: S311  (places)
    for number in range(30):
        data = bytearray(whole)
        reach = 600 if number % 2 else len(data)
        data[chosen.randrange(15, reach)] ^= 1 << chosen.randrange(8)
        path = written(tmp_path, bytes(data))
        try:
            evidence = open_evidence(path)
        except EvidenceError:
            continue
        if evidence.survey().volumes[0].state is not VolumeState.OPENED:
            continue
        files = evidence.filesystem("p0")
        for entry in walked(evidence).values():
            try:
                content = b"".join(files.read(entry))
            except ContentError:
                continue
            assert len(content) == entry.size_bytes
        evidence.close()


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"ANDROID BACKUP\n9\n1\nnone\n", "version 9"),
        (b"ANDROID BACKUP\n5\n1\nROT-13\n", "ROT-13"),
        (b"ANDROID BACKUP\n5\n1\nAES-256\nab\n", "breaks off"),
        (b"ANDROID BACKUP\n5\n1\nAES-256\nxx\nab\n10\nab\nab\nrest\n", "hexadecimal"),
        (b"ANDROID BACKUP\n5\n1\nAES-256\nab\nab\n99999999999\nab\nab\nrest\n", "rounds"),
        (b"ANDROID BACKUP\n5\n1\nAES-256\nab\nab\n10\nab\nab\nrest\n", "length"),
        (b"ANDROID BACKUP\n", "breaks off"),
    ],
)
def test_heads_that_are_none_are_refused_by_name(tmp_path: Path, head: bytes, words: str) -> None:
    with pytest.raises(EvidenceError, match=words) as caught:
        open_evidence(written(tmp_path, head))
    assert caught.value.message.startswith("backup.ab: ")


@pytest.mark.parametrize("password", ["", PASSWORD])
@pytest.mark.parametrize("packed", [True, False])
def test_a_backup_among_other_files_is_opened_as_an_archive(
    tmp_path: Path, password: str, *, packed: bool
) -> None:
    data = backup(tar_of(FILES), packed=packed, password=password)
    written(tmp_path, data)
    assert detect(data[:4096], b"backup.ab", len(data)).mime in ARCHIVE_MIMES
    files = open_evidence(tmp_path).filesystem("p0")
    (entry,) = files.list_directory(files.roots()[0]).entries
    if password:
        (problem,) = list_members(files, entry).problems
        assert "its password would open it" in problem.detail
        take_secrets(Secrets(texts=("no", PASSWORD)))
        close_archives()
    listing = list_members(files, entry)
    assert listing.problems == ()
    assert [one.ref.path for one in listing.entries] == [
        b"/backup.ab/" + name.encode() for name in FILES
    ]
    for member, content in zip(listing.entries, FILES.values(), strict=True):
        assert b"".join(read_content(files, member)) == content
    close_archives()
