"""Tables of the results: on the terminal, and in Markdown for the page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import rich.box
from bench_plan import IMAGES, OURS, RAW
from bench_results import Results, Row, Spread
from bench_targets import targets
from rich.console import Console
from rich.table import Table

PEERS = ("fiwalk", "tsk_loaddb", "hashdeep", "ewfverify")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One table; all columns but the first ``words`` hold figures."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    words: int = 1
    note: str = ""

    def show(self, console: Console) -> None:
        """Print it."""
        table = Table(title=self.title, box=rich.box.SIMPLE_HEAD, title_justify="left")
        for nth, name in enumerate(self.columns):
            table.add_column(name, justify="left" if nth < self.words else "right")
        for row in self.rows:
            table.add_row(*row)
        console.print(table)
        if self.note:
            console.print(f"  {self.note}\n", highlight=False)

    def markdown(self) -> str:
        """Give it as Markdown."""
        marks = ["---" if nth < self.words else "--:" for nth in range(len(self.columns))]
        lines = [" | ".join(row) for row in (self.columns, tuple(marks), *self.rows)]
        body = "\n".join(f"| {line} |" for line in lines)
        note = f"\n\n{self.note}" if self.note else ""
        return f"### {self.title}\n\n{body}{note}\n"


def sheets(results: Results) -> list[Sheet]:
    """Give all tables that the results allow."""
    found: list[Sheet] = []
    if results.raw["runs"]:
        found += [_commands(results), _peers(results), _rates(results)]
    if results.raw["parts"]:
        found.append(_parts(results))
    if results.raw["profiles"]:
        found.append(_profiles(results))
    if results.raw["entries"]:
        found.append(_entries(results))
    found.append(_targets(results))
    return [one for one in found if one.rows]


def _spread(spread: Spread | None, digits: int = 2) -> str:
    return "" if spread is None else spread.text(digits)


def _cases(results: Results) -> Iterator[tuple[str, str, int, bool, list[Row]]]:
    seen = {(row["tool"], row["image"], row["workers"], row["warm"]) for row in results.raw["runs"]}
    order = [*OURS, *PEERS]
    images = list(IMAGES)
    for tool, image, workers, warm in sorted(
        seen, key=lambda one: (not one[3], images.index(one[1]), order.index(one[0]), one[2])
    ):
        yield tool, image, workers, warm, [*results.runs(tool, image, workers, warm=warm).values()]


def _commands(results: Results) -> Sheet:
    rows = []
    for tool, image, workers, warm, runs in _cases(results):
        limited = tool in {"digests only", "full"}
        share = results.of_limit(tool, image, workers, warm=warm) if limited else None
        wall = Spread.of(row["wall_s"] for row in runs)
        rows.append(
            (
                f"{tool}{f' ({workers})' if tool in (*OURS, 'hashdeep') else ''}",
                image,
                "warm" if warm else "cold",
                _spread(wall) if wall else "failed",
                _spread(Spread.of(row["cpu_s"] for row in runs)),
                f"{results.limit_s(tool, image, workers):.2f}" if limited else "",
                _spread(share),
                f"{max((row['parent_mib'] for row in runs), default=0):.0f}",
                f"{max((row['worker_mib'] for row in runs), default=0):.0f}",
            )
        )
    return Sheet(
        title="Commands (workers or threads), seconds",
        columns=("command", "image", "cache", "wall", "user+sys", "limit",
                 "limit / wall", "parent MiB", "child MiB"),
        rows=rows,
        words=3,
        note="Median [lowest-highest] of the rounds; memory: the highest. "
        "hashdeep's time leaves out the daemon that serves it NTFS.",
    )  # fmt: skip


def _peers(results: Results) -> Sheet:
    rows = []
    for warm in (True, False):
        for image in IMAGES:
            for peer, threads in zip(PEERS, (1, 1, 2, 1), strict=True):
                theirs = results.runs(peer, image, threads, warm=warm)
                cells = [
                    _spread(results.ratio(theirs, results.runs(tool, image, workers, warm=warm)), 1)
                    for tool, workers in (("digests only", 1), ("digests only", 2), ("quick", 2))
                ]
                if theirs:
                    rows.append((peer, image, "warm" if warm else "cold", *cells))
    return Sheet(
        title="Times as fast as the peer, by wall time, round by round",
        columns=("peer", "image", "cache", "digests only (1)", "digests only (2)", "quick (2)"),
        rows=rows,
        words=3,
    )


def _rates(results: Results) -> Sheet:
    names = (
        ("three digests, contents in pieces of 1 MiB, MB/s", "digest_mb_s", 1.0),
        ("chunks under the contents, isal, MB/s of medium", "isal_mb_s", 1.0),
        ("the same, libdeflate (0: not installed)", "libdeflate_mb_s", 1.0),
        ("the same, zlib", "zlib_mb_s", 1.0),
        ("picture: decode, PDQ twice, pHash, ms", "picture_s", 1000.0),
        ("two cores digesting at once, of twice one", "pair", 1.0),
    )
    rows = []
    for words, name, factor in names:
        spread = Spread.of(row[name] * factor for row in results.raw["rates"])
        rows.append((words, _spread(spread)))
    content = results.raw["content"]
    return Sheet(
        title="Limits of one core, CPU time",
        columns=("what", "rate"),
        rows=rows,
        note=f"{content['files']:,} files with content, {content['digested_bytes'] / 1e6:,.0f} MB "
        f"digested (members of archives included), {content['hashed_pictures']:,} distinct "
        f"pictures, {content['chunks']:,} chunks of 32 KiB under the contents, "
        f"{100 * results.raw['packing']['compressed_share']:.0f} % of them deflated.",
    )


def _parts(results: Results) -> Sheet:
    libewf = results.raw["parts"][-1]["e01"]["libewf_version"]
    plans: list[tuple[str, tuple[str, ...], str, tuple[str, ...], int]] = [
        ("E01 reader, MB/s", ("e01", "triage"), "pyewf", ("e01", "pyewf"), 0),
        ("E01 reader, MB/s", ("e01", "triage"), libewf, ("e01", "libewf"), 0),
        ("type, µs a file", ("types", "triage_us"), "libmagic", ("types", "libmagic_us"), 1),
    ]
    for size in ("512x512 grey", "512x512 colour", "12 MP grey", "12 MP colour"):
        keys = ("pdq", size, "triage"), ("pdq", size, "pdqhash")
        plans.append((f"PDQ at {size}, pictures/s", keys[0], "pdqhash", keys[1], 1))
    plans += [
        (f"walk of {image}, s", ("walks", image), RAW, ("walks", RAW), 2)
        for image in list(IMAGES)[1:]
    ]
    rows = []
    for words, own, peer, other, digits in plans:
        ours, theirs = results.part(*own), results.part(*other)
        if ours and theirs:
            ratio = _spread(results.part_ratio(own, other))
            rows.append((words, ours.text(digits), peer, theirs.text(digits), ratio))
    return Sheet(
        title="Parts beside their peers, one core, CPU time",
        columns=("part", "triage", "peer", "its figure", "triage / peer"),
        rows=rows,
        note=_agreement(results.raw["parts"][-1]),
    )


def _agreement(last: Row) -> str:
    types = last["types"]
    told = (
        f"Types of {types['files']:,} files: same as libmagic's for {types['same_mime']:.1%}, same "
        f"family for {types['same_family']:.1%}; of {types['media']:,} pictures and videos by "
        f"libmagic {types['media_missed']:,} are none by triage"
        f"{': ' if types['missed'] else ''}{'; '.join(types['missed'][:5])}."
    )
    words = [
        told,
        "All E01 readers gave the same bytes." if last["e01"]["equal"] else "E01 READERS DIFFER.",
    ]
    if isinstance(last["pdq"], str):
        words.append(f"{last['pdq']}.")
    else:
        equal = sum(one["equal_bits"] for one in last["pdq"].values())
        total = sum(one["pictures"] for one in last["pdq"].values())
        words.append(f"PDQ (bits and quality) equal to pdqhash's: {equal} of {total}.")
    return " ".join(words)


def _profiles(results: Results) -> Sheet:
    profiles = results.raw["profiles"]
    stages = [stage for stage in next(iter(profiles.values())) if stage != "total"]
    rows = []
    for stage in [*stages, "total"]:
        cells = [f"{one[stage]:.2f} ({one[stage] / one['total']:.0%})" for one in profiles.values()]
        rows.append((stage, *cells))
    return Sheet(
        title="Where the CPU time goes: one process, seconds",
        columns=("stage", *profiles),
        rows=rows,
        note="One run each, in one process without workers, warm, both sets loaded.",
    )


def _entries(results: Results) -> Sheet:
    rows = [
        (
            f"{row['entries']:,}",
            f"{row['wall_s']:.1f}",
            f"{row['cpu_s']:.1f}",
            f"{row['file_us']:.0f}",
            f"{row['cpu_s'] / row['entries'] * 1e6:.0f}",
            f"{row['parent_mib']:.0f}",
            f"{row['worker_mib']:.0f}",
        )
        for row in results.raw["entries"]
    ]
    return Sheet(
        title="Very many small files: digests only, raw ext4, two workers",
        columns=("files", "wall s", "user+sys s", "µs a file", "with start-up", "parent MiB",
                 "worker MiB"),
        rows=rows,
        note="µs a file: CPU less that of a run over ten files.",
    )  # fmt: skip


def _targets(results: Results) -> Sheet:
    rows = [
        (one.words, one.bound, "" if one.reached is None else one.reached.text(one.digits),
         one.verdict)
        for one in targets(results)
    ]  # fmt: skip
    return Sheet(title="Aims", columns=("figure", "aim", "reached", "met"), rows=rows)


def write_section(page: Path, name: str, text: str) -> None:
    """Replace what stands between the markers of a name on a page.

    Raises:
        ValueError: the page has no such markers.
    """
    begin, end = f"<!-- bench:{name} -->", f"<!-- /bench:{name} -->"
    old = page.read_text("utf-8")
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(old):
        raise ValueError(f"{page.name} has no markers for {name}")
    new = pattern.sub(lambda _: f"{begin}\n\n{text.strip()}\n\n{end}", old)
    page.write_text(new, "utf-8")
