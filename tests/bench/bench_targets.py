"""What was aimed at, and what one run of the benchmark shows of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench_plan import DEFLATED, RAW
from bench_results import Results, Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An aim and the figure that was reached; ``least`` or ``most`` is the bound."""

    words: str
    reached: Spread | None
    least: float | None = None
    most: float | None = None
    unit: str = ""
    digits: int = 2

    @property
    def bound(self) -> str:
        """The aim as text."""
        value = self.least if self.least is not None else self.most
        return f"{'≥' if self.least is not None else '≤'} {value:g}{self.unit}"

    @property
    def verdict(self) -> str:
        """``yes``, ``no`` or that it was not measured."""
        if self.reached is None:
            return "not measured"
        middle = self.reached.median
        over = self.least is None or middle >= self.least
        return "yes" if over and (self.most is None or middle <= self.most) else "no"


def targets(results: Results) -> list[Target]:
    """Give all aims in the order of the road."""
    found = [*_digests(results), *_parts(results), *_whole(results), *_scale(results)]
    return [one for one in found if one.reached is not None or results.raw["runs"]]


def _digests(results: Results) -> Iterator[Target]:
    for image, share, peers in ((RAW, 0.85, 3.0), (DEFLATED, 0.8, 4.0)):
        ours = results.runs("digests only", image, 2, warm=True)
        yield Target(
            words=f"digests only, {image}, 2 workers, warm: share of the limit",
            reached=results.of_limit("digests only", image, 2),
            least=share,
        )
        for peer in ("fiwalk", "tsk_loaddb"):
            yield Target(
                words=f"digests only, {image}, 2 workers, warm: times as fast as {peer}",
                reached=results.ratio(results.runs(peer, image, 1, warm=True), ours),
                least=peers,
            )


def _parts(results: Results) -> Iterator[Target]:
    yield Target(
        words="walk of the deflated E01 / walk of the raw image, CPU",
        reached=results.part_ratio(("walks", DEFLATED), ("walks", RAW)),
        most=1.5,
    )
    yield Target(
        words="E01 reader / pyewf of the wheel, one core",
        reached=results.part_ratio(("e01", "triage"), ("e01", "pyewf")),
        least=10,
        digits=1,
    )
    yield Target(
        words="E01 reader / libewf with zlib, one core",
        reached=results.part_ratio(("e01", "triage"), ("e01", "libewf")),
        least=1.3,
    )
    for size, least in (("512x512 grey", 15.0), ("12 MP grey", 10.0)):
        yield Target(
            words=f"PDQ / pdqhash at {size}",
            reached=results.part_ratio(("pdq", size, "triage"), ("pdq", size, "pdqhash")),
            least=least,
            digits=1,
        )
    yield Target(
        words="type of a file, mean",
        reached=results.part("types", "triage_us"),
        most=30,
        unit=" µs",
        digits=1,
    )


def _whole(results: Results) -> Iterator[Target]:
    for image in (RAW, DEFLATED):
        yield Target(
            words=f"full, {image}, 2 workers, warm: share of the limit",
            reached=results.of_limit("full", image, 2),
            least=0.75,
        )
    for image in (RAW, DEFLATED):
        full = results.runs("full", image, 2, warm=True)
        quick = results.runs("quick", image, 2, warm=True)
        yield Target(
            words=f"full / quick, {image}, 2 workers, warm",
            reached=results.ratio(full, quick),
            least=10,
            digits=1,
        )
    for tool, image in (("digests only", RAW), ("digests only", DEFLATED), ("full", DEFLATED)):
        one = results.runs(tool, image, 1, warm=True)
        two = results.runs(tool, image, 2, warm=True)
        yield Target(
            words=f"{tool}, {image}, warm: one worker / two workers",
            reached=results.ratio(one, two),
            least=1.85,
        )


def _scale(results: Results) -> Iterator[Target]:
    runs = [row for row in results.raw["runs"] if row["tool"] in {"digests only", "full"}]
    yield Target(
        words="largest worker of all runs",
        reached=Spread.of([max((row["worker_mib"] for row in runs), default=0)] if runs else []),
        most=300,
        unit=" MiB",
        digits=0,
    )
    entries = {row["entries"]: row for row in results.raw["entries"]}
    if not entries:
        return
    most = entries[max(entries)]
    for who in ("parent", "worker"):
        yield Target(
            words=f"{who} with {most['entries']:,} entries",
            reached=Spread.of([most[f"{who}_mib"]]),
            most=300,
            unit=" MiB",
            digits=0,
        )
    few = entries[min(entries)]
    if few is most:
        return
    yield Target(
        words=f"CPU a file at {most['entries']:,} / at {few['entries']:,}, both without start-up",
        reached=Spread.of([most["file_us"] / few["file_us"]]),
        most=1.2,
    )
