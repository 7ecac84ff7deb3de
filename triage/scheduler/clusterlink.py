"""The connection to a Dask scheduler: the one place of this side that Dask's client is used in."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import queue
import uuid
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from triage.errors import ClusterError
from triage.scheduler import clusterside

CONNECT_S = 10.0
LOOK_INTERVAL_S = 0.5
"""How often it is asked which workers there are: one that died is noticed so much later."""
FAREWELL_S = 5.0
_CLOSING_ERRORS = (OSError, TimeoutError, RuntimeError, ValueError, AttributeError)
_LOGGERS = ("distributed", "distributed.client", "tornado", "tornado.application", "asyncio")
_SETTINGS = {
    "distributed.admin.large-graph-warning-threshold": "1 TB",  # a preparation may be large
    "distributed.diagnostics.computations.nframes": 0,  # else source text goes with each batch
}
_UNUSABLE = {"closing", "closed", "closing_gracefully", "failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """Files in PEM format by which both sides of a ``tls://`` connection know each other."""

    authority: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What became of something that was sent to a worker.

    Attributes:
        ticket: as :meth:`Link.send` gave it.
        value: ``None`` where there is an error.
        error: what Dask says; the worker may have died, or not be able to run what was sent.
        forgotten: it was lost on the way, with the connection.
    """

    ticket: int
    value: Any = None
    error: str = ""
    forgotten: bool = False


Workers = Mapping[str, int]
"""The workers of a cluster: threads by address."""


class Link:
    """One client, whose own thread puts replies and lists of workers into a queue.

    Args:
        address: of the scheduler, such as ``tcp://host:8786``.
        certificates: for ``tls://``.

    Raises:
        ClusterError: no scheduler answers there.
    """

    def __init__(self, address: str, certificates: Certificates | None = None) -> None:
        self.run = f"triage-{uuid.uuid4().hex}"
        self._address = address
        self._certificates = certificates
        self._replies: queue.SimpleQueue[Reply | Workers] = queue.SimpleQueue()
        self._tickets = itertools.count()
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._client = self._connected()

    def send(self, worker: str, function: Callable[..., Any], *values: Any) -> int:  # noqa: ANN401  (any)
        """Let one worker call a function; give the number that its reply will carry.

        What is sent to a worker that dies gets no reply at all.
        """
        ticket = next(self._tickets)
        client_module: Any = import_module("distributed.client")
        try:
            future = self._client.submit(
                function,
                *values,
                key=f"{self.run}-{ticket}",
                workers=[worker],
                allow_other_workers=False,
                pure=False,
            )
        except client_module.ClosedClientError as error:
            self._replies.put(Reply(ticket=ticket, error=str(error), forgotten=True))
            return ticket
        self._client.loop.add_callback(self._await, ticket, future)
        return ticket

    def forget(self, ticket: int) -> None:
        """Wait no longer for a reply."""
        self._client.loop.add_callback(self._drop, ticket)

    def next(self, timeout_s: float) -> Reply | Workers | None:
        """Give the next reply, or the workers that there are by now, ``None`` after a while."""
        try:
            return self._replies.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def reconnect(self) -> bool:
        """Connect again where the connection was given up; tell whether there is one.

        While a client looks for its scheduler by itself, it is left to do so.
        """
        if self._client.status == "closed":
            with contextlib.suppress(ClusterError):
                self._client = self._connected()
        return bool(self._client.status == "running")

    def close(self, workers: list[str]) -> None:
        """Let workers stop what they do for this run, and go."""
        with contextlib.suppress(*_CLOSING_ERRORS):
            if workers and self._client.status == "running":
                self._client.sync(
                    self._client._run,  # noqa: SLF001  (its public form waits without an end)
                    clusterside.part_soon,
                    self.run,
                    workers=workers,
                    on_error="ignore",
                    callback_timeout=FAREWELL_S,
                )
        _close(self._client)

    def _connected(self) -> Any:  # noqa: ANN401  (Dask's client)
        client = _client(self._address, self._certificates)
        client.loop.add_callback(self._look, client)
        return client

    async def _await(self, ticket: int, future: Any) -> None:  # noqa: ANN401  (Dask's)
        """Start to wait for a reply; it is a callback that takes whatever comes of it."""
        waiting = asyncio.ensure_future(_value(future))
        self._waiting[ticket] = waiting

        def settle(done: asyncio.Future[Any]) -> None:
            if self._waiting.pop(ticket, None) is None:
                if not done.cancelled():
                    done.exception()  # nobody wants to know any more
                return
            self._replies.put(_reply(ticket, done))

        waiting.add_done_callback(settle)

    async def _drop(self, ticket: int) -> None:
        waiting = self._waiting.pop(ticket, None)
        if waiting is not None:
            waiting.cancel()

    async def _look(self, client: Any) -> None:  # noqa: ANN401  (Dask's)
        """Tell now and then which workers there are; none while the scheduler does not answer."""
        while client.status not in {"closed", "closing"}:
            found: Workers = {}
            with contextlib.suppress(OSError, asyncio.TimeoutError, AttributeError):
                if client.status == "running":
                    identity = await client.scheduler.identity(n_workers=-1)
                    found = {
                        address: int(one["nthreads"])
                        for address, one in identity["workers"].items()
                        if one.get("status") not in _UNUSABLE
                    }
            self._replies.put(found)
            await asyncio.sleep(LOOK_INTERVAL_S)


async def _value(future: Any) -> Any:  # noqa: ANN401  (Dask's; any)
    return await future


def _reply(ticket: int, done: asyncio.Future[Any]) -> Reply:
    if done.cancelled():
        return Reply(ticket=ticket, error="the connection was lost", forgotten=True)
    error = done.exception()
    if error is not None:
        return Reply(ticket=ticket, error=f"{type(error).__name__}: {error}")
    return Reply(ticket=ticket, value=done.result())


def _client(address: str, certificates: Certificates | None) -> Any:  # noqa: ANN401  (Dask's)
    try:
        distributed: Any = import_module("distributed")  # an extra, slow to import, not all typed
    except ImportError as error:
        raise ClusterError(
            f"a cluster is reached through Dask, which is not installed: {error}",
            hint="pip install 'triage-dfu[cluster]'",
        ) from error
    _hush(distributed)
    security = None
    if certificates is not None:
        security = distributed.Security(
            require_encryption=True,
            tls_ca_file=str(certificates.authority),
            tls_client_cert=str(certificates.certificate),
            tls_client_key=str(certificates.key),
        )
    # Made in two steps, so that one that does not connect can be closed. Else that is done when it
    # is collected as garbage, and waits for ever where another one is being started just then.
    client: Any = distributed.Client.__new__(distributed.Client)
    try:
        client.__init__(
            address, timeout=CONNECT_S, security=security, set_as_default=False, name="triage"
        )
    except (OSError, ValueError, TypeError, ImportError, RuntimeError) as error:
        _close(client)
        reason = str(error) or type(error).__name__
        raise ClusterError(
            f"{address}: no scheduler answers: {reason}",
            hint="Start one by 'dask scheduler', and workers by 'dask worker ADDRESS'.",
        ) from error
    return client


def _hush(distributed: Any) -> None:  # noqa: ANN401  (the module)
    """Let Dask say nothing: what is lost or differs is said by who asked for it."""
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    warnings.filterwarnings("ignore", category=distributed.versions.VersionMismatchWarning)
    import_module("dask").config.set(_SETTINGS)


def _close(client: Any) -> None:  # noqa: ANN401  (Dask's)
    with contextlib.suppress(*_CLOSING_ERRORS):
        client.close(timeout=FAREWELL_S)
