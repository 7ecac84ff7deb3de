"""Serving the pages: where, how safely, and until when."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from triage.errors import UsageFault
from triage.web.suite import Site

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
STOP_S = 20
"""How long what is being answered may take when the server is told to stop."""

_ANY = {"0.0.0.0", "::", ""}  # noqa: S104  (named, not bound to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the pages are served.

    Attributes:
        names: under which browsers reach it, besides those of this machine itself.
        certificate, key: PEM files, where the connection is encrypted here.
        proxied: a proxy on this machine stands before us and encrypts.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    names: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    proxied: bool = False

    @property
    def tls(self) -> bool:
        """Tell whether the browser's connection is encrypted."""
        return self.certificate is not None or self.proxied

    def checked(self) -> Place:
        """Give the place, where what is said of it fits.

        Raises:
            UsageFault: passwords would cross a network in clear, or a file is not there.
        """
        if (self.certificate is None) != (self.key is None):
            raise UsageFault("--tls-cert and --tls-key go together")
        for path in (self.certificate, self.key):
            if path is not None and not path.is_file():
                raise UsageFault(f"{path}: there is no such file")
        if self.proxied and self.certificate is not None:
            raise UsageFault("--behind-proxy: the proxy encrypts; --tls-cert is of no use there")
        if self.proxied and not is_loopback(self.host):
            raise UsageFault(
                f"--host {self.host}: behind a proxy the pages are served to this machine only",
                hint="Leave --host out and let the proxy ask 127.0.0.1.",
            )
        if not is_loopback(self.host) and not self.tls:
            raise UsageFault(
                f"--host {self.host}: passwords would cross the network in clear",
                hint="Give --tls-cert and --tls-key, or use --behind-proxy; see docs/serve.md.",
            )
        if not self.names and (self.proxied or self.host in _ANY):
            raise UsageFault(
                "--name: say under what name browsers reach the pages",
                hint="For example --name triage.force.example",
            )
        return self

    @property
    def site(self) -> Site:
        """Give what browsers may ask for."""
        own = {self.host} if self.host not in _ANY else set()
        bracketed = {f"[{one}]" if ":" in one else one for one in own}
        names = {one.casefold() for one in self.names}
        return Site(hosts=frozenset(LOOPBACK_NAMES | names | bracketed), tls=self.tls)

    @property
    def address(self) -> str:
        """Give what to type into a browser."""
        if self.proxied:
            return f"https://{self.names[0]}/"
        host = self.names[0] if self.names else self.host
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self.tls else 'http'}://{shown}:{self.port}/"


class Serving(uvicorn.Server):
    """A server that ends when it is asked to, without an exception in anybody's hands.

    Args:
        stop: asked several times a second.
        ready: told once, when browsers are answered.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        stop: Callable[[], bool],
        ready: Callable[[], None] = lambda: None,
    ) -> None:
        self._stop = stop
        self._told_to = False
        self._ready = ready
        super().__init__(config)

    @property
    def should_exit(self) -> bool:
        """Tell whether to end."""
        return self._told_to or self._stop()

    @should_exit.setter
    def should_exit(self, value: bool) -> None:
        self._told_to = value

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signals: whoever serves does, and answers ``stop``."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        if self.started:
            self._ready()


def configured(app: ASGIApp, place: Place) -> uvicorn.Config:
    """Make the server's settings: no word about itself, and no line a request.

    Addresses of pages name cases and contents; the audit keeps what happened, by whom.
    """
    return uvicorn.Config(
        app,
        host=place.host,
        port=place.port,
        ssl_certfile=place.certificate,
        ssl_keyfile=place.key,
        proxy_headers=place.proxied,
        forwarded_allow_ips=["127.0.0.1", "::1"] if place.proxied else [],
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        ws="none",
        lifespan="off",
        http="h11",
        loop="asyncio",
        limit_concurrency=400,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=STOP_S,
        h11_max_incomplete_event_size=32_768,
    )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
