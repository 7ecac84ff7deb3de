"""Attachments of messages of Outlook come out as the recipe put them in."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from archive_carrier import carried, contents, lawful
from hypothesis import given, settings
from hypothesis import strategies as st
from msg_recipe import MESSAGE_CLASS, SENT_NS, Tree, attachment, compound, message

from triage.ingest.archive import ArchiveLimits, list_members
from triage.ingest.filetype import detect

CHANCE = random.Random(9)  # noqa: S311  (a seed, no secret)
PICTURE = b"\xff\xd8\xff\xe0" + CHANCE.randbytes(70_000)
SMALL = b"\x89PNG" + bytes(range(200))


def full() -> bytes:
    inside = message(attachment("inner.jpg", PICTURE[:9000]), inner=True)
    ole: Tree = {"CONTENTS": SMALL, "deeper": {"Native": PICTURE[:5000]}}
    tree = message(
        attachment("holiday.jpg", PICTURE),
        attachment("ünï.png", SMALL),
        attachment("forwarded", inside),
        attachment("object", ole),
    )
    return compound(tree, MESSAGE_CLASS)


WANTED = {
    b"holiday.jpg": PICTURE,
    "ünï.png".encode(): SMALL,
    b"forwarded/inner.jpg": PICTURE[:9000],
    b"object/CONTENTS": SMALL,
    b"object/deeper/Native": PICTURE[:5000],
}


def test_attachments_come_out(tmp_path: Path) -> None:
    data = full()
    files, entry = carried(tmp_path, data)
    listing = lawful(files, entry)
    assert not listing.problems
    assert contents(files, listing) == WANTED
    assert {one.times.modified_ns for one in listing.entries} == {SENT_NS}


def test_the_recipe_is_read_alike_by_another_reader(tmp_path: Path) -> None:
    olefile = pytest.importorskip("olefile", reason="olefile, the other reader, is not installed")
    (tmp_path / "x.msg").write_bytes(full())
    with olefile.OleFileIO(str(tmp_path / "x.msg")) as other:
        paths = ["/".join(path) for path in other.listdir()]
        assert "__attach_version1.0_#00000000/__substg1.0_37010102" in paths
        with other.openstream("__attach_version1.0_#00000000/__substg1.0_37010102") as stream:
            assert stream.read() == PICTURE


def test_the_type_is_told_and_other_compound_files_hold_nothing(tmp_path: Path) -> None:
    outlook = "application/vnd.ms-outlook"
    small = compound(message(attachment("a", SMALL)), MESSAGE_CLASS)
    assert detect(small, b"a.msg", len(small)).mime == outlook
    unmarked = compound(message(attachment("a", SMALL)))
    assert detect(unmarked, b"a.msg", len(unmarked)).mime == outlook
    other = compound({"Something": SMALL, "Else": PICTURE})
    assert detect(other, b"a.bin", len(other)).mime != outlook
    files, entry = carried(tmp_path, other)
    listing = lawful(files, entry)
    assert (listing.entries, listing.problems) == ((), ())


def test_links_and_limits_are_named(tmp_path: Path) -> None:
    link = attachment("elsewhere.doc", b"")
    del link["__substg1.0_37010102"]
    files, entry = carried(tmp_path, compound(message(link), MESSAGE_CLASS))
    assert "links to what lies elsewhere" in lawful(files, entry).problems[0].detail
    files, entry = carried(tmp_path, full())
    listing = list_members(files, entry, ArchiveLimits(max_members=2))
    assert len(listing.entries) == 2
    assert "stopped after 2 attachments" in listing.problems[0].detail


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32))
def test_whatever_is_damaged_the_contract_holds(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  (a seed, no secret)
    data = bytearray(full())
    tail = len(data) - 6000
    for _ in range(12):
        at = chance.choice((chance.randrange(8, 600), chance.randrange(tail, len(data))))
        data[at] = chance.choice((0, 1, 0xFF, chance.randrange(256)))
    cut = chance.choice((len(data), chance.randrange(512, len(data))))
    files, entry = carried(tmp_path_factory.mktemp("msg"), bytes(data[:cut]))
    lawful(files, entry)
