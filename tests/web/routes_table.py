"""Every route of the pages and who may use it: the truth that the gate is held to.

A line a route: method and path as its door declares them, then the roles. Nothing is computed from
the program.
"""

from __future__ import annotations

ANYONE = frozenset({"", "officer", "examiner", "supervisor", "manager", "administrator"})
"""Also who is not signed in."""

SIGNED_IN = ANYONE - {""}
OFFICER = frozenset({"officer"})
MANAGER = frozenset({"manager"})
ADMINISTRATOR = frozenset({"administrator"})

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
    ("GET", "/sign-in/provider"): ANYONE,
    ("GET", "/sign-in/provider/back"): ANYONE,
    # one's own account
    ("GET", "/account"): SIGNED_IN,
    ("POST", "/account/sessions/{session_id}/end"): SIGNED_IN,
    ("POST", "/account/sessions/end"): SIGNED_IN,
    ("GET", "/account/password"): SIGNED_IN,
    ("POST", "/account/password"): SIGNED_IN,
    # devices that officers submit
    ("GET", "/officer"): OFFICER,
    ("POST", "/officer/drafts"): OFFICER,
    ("GET", "/officer/drafts/{key}/check"): OFFICER,
    ("POST", "/officer/drafts/{key}/submit"): OFFICER,
    ("GET", "/officer/drafts/{key}/remove"): OFFICER,
    ("POST", "/officer/drafts/{key}/remove"): OFFICER,
    ("GET", "/officer/drafts/{key}/{step}"): OFFICER,
    ("POST", "/officer/drafts/{key}/{step}"): OFFICER,
    ("GET", "/officer/submissions"): OFFICER,
    ("GET", "/officer/submissions/{receipt}"): OFFICER,
    ("GET", "/officer/submissions/{receipt}/receipt"): OFFICER,
    ("GET", "/officer/submissions/{receipt}/result"): OFFICER,
    ("GET", "/officer/submissions/{receipt}/result.html"): OFFICER,
    # evidence that officers send
    ("GET", "/api/uploads"): frozenset({"officer"}),
    ("POST", "/api/uploads"): frozenset({"officer"}),
    ("POST", "/api/uploads/offer"): frozenset({"officer"}),
    ("GET", "/api/uploads/{key}"): frozenset({"officer"}),
    ("DELETE", "/api/uploads/{key}"): frozenset({"officer"}),
    ("PATCH", "/api/uploads/{key}/{nth}"): frozenset({"officer"}),
    ("GET", "/api/uploads/{key}/{nth}/edges"): frozenset({"officer"}),
    ("POST", "/api/uploads/{key}/finish"): frozenset({"officer"}),
    # the manager
    ("GET", "/manager"): MANAGER,
    ("GET", "/manager/charts/{name}.svg"): MANAGER,
    ("GET", "/manager/night"): MANAGER,
    ("GET", "/manager/tonight"): MANAGER,
    ("GET", "/manager/forecast"): MANAGER,
    ("GET", "/manager/forecast/charts/{name}.svg"): MANAGER,
    ("GET", "/manager/queue"): MANAGER,
    ("GET", "/manager/queue/{ledger_id}"): MANAGER,
    ("POST", "/manager/queue/{ledger_id}/{kind}"): MANAGER,
    ("GET", "/manager/loads"): frozenset({"manager", "supervisor"}),
    ("GET", "/manager/counts"): MANAGER,
    ("POST", "/manager/counts"): MANAGER,
    # the grading bench, for its pages
    # the bench's own pages, and who looks after graders
    ("GET", "/bench"): frozenset({"examiner"}),
    ("GET", "/bench/exposure"): frozenset({"examiner"}),
    ("GET", "/bench/{case_id}"): frozenset({"examiner"}),
    ("GET", "/supervisor"): frozenset({"supervisor"}),
    ("GET", "/supervisor/{user_id}"): frozenset({"supervisor"}),
    ("POST", "/supervisor/{user_id}"): frozenset({"supervisor"}),
    ("POST", "/api/cases/{case_id}/lifts"): frozenset({"examiner"}),
    ("GET", "/api/exposure"): frozenset({"examiner"}),
    ("POST", "/api/break"): frozenset({"examiner"}),
    ("GET", "/api/cases/{case_id}/stacks"): frozenset({"examiner"}),
    ("GET", "/api/cases/{case_id}/next"): frozenset({"examiner"}),
    ("GET", "/api/cases/{case_id}/stacks/{key}"): frozenset({"examiner"}),
    ("GET", "/api/cases/{case_id}/contents/{sha256}"): frozenset({"examiner"}),
    ("GET", "/api/cases/{case_id}/filters"): frozenset({"examiner"}),
    ("POST", "/api/cases/{case_id}/votes"): frozenset({"examiner"}),
    ("POST", "/api/cases/{case_id}/undo"): frozenset({"examiner"}),
    ("POST", "/api/cases/{case_id}/skip"): frozenset({"examiner"}),
    ("POST", "/api/cases/{case_id}/notes"): frozenset({"examiner"}),
    # pictures
    ("GET", "/bench/{case_id}/picture/{sha256}"): frozenset({"examiner"}),
    ("GET", "/bench/{case_id}/picture/{sha256}/tags"): frozenset({"examiner"}),
    # cases: signals, disputes, quality, files
    ("GET", "/bench/{case_id}/first-generation"): frozenset({"examiner"}),
    ("POST", "/bench/{case_id}/first-generation"): frozenset({"examiner"}),
    ("GET", "/cases"): frozenset({"examiner", "supervisor"}),
    ("GET", "/cases/{case_id}"): frozenset({"examiner", "supervisor"}),
    ("GET", "/cases/{case_id}/disputes"): frozenset({"examiner", "supervisor"}),
    ("GET", "/cases/{case_id}/disputes/{sha256}"): frozenset({"examiner", "supervisor"}),
    ("POST", "/cases/{case_id}/disputes/{sha256}"): frozenset({"supervisor"}),
    ("GET", "/cases/{case_id}/quality"): frozenset({"examiner", "supervisor"}),
    ("POST", "/cases/{case_id}/quality"): frozenset({"examiner", "supervisor"}),
    ("GET", "/cases/{case_id}/files"): frozenset({"examiner"}),
    ("POST", "/cases/{case_id}/files"): frozenset({"examiner"}),
    ("POST", "/cases/{case_id}/files/{key}"): frozenset({"examiner"}),
    ("POST", "/api/cases/{case_id}/grades"): frozenset({"examiner"}),
    # the administrator
    ("GET", "/administrator"): ADMINISTRATOR,
    ("GET", "/administrator/accounts"): ADMINISTRATOR,
    ("GET", "/administrator/accounts/new"): ADMINISTRATOR,
    ("POST", "/administrator/accounts/new"): ADMINISTRATOR,
    ("GET", "/administrator/accounts/{user_id}"): ADMINISTRATOR,
    ("POST", "/administrator/accounts/{user_id}"): ADMINISTRATOR,
    ("POST", "/administrator/accounts/{user_id}/disable"): ADMINISTRATOR,
    ("POST", "/administrator/accounts/{user_id}/enable"): ADMINISTRATOR,
    ("POST", "/administrator/accounts/{user_id}/unlock"): ADMINISTRATOR,
    ("POST", "/administrator/accounts/{user_id}/end-sessions"): ADMINISTRATOR,
    ("POST", "/administrator/accounts/{user_id}/password"): ADMINISTRATOR,
    ("GET", "/administrator/teams"): ADMINISTRATOR,
    ("POST", "/administrator/teams"): ADMINISTRATOR,
    ("POST", "/administrator/teams/{team_id}"): ADMINISTRATOR,
    ("GET", "/administrator/settings"): ADMINISTRATOR,
    ("GET", "/administrator/settings/{key}"): ADMINISTRATOR,
    ("POST", "/administrator/settings/{key}"): ADMINISTRATOR,
    ("GET", "/administrator/schemes"): ADMINISTRATOR,
    ("GET", "/administrator/schemes/{scheme_id}"): ADMINISTRATOR,
    ("POST", "/administrator/schemes/{scheme_id}/confirm"): ADMINISTRATOR,
    ("GET", "/administrator/audit"): ADMINISTRATOR,
    ("POST", "/administrator/audit/csv"): ADMINISTRATOR,
    ("GET", "/administrator/audit/verify"): ADMINISTRATOR,
}
