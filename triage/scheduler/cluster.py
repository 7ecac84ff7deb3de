"""A pool over several hosts: Dask carries batches, processes of our own on each host run them."""

from __future__ import annotations

import collections
import pickle
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from triage.errors import ClusterError, ClusterLost
from triage.scheduler import clusterside
from triage.scheduler.batch import Batch, Finished, Lost, Result
from triage.scheduler.clusterlink import Certificates, Link, Reply
from triage.scheduler.clusternodes import Facts, Node, Probe, Sent

POLL_INTERVAL_S = 0.1
DEATHS_LIMIT = 10
"""So many workers may go away with one batch; more are no coincidence."""
TROUBLES_LIMIT = 3
"""A worker that fails so often in a row, itself and not an item, gets no more work."""
HERE = "this host"


def no_facts(_asked: None) -> Mapping[str, str]:
    """Tell nothing: for pools whose hosts need not agree in anything."""
    return {}


NO_PROBE = Probe(function=no_facts, asked=None, here={})


class ClusterPool:
    """Runs batches on the workers of a Dask cluster; see :class:`Pool`.

    Workers may come and go. What a worker had in hand when it went is given to others, and counts
    against no item; an item that costs its own process is named by that worker, as on one machine.

    Args:
        address: of the scheduler, such as ``tcp://host:8786``.
        probe: what has to be the same on all hosts.
        memory_limit_bytes: address space of a process; 0 for none.
        patience_s: how long there may be no worker at all.
        certificates: for ``tls://``.
        refused: is told of each worker that turns up later and gets no work, and why.

    Raises:
        ClusterError: no scheduler answers, no worker turns up, or one that is there differs.
    """

    def __init__(  # noqa: PLR0913  (each by its name)
        self,
        address: str,
        *,
        probe: Probe = NO_PROBE,
        memory_limit_bytes: int = 0,
        patience_s: float = 60.0,
        certificates: Certificates | None = None,
        refused: Callable[[str], None] | None = None,
    ) -> None:
        self._address = address
        self._probe = probe
        self._memory_limit_bytes = memory_limit_bytes
        self._patience_s = patience_s
        self._refused = refused
        self._facts = Facts()
        self._facts.agree(probe.here, HERE)
        self._nodes: dict[str, Node] = {}
        self._preparations: list[bytes] = []
        self._retry: collections.deque[Sent] = collections.deque()
        self._source: Iterator[Batch] = iter(())
        self._drained = True
        self._bare_since = time.monotonic()
        self.deaths = 0
        self._started = False
        self._link = Link(address, certificates)
        try:
            self._wait_for_workers()
        except BaseException:
            self.close()
            raise
        self._started = True

    @property
    def slots(self) -> int:
        """Give how many items can be worked on at a time, by now."""
        return sum(node.threads for node in self._nodes.values() if node.accepted)

    def prepare(self, function: Callable[[Any], None], value: Any) -> None:  # noqa: ANN401  (any)
        """Let each worker be told something once; see :class:`Pool`."""
        self._preparations.append(pickle.dumps((function, value), pickle.HIGHEST_PROTOCOL))

    def run(self, batches: Iterable[Batch]) -> Iterator[Result]:
        """Yield one result an item; see :class:`Pool`.

        Raises:
            ClusterLost: there has been no worker for too long, or too many went away with one
                batch.
        """
        self._abandon()
        self._source, self._drained = iter(batches), False
        while True:
            self._feed()
            busy = any(node.work for node in self._nodes.values())
            if not busy and self._drained and not self._retry:
                return
            yield from self._collect()

    def close(self) -> None:
        """Stop what the cluster does for this run; what it holds is abandoned."""
        self._abandon()
        self._link.close(list(self._nodes))
        self._nodes.clear()

    def _abandon(self) -> None:
        for node in self._nodes.values():
            for ticket in node.work:
                self._link.forget(ticket)
            node.work.clear()
        self._retry.clear()

    def _wait_for_workers(self) -> None:
        """Greet the workers that there are; all of them have to agree, and one has to be there."""
        while not self.slots or any(node.greeting is not None for node in self._nodes.values()):
            for _ in self._collect(starting=True):  # nothing has been sent, so nothing comes back
                pass
            wrong = [node.refused for node in self._nodes.values() if node.refused]
            if wrong:
                raise ClusterError(
                    "; ".join(sorted(wrong)),
                    hint="All hosts need the same installation, and see the evidence at one path.",
                )

    def _feed(self) -> None:
        """Give work to idle processes first, then one batch ahead to each."""
        ready = [node for node in self._nodes.values() if node.accepted and self._told(node)]
        for ahead in (False, True):
            for node in ready:
                while node.wants(ahead=ahead):
                    sent = self._next()
                    if sent is None:
                        return
                    self._send(node, sent)

    def _told(self, node: Node) -> bool:
        """Tell whether a worker knows all that it has to; see to it that it will."""
        if node.told == len(self._preparations):
            return True
        if node.telling is None:
            known, packed = node.told, self._preparations[node.told]
            node.telling = self._ask(node, clusterside.tell, known, packed)
        return False

    def _next(self) -> Sent | None:
        if self._retry:
            return self._retry.popleft()
        if self._drained:
            return None
        batch = next((batch for batch in self._source if batch.items), None)
        self._drained = batch is None
        if batch is None:
            return None
        return Sent(batch, pickle.dumps(batch, pickle.HIGHEST_PROTOCOL))

    def _send(self, node: Node, sent: Sent) -> None:
        ticket = self._ask(node, clusterside.work, len(self._preparations), sent.packed)
        node.work[ticket] = sent

    def _ask(self, node: Node, function: Callable[..., Any], *values: Any) -> int:  # noqa: ANN401  (any)
        return self._link.send(
            node.address, function, self._link.run, self._memory_limit_bytes, *values
        )

    def _collect(self, *, starting: bool = False) -> Iterator[Result]:
        if not self._link.reconnect():
            self._update({})
        told = self._link.next(POLL_INTERVAL_S)
        if isinstance(told, Reply):
            yield from self._settle(told)
        elif told is not None:
            self._update(told)
        if self.slots:
            self._bare_since = time.monotonic()
        elif time.monotonic() - self._bare_since > self._patience_s:
            words = f"{self._address}: no worker for {self._patience_s:.0f} seconds"
            if starting:
                raise ClusterError(words, hint="Start some by 'dask worker ADDRESS --nthreads 1'.")
            raise ClusterLost(
                f"{words}; what was done is kept",
                hint="The same command goes on from here, with --cluster or without.",
            )

    def _update(self, workers: Mapping[str, int]) -> None:
        """Greet workers that came, and bury those that went."""
        for address in [*self._nodes]:
            if address not in workers:
                self._bury(self._nodes.pop(address))
        for address, threads in workers.items():
            if address not in self._nodes:
                node = self._nodes[address] = Node(address, threads)
                self._greet(node)

    def _greet(self, node: Node) -> None:
        probe = self._probe
        batch = Batch(
            function=clusterside.introduced,
            items=((probe.function, probe.asked),),
            time_limits_s=(probe.time_limit_s,),
        )
        packed = pickle.dumps(batch, pickle.HIGHEST_PROTOCOL)
        node.greeting = self._ask(node, clusterside.work, 0, packed)

    def _settle(self, reply: Reply) -> Iterator[Result]:
        for node in self._nodes.values():
            if reply.ticket == node.greeting:
                self._meet(node, reply)
            elif reply.ticket == node.telling:
                node.telling = None
                if self._well(node, reply):
                    node.told = reply.value
            elif reply.ticket in node.work:
                yield from self._take(node, node.work.pop(reply.ticket), reply)

    def _meet(self, node: Node, reply: Reply) -> None:
        """Accept a worker, or not."""
        if reply.forgotten:
            self._greet(node)
            return
        node.greeting = None
        node.name = node.address
        if reply.error:
            node.refused = f"{node.name}: triage does not run there: {reply.error}"
        else:
            ((finished, value),) = pickle.loads(reply.value)  # noqa: S301  (our own side of it)
            if finished:
                host, facts = value
                node.name = f"{host} ({node.address})"
                differs = self._facts.agree(facts, node.name)
                node.refused = f"{node.name}: {differs}" if differs else ""
            else:
                node.refused = f"{node.name}: {value[1]}"
        node.accepted = not node.refused
        self._tell_refused(node)

    def _tell_refused(self, node: Node) -> None:
        if node.refused and self._refused is not None and self._started:
            self._refused(node.refused)

    def _well(self, node: Node, reply: Reply) -> bool:
        """Tell whether a worker could do what it was sent; one that never can gets no more."""
        if not reply.error:
            node.troubles = 0
            return True
        node.troubles += 1
        if node.troubles >= TROUBLES_LIMIT and node.accepted and not reply.forgotten:
            node.accepted, node.refused = False, f"{node.name}: {reply.error}"
            self._tell_refused(node)
        return False

    def _take(self, node: Node, sent: Sent, reply: Reply) -> Iterator[Result]:
        if not self._well(node, reply):
            self._again(node, sent, reply.error)
            return
        answer: clusterside.Answer = pickle.loads(reply.value)  # noqa: S301  (our own side of it)
        if answer is None:  # it has let go of what it was told, having had no work for long
            node.told = 0
            self._retry.append(sent)
            return
        for item, (finished, value) in zip(sent.batch.items, answer, strict=True):
            if finished:
                yield Finished(item=item, value=value)
            else:
                yield Lost(item=item, kind=value[0], detail=value[1])

    def _bury(self, node: Node) -> None:
        """Give what a worker had in hand to others."""
        self.deaths += node.accepted
        for ticket in (node.greeting, node.telling, *node.work):
            if ticket is not None:
                self._link.forget(ticket)
        for sent in node.work.values():
            self._again(node, sent, "the worker went away")
        node.work.clear()

    def _again(self, node: Node, sent: Sent, why: str) -> None:
        sent.deaths += 1
        if sent.deaths >= DEATHS_LIMIT:
            raise ClusterLost(
                f"{sent.deaths} workers could not finish one batch, the last of them "
                f"{node.name}: {why}; what was done is kept",
                hint="The same command goes on from here, with --cluster or without.",
            )
        self._retry.append(sent)
