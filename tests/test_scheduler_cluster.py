"""A pool over Dask workers keeps the promises of a pool, whatever dies: real processes, all."""

from __future__ import annotations

import collections
import contextlib
import gc
import itertools
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from daskhere import DaskHere, dask_here, descendants, end, kill, nursed
from poolitems import (
    GIB,
    act,
    batches,
    be_told,
    first,
    large,
    marked,
    outcome,
    repeat,
    slow_batches,
    until,
)
from triage.errors import ClusterError, ClusterLost
from triage.scheduler import Batch, Finished, LossKind, Lost, Result, clusterlink, clusterside
from triage.scheduler.cluster import ClusterPool
from triage.scheduler.clusterlink import Certificates
from triage.scheduler.clusternodes import Facts, Node, Probe, Sent

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="looks for processes in /proc, and kills them"
)
pytest.importorskip("distributed", reason="the extra [cluster] is not installed")

from distributed import Client  # noqa: E402  (an extra)

KINDS = {"segfault", "abort", "killed", "loop", "memory", "raise"}


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Collect sockets here that Dask leaves open where the other side dies at the wrong moment."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskHere]:
    """Give a cluster of a worker with one thread, and one with two."""
    with dask_here(tmp_path_factory.mktemp("dask")) as here:
        here.add()
        here.add(threads=2, nanny=False)
        yield here


@pytest.fixture(scope="module")
def standing(here: DaskHere) -> Iterator[ClusterPool]:
    """Give a pool that tests which do it no harm share."""
    with contextlib.closing(ClusterPool(here.address, memory_limit_bytes=8 * GIB)) as pool:
        while pool.slots < 3:
            list(pool.run(batches(["ok"])))
        yield pool


def once_each(results: list[Result], count: int) -> None:
    assert all(isinstance(one, Finished) and one.item == one.value for one in results)
    assert sorted(one.item for one in results) == list(range(count))


def test_only_the_guilty_items_are_lost(here: DaskHere, standing: ClusterPool) -> None:
    worker = nursed(here.workers[0].pid)
    kinds = ["ok"] * 90
    guilty = dict(zip((0, 17, 18, 40, 59, 89), sorted(KINDS), strict=True))
    for number, kind in guilty.items():
        kinds[number] = kind
    results = list(standing.run(batches(kinds)))
    got = outcome(results)
    losses = {"raise": LossKind.ERROR, "loop": LossKind.TIME_LIMIT, "memory": LossKind.MEMORY_LIMIT}
    wanted = {number: losses.get(kind, LossKind.CRASH) for number, kind in guilty.items()}
    assert {number: state for number, state in got.items() if state != "done"} == wanted
    details = [one.detail for one in results if isinstance(one, Lost)]
    assert any("SIGSEGV" in detail for detail in details)
    assert nursed(here.workers[0].pid) == worker, "no Dask worker is harmed"
    assert here.workers[1].poll() is None


def test_a_crash_that_does_not_repeat_loses_nothing(standing: ClusterPool, tmp_path: Path) -> None:
    kinds = ["ok"] * 20
    kinds[7] = f"once:{tmp_path / 'mark'}"
    assert set(outcome(list(standing.run(batches(kinds)))).values()) == {"done"}


def test_equal_and_same_items_come_back_each(standing: ClusterPool) -> None:
    one = (7, 8)
    items = (one, (7, 9), one, (7, 8))
    batch = Batch(function=first, items=items, time_limits_s=(9.0,) * 4)
    assert [result.item for result in standing.run([batch])] == list(items)


def test_large_values_come_back(standing: ClusterPool) -> None:
    sizes = [3_000_000 + number for number in range(24)]
    parts = (
        Batch(function=large, items=tuple(sizes[start : start + 4]), time_limits_s=(20.0,) * 4)
        for start in range(0, len(sizes), 4)
    )
    got = [(one.item, len(one.value)) for one in standing.run(parts) if isinstance(one, Finished)]
    assert sorted(got) == [(size, size) for size in sizes]


def test_nothing_waits_behind_an_item_of_its_own_batch(
    standing: ClusterPool, tmp_path: Path
) -> None:
    mark = tmp_path / "small ones are done"
    huge = Batch(function=until, items=(str(mark),), time_limits_s=(60.0,))
    left = 50
    for result in standing.run(itertools.chain([huge], batches(["ok"] * 50))):
        left -= result.item != str(mark)
        if not left:
            mark.touch()
    assert mark.exists()


def test_what_it_is_told_reaches_each_process_once_and_its_successors(here: DaskHere) -> None:
    kinds = ["say"] * 40
    kinds[11] = kinds[29] = "killed"

    def said() -> collections.Counter[str]:
        parts = (tuple(kinds[start : start + 4]) for start in range(0, 40, 4))
        sent = (Batch(function=repeat, items=part, time_limits_s=(9.0,) * 4) for part in parts)
        return collections.Counter(one.value for one in pool.run(sent) if isinstance(one, Finished))

    with contextlib.closing(ClusterPool(here.address)) as pool:
        pool.prepare(be_told, "one")
        assert said() == {"one": 38}
        pool.prepare(be_told, "two")
        assert said() == {"one two": 38}


def test_workers_that_die_lose_nothing(here: DaskHere) -> None:
    doomed = here.add(nanny=False)
    with contextlib.closing(ClusterPool(here.address)) as pool:
        while pool.slots < 4:
            list(pool.run(slow_batches(5)))
        pool.prepare(be_told, "one")
        inside = descendants(doomed.pid)
        results: list[Result] = []
        for result in pool.run(slow_batches(600)):
            results.append(result)
            if len(results) == 60:  # Dask's process alone: ours has to notice
                doomed.kill()
            if len(results) == 250:  # the same under a nanny, who starts another
                os.kill(nursed(here.workers[0].pid), signal.SIGKILL)
        once_each(results, 600)
        assert pool.deaths == 2
    assert gone(inside)
    doomed.wait()
    here.workers.remove(doomed)


