"""What is printed of names and times: safe, told apart, and as the calendar has it."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.model.display import iso_time, printable

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOSTILE = st.one_of(
    st.binary(max_size=40),
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.lists(
        st.sampled_from(
            [b"\\", b"x41", b"\n", b"\x1b[2J", b"\\x0a", b"\xff", b"\xe2\x80\xae", b"a"]
        ),
        max_size=8,
    ).map(b"".join),
)
FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@given(HOSTILE)
def test_nothing_that_moves_a_cursor_or_turns_a_line_is_printed(raw: bytes) -> None:
    text = printable(raw)
    assert not {unicodedata.category(one) for one in text} & FORBIDDEN
    text.encode("utf-8")
    assert len(text.splitlines()) <= 1


def unescaped(text: str) -> bytes:
    """Undo the escapes as the docstring of ``printable`` describes them."""
    raw, place = bytearray(), 0
    while place < len(text):
        if text[place] != "\\":
            raw += text[place].encode()
            place += 1
            continue
        kind = text[place + 1]
        if kind == "\\":
            raw += b"\\"
            place += 2
            continue
        digits = {"x": 2, "u": 4, "U": 8}[kind]
        point = int(text[place + 2 : place + 2 + digits], 16)
        place += 2 + digits
        raw += bytes([point]) if kind == "x" else chr(point).encode()
    return bytes(raw)


@given(HOSTILE)
def test_the_name_can_be_told_from_what_is_printed(raw: bytes) -> None:
    assert unescaped(printable(raw)) == raw


@given(HOSTILE, HOSTILE)
def test_two_names_never_look_the_same(one: bytes, other: bytes) -> None:
    assert (printable(one) == printable(other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"\xc2\xad", b"\xad"),
        (b"\xc2\x85", b"\x85"),
        (b"\xc2\x9b31m", b"\x9b31m"),
        (b"\n", b"\\x0a"),
        (b"\xff", b"\\xff"),
        (b"\xe2\x80\xae", b"\\u202e"),
    ],
)
def test_pairs_that_are_easily_mixed_up(one: bytes, other: bytes) -> None:
    assert printable(one) != printable(other)


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31, 23, 59, 59)),  # noqa: DTZ001  (hypothesis wants naive ones)
    st.integers(0, 9),
)
def test_times_are_those_of_the_calendar(then: datetime, tenths_of_us: int) -> None:
    aware = then.replace(tzinfo=UTC)
    since = aware - EPOCH
    whole_us = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    value_ns = whole_us * 1000 + tenths_of_us * 100
    wanted = f"{then.year:04d}-{then:%m-%dT%H:%M:%S}.{then.microsecond:06d}{tenths_of_us}"
    assert iso_time(value_ns) == wanted + "Z"
    assert iso_time(value_ns, naive_local=True) == wanted


@given(st.integers(-11_644_473_600, -1))
def test_times_before_1970(second: int) -> None:
    then = EPOCH + timedelta(seconds=second)
    assert iso_time(second * 10**9) == f"{then.year:04d}-{then:%m-%dT%H:%M:%S}.0000000Z"


@pytest.mark.parametrize(
    ("filetime", "text"),
    [
        (0, "1601-01-01T00:00:00.0000000Z"),  # MS-DTYP 2.3.3: the epoch of FILETIME
        (116_444_736_000_000_000, "1970-01-01T00:00:00.0000000Z"),
        (2_650_467_743_999_999_999, "9999-12-31T23:59:59.9999999Z"),  # DateTime.MaxValue of .NET
        (0x7FFF_FFFF_FFFF_FFFF, "30828-09-14T02:48:05.4775807Z"),  # the last that Windows converts
    ],
)
def test_extremes_of_filetime(filetime: int, text: str) -> None:
    assert iso_time((filetime - 116_444_736_000_000_000) * 100) == text


def test_no_time_is_no_text() -> None:
    assert iso_time(None) is None
