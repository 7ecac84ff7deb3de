"""What stands at the head of every answer, and whom it is given to at all."""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from triage.web.suite import Site

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; font-src 'self'; worker-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
"""Nothing but our own files, no inline script or style, no frame around us."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), display-capture=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow",
}
"""A route may say one of them itself, where it is to be stricter."""

TRANSPORT = "max-age=31536000"


class Headers:
    """Refuses requests for names that are not ours, and heads every answer.

    A page of another site whose name is made to point to this address (DNS rebinding) would
    otherwise be of our origin to the browser.
    """

    def __init__(self, app: ASGIApp, *, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    found.setdefault(name, value)
                if self._site.tls:
                    found.setdefault("Strict-Transport-Security", TRANSPORT)
            await send(message)

        if _host_of(scope) not in self._site.hosts:
            words = "There is nothing at this name.\n"
            await PlainTextResponse(words, status_code=421)(scope, receive, headed)
            return
        await self._app(scope, receive, headed)


def _host_of(scope: Scope) -> str:
    """Give the name that was asked for, without its port; ``""`` where it is not one name."""
    found = [value for name, value in scope["headers"] if name == b"host"]
    if len(found) != 1:
        return ""
    fits = _HOST.fullmatch(found[0].decode("latin-1").casefold())
    return fits[1].removesuffix(".") if fits else ""


_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:@/\[\]]+)(?::[0-9]{1,5})?")
"""A name or an address, and a port behind it."""
