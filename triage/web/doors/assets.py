"""The files that pages need: style sheets, scripts and drawings of ours."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources

from starlette.responses import Response

from triage.web.faults import NotFound
from triage.web.gate import ANYONE, Door, SeatIn

KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
}
DOOR = Door("/assets", roles=ANYONE)


@cache
def files() -> dict[str, tuple[bytes, str, str]]:
    """Read all of them once: content, kind and a mark that changes with the content, by name."""
    found = {}
    for one in resources.files("triage.web").joinpath("assets").iterdir():
        kind = KINDS.get("." + one.name.rpartition(".")[2])
        if kind is not None and one.is_file():
            content = one.read_bytes()
            found[one.name] = (content, kind, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
    return found


@DOOR.get("/{name}", include_in_schema=False)
def asset(seat: SeatIn, name: str) -> Response:
    """Give one file, or that it is as the browser knows it; nothing in it is of a case."""
    if name not in files():
        raise NotFound("There is no such file.")
    content, kind, mark = files()[name]
    headers = {"ETag": mark, "Cache-Control": "no-cache"}
    if seat.request.headers.get("if-none-match") == mark:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=kind, headers=headers)
