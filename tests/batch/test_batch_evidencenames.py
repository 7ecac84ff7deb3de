"""Names that a sender gives: only a whole image is taken, and no part of a name becomes ours."""

from __future__ import annotations

import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.batch.evidencenames import first_of, stored_names
from triage.errors import UsageFault

CONTROL = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def letters(count: int, prefix: str = "") -> list[str]:
    """Give endings as imagers write them: 01 to 99, then AA, AB and so on."""
    rolled = [a + b for a in string.ascii_uppercase for b in string.ascii_uppercase]
    return [f"{prefix}{one}" for one in ([f"{n:02d}" for n in range(1, 100)] + rolled)[:count]]


@pytest.mark.parametrize(
    ("names", "stored"),
    [
        (["phone.E01"], ["evidence.E01"]),
        (["PHONE.e01"], ["evidence.E01"]),
        (["a b.Ex01", "a b.EX02"], ["evidence.Ex01", "evidence.Ex02"]),
        (["old.S01", "old.s02"], ["evidence.s01", "evidence.s02"]),
        (["card.DD"], ["evidence.dd"]),
        (["card.raw"], ["evidence.raw"]),
        (["disk.dd.002", "disk.dd.001"], ["evidence.002", "evidence.001"]),
        (["disk.000", "disk.001"], ["evidence.000", "evidence.001"]),
        (["disk.aa", "disk.ac", "disk.ab"], ["evidence.aa", "evidence.ac", "evidence.ab"]),
        (["../../etc/passwd.img"], ["evidence.img"]),
        (["disk.VMDK"], ["evidence.vmdk"]),
        (["disk.qcow2"], ["evidence.qcow2"]),
        (["disk.vhdx"], ["evidence.vhdx"]),
        (["disk.vdi"], ["evidence.vdi"]),
        (["phone.zip"], ["evidence.zip"]),
        (["phone.tar"], ["evidence.tar"]),
        (["phone.TAR.GZ"], ["evidence.tgz"]),
        (["phone.ufdr"], ["evidence.ufdr"]),
        (["phone.ab"], ["evidence.ab"]),
        (["chosen.L01", "chosen.l02"], ["evidence.L01", "evidence.L02"]),
        (["chosen.Lx01"], ["evidence.Lx01"]),
        (["FFS.zip", "phone.ufd"], ["evidence.zip", "evidence.ufd"]),
        (["p.ufdx", "p.ufd", "x.bin"], ["evidence.ufdx", "evidence.ufd", "evidence.bin"]),
        (["=cmd()|' /C calc'!A0\r\nX: y.iso"], ["evidence.iso"]),
    ],
)
def test_images_are_taken_under_our_names(names: list[str], stored: list[str]) -> None:
    assert list(stored_names(names)) == stored


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["notes.txt"], "'notes.txt' is not part"),
        (["archive.rar"], "'archive.rar' is not part"),
        (["phone.ad1"], "'phone.ad1' is not part"),
        (["phone.ufd"], "together with the one file that it names"),
        (["phone.ufd", "a.zip", "b.zip"], "together with the one file that it names"),
        (["phone.ufdx", "phone.zip"], "together with the one file that it names"),
        (["d.vmdk", "d-s001.vmdk"], "not the parts of one"),
        (["tar.gz"], "'tar.gz' is not part"),
        (["x.gz"], "'x.gz' is not part"),
        (["a.L01", "a.Lx02"], "not the parts of one"),
        (["image"], "'image' is not part"),
        ([".E01"], "'.E01' is not part"),
        (["a.E01", "log.txt"], "'log.txt' is not part"),
        (["a.dd", "b.dd"], "not the parts of one"),
        (["a.E02", "a.E03"], "'a.E02' is not the first"),
        (["a.E01", "a.E03"], "'a.E03' follows a part that is missing"),
        (["a.E01", "A.e01"], "chosen twice"),
        (["a.E01", "b.E02"], "different disk images"),
        (["a.001", "a.0002"], "not the parts of one"),
        (["x" * 300 + ".E01"], "very long"),
        ([""], "no name"),
        (["a.E0\N{ARABIC-INDIC DIGIT ONE}"], "not part"),
        (["a.E01\n"], "not part"),
        (["a.E01/../../x.sh"], "not part"),
    ],
)
def test_what_is_no_whole_image_is_refused_by_name(names: list[str], words: str) -> None:
    with pytest.raises(UsageFault) as refused:
        stored_names(names)
    assert words in refused.value.message
    assert refused.value.message.isprintable()


@pytest.mark.parametrize("prefix", ["E", "Ex"])
def test_a_long_set_rolls_into_letters(prefix: str) -> None:
    endings = letters(775, prefix)
    assert endings[99] == f"{prefix}AA"
    assert endings[774] == f"{prefix}ZZ"
    names = [f"disk.{one}" for one in endings]
    assert list(stored_names(names)) == [f"evidence.{one}" for one in endings]


def test_the_first_segment_is_found_wherever_it_stands() -> None:
    assert first_of(["evidence.E02", "evidence.E01", "evidence.EAA"]) == "evidence.E01"
    assert first_of(["evidence.ab", "evidence.aa"]) == "evidence.aa"
    assert first_of(["evidence.raw"]) == "evidence.raw"
    assert first_of(["evidence.zip", "evidence.ufd"]) == "evidence.ufd"
    assert first_of(["evidence.bin", "evidence.ufd", "evidence.ufdx"]) == "evidence.ufdx"


@given(names=st.lists(st.text(max_size=20) | st.sampled_from(letters(4, "a.E")), max_size=4))
def test_whatever_is_offered_only_plain_names_come_out(names: list[str]) -> None:
    stored: tuple[str, ...] = ()
    words = ""
    try:
        stored = tuple(stored_names(names))
    except UsageFault as refused:
        words = refused.message
    assert not (stored and words)
    assert not CONTROL.intersection(map(unicodedata.category, words))
    allowed = set(string.ascii_letters + string.digits)
    for name in stored:
        stem, _, ending = name.partition(".")
        assert stem == "evidence"
        assert ending
        assert set(ending) <= allowed
    assert len(set(stored)) == (len(names) if stored else 0)
