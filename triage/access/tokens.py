"""Makes what nobody can guess: tokens of sessions, of forms, and passwords for one sign-in."""

from __future__ import annotations

import hashlib
import hmac
import secrets

_TOKEN_BYTES = 32
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"
"""What is not mixed up when read out: no i, l, o, 0 or 1. Five of them are nearly 25 bits."""

_GROUPS = 4
_GROUP_CHARACTERS = 5


def new_token() -> str:
    """Give 256 random bits in characters that may stand in a cookie, a form or a URL."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def token_sha256(token: str) -> bytes:
    """Give what is kept of a token: who reads the database cannot sign in with it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def same(one: str, other: str) -> bool:
    """Tell whether two tokens are the same, in a time that tells nothing of where they differ.

    An empty one is the same as none.
    """
    given, wanted = (words.encode("utf-8", "surrogatepass") for words in (one, other))
    return bool(given) and hmac.compare_digest(given, wanted)


def one_time_password() -> str:
    """Give a random password of 99 bits to hand over to a person, who changes it at once."""
    groups = (
        "".join(secrets.choice(_READABLE) for _ in range(_GROUP_CHARACTERS)) for _ in range(_GROUPS)
    )
    return "-".join(groups)
