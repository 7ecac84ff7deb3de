"""Who is in front of a page: the account, its session, and the transaction of this request."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from triage.access.people import role_words
from triage.model.account import Account, AuditAction, AuditLine, Role, SignedIn
from triage.store.audit import Audit
from triage.store.database import Store
from triage.web import cookies
from triage.web.anchoring import note_after
from triage.web.faults import SignInNeeded
from triage.web.forms import Fields
from triage.web.suite import Suite


@dataclass(slots=True, kw_only=True)
class Seat:
    """What a handler is given: one request of one person.

    Attributes:
        signed: the session, ``None`` where nobody is signed in.
        api: the answer is JSON.
        before: random, known to this browser alone; binds forms of who is not signed in.
        form: the fields that were posted; empty else.
    """

    suite: Suite
    request: Request
    signed: SignedIn | None
    api: bool
    now_s: int
    address: str
    before: str = ""
    form: Fields = field(default_factory=Fields)
    _lines: list[AuditLine] = field(default_factory=list)
    _cookies: list[cookies.Cookie] = field(default_factory=list)
    _open: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _store: Store | None = None

    @property
    def account(self) -> Account:
        """Give who is signed in.

        Raises:
            SignInNeeded: nobody is.
        """
        if self.signed is None:
            raise SignInNeeded("Sign in to see this page.")
        return self.signed.account

    @property
    def roles(self) -> frozenset[Role]:
        """Give the roles of who is signed in; none where nobody is."""
        return self.signed.account.roles if self.signed else frozenset()

    @property
    def csrf(self) -> str:
        """Give what forms and changing requests of this browser have to bring along."""
        if self.signed is not None:
            return self.signed.csrf
        if not self.before:
            self.before = secrets.token_urlsafe(32)
            self.set_cookie(cookies.Cookie(name=cookies.BEFORE, value=self.before))
        return hashlib.sha256(b"triage form\0" + self.before.encode()).hexdigest()

    @property
    def store(self) -> Store:
        """Give the store of this request, opened when it is first asked for.

        What is not committed by :meth:`commit` is rolled back when the request ends.
        """
        if self._store is None:
            self._store = self._open.enter_context(self.suite.stores.open())
        return self._store

    def audit(
        self,
        action: AuditAction,
        *,
        case: str = "",
        exhibit: str = "",
        sha256: bytes = b"",
        **detail: str,
    ) -> None:
        """Note what is being done; written with it, by the next :meth:`commit`."""
        line = AuditLine(
            at_ms=self.suite.now_ms(),
            action=action,
            by=self.signed.account.name if self.signed else "",
            role=role_words(self.roles),
            case=case,
            exhibit=exhibit,
            sha256=sha256,
            detail=tuple(detail.items()),
            address=self.address,
        )
        self.note((line,))

    def note(self, lines: Sequence[AuditLine]) -> None:
        """Note lines that another room has made; written by the next :meth:`commit`."""
        self._lines.extend(lines)

    def commit(self) -> None:
        """Commit what was done, with the audit lines about it, in one transaction."""
        if not self._lines:
            self.store.connection.commit()
            return
        lines = tuple(self._lines)
        row = Audit(self.store.connection).append(lines)
        self.store.connection.commit()
        self._lines.clear()
        note_after(self.suite, row, len(lines))

    def flash(self, message: str) -> None:
        """Show a sentence at the head of the next page of this browser."""
        self.set_cookie(cookies.said(message))

    def take_flash(self) -> str:
        """Give the sentence that the page before left, once."""
        words = cookies.heard(self.request.cookies)
        if words:
            self.set_cookie(cookies.Cookie(name=cookies.SAID, value=""))
        return words

    def set_cookie(self, cookie: cookies.Cookie) -> None:
        """Let the answer set a cookie; an empty value removes it."""
        self._cookies = [one for one in self._cookies if one.name != cookie.name]
        self._cookies.append(cookie)

    def settle(self, response: Response) -> None:
        """Write the cookies of this request into its answer."""
        for one in self._cookies:
            cookies.write(response, one)

    def failed(self, error: Exception) -> Exception:
        """Close after a fault, and give it as the store tells it where it is one of the store's."""
        self._lines.clear()
        self._store = None
        try:
            self._open.__exit__(type(error), error, error.__traceback__)
        except Exception as told:  # noqa: BLE001  (what is raised here is what was handed in)
            return told
        return error

    def close(self) -> None:
        """Drop what was not committed, with its audit lines, and give the connection back."""
        self._lines.clear()
        self._store = None
        self._open.close()
