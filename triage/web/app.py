"""The application: all doors, behind one gate."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

import triage
from triage.web.doors import (
    account,
    administrator,
    assets,
    auditpages,
    bench,
    benchapi,
    casefiles,
    casework,
    firstgeneration,
    gradesfile,
    home,
    managerfigures,
    managermorning,
    managerqueue,
    officer,
    officerresults,
    pictures,
    provider,
    schemes,
    signin,
    supervisor,
    unitsettings,
    uploads,
    welfareapi,
)
from triage.web.gate import EVERYBODY, Declared, Door, Rule, SeatIn, nowhere, route_class
from triage.web.headers import Headers
from triage.web.navigation import ENTRIES
from triage.web.suite import Suite

DOORS: tuple[Door, ...] = (
    assets.DOOR,
    home.DOOR,
    signin.DOOR,
    provider.DOOR,
    account.DOOR,
    officer.DOOR,
    officerresults.DOOR,
    uploads.DOOR,
    managermorning.DOOR,
    managerqueue.DOOR,
    managerfigures.DOOR,
    bench.DOOR,
    supervisor.DOOR,
    benchapi.DOOR,
    welfareapi.DOOR,
    pictures.DOOR,
    casework.DOOR,
    casefiles.DOOR,
    firstgeneration.DOOR,
    gradesfile.DOOR,
    administrator.DOOR,
    unitsettings.DOOR,
    schemes.DOOR,
    auditpages.DOOR,
)
"""In the order in which their routes are tried; a new door is a file in ``doors/`` and a line."""

_API = Door("/api", roles=EVERYBODY, api=True)
_ABOUT = "What the pages use. Sign in by the pages; requests that change anything need the header \
X-CSRF-Token with the value that stands in the page."


def make_app(suite: Suite, doors: tuple[Door, ...] = DOORS) -> FastAPI:
    """Make the application over an installation; the caller closes the suite.

    Raises:
        RuntimeError: a route has no rule, or two have the same method and path.
    """
    app = FastAPI(
        title="triage",
        version=triage.__version__,
        description=_ABOUT,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.suite = suite
    for door in (*doors, _described(app)):
        for one in door.declared:
            _mount(app, suite, one)
    check_gated(app.routes)
    suite.entries = tuple(one for one in ENTRIES if one.path in _looked_at(app.routes))
    app.add_exception_handler(HTTPException, _unrouted(suite))
    app.add_middleware(Headers, site=suite.site)
    return app


def rules_of(app: FastAPI) -> tuple[Rule, ...]:
    """Give the rule of every route, in the order in which they are tried."""
    return tuple(getattr(route, "rule_of_route") for route in app.routes)  # noqa: B009  (of a class made at run time)


def check_gated(routes: list[BaseRoute]) -> None:
    """Refuse an application with a way around the gate.

    Raises:
        RuntimeError: there is one, or two routes have the same method and path.
    """
    seen: set[tuple[str, str]] = set()
    for route in routes:
        rule = getattr(route, "rule_of_route", None)
        if not isinstance(rule, Rule) or not isinstance(route, APIRoute):
            raise RuntimeError(f"{route!r}: a route without a rule")  # noqa: TRY004  (a defect of ours)
        if (rule.method, rule.path) in seen:
            raise RuntimeError(f"{rule.method} {rule.path}: declared twice")
        seen.add((rule.method, rule.path))


def _mount(app: FastAPI, suite: Suite, one: Declared) -> None:
    app.router.add_api_route(
        one.rule.path,
        one.handler,
        methods=[one.rule.method],
        route_class_override=route_class(one.rule, suite),
        **one.options,
    )


def _described(app: FastAPI) -> Door:
    """Make the door of the API's own description; read by whoever is signed in."""
    door = Door(_API.prefix, roles=_API.roles, api=True)

    @door.get("/openapi.json", include_in_schema=False)
    def openapi(seat: SeatIn) -> JSONResponse:  # noqa: ARG001  (who asks was checked)
        return JSONResponse(app.openapi())

    return door


def _looked_at(routes: list[BaseRoute]) -> frozenset[str]:
    return frozenset(
        route.path
        for route in routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ())
    )


def _unrouted(suite: Suite) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Make what answers where no route does, or none for the method."""

    async def answered(request: Request, error: Exception) -> Response:
        return await run_in_threadpool(nowhere, suite, request, error)

    return answered
