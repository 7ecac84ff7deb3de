"""Snapshots of APFS volumes are named: from superblocks and trees that are written out here.

Layout: Apple, *Apple File System Reference*; every block is written by this file alone.
"""

from __future__ import annotations

import os
import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest

from triage.ingest.container import open_container
from triage.ingest.evidence import open_evidence
from triage.ingest.filesystems.apfs_superblocks import PoolFacts, pool_facts
from triage.model.problem import ProblemKind
from triage.model.volume import VolumeState

BLOCK = 4096
UUID = bytes(range(16))
SHOWN = "00010203-0405-0607-0809-0a0b0c0d0e0f"
TAKEN = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def fletcher(body: bytes) -> bytes:
    """Give the checksum of an object, as the reference describes it: over all but itself."""
    modulus = 0xFFFFFFFF
    first = second = 0
    for at in range(8, len(body), 4):
        first = (first + int.from_bytes(body[at : at + 4], "little")) % modulus
        second = (second + first) % modulus
    low = modulus - (first + second) % modulus
    high = modulus - (first + low) % modulus
    return struct.pack("<II", low, high)


def sealed_block(parts: dict[int, bytes]) -> bytes:
    body = bytearray(BLOCK)
    for at, part in parts.items():
        body[at : at + len(part)] = part
    body[:8] = fletcher(bytes(body))
    return bytes(body)


def node(records: list[tuple[bytes, bytes]], *, fixed: bool = False, level: int = 0) -> bytes:
    """Write the root of a tree: a table of places, keys behind it, values from the end back."""
    table, keys, values = b"", b"", b""
    for key, value in records:
        values = value + values
        if fixed:
            table += struct.pack("<HH", len(keys), len(values))
        else:
            table += struct.pack("<HHHH", len(keys), len(key), len(values), len(value))
        keys += key
    flags = 1 | (2 if not level else 0) | (4 if fixed else 0)
    head = struct.pack("<HHIHH", flags, level, len(records), 0, len(table))
    end = BLOCK - 40
    return sealed_block({32: head, 56: table + keys, end - len(values): values})


def snapshot(transaction: int, name: bytes, taken: datetime = TAKEN) -> tuple[bytes, bytes]:
    made = int(taken.timestamp()) * 10**9
    value = struct.pack("<QQQQQIIH", 0, 0, made, made, 0, 0, 0, len(name) + 1) + name + b"\0"
    return struct.pack("<Q", transaction | 1 << 60), value


def superblock(transaction: int, volume: int = 1026) -> bytes:
    return sealed_block(
        {
            8: struct.pack("<QQ", 1, transaction),
            32: b"NXSB" + struct.pack("<IQ", BLOCK, 16),
            104: struct.pack("<IIQQ", 2, 0, 6, 0),
            160: struct.pack("<Q", 1),
            184: struct.pack("<Q", volume),
        }
    )


def pool(tree: bytes, counted: int = 1, features: int = 0) -> list[bytes]:
    """Write a container: superblock, object map and its tree, a volume, its snapshots."""
    key = struct.pack("<QQ", 1026, 9)
    return [
        superblock(3, volume=77),
        sealed_block({48: struct.pack("<Q", 2)}),
        node([(key, struct.pack("<IIQ", 0, BLOCK, 3))], fixed=True),
        sealed_block(
            {
                32: b"APSB",
                56: struct.pack("<Q", features),
                152: struct.pack("<Q", 4),
                216: struct.pack("<Q", counted),
                240: UUID,
            }
        ),
        tree,
        bytes(BLOCK),
        superblock(4, volume=77),
        superblock(9),
    ]


def facts(blocks: list[bytes], folder: Path) -> PoolFacts:
    (folder / "pool.raw").write_bytes(b"".join(blocks))
    return pool_facts(open_container(folder / "pool.raw"), 0)


def test_each_snapshot_is_told_with_its_time(tmp_path: Path) -> None:
    tree = node([snapshot(5, b"com.apple.TimeMachine.2026-03-04"), snapshot(7, b"b\x1b[31m")])
    told = facts(pool(tree, counted=2), tmp_path)
    assert told.size_bytes == 16 * BLOCK
    assert set(told.volumes) == {SHOWN}
    first, second = told.volumes[SHOWN].words()
    assert "com.apple.TimeMachine.2026-03-04 of 2026-03-04 05:06:07 UTC" in first
    assert "\x1b" not in second
    assert "not looked into" in second


