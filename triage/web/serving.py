"""Serving the pages: where, how safely, and until when."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from triage.errors import UsageFault
from triage.model.secret import NO_SECRETS, Secrets
from triage.web import logs
from triage.web.addresses import is_loopback
from triage.web.anchoring import note_head
from triage.web.app import make_app
from triage.web.connections import Connection
from triage.web.oidc import SETTINGS, read_provider
from triage.web.suite import Site, Suite

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
        http=Connection,
        loop="asyncio",
        limit_concurrency=400,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=STOP_S,
        h11_max_incomplete_event_size=32_768,
    )


@contextlib.contextmanager
def opened(place: Place, *, url: str, home: Path, secrets: Secrets = NO_SECRETS) -> Iterator[Suite]:
    """Open an installation to be served; its database and folder are made where there are none.

    Args:
        secrets: what may open evidence whose pictures are shown.

    Raises:
        StoreError: the database cannot be opened.
        UsageFault: what is said of the force's own sign-in does not fit.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    suite = Suite(url=url, home=home, site=place.site, create=True)
    suite.locks = secrets
    try:
        suite.provider = read_provider(home / SETTINGS, site_address=place.address)
        yield suite
    finally:
        suite.close()


def serve(
    suite: Suite, place: Place, *, stop: Callable[[], bool], ready: Callable[[Place], None]
) -> None:
    """Serve until told to stop; what is being answered then is answered first.

    Args:
        ready: told once where browsers are answered; the port is the one that was found where any
            would do.

    Raises:
        UsageFault: the address is in use or not of this machine, or the certificate is none.
    """
    logs.to_stderr()
    config = configured(make_app(suite), place)
    try:
        config.load()
    except OSError as error:
        raise UsageFault(f"{place.certificate}: no certificate with its key: {error}") from error
    with _listening(place) as found:
        place = replace(place, port=int(found.getsockname()[1]))
        note_head(suite)
        server = Serving(config, stop=stop, ready=lambda: ready(place))
        server.run(sockets=[found])
        note_head(suite)


def _listening(place: Place) -> socket.socket:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    try:
        return socket.create_server((place.host, place.port), family=family, backlog=256)
    except OSError as error:
        raise UsageFault(
            f"{place.host}:{place.port}: cannot listen there: {error.strerror}",
            hint="Is triage running already? --port takes another one.",
        ) from error
