"""The workers of a cluster as one run sees them: who may work, who was told what, who has what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from triage.scheduler.batch import Batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What has to be the same on all hosts before one of them is given work.

    Attributes:
        function: a module-level function of one value; it runs on each host, in a process of its
            own, and gives facts by name.
        asked: the value.
        here: facts that hold already; what one worker has told besides holds from then on.
    """

    function: Callable[[Any], Mapping[str, str]]
    asked: Any
    here: Mapping[str, str]
    time_limit_s: float = 120.0


@dataclass(slots=True)
class Sent:
    """A batch that workers may die on, which is no fault of its items."""

    batch: Batch
    packed: bytes
    deaths: int = 0


@dataclass(slots=True)
class Node:
    """One worker of the cluster: a process of Dask, and a process of ours for each thread.

    Attributes:
        greeting: ticket of the probe, while it has not been answered.
        telling: ticket of what it is being told now.
        told: how much of what there is to be told has arrived there.
        refused: why it gets no work.
        troubles: how often in a row it could not do what it was sent.
        work: what it has in hand, by ticket.
    """

    address: str
    threads: int
    greeting: int | None = None
    telling: int | None = None
    told: int = 0
    name: str = ""
    accepted: bool = False
    refused: str = ""
    troubles: int = 0
    work: dict[int, Sent] = field(default_factory=dict)

    def wants(self, *, ahead: bool) -> bool:
        """Tell whether it can use a batch, for an idle process or ahead of need.

        Nothing is sent after an item that has a batch to itself: it may be huge, and what waits
        behind it could have been done by another worker.
        """
        in_hand = len(self.work)
        if not ahead:
            return in_hand < self.threads
        several = sum(len(sent.batch.items) > 1 for sent in self.work.values())
        return in_hand < self.threads + min(several, self.threads)


@dataclass(slots=True)
class Facts:
    """What holds on all hosts, and who said so first."""

    _known: dict[str, tuple[str, str]] = field(default_factory=dict)

    def agree(self, facts: Mapping[str, str], who: str) -> str:
        """Take the facts of a host; give in what it differs, ``""`` where it does not."""
        differing = [
            f"{name}: {told} there, {self._known[name][0]} on {self._known[name][1]}"
            for name, told in facts.items()
            if name in self._known and self._known[name][0] != told
        ]
        if not differing:
            for name, told in facts.items():
                self._known.setdefault(name, (told, who))
        return "; ".join(differing)
