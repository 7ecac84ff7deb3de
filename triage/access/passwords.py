"""Keeps and checks passwords by argon2id, and says which ones are too easy to guess."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from triage.errors import UsageFault

CHARACTERS_MIN = 12
CHARACTERS_MAX = 1_024
_DIFFERENT_MIN = 5

_USUAL = frozenset(
    {
        *("password", "passwort", "passw0rd", "letmein", "letmeinplease", "welcome", "changeme"),
        *("pleasechangeme", "administrator", "admin", "adminadmin", "administratoradministrator"),
        *("qwertyuiop", "qwertyuiopasdf", "qwertyuiopasdfghjkl", "asdfghjkl", "zxcvbnm"),
        *("qazwsxedc", "qazwsxedcrfv", "iloveyou", "correcthorsebatterystaple", "trustno"),
        *("police", "constabulary", "policeofficer", "policeconstable", "forensics", "forensic"),
        *("digitalforensics", "digitalforensicsunit", "forensicsunit", "evidence", "triage"),
        *("triagetriage", "secret", "topsecret", "unitedkingdom", "england", "liverpool"),
        *("arsenal", "chelsea", "manchester", "manchesterunited", "football", "sunshine"),
        *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
        *("spring", "summer", "autumn", "winter", "january", "february", "march", "april"),
        *("june", "july", "august", "september", "october", "november", "december"),
        *("passwordpassword", "abcdefghijkl", "abcdefghijklm", "abcdefghijklmnop"),
    }
)
"""Words that are guessed first; figures and signs before and after them change nothing."""

_ROWS = ("01234567890123456789", "98765432109876543210", "qwertyuiopasdfghjklzxcvbnm")
_LOOK_ALIKE = str.maketrans("0134@5$7!", "oleaassti")


class Cost(NamedTuple):
    """What one look at a password costs.

    Attributes:
        passes: over the memory; ``lanes``: that are worked at side by side.
        memory_kib: of each look, in KiB.
    """

    passes: int = 3
    memory_kib: int = 65_536
    lanes: int = 4


COST = Cost()
"""The second recommendation of RFC 9106, section 4, for machines without much memory to spare."""


def encode(password: str, *, cost: Cost = COST) -> str:
    """Give the encoded form of a password, with a salt of its own."""
    return _hasher(cost).hash(_octets(password))


def verify(encoded: str, password: str, *, cost: Cost = COST) -> tuple[bool, str | None]:
    """Tell whether a password is the one that was encoded.

    The work is the same where there is none to compare with (``encoded`` is empty: no account of
    this name, or one without a password here), so the time tells nobody which names there are.

    Returns:
        Whether it is; and the password encoded anew where that was done at another cost.
    """
    hasher = _hasher(cost)
    known = encoded or _nobodys(cost)
    try:
        hasher.verify(known, _octets(password[: CHARACTERS_MAX + 1]))
    except (Argon2Error, InvalidHashError):
        return False, None
    if not encoded or len(password) > CHARACTERS_MAX:
        return False, None
    anew = encode(password, cost=cost) if hasher.check_needs_rehash(encoded) else None
    return True, anew


def check_new(password: str, *names: str) -> None:
    """Refuse a new password that is too easy to guess.

    Args:
        names: of the account and of the person, which it must not be.

    Raises:
        UsageFault: saying what is wrong with it, never the password itself.
    """
    if len(password) < CHARACTERS_MIN:
        raise UsageFault(f"password: at least {CHARACTERS_MIN} characters are needed", hint=_HINT)
    if len(password) > CHARACTERS_MAX:
        raise UsageFault(f"password: at most {CHARACTERS_MAX:,} characters are taken")
    plain = _folded(password)
    core = _stripped(plain)
    if any(core == _stripped(_folded(name)) for name in names if name):
        raise UsageFault("password: it must not be the name", hint=_HINT)
    if core in _USUAL or core.translate(_LOOK_ALIKE) in _USUAL or not core or _is_row(plain):
        raise UsageFault("password: it is one of those that are guessed first", hint=_HINT)
    if len(set(plain)) < _DIFFERENT_MIN:
        raise UsageFault("password: it has too few different characters", hint=_HINT)


_HINT = "Three or four words that do not belong together are easy to keep in mind."


def _octets(password: str) -> bytes:
    """Give one form for what keyboards write in several, as accents."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _folded(words: str) -> str:
    return "".join(unicodedata.normalize("NFKC", words).casefold().split())


def _stripped(words: str) -> str:
    """Leave out figures and signs at both ends."""
    marks = {one for one in words if not one.isalpha()}
    return words.strip("".join(marks)) if marks else words


def _is_row(words: str) -> bool:
    """Tell whether it goes along the keys."""
    return any(words in row * 2 for row in _ROWS)


@cache
def _hasher(cost: Cost) -> PasswordHasher:
    return PasswordHasher(
        time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes
    )


@cache
def _nobodys(cost: Cost) -> str:
    return encode("nobody has this one", cost=cost)
