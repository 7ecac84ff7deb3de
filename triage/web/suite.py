"""What the pages share: the database, where things lie, the clock, settings and lazy parts."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar, cast

from triage.access.passwords import COST, Cost
from triage.model.secret import NO_SECRETS
from triage.model.settings import UnitSettings
from triage.store.database import Stores
from triage.store.settings import settings_of
from triage.web.limits import Rates

if TYPE_CHECKING:
    from triage.web.navigation import Entry
    from triage.web.oidc import Provider

Part = TypeVar("Part")
SETTINGS_KEPT_S = 3.0
"""How long another process's change of a setting may go unnoticed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Under what name and how safely browsers reach the pages.

    Attributes:
        hosts: names, without port, that a browser may ask for; others are refused.
        tls: the connection of the browser is encrypted, here or by the proxy before us.
    """

    hosts: frozenset[str] = frozenset({"127.0.0.1", "localhost", "[::1]"})
    tls: bool = False


class Suite:
    """One installation that is served.

    Attributes:
        now_s: seconds since 1970 UTC; tests set it. ``now_ms`` likewise in milliseconds.
        secret: signs what a browser carries for a few minutes; new with each start.
        entries: what the navigation offers; set by the app, which knows its pages.
        cost: of one look at a password; tests take a cheap one.
        provider: the force's own sign-in, where there is one.
        locks: what may open evidence whose pictures are shown.
    """

    def __init__(
        self,
        *,
        url: str,
        home: Path,
        site: Site | None = None,
        cost: Cost = COST,
        create: bool = False,
    ) -> None:
        self.url = url
        self.home = home
        self.site = site or Site()
        self.stores = Stores(url, create=create)
        self.now_s: Callable[[], int] = lambda: int(time.time())
        self.now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
        self.secret = secrets.token_bytes(32)
        self.rates = Rates()
        self.cost = cost
        self.entries: tuple[Entry, ...] = ()
        self.provider: Provider | None = None
        self.locks = NO_SECRETS
        self._settings: tuple[float, UnitSettings] | None = None
        self._reading: SimpleQueue[None] = SimpleQueue()
        self._reading.put(None)
        self._parts: dict[type, Any] = {}
        self._turns: dict[type, SimpleQueue[None]] = {}

    def settings(self) -> UnitSettings:
        """Give the settings as they stand, at most a few seconds old.

        One request at a time reads them anew, while the others take those before: who holds one
        connection must not wait for a second one beside many who do the same.
        """
        kept = self._settings
        if kept is None:
            return self._read_settings()
        if time.monotonic() - kept[0] >= SETTINGS_KEPT_S:
            try:
                self._reading.get_nowait()
            except Empty:
                return kept[1]
            try:
                return self._read_settings()
            finally:
                self._reading.put(None)
        return kept[1]

    def _read_settings(self) -> UnitSettings:
        with self.stores.open() as store:
            found = settings_of(store.connection)
        self._settings = (time.monotonic(), found)
        return found

    def forget_settings(self) -> None:
        """Read them anew the next time: they were changed here."""
        self._settings = None

    def part(self, kind: type[Part], make: Callable[[Suite], Part]) -> Part:
        """Give the one part of a kind, made when it is first asked for.

        Whoever asks at the same moment waits, so that it is made once. What has ``close()`` is
        closed with the suite, last made first.
        """
        if kind not in self._parts:
            fresh: SimpleQueue[None] = SimpleQueue()
            fresh.put(None)
            turn = self._turns.setdefault(kind, fresh)
            turn.get()
            try:
                if kind not in self._parts:
                    self._parts[kind] = make(self)
            finally:
                turn.put(None)
        return cast("Part", self._parts[kind])

    def close(self) -> None:
        """Close all parts and the connections to the database, whatever happens."""
        with contextlib.ExitStack() as stack:
            stack.callback(self.stores.close)
            for part in self._parts.values():
                if (close := getattr(part, "close", None)) is not None:
                    stack.callback(close)
            self._parts = {}
