"""The gate of every route: who may pass, whose form it is, and how a fault is told.

Each route is declared through a :class:`Door`, which says its roles; the app refuses to start with
a route that is not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar, cast

from fastapi import Depends
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response

from triage.errors import StoreError
from triage.model.account import AuditAction, Role
from triage.web import bodies, refusals
from triage.web.admission import admit, check_token, seat_at
from triage.web.faults import Refused, answer_for
from triage.web.replies import API_RESPONSES
from triage.web.seat import Seat
from triage.web.suite import Suite

__all__ = ["ANYONE", "EVERYBODY", "Door", "Rule", "Seat", "SeatIn"]

Handler = TypeVar("Handler", bound=Callable[..., Any])
ANYONE: frozenset[Role] = frozenset()
"""Also who is not signed in."""

EVERYBODY = frozenset(Role)
"""Whoever is signed in and has any role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What holds for one route.

    Attributes:
        roles: who may; empty: everybody, also not signed in.
        api: answers are JSON, and a request that changes anything brings its token in a header.
        form: the body is a form, with its token in the field ``csrf``.
        body_bytes: what the body may have; -1 where the handler counts while it streams.
        stale: open to who has to change the password first.
    """

    method: str
    path: str
    roles: frozenset[Role]
    api: bool = False
    form: bool = False
    body_bytes: int = bodies.USUAL
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Declared:
    """A route as its door declares it."""

    rule: Rule
    handler: Callable[..., Any]
    options: dict[str, Any] = field(default_factory=dict)


class Door:
    """Routes that belong together.

    Args:
        prefix: of all paths, ``""`` or like ``/officer``.
        roles: who may, unless a route says otherwise; empty: everybody, also not signed in.
        api: answers are JSON, described under ``/api/openapi.json``.
    """

    def __init__(self, prefix: str, *, roles: frozenset[Role], api: bool = False) -> None:
        self.prefix = prefix
        self.roles = roles
        self.api = api
        self.declared: list[Declared] = []

    def page(
        self, path: str, roles: frozenset[Role] | None = None, *, stale: bool = False
    ) -> Callable[[Handler], Handler]:
        """Declare a page that is looked at."""
        rule = self._rule("GET", path, roles, stale=stale)
        return self._declare(rule, {"response_class": HTMLResponse, "include_in_schema": False})

    def form(
        self,
        path: str,
        roles: frozenset[Role] | None = None,
        *,
        body_bytes: int = bodies.USUAL,
        stale: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Declare what a form is posted to; its fields arrive as ``seat.form``."""
        rule = self._rule("POST", path, roles, form=True, body_bytes=body_bytes, stale=stale)
        return self._declare(rule, {"response_class": HTMLResponse, "include_in_schema": False})

    def get(
        self,
        path: str,
        roles: frozenset[Role] | None = None,
        **options: Any,  # noqa: ANN401  (those of FastAPI)
    ) -> Callable[[Handler], Handler]:
        """Declare a request that changes nothing."""
        return self._declare(self._rule("GET", path, roles), options)

    def post(
        self,
        path: str,
        roles: frozenset[Role] | None = None,
        *,
        body_bytes: int = bodies.USUAL,
        **options: Any,  # noqa: ANN401  (those of FastAPI)
    ) -> Callable[[Handler], Handler]:
        """Declare a request that changes something; likewise ``put``, ``patch`` and ``delete``."""
        return self._declare(self._rule("POST", path, roles, body_bytes=body_bytes), options)

    def put(
        self,
        path: str,
        roles: frozenset[Role] | None = None,
        *,
        body_bytes: int = bodies.USUAL,
        **options: Any,  # noqa: ANN401  (those of FastAPI)
    ) -> Callable[[Handler], Handler]:
        """Declare a PUT."""
        return self._declare(self._rule("PUT", path, roles, body_bytes=body_bytes), options)

    def patch(
        self,
        path: str,
        roles: frozenset[Role] | None = None,
        *,
        body_bytes: int = bodies.USUAL,
        **options: Any,  # noqa: ANN401  (those of FastAPI)
    ) -> Callable[[Handler], Handler]:
        """Declare a PATCH; ``body_bytes=-1`` where the handler counts while it streams."""
        return self._declare(self._rule("PATCH", path, roles, body_bytes=body_bytes), options)

    def delete(
        self,
        path: str,
        roles: frozenset[Role] | None = None,
        **options: Any,  # noqa: ANN401  (those of FastAPI)
    ) -> Callable[[Handler], Handler]:
        """Declare a DELETE."""
        return self._declare(self._rule("DELETE", path, roles), options)

    def _rule(  # noqa: PLR0913  (the parts of a rule)
        self,
        method: str,
        path: str,
        roles: frozenset[Role] | None,
        *,
        form: bool = False,
        body_bytes: int = bodies.USUAL,
        stale: bool = False,
    ) -> Rule:
        return Rule(
            method=method,
            path=self.prefix + path,
            roles=self.roles if roles is None else roles,
            api=self.api,
            form=form,
            body_bytes=body_bytes,
            stale=stale,
        )

    def _declare(self, rule: Rule, options: dict[str, Any]) -> Callable[[Handler], Handler]:
        described = {"responses": API_RESPONSES} if self.api else {"include_in_schema": False}
        options = {**described, **options}

        def declare(handler: Handler) -> Handler:
            self.declared.append(Declared(rule, handler, options))
            return handler

        return declare


