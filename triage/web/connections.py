"""Connections that keep nobody waiting: who sends nothing, or a byte now and then, is cut off."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 20.0
"""How long a request may take to say what it wants."""

SILENCE_S = 30.0
"""How long nothing may come of a body that was announced, or be taken of an answer."""

LOOK_S = 5.0
EACH_MOST = 100
"""Connections from one address; a browser has six, and many people may share an address."""


class Connection(H11Protocol):
    """A connection of a browser that is closed where it holds its place for nothing.

    The server takes so many connections and no more: without this, one program that opens as many
    and says nothing keeps everybody out for as long as it likes.
    """

    head_s = HEAD_S
    silence_s = SILENCE_S
    look_s = LOOK_S
    each_most = EACH_MOST
    _since = 0.0
    _heard = 0.0
    _stuck: float | None = None
    _look: Any = None

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  (a transport of asyncio)
        """Begin to listen, unless the same address has too many connections."""
        super().connection_made(transport)
        self._since = self._heard = self.loop.time()
        if self._is_crowd():
            transport.abort()
            return
        self._again()

    def connection_lost(self, exc: Exception | None) -> None:
        """Look no more."""
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        self._heard = self.loop.time()
        super().data_received(data)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._since = self._heard = self.loop.time()
        super().on_response_complete()

    def _again(self) -> None:
        self._look = self.loop.call_later(self.look_s, self._looked)

    def _looked(self) -> None:
        if self.transport.is_closing():
            return
        if self._is_idle(self.loop.time()):
            self.transport.abort()
            return
        self._again()

    def _is_idle(self, now: float) -> bool:
        """Tell whether it is the other side that keeps a place for nothing."""
        if self.flow.write_paused:
            return now - self._written(now) > self.silence_s
        self._stuck = None
        if self.cycle is not None and not self.cycle.response_complete:
            if self.flow.read_paused or not self.cycle.more_body:
                self._heard = now  # it is our turn
            return now - self._heard > self.silence_s
        return now - self._since > self.head_s

    def _written(self, now: float) -> float:
        """Give since when nothing more could be written."""
        self._stuck = now if self._stuck is None else self._stuck
        return self._stuck

    def _is_crowd(self) -> bool:
        if self.config.proxy_headers or self.client is None:  # all come from the proxy
            return False
        own = self.client[0]
        return sum(_address(one) == own for one in self.connections) > self.each_most


def _address(connection: Any) -> str:  # noqa: ANN401  (whatever serves there)
    client = getattr(connection, "client", None)
    return str(client[0]) if client else ""