def test_a_tree_of_two_levels_is_followed_and_a_circle_is_not(tmp_path: Path) -> None:
    leaf = node([snapshot(5, b"below")])
    upper = node([(struct.pack("<Q", 5 | 1 << 60), struct.pack("<Q", 5))], level=1)
    blocks = pool(upper)
    blocks[5] = leaf
    assert "below" in next(facts(blocks, tmp_path).volumes[SHOWN].words())
    circle = node([(bytes(8), struct.pack("<Q", 4)), (bytes(8), struct.pack("<Q", 4))], level=1)
    (words,) = facts(pool(circle), tmp_path).volumes[SHOWN].words()
    assert words.startswith("1 more snapshot(s) without a name")


def test_snapshots_beyond_a_limit_are_counted(tmp_path: Path) -> None:
    tree = node([snapshot(nth, b"s%d" % nth) for nth in range(30)])
    words = list(facts(pool(tree, counted=1000), tmp_path).volumes[SHOWN].words())
    assert len(words) == 31
    assert words[-1].startswith("970 more")


@pytest.mark.parametrize("hurt", range(8))
def test_a_block_that_is_not_as_it_was_written_is_left_out(hurt: int, tmp_path: Path) -> None:
    blocks = pool(node([snapshot(5, b"name")]))
    whole = facts(blocks, tmp_path)
    block = bytearray(blocks[hurt])
    block[2000] ^= 1
    blocks[hurt] = bytes(block)
    found = facts(blocks, tmp_path)
    if hurt in {5, 6}:  # nothing rests on these
        assert found == whole
    else:
        assert found != whole
        assert all("name" not in one for each in found.volumes.values() for one in each.snapshots)


def test_noise_and_nothing_tell_nothing(tmp_path: Path) -> None:
    empty = PoolFacts(size_bytes=0, volumes={})
    assert facts([bytes(BLOCK)], tmp_path) == empty
    assert facts([b"x" * 100], tmp_path) == empty
    assert facts([superblock(3)[:40] + b"\xff" * 4056], tmp_path).volumes == {}


def corpus_image(folder: Path, features: int = 0) -> Path:
    """Give the corpus image with a snapshot written into the empty tree of its volume."""
    root = os.environ.get("TRIAGE_CORPUS")
    if not root:
        pytest.skip("TRIAGE_CORPUS is not set: no third-party images to read")
    body = bytearray((Path(root) / "images" / "apfs.raw").read_bytes())
    newest, tree = 107, 88
    at = newest * BLOCK
    assert body[at + 32 : at + 36] == b"APSB"
    assert int.from_bytes(body[at + 152 : at + 160], "little") == tree
    body[at + 216 : at + 224] = struct.pack("<Q", 1)
    body[at + 56 : at + 64] = struct.pack("<Q", 1 | features)
    body[at : at + 8] = fletcher(bytes(body[at : at + BLOCK]))
    full = bytearray(node([snapshot(3, b"before the update")]))
    place = tree * BLOCK
    full[8:32] = body[place + 8 : place + 32]
    full[BLOCK - 40 :] = body[place + BLOCK - 40 : place + BLOCK]
    full[:8] = fletcher(bytes(full))
    body[place : place + BLOCK] = full
    (folder / "apfs.raw").write_bytes(body)
    return folder / "apfs.raw"


def test_a_snapshot_of_a_volume_is_a_note_of_the_survey(tmp_path: Path) -> None:
    evidence = open_evidence(corpus_image(tmp_path))
    survey = evidence.survey()
    (problem,) = survey.problems
    assert problem.kind is ProblemKind.SNAPSHOT
    assert (problem.volume, survey.volumes[0].state) == ("p0.1", VolumeState.OPENED)
    assert "before the update of 2026-03-04 05:06:07 UTC" in problem.detail
    files = evidence.filesystem("p0.1")
    assert b"/passwords.txt" in {
        entry.ref.path for entry in files.list_directory(files.roots()[0]).entries
    }


def test_a_sealed_system_volume_is_named_and_not_read(tmp_path: Path) -> None:
    survey = open_evidence(corpus_image(tmp_path, features=0x20)).survey()
    assert survey.volumes[0].state is VolumeState.UNSUPPORTED
    assert "sealed" in survey.volumes[0].reason
    assert {problem.kind for problem in survey.problems} == {
        ProblemKind.SNAPSHOT,
        ProblemKind.VOLUME_UNSUPPORTED,
    }
