"""Passwords: told apart, never kept, and not from the list that is guessed first."""

from __future__ import annotations

import unicodedata

import argon2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.access.passwords import COST, Cost, check_new, encode, verify
from triage.errors import UsageFault

CHEAP = Cost(passes=1, memory_kib=8, lanes=1)
GOOD = "seven green kettles"


def test_what_is_kept_is_argon2id_at_the_cost_of_the_recommendation() -> None:
    kept = encode(GOOD)
    found = argon2.extract_parameters(kept)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert (found.time_cost, found.memory_cost, found.parallelism) == COST
    assert (found.salt_len, found.hash_len) == (16, 32)
    assert argon2.PasswordHasher().verify(kept, GOOD)
    assert encode(GOOD, cost=CHEAP) != encode(GOOD, cost=CHEAP)


def test_a_password_is_told_from_others_and_encoded_anew_where_the_cost_rose() -> None:
    kept = encode(GOOD, cost=CHEAP)
    assert verify(kept, GOOD, cost=CHEAP) == (True, None)
    assert verify(kept, GOOD + " ", cost=CHEAP) == (False, None)
    dearer = Cost(passes=2, memory_kib=16, lanes=1)
    ok, anew = verify(kept, GOOD, cost=dearer)
    assert ok
    assert anew is not None
    assert verify(anew, GOOD, cost=dearer) == (True, None)


def test_nobody_has_a_password_and_what_is_kept_damaged_fits_none() -> None:
    for kept in ("", "$argon2id$v=19$m=8,t=1,p=1$c2FsdA$", "plain", "\0"):
        for password in ("", GOOD, kept, "nobody has this one"):
            assert verify(kept, password, cost=CHEAP) == (False, None)
    kept = encode("a" * 1025, cost=CHEAP)
    assert verify(kept, "a" * 1025, cost=CHEAP) == (False, None)


def test_an_accent_is_the_same_however_the_keyboard_writes_it() -> None:
    assert verify(
        encode("caf\u00e9 au lait noir", cost=CHEAP), "cafe\u0301 au lait noir", cost=CHEAP
    )[0]


@given(st.text(max_size=60), st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_any_text_is_itself_and_not_another(one: str, other: str) -> None:
    kept = encode(one, cost=CHEAP)
    assert verify(kept, one, cost=CHEAP)[0]
    same = unicodedata.normalize("NFKC", one) == unicodedata.normalize("NFKC", other)
    assert verify(kept, other, cost=CHEAP)[0] is same


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "elevenchars",
        "password1234",
        "Password2026!",
        "P@ssw0rd!2026",
        "!!Welcome1234",
        "123456789012",
        "qwertyuiopas",
        "aaaaaaaaaaaa",
        "abababababab",
        "j.smith-12345",
        "JSMITH123456",
        "Joan Smith 2026",
        "0000000000000",
        "            ",
        "a" * 1025,
    ],
)
def test_what_is_guessed_first_is_refused_without_saying_it(password: str) -> None:
    with pytest.raises(UsageFault) as caught:
        check_new(password, "j.smith", "Joan Smith", "jsmith")
    assert caught.value.message.startswith("password: ")
    assert password not in caught.value.message


def test_what_takes_long_to_guess_is_taken() -> None:
    for password in (
        GOOD,
        "a" * 20 + "bcdefgh",
        "\u65e5\u672c\u8a9e\u306e\u9577\u3044\u6587\u7ae0\u3092\u66f8\u304f\u3053",
        "j.smith likes tea",
    ):
        check_new(password, "j.smith", "Joan Smith")
