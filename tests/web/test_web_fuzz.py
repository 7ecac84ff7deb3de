"""The API as its own description says, with values that fit and values that do not: no failure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from itertools import product
from typing import Any, NamedTuple

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from routes_table import ROUTES
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from suitehere import BASE, Client, client_of
from triage.web.app import make_app
from triage.web.suite import Suite

ROLES = ("officer", "examiner", "supervisor", "manager", "administrator")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 5
"""Requests an operation that fit its description, and as many that do not."""


class Known(NamedTuple):
    """A signed-in role, and names of what is really there, so that requests also reach it."""

    client: Client
    values: dict[str, list[Any]]


@pytest.fixture
def known(examined: Suite) -> Iterator[dict[str, Known]]:
    """Give each role's client."""
    app = make_app(examined)
    with ExitStack() as stack:
        clients = {role: stack.enter_context(client_of(app, role)) for role in ROLES}
        yield {role: Known(client, there(client, role)) for role, client in clients.items()}


def there(client: Client, role: str) -> dict[str, list[Any]]:
    """Ask the API itself for keys that fit the parts of its paths."""
    values: dict[str, list[Any]] = {"case_id": [1], "nth": [0]}
    if role == "officer":
        said = {"name": "a.dd", "size_bytes": 5, "sha256": "0" * 64}
        for _ in range(2):
            client.call("POST", "/api/uploads", json={"files": [said]})
        values["key"] = [one["key"] for one in client.get("/api/uploads").json()["uploads"]]
    if role == "examiner":
        shown = client.get("/api/cases/1/stacks?queue=all").json()["stacks"]
        values["key"] = [one["key"] for one in shown]
        values["sha256"] = [one["leader"] for one in shown]
    return values


def test_no_request_of_any_role_makes_the_api_fail(known: dict[str, Known]) -> None:
    described = known["officer"].client.get("/api/openapi.json").json()
    schema = schemathesis.openapi.from_dict(described)
    asked = 0
    results: list[Any] = list(schema.get_all_operations())
    for result in results:
        operation = result.ok()
        may = ROUTES[operation.method.upper(), operation.path] & set(ROLES)
        others = [known[role] for role in ROLES if role not in may]
        for role, mode in product(sorted(may), GenerationMode):
            with suppress(Unsatisfiable):  # an operation to which nothing can be misfit
                asked += tried(known[role], others, operation, mode)
    assert asked >= 2 * len(described["paths"])


def tried(known: Known, others: list[Known], operation: Any, mode: GenerationMode) -> int:
    """Send some requests of an operation, half of them to what is there.

    The first is also sent by those who may not: they are refused before anything of it is read.
    """
    asked = 0

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=operation.as_strategy(generation_mode=mode),
        to_known=st.booleans(),
        pick=st.integers(0, 1_000),
    )
    def send(case: Any, to_known: bool, pick: int) -> None:  # noqa: FBT001  (drawn)
        nonlocal asked
        asked += 1
        if to_known:
            reach(case, known.values, pick)
        for one in (known, *(others if asked == 1 else ())):
            case.validate_response(answered(one.client, case), checks=CHECKS)

    send()
    return asked


def answered(client: Client, case: Any) -> Any:
    """Send a request with the token of the client's session."""
    sent = case.as_transport_kwargs(base_url=BASE)
    headers = {**sent["headers"], "X-CSRF-Token": client.csrf}
    body = {name: sent[name] for name in ("json", "params", "data") if name in sent}
    if isinstance(body.get("data"), bytes | str):
        body["content"] = body.pop("data")
    return client.request(
        sent["method"], sent["url"], headers=headers, follow_redirects=False, **body
    )


def reach(case: Any, values: dict[str, list[Any]], pick: int) -> None:
    """Let a request name what is there."""
    for name in case.path_parameters or {}:
        if values.get(name):
            case.path_parameters[name] = values[name][pick % len(values[name])]
    if isinstance(case.body, dict):
        for name, of in (("stacks", "key"), ("contents", "sha256")):
            if name in case.body:
                case.body[name] = values.get(of, [])[:2]