def gone(pids: Iterable[int]) -> bool:
    """Tell whether processes end, waiting for it a while."""
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_closing_ends_the_processes_of_a_run(here: DaskHere) -> None:
    before = {pid for one in here.workers for pid in descendants(one.pid)}
    pool = ClusterPool(here.address)
    running = pool.run(slow_batches(300))
    next(running)
    ours = {pid for one in here.workers for pid in descendants(one.pid)} - before
    assert len(ours) >= 2
    pool.close()
    assert gone(ours)


def test_a_host_that_differs_gets_no_work(here: DaskHere) -> None:
    probe = Probe(function=marked, asked=None, here={"mark": "none"})
    refused: list[str] = []
    with contextlib.closing(ClusterPool(here.address, probe=probe, refused=refused.append)) as pool:
        other = here.add(nanny=False, environment={"TRIAGE_TEST_MARK": "another"})
        count = 0
        while not refused:
            once_each(list(pool.run(slow_batches(50))), 50)
            count += 1
        assert pool.slots <= 3, "those of the two hosts that agree"
        assert "mark: another there, none on this host" in refused[0]
        with pytest.raises(ClusterError, match="another there") as caught:
            ClusterPool(here.address, probe=probe)
        assert caught.value.exit_code == 2
        assert os.uname().nodename in caught.value.message
    end([other])
    here.workers.remove(other)


def half_open() -> list[Client]:
    """Give clients that neither work nor are closed: collecting one may wait for ever."""
    clients = [one for one in gc.get_objects() if isinstance(one, Client)]
    return [one for one in clients if one.status not in {"running", "closed", "newly-created"}]


def test_a_cluster_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusterlink, "CONNECT_S", 0.5)
    for address in ("tcp://127.0.0.1:9", "nonsense://x"):
        with pytest.raises(ClusterError, match="no scheduler answers") as caught:
            ClusterPool(address)
        assert caught.value.exit_code == 2
    assert not half_open()
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError) as missing:
        ClusterPool("tcp://127.0.0.1:9")
    assert missing.value.hint == "pip install 'triage-dfu[cluster]'"


def test_a_cluster_with_certificates_that_goes_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=test", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    words = ("--tls-ca-file", str(certificate), "--tls-cert", str(certificate))
    files = Certificates(authority=certificate, certificate=certificate, key=key)
    monkeypatch.setattr(clusterlink, "CONNECT_S", 1.0)
    with dask_here(tmp_path, (*words, "--tls-key", str(key))) as here:
        assert here.address.startswith("tls://")
        with pytest.raises(ClusterError, match="no scheduler answers"):
            ClusterPool(here.address)
        assert not half_open()
        with pytest.raises(ClusterError, match="no worker for 1 seconds"):
            ClusterPool(here.address, patience_s=1.0, certificates=files)
        here.add(nanny=False)
        with contextlib.closing(ClusterPool(here.address, certificates=files)) as pool:
            once_each(list(pool.run(slow_batches(10))), 10)
            running = pool.run(slow_batches(2000))
            results = [next(running)]
            here.restart()
            here.add(nanny=False)
            results.extend(itertools.islice(running, 200))
            assert len({one.item for one in results}) == 201
            monkeypatch.setattr(pool, "_patience_s", 1.0)
            assert here.scheduler is not None
            kill(here.scheduler)
            with pytest.raises(ClusterLost, match="what was done is kept") as caught:
                results.extend(running)
            assert caught.value.exit_code == 130
            assert 201 <= len(results) < 2000


def test_what_a_worker_keeps_is_let_go_of_and_told_again() -> None:
    batch = pickle.dumps(Batch(function=repeat, items=("say",), time_limits_s=(9.0,)))
    packed = pickle.dumps((be_told, "one"))

    def answer() -> object:
        return pickle.loads(clusterside.work("a run", 0, 1, batch))  # noqa: S301  (our own)

    assert answer() is None
    assert clusterside.tell("a run", 0, 0, packed) == 1
    assert clusterside.tell("a run", 0, 0, packed) == 1, "the same once more is not told twice"
    assert answer() == [(True, "one")]
    clusterside.part("a run")
    assert answer() is None
    clusterside.part("a run")
    clusterside.part("unknown")


def test_facts_hold_from_the_first_who_tells_them() -> None:
    facts = Facts()
    assert facts.agree({"a": "1"}, "x") == ""
    assert facts.agree({"a": "1", "b": "2"}, "y") == ""
    assert facts.agree({"a": "2", "b": "3", "c": "4"}, "z") == (
        "a: 2 there, 1 on x; b: 3 there, 2 on y"
    )
    assert facts.agree({"c": "5"}, "w") == "", "who is refused says nothing that counts"


def test_a_worker_is_sent_one_batch_ahead_of_each_process_but_not_behind_a_single_item() -> None:
    several = Batch(function=act, items=(("ok", 1), ("ok", 2)), time_limits_s=(1.0, 1.0))
    single = Batch(function=act, items=(("ok", 1),), time_limits_s=(1.0,))

    def wants(*work: Batch) -> tuple[bool, bool]:
        held = {number: Sent(batch, b"") for number, batch in enumerate(work)}
        node = Node("tcp://x", 2, work=held)
        return node.wants(ahead=False), node.wants(ahead=True)

    assert wants() == (True, True)
    assert wants(single) == (True, True)
    assert wants(single, single) == (False, False)
    assert wants(single, several) == (False, True)
    assert wants(several, several, single) == (False, True)
    assert wants(several, several, single, single) == (False, False)
