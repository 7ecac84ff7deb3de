"""Who may use the pages, in what role, and what is written down of what they do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What an account is for; one may have several."""

    OFFICER = "officer"
    """Submits devices and takes results away; never sees a picture or a name of a file."""
    EXAMINER = "examiner"
    """Looks at pictures and grades them."""
    SUPERVISOR = "supervisor"
    """Looks after graders: their exposure, and whether one may go on over a hard limit."""
    MANAGER = "manager"
    """Answers for backlog, order and figures; sees loads, not pictures."""
    ADMINISTRATOR = "administrator"
    """Keeps accounts, teams and settings."""


class AuditAction(StrEnum):
    """What is written down; closed list."""

    SIGNED_IN = "signed-in"
    SIGNED_OUT = "signed-out"
    SIGN_IN_REFUSED = "sign-in-refused"
    LOCKED_OUT = "locked-out"
    SESSION_ENDED = "session-ended"
    REFUSED = "refused"
    """A page or action that the role does not have, or a form that was not ours."""
    PASSWORD_CHANGED = "password-changed"  # noqa: S105  (the name of an action)
    ACCOUNT_ADDED = "account-added"
    ACCOUNT_CHANGED = "account-changed"
    TEAM_CHANGED = "team-changed"
    SETTING_CHANGED = "setting-changed"
    SCHEME_CONFIRMED = "scheme-confirmed"
    SUBMITTED = "submitted"
    UPLOADED = "uploaded"
    UPLOAD_REFUSED = "upload-refused"
    RESULT_SEEN = "result-seen"
    RESULT_TAKEN = "result-taken"
    PICTURE_SHOWN = "picture-shown"
    WELFARE_LIFTED = "welfare-lifted"
    LIMIT_REACHED = "limit-reached"
    LIMIT_LIFTED = "limit-lifted"
    BREAK_TAKEN = "break-taken"
    GRADED = "graded"
    GRADE_WITHDRAWN = "grade-withdrawn"
    DISPUTE_RESOLVED = "dispute-resolved"
    NOTED = "noted"
    SAMPLE_DRAWN = "sample-drawn"
    GRADES_IMPORTED = "grades-imported"
    EXPORTED = "exported"
    QUEUE_ORDERED = "queue-ordered"
    STAGE_MOVED = "stage-moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """Officers who see each other's submissions."""

    team_id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person who may sign in.

    Attributes:
        name: to sign in with, compared without regard to capitals.
        shown: as others read it; votes and changes are recorded under it.
        team_id: -1 where the person is in none.
        local: has a password here; else signs in at the force's own provider.
        must_change: the password was set by somebody else and is good for one sign-in.
        locked_until_s: seconds since 1970 UTC, -1 where it is not locked.
    """

    user_id: int
    name: str
    shown: str
    roles: frozenset[Role]
    team_id: int = -1
    active: bool = True
    local: bool = True
    must_change: bool = False
    failures: int = 0
    locked_until_s: int = -1
    issuer: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A session: who, by what way, from where, until when.

    Attributes:
        csrf: what every form and changing request of the session has to bring along.
        how: ``password`` or ``oidc``.
    """

    session_id: int
    account: Account
    csrf: str
    how: str
    created_s: int
    seen_s: int
    expires_s: int
    address: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """What somebody did, before it is chained.

    Attributes:
        by: name of the account, or the name that was tried; ``role``: the roles it had.
        exhibit: its reference, ``""`` where it is about none.
        sha256: of the content that it is about, ``b""`` where it is about none.
        detail: ``((name, value), …)`` in the order written.
    """

    at_ms: int
    action: AuditAction
    by: str
    role: str = ""
    case: str = ""
    exhibit: str = ""
    sha256: bytes = b""
    detail: tuple[tuple[str, str], ...] = ()
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """A line in its place: ``link`` is SHA-256 over the one before and all of this one."""

    number: int
    line: AuditLine
    link: bytes
