"""Where the CPU time of one run goes, in one process: ``bench_profile.py IMAGE DB [--skip]``.

The system's profiling timer interrupts every few milliseconds of CPU time; the time since the
last interrupt is booked on what the stack shows. An interrupt that falls into a C function is
taken when that function returns, and its caller is still on the stack, so long calls are booked
in full. Nothing in the product knows of this.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Self

from bench_process import LINEAR_ALGEBRA

INTERVAL_S = 0.002
START = time.process_time()

RULES: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "perceptual",
        (
            ("triage/hashing/pdq", ""),
            ("triage/hashing/bands", ""),
            ("triage/hashing/phash", ""),
            ("triage/hashing/thumbnail", ""),
            ("PIL/Image.py", "resize"),
            ("PIL/Image.py", "reduce"),
        ),
    ),
    ("decode", (("triage/hashing/picture", ""),)),
    ("inflate", (("containers/ewf_chunks", ""),)),
    ("digest", (("triage/hashing/stream", ""),)),
    ("type", (("triage/ingest/filetype", ""),)),
    ("archives", (("triage/ingest/archives/", ""), ("triage/pipeline/unpacking", ""))),
    ("match", (("triage/matching/", ""), ("triage/pipeline/judging", ""), ("triage/grading/", ""))),
    ("store", (("triage/store/", ""), ("sqlalchemy/", ""))),
    ("walk", (("triage/pipeline/walking", ""), ("triage/ingest/filesystems/", ""))),
    ("read", (("triage/ingest/", ""),)),
    ("start-up", (("importlib", ""), ("<frozen", ""))),
)
"""Stages in order of trial: file and function of a frame that decides; the innermost is asked
first only within a stage."""

STAGES = (*(name for name, _ in RULES), "other")


def stage_of(frame: FrameType | None) -> str:
    """Give the stage that a stack belongs to."""
    names: list[tuple[str, str]] = []
    while frame is not None:
        names.append((frame.f_code.co_filename.replace("\\", "/"), frame.f_code.co_name))
        frame = frame.f_back
    for stage, marks in RULES:
        for part, function in marks:
            for file, name in names:
                if part in file and (not function or function == name):
                    return stage
    return "other"


class Sampler:
    """Books CPU time on stages while it is on."""

    def __init__(self) -> None:
        self.booked = dict.fromkeys(STAGES, 0.0)
        self._last = time.process_time()

    def __enter__(self) -> Self:
        self._last = time.process_time()
        signal.signal(signal.SIGPROF, self._take)
        signal.setitimer(signal.ITIMER_PROF, INTERVAL_S, INTERVAL_S)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _take(self, _: int, frame: FrameType | None) -> None:
        now = time.process_time()
        self.booked[stage_of(frame)] += now - self._last
        self._last = time.process_time()


def profiled(image: Path, database: Path, *, pictures: bool) -> dict[str, float]:
    """Run over an image without worker processes; CPU seconds of each stage."""
    with Sampler() as sampler:
        from triage.config import home  # noqa: PLC0415  (loading is part of what is booked)
        from triage.grading.scheme import SchemeBook  # noqa: PLC0415
        from triage.matching.library import PackLibrary  # noqa: PLC0415
        from triage.pipeline.run import ExhibitRun, RunRequest  # noqa: PLC0415
        from triage.scheduler import InlinePool  # noqa: PLC0415
        from triage.store.database import open_store  # noqa: PLC0415

        request = RunRequest(case="BENCH", exhibit="B/1", images=(image,), pictures=pictures)
        with open_store(f"sqlite:///{database}", create=True) as store:
            ExhibitRun(
                request=request,
                store=store,
                pool=InlinePool(),
                library=PackLibrary(home()),
                book=SchemeBook(home()),
                tell=lambda _: None,
            ).run()
    sampler.booked["start-up"] += START
    return sampler.booked


if __name__ == "__main__":
    os.environ.update(dict.fromkeys(LINEAR_ALGEBRA, "1"))  # as in a worker, which this is too
    image_path, database_path = Path(sys.argv[1]), Path(sys.argv[2])
    found = profiled(image_path, database_path, pictures="--skip" not in sys.argv)
    print(json.dumps(found | {"total": time.process_time()}))
