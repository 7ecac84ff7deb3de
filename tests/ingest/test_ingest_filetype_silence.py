from __future__ import annotations

import random
import struct
from importlib import import_module
from pathlib import Path

import pytest

from triage.ingest.filetype import libmagic, packed_silence, take_silence
from triage.ingest.filetypes import libraries
from triage.ingest.filetypes.libraries import UNKNOWN, guessed
from triage.ingest.filetypes.silence import Silence, read_silence

CHANCE = random.Random(11)  # noqa: S311 (made-up content, no secret)
ROW_BYTES = 376


def database() -> Path:
    return Path(import_module("pylibmagic").__file__ or "").parent / "magic.mgc"


@pytest.fixture(scope="module")
def silence() -> Silence:
    read = read_silence([database()])
    if read is None:
        pytest.skip("the installed libmagic has a database of another version")
    return read


def heads() -> list[bytes]:
    """Random bytes, binary tables, and values of the database itself at the start of either."""
    data = database().read_bytes()
    found = [CHANCE.randbytes(CHANCE.choice((1, 7, 60, 600, 4096))) for _ in range(500)]
    for _ in range(700):
        row = data[ROW_BYTES * CHANCE.randrange(1, 15000) :][:ROW_BYTES]
        offset = min(struct.unpack_from("<i", row, 12)[0] & 0xFFFF, 3000)
        value = row[32 : 32 + (row[5] or CHANCE.choice((1, 2, 4)))]
        small = bytes(CHANCE.choice(b"\0\0\0\1\2\4\xff") for _ in range(600))
        rest = CHANCE.choice((CHANCE.randbytes(600), small))
        found.append((rest * 6)[:offset] + value + rest)
    return found


def test_where_silence_is_certain_libmagic_says_nothing(silence: Silence) -> None:
    quiet = [head for head in heads() if silence.certain(head)]
    assert len(quiet) > 300
    for head in quiet:
        assert libmagic()[0].from_buffer(head[:4096]) == UNKNOWN, head[:40]


def test_what_another_process_has_read_tells_the_same(
    silence: Silence, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = packed_silence()
    monkeypatch.setattr(libraries, "_taken", [])
    monkeypatch.setattr(libraries, "read_silence", None)  # must not be called
    libraries._silence.cache_clear()
    try:
        take_silence(packed)
        taken = libraries._silence()
        assert taken is not None
        assert taken is not silence
        for head in heads():
            assert taken.certain(head) == silence.certain(head)
    finally:
        libraries._silence.cache_clear()


def test_libmagic_need_not_be_asked_about_most_random_content(silence: Silence) -> None:
    assert sum(silence.certain(CHANCE.randbytes(4096)) for _ in range(400)) > 320


@pytest.mark.parametrize("head", [b"caf\xe9 au lait\n" * 9, b"plain\n", b"text\n" + bytes(90)])
def test_silence_is_never_certain_of_text(silence: Silence, head: bytes) -> None:
    assert not silence.certain(head)


def test_a_database_that_is_not_understood_is_not_used(tmp_path: Path) -> None:
    data = database().read_bytes()[: 4 * ROW_BYTES]
    for number, content in enumerate((b"", data, data[:-1], b"# text\n" * 200)):
        path = tmp_path / str(number)
        path.write_bytes(content)
        assert read_silence([path]) is None
    assert read_silence([tmp_path / "absent"]) is None
    other = struct.pack("<4I", 0xF11E041C, 99, 3, 0) + data[16:]
    (tmp_path / "other").write_bytes(other)
    assert read_silence([tmp_path / "other"]) is None


def test_the_kinds_of_the_other_library_are_all_still_asked() -> None:
    starts = [
        bytes.fromhex(each)
        for each in (
            *("504b0304", "0061736d01000000", "4f54544f00", "0001000000", "ceb2cf81", "1f9d90"),
            *("fff1", "fff9", "fffb", "fff2", "494433", "000001ba", "000001b3", "d0cf11e0a1b11ae1"),
            *("00001c6674797069736f6d", "1a45dfa3", "edabeedb", "4e45531a", "43723234", "49492a00"),
            *("4d5a", "894c5a4f", "4c5a4950", "2321414d520a", "464f524d", "41433130", "00000100"),
        )
    ]
    guess = import_module("filetype").guess_mime
    for _ in range(1500):
        rest = CHANCE.randbytes(CHANCE.choice((0, 5, 40, 600)))
        head = CHANCE.choice((*starts, CHANCE.randbytes(2))) + rest
        mark, at = CHANCE.choice(((b"ustar", 257), (b"DICM", 128), (b"LP", 34), (b"ftyp", 4)))
        if CHANCE.random() < 0.3:
            head = head[:at].ljust(at, b"\1") + mark + rest
        assert guessed(head) == (guess(head) or "")
