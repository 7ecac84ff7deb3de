"""An exhibit that several hosts work at ends as one machine would have left it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import crash_tasks
import pytest

from daskhere import DaskHere, dask_here, nursed
from road import CASE, EXHIBIT, IMAGES, SAMPLES, Road, code
from triage.model.carving import CarveMode
from triage.model.hashset import Polarity
from triage.pipeline import alike, calls
from triage.pipeline.plan import TimeLimits
from triage.scheduler import Batch, Result
from triage.scheduler.cluster import ClusterPool
from triage.scheduler.clusternodes import Probe

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="looks for processes in /proc, and kills them"
)
pytest.importorskip("distributed", reason="the extra [cluster] is not installed")

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskHere]:
    """Give a cluster of two workers."""
    with dask_here(tmp_path_factory.mktemp("dask")) as here:
        here.add()
        here.add(nanny=False)
        yield here


def with_sets(road: Road) -> Road:
    road.take(SAMPLES / "sample-vics-2.0.json", "caid", Polarity.BY_CATEGORY, "uk")
    road.take(SAMPLES / "sample-pdq.txt", "pdq", Polarity.KNOWN_BAD)
    road.confirm("uk")
    return road


def test_a_run_on_a_cluster_ends_as_one_on_this_machine(here: DaskHere, tmp_path: Path) -> None:
    for name in ("quiet", "cluster"):
        (tmp_path / name).mkdir()
    quiet, road = with_sets(Road(tmp_path / "quiet")), with_sets(Road(tmp_path / "cluster"))
    quiet.run(IMAGES / "sample.E01", carve=CarveMode.UNALLOCATED)
    words = [sys.executable, "-m", "triage", "run", str(IMAGES / "sample.E01"), "--case", CASE]
    words += ["--exhibit", EXHIBIT, "--db", str(road.db), "--json", "--cluster", here.address]
    done = subprocess.run(
        words, env=road.environment(), cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3, done.stderr
    assert done.stderr.startswith("FIRST HIT: "), "and not a word of Dask's"
    assert len(done.stderr.splitlines()) == 1
    assert json.loads(done.stdout)["tally"]["holds"]
    assert road.exports() == quiet.exports()
    assert road.summary().tally == quiet.summary().tally


def test_a_worker_killed_in_the_middle_changes_nothing(here: DaskHere, tmp_path: Path) -> None:
    for name in ("quiet", "cluster"):
        (tmp_path / name).mkdir()
    quiet, road = with_sets(Road(tmp_path / "quiet")), with_sets(Road(tmp_path / "cluster"))
    quiet.run(IMAGES / "fat16.E01")
    with contextlib.closing(pool(here, IMAGES / "fat16.E01")) as cluster:
        killing = Killing(cluster, here)
        road.run(IMAGES / "fat16.E01", pool=killing, workers=2)
    assert killing.here is None, "it was killed while it worked"
    assert road.exports() == quiet.exports()


class Killing(crash_tasks.Sabotaged):
    """A pool one of whose workers is killed once it has been given the first contents."""

    def __init__(self, cluster: ClusterPool, here: DaskHere) -> None:
        super().__init__(cluster, {})
        self.here: DaskHere | None = here

    def run(self, batches: Iterable[Batch]) -> Iterator[Result]:
        """Run, and kill once."""
        for number, result in enumerate(super().run(batches)):
            if number > 10 and self.here is not None:
                os.kill(nursed(self.here.workers[0].pid), signal.SIGKILL)
                self.here = None
            yield result


def pool(here: DaskHere, *images: Path) -> ClusterPool:
    places = tuple(str(one) for one in images)
    probe = Probe(function=alike.facts_of_worker, asked=places, here=alike.facts(places))
    return ClusterPool(here.address, probe=probe, memory_limit_bytes=4 << 30)


def test_only_the_guilty_entries_fail(here: DaskHere, road: Road, tmp_path: Path) -> None:
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    reasons = {"abort": "parser-crash", "loop": "time-limit"}
    for number, name in enumerate(["fine"] * 40 + list(reasons)):
        (evidence / f"{number:02d}-{name}.txt").write_text(f"note {number}")
    with contextlib.closing(pool(here, evidence)) as cluster:
        swapped = crash_tasks.Sabotaged(cluster, {calls.digest_entry: crash_tasks.digest})
        road.run(evidence, pool=swapped, limits=TimeLimits(entry_s=1.0))
    failed = {
        str(row["path"]).partition("-")[2].removesuffix(".txt"): row["reason"]
        for row in road.files()
        if row["state"] == "failed"
    }
    assert failed == reasons
    assert road.summary().tally.holds()


def test_evidence_that_is_not_there_or_not_alike(here: DaskHere, road: Road) -> None:
    absent = road.folder / "absent.E01"
    result = road.on_case("run", absent, "--exhibit", EXHIBIT, "--cluster", here.address)
    assert code(result) == 4, "no host has it: as on one machine"
    facts = {str(absent): "12 bytes that begin with SHA-256 0123456789ab"}
    probe = Probe(function=alike.facts_of_worker, asked=(str(absent),), here=facts)
    with pytest.raises(Exception, match=r"absent\.E01: nothing there, 12 bytes"):
        ClusterPool(here.address, probe=probe)


def test_options_that_contradict_a_cluster(road: Road) -> None:
    image, address = IMAGES / "iso9660.raw", "tcp://127.0.0.1:9"
    pem = road.folder / "x.pem"
    pem.write_text("")
    for words in (
        ("--cluster", address, "--workers", "2"),
        ("--cluster", address, "--medium", "hdd"),
        ("--cluster", address, "--cluster-ca", pem, "--cluster-cert", pem, "--cluster-key", pem),
        ("--cluster", "tls://127.0.0.1:9"),
        ("--cluster", "tls://127.0.0.1:9", "--cluster-ca", pem),
        ("--cluster-ca", pem),
    ):
        result = road.on_case("run", image, "--exhibit", EXHIBIT, *words)
        assert code(result) == 2, words
    assert not road.db.exists()


def test_what_is_seen_of_evidence(tmp_path: Path) -> None:
    image = Path(shutil.copy(IMAGES / "iso9660.raw", tmp_path / "a.raw"))
    same = Path(shutil.copy(image, tmp_path / "b.raw"))
    assert alike.seen(image) == alike.seen(same)
    assert alike.seen(image).startswith(f"{image.stat().st_size} bytes")
    other = bytearray(image.read_bytes())
    other[100] ^= 1
    same.write_bytes(other)
    assert alike.seen(image) != alike.seen(same)
    assert alike.seen(tmp_path) != alike.seen(tmp_path.parent), "two folders are two"
    assert alike.seen(tmp_path / "none") == "nothing"
    facts = alike.facts((str(image),))
    assert facts["Python"].endswith(f"{sys.version_info.major}.{sys.version_info.minor}")
    assert facts["distributed"] != "not installed"
    assert "database" in alike.facts_of_worker(())["libmagic"]