def route_class(rule: Rule, suite: Suite) -> type[APIRoute]:
    """Make the class of a route that lets nobody pass but by its rule."""

    class Gated(APIRoute):
        """A route behind the gate."""

        rule_of_route = rule

        def get_route_handler(self) -> Callable[[Request], Any]:
            inner = super().get_route_handler()

            async def guarded(request: Request) -> Response:
                return await _pass(request, rule, suite, inner)

            return guarded

    return Gated


async def _pass(
    request: Request,
    rule: Rule,
    suite: Suite,
    inner: Callable[[Request], Awaitable[Response]],
) -> Response:
    seat: Seat | None = None
    request = bodies.bounded(request, rule.body_bytes)
    try:
        seat = await run_in_threadpool(admit, suite, request, rule)
        request.state.seat = seat
        if rule.form:
            seat.form = await bodies.read_form(request)
        check_token(seat, rule)
        response = await inner(request)
    except ClientDisconnect:
        response = Response(status_code=400)
    except Exception as error:  # noqa: BLE001  (the border of the pages: told in plain words)
        fault = bodies.as_fault(error)
        response = await run_in_threadpool(_told, suite, request, rule, seat, fault)
    finally:
        if seat is not None:
            await run_in_threadpool(seat.close)
    if seat is not None:
        seat.settle(response)
    return response


def _told(
    suite: Suite, request: Request, rule: Rule, seat: Seat | None, error: Exception
) -> Response:
    """Answer a fault; who was signed in and refused is written down."""
    seat = seat or refusals.seat_of(error)
    if seat is not None:
        error = seat.failed(error)
    if not rule.api and (way := refusals.elsewhere(request, error)) is not None:
        return way
    try:
        return _written(suite, request, rule, seat, error)
    except Exception as again:  # noqa: BLE001  (the database is away: say so without it)
        return refusals.reply(suite, request, None, answer_for(again), api=rule.api)
    finally:
        if seat is not None:
            seat.close()


def _written(
    suite: Suite, request: Request, rule: Rule, seat: Seat | None, error: Exception
) -> Response:
    if seat is not None and seat.signed is not None and isinstance(error, Refused):
        seat.close()
        seat.audit(AuditAction.REFUSED, page=f"{rule.method} {rule.path}")
        seat.commit()
    if isinstance(error, RequestValidationError) and not rule.api:
        error = HTTPException(404)
    return refusals.reply(suite, request, seat, answer_for(error), api=rule.api)


def nowhere(suite: Suite, request: Request, error: Exception) -> Response:
    """Answer where there is no route, or none for the method, to whoever asks."""
    api = request.url.path.startswith("/api/")
    answer = answer_for(error)
    try:
        seat = seat_at(suite, request, api=api)
        return refusals.reply(suite, request, seat, answer, api=api)
    except StoreError:
        return refusals.reply(suite, request, None, answer, api=api)


def _seat_of(request: Request) -> Seat:
    return cast("Seat", request.state.seat)


SeatIn = Annotated[Seat, Depends(_seat_of)]
"""A handler's parameter ``seat: SeatIn``."""
