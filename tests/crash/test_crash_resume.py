"""A run that is stopped at any moment, by any means, is continued to the bytes of a quiet one."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from road import CASE, EXHIBIT, FIXTURES, IMAGES, SAMPLES, Road
from triage.model.carving import CarveMode
from triage.model.event import Notice, Progress
from triage.model.hashset import Polarity
from triage.scheduler import Batch, InlinePool, Result
from triage.store.database import Store

SEED = 20260101
FILES = 700
KILLS = int(os.environ.get("TRIAGE_TEST_KILLS", "1"))
"""How often a real process is killed at random moments; more than once takes its time."""
SMALL = IMAGES / "fat16.E01"
REPOSITORY = Path(__file__).parents[2]
LISTENING = (
    "import os, signal, sys;"
    "signal.signal(signal.SIGINT, signal.default_int_handler);"
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)
"""What a shell starts behind ``&`` is deaf to SIGINT, and so are its children: not those here."""


class PowerCutError(BaseException):
    """Nobody catches this: what was not committed is gone."""


class Failing(InlinePool):
    """A pool that comes to nothing after a number of results."""

    def __init__(self, results: int, error: type[BaseException]) -> None:
        self._left = results
        self._error = error

    def run(self, batches: Iterable[Batch]) -> Iterator[Result]:
        """Give results until it is over."""
        for result in super().run(batches):
            if self._left <= 0:
                raise self._error
            self._left -= 1
            yield result


def with_sets(folder: Path) -> Road:
    folder.mkdir(exist_ok=True)
    road = Road(folder)
    road.take(SAMPLES / "sample-vics-2.0.json", "caid", Polarity.BY_CATEGORY, "uk")
    road.take(SAMPLES / "sample-pdq.txt", "pdq", Polarity.KNOWN_BAD)
    road.confirm("uk")
    return road


def many_files(folder: Path) -> Path:
    """Make an image of many small files and some pictures; a folder where there is no mke2fs."""
    source = folder / "many"
    maker = random.Random(SEED)  # noqa: S311  (contents of a test)
    for number in range(FILES):
        place = source / f"d{number % 37:02d}" / f"e{number % 5}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"f{number:05d}.txt").write_text(f"note {number}\n" * maker.randrange(300))
    pictures = [one for one in sorted((FIXTURES / "pictures").iterdir()) if "-" not in one.name]
    for number, path in enumerate(pictures):
        shutil.copy(path, source / f"d{number % 37:02d}" / path.name)
    if shutil.which("mke2fs") is None:
        return source
    image = folder / "many.raw"
    command = ["mke2fs", "-q", "-t", "ext4", "-b", "1024", "-d", str(source), str(image), "8M"]
    subprocess.run(command, check=True, capture_output=True)
    return image


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return many_files(tmp_path_factory.mktemp("evidence"))


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory, evidence: Path) -> dict[str, bytes]:
    road = with_sets(tmp_path_factory.mktemp("quiet"))
    road.run(evidence, carve=CarveMode.UNALLOCATED)
    assert road.summary().tally.listed > FILES
    return road.exports()


def rows(db: Path) -> int:
    """Give how much the store holds: entries, entries worked, pictures worked."""
    query = (
        "SELECT (SELECT count(*) FROM entries) + (SELECT count(*) FROM entries "
        "WHERE state != 'pending') + (SELECT count(*) FROM contents WHERE picture_state = 'done')"
    )
    if not db.exists():
        return 0
    uri = f"file:{db}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=5)) as store:
        try:
            return int(store.execute(query).fetchone()[0])
        except sqlite3.OperationalError:
            return 0


def start(road: Road, evidence: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", LISTENING, "-m", "triage", "run", str(evidence)]
    command += ["--case", CASE]
    command += ["--exhibit", EXHIBIT, "--workers", "2", "--db", str(road.db), "--json"]
    return subprocess.Popen(
        command,
        env=road.environment(),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stop(run: subprocess.Popen[str], db: Path, at_rows: int, sign: signal.Signals) -> bool:
    """Send a signal once the store has come so far; give whether the run was still going."""
    while run.poll() is None and rows(db) < at_rows:
        time.sleep(0.005)
    if run.poll() is not None:
        return False
    run.send_signal(sign)
    return True


def nothing_twice(road: Road) -> None:
    listed = road.files()
    identities = {json.dumps([row["path"], row["stream"], row["inode"]]) for row in listed}
    assert len(identities) == len(listed)
    tally = road.summary().tally
    assert (tally.listed, tally.pending, tally.holds()) == (len(listed), 0, True)


def test_killed_at_random_moments(tmp_path: Path, evidence: Path, quiet: dict[str, bytes]) -> None:
    road = with_sets(tmp_path / "killed")
    choice = random.Random(SEED)  # noqa: S311  (moments of a test)
    moments = [*sorted(choice.randrange(1, 2 * FILES) for _ in range(KILLS)), 2 * FILES + 90]
    killed = 0
    for moment in moments:
        run = start(road, evidence)
        killed += stop(run, road.db, moment, signal.SIGKILL)
        run.communicate(timeout=120)
    run = start(road, evidence)
    out, err = run.communicate(timeout=120)
    assert run.returncode == 3, err
    assert json.loads(out)["tally"]["pending"] == 0
    assert killed >= KILLS, "it was killed while it worked"
    nothing_twice(road)
    assert road.exports() == quiet


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_stopped_by_a_signal(
    tmp_path: Path, evidence: Path, quiet: dict[str, bytes], sign: signal.Signals
) -> None:
    road = with_sets(tmp_path / "stopped")
    run = start(road, evidence)
    assert stop(run, road.db, FILES + 200, sign)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 130, err
    assert out == ""
    assert "stopped" in err
    assert "Traceback" not in err
    before = rows(road.db)
    assert before >= FILES
    road.run(evidence)
    assert rows(road.db) > before
    nothing_twice(road)
    assert road.exports() == quiet


def test_an_interrupt_while_nothing_is_stored_yet(tmp_path: Path, evidence: Path) -> None:
    road = with_sets(tmp_path / "early")
    run = start(road, evidence)
    while not road.db.exists() and run.poll() is None:
        time.sleep(0.002)
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 130, err
    assert "Traceback" not in err


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], int, int]:
    """Give exports, number of results and number of commits of a quiet run of the sample."""
    road = with_sets(tmp_path_factory.mktemp("sample"))
    pool, commits = Counting(), CommitsCut(None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "commit", commits.method())
        road.run(SMALL, pool=pool)
    return road.exports(), pool.results, commits.seen


class Counting(InlinePool):
    """Counts results."""

    results = 0

    def run(self, batches: Iterable[Batch]) -> Iterator[Result]:
        """Give results."""
        for result in super().run(batches):
            self.results += 1
            yield result


class CommitsCut:
    """Stands for ``Store.commit``: the power goes just before, or just after, one of them."""

    def __init__(self, at: int | None, *, after: bool = False) -> None:
        self.seen = 0
        self._at = at
        self._after = after
        self._commit = Store.commit

    def method(self) -> Callable[[Store], None]:
        """Give what takes the place of the method."""

        def commit(store: Store) -> None:
            self.seen += 1
            if self.seen == self._at:
                if self._after:
                    self._commit(store)
                store.connection.close()
                raise PowerCutError
            if self._at is not None and self.seen > self._at:
                raise PowerCutError
            self._commit(store)

        return commit


@pytest.mark.parametrize("after", [False, True])
def test_the_power_fails_at_every_commit_in_turn(
    tmp_path: Path, sample: tuple[dict[str, bytes], int, int], *, after: bool
) -> None:
    exports, _, commits = sample
    assert commits > 5
    road = with_sets(tmp_path / "cut")
    for at in range(1, commits + 1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Store, "commit", CommitsCut(at, after=after).method())
            with contextlib.suppress(PowerCutError, Exception):
                road.run(SMALL)
    road.run(SMALL)
    nothing_twice(road)
    assert road.exports() == exports


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, PowerCutError])
def test_the_pool_fails_after_any_number_of_results(
    tmp_path: Path, sample: tuple[dict[str, bytes], int, int], error: type[BaseException]
) -> None:
    exports, results, _ = sample
    choice = random.Random(SEED)  # noqa: S311  (moments of a test)
    road = with_sets(tmp_path / "failing")
    for number in sorted(choice.sample(range(results), 6)):
        with contextlib.suppress(PowerCutError, Exception):
            road.run(SMALL, pool=Failing(number, error))
    road.run(SMALL)
    nothing_twice(road)
    assert road.exports() == exports


def test_a_failed_run_is_not_remembered_as_complete(tmp_path: Path) -> None:
    road = with_sets(tmp_path / "failed")
    with pytest.raises(RuntimeError):
        road.run(SMALL, pool=Failing(30, RuntimeError))
    with contextlib.closing(sqlite3.connect(road.db)) as store:
        assert store.execute("SELECT state FROM runs").fetchall() == [("failed",)]
    assert not any(isinstance(told, Notice) for told in road.events)
    assert any(isinstance(told, Progress) for told in road.events)
