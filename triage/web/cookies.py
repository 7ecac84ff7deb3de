"""The cookies of the pages: what each is for, and how safely it is set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from starlette.responses import Response

SESSION = "__Host-triage"
"""The session's token. The prefix makes browsers insist on Secure, this host and the path ``/``."""

BEFORE = "__Host-triage-before"
"""Binds the sign-in form to the browser that asked for it."""

SAID = "__Host-triage-said"
"""A sentence for the next page."""

ROUND_TRIP = "__Host-triage-provider"
"""What has to come back unchanged from the force's own sign-in."""

SAID_MOST = 600
"""Characters of a sentence; cookies have little room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """A cookie that an answer sets; one with an empty value is removed.

    Attributes:
        lasts_s: seconds; -1 until the browser is closed.
    """

    name: str
    value: str
    lasts_s: int = -1


def write(response: Response, cookie: Cookie) -> None:
    """Set a cookie that scripts cannot read and other sites' forms do not send.

    Lax, so that a link in an e-mail or the way back from a force's own sign-in finds who is signed
    in; what changes anything is checked by token and origin besides.
    """
    age = 0 if not cookie.value else None if cookie.lasts_s < 0 else cookie.lasts_s
    response.set_cookie(
        cookie.name,
        cookie.value,
        max_age=age,
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )


def said(message: str) -> Cookie:
    """Make the cookie that carries a sentence to the next page."""
    return Cookie(name=SAID, value=quote(message[:SAID_MOST], safe=""))


def heard(sent: Mapping[str, str]) -> str:
    """Give the sentence that the page before left, ``""`` where it left none."""
    return unquote(sent.get(SAID, ""), errors="replace")[:SAID_MOST]
