"""Every route of the pages and who may use it: the truth that the gate is held to.

A line a route: method and path as its door declares them, then the roles. Nothing is computed from
the program.
"""

from __future__ import annotations

ANYONE = frozenset({"", "officer", "examiner", "supervisor", "manager", "administrator"})
"""Also who is not signed in."""

SIGNED_IN = ANYONE - {""}

ROUTES: dict[tuple[str, str], frozenset[str]] = {
    # the shell
    ("GET", "/assets/{name}"): ANYONE,
    ("GET", "/robots.txt"): ANYONE,
    ("GET", "/"): SIGNED_IN,
    ("GET", "/api/openapi.json"): SIGNED_IN,
    # signing in
    ("GET", "/sign-in"): ANYONE,
    ("POST", "/sign-in"): ANYONE,
    ("POST", "/sign-out"): ANYONE,
    # one's own account
    ("GET", "/account"): SIGNED_IN,
    ("POST", "/account/sessions/{session_id}/end"): SIGNED_IN,
    ("POST", "/account/sessions/end"): SIGNED_IN,
    ("GET", "/account/password"): SIGNED_IN,
    ("POST", "/account/password"): SIGNED_IN,
    # evidence that officers send
    ("GET", "/api/uploads"): frozenset({"officer"}),
    ("POST", "/api/uploads"): frozenset({"officer"}),
    ("POST", "/api/uploads/offer"): frozenset({"officer"}),
    ("GET", "/api/uploads/{key}"): frozenset({"officer"}),
    ("DELETE", "/api/uploads/{key}"): frozenset({"officer"}),
    ("PATCH", "/api/uploads/{key}/{nth}"): frozenset({"officer"}),
    ("GET", "/api/uploads/{key}/{nth}/edges"): frozenset({"officer"}),
    ("POST", "/api/uploads/{key}/finish"): frozenset({"officer"}),
}
