"""The benchmark: triage beside its peers on one image, in one run (``make bench``)."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import bench_alone  # noqa: F401  (imported for what it sets)
import bench_content
import bench_disk
import bench_ewf
import bench_limits
import bench_machine
import bench_parts
import bench_plan
import bench_process
import bench_sets
import bench_tables
import make_images
from bench_content import Content
from bench_limits import Packed
from bench_plan import DEFLATED, IMAGES, RAW, STORED, Case
from bench_results import Results, Row
from bench_tree import SIZES
from rich.console import Console

HERE = Path(__file__).resolve().parent
GOOD_EXITS = {0, 3}
START_UP_ENTRIES = 10
TRIAL_RECORDS = 20_000
"""Of the known-bad set where the size is only a trial."""
SEED = make_images.SEED


class Bench:
    """One benchmark in a folder, its results as they come in."""

    def __init__(self, out: Path, size: str, asked: argparse.Namespace) -> None:
        self.folder = out / size
        self.work = out / f"work-{size}"
        self.work.mkdir(parents=True, exist_ok=True)
        self.asked = asked
        self.out = out
        self.size = size
        self.raw: dict[str, Any] = {
            "size": size,
            "command": f"make bench SIZE={size}",
            "when": time.strftime("%Y-%m-%d %H:%M", time.gmtime()),
            "machine": bench_machine.machine(),
            "versions": bench_machine.versions(),
            "notes": bench_plan.missing_tools(),
            "runs": [],
            "rates": [],
            "parts": [],
            "profiles": {},
            "entries": [],
            "content": {},
            "packing": {},
        }

    def note(self, words: str) -> None:
        """Keep a remark for the page, once."""
        if words not in self.raw["notes"]:
            self.raw["notes"].append(words)
            say(words)

    def whole(self) -> None:
        """Measure everything on the image of the size."""
        image_ready(self.out, self.size)
        truth = json.loads((self.folder / "truth.json").read_text())
        self.raw["image"] = {name: value for name, value in truth.items() if name != "known"}
        say("reference sets")
        records = TRIAL_RECORDS if self.size == "XS" else bench_sets.RECORDS
        bench_sets.prepare(self.work, self.work / "home-sets", truth["known"], records)
        (self.work / "home-empty").mkdir(exist_ok=True)
        say("what the image holds")
        content = bench_content.look(self.folder / IMAGES[RAW])
        packed = self._packing(content)
        with bench_plan.mounted(self.folder / IMAGES[RAW], self.work) as points:
            if isinstance(points, str):
                self.note(points)
            for nth in range(self.asked.rounds):
                self._round(nth, content, packed, points)
        self._account(content)
        if not self.asked.no_profile:
            self._profiles()

    def _packing(self, content: Content) -> Packed:
        deflated = Packed.sample(
            content, bench_ewf.chunks(bench_plan.segments(self.folder, DEFLATED))
        )
        stored = Packed.sample(content, bench_ewf.chunks(bench_plan.segments(self.folder, STORED)))
        share = sum(one for _, one in deflated.data) / len(deflated.data)
        self.raw["packing"] = {
            "compressed_share": share,
            "stored_chunk_s": bench_limits.checked_s(stored),
        }
        return deflated

    def _round(self, nth: int, content: Content, packed: Packed, points: list[Path] | str) -> None:
        say(f"round {nth + 1} of {self.asked.rounds}: limits and parts")
        rates = bench_limits.measure(content, packed).as_dict()
        self.raw["rates"].append(rates | {"pair": bench_machine.pair_factor()})
        if not self.asked.no_parts:
            self.raw["parts"].append(self._parts(content))
        cold = not self.asked.no_cold
        plan = bench_plan.cases(self.folder, self.work, cold=cold)
        if not isinstance(points, str) and bench_disk.tool("hashdeep"):
            plan += [bench_plan.hashdeep(points, warm=warm) for warm in ((True, False)[: 1 + cold])]
        for case in plan:
            if self.asked.only and case.tool not in self.asked.only:
                continue
            if self.asked.image and case.image not in self.asked.image:
                continue
            self._case(nth, case)

    def _case(self, nth: int, case: Case) -> None:
        case.clear()
        if case.warm:
            bench_process.warm(bench_plan.segments(self.folder, case.image))
        elif not bench_process.cold():
            self.note("cold runs need root (drop_caches): only warm ones here")
            return
        cost = bench_process.run(case.command, case.environment() or bench_process.outside())
        good = cost.exit_code in GOOD_EXITS
        row: Row = asdict(cost) | {
            "round": nth,
            "tool": case.tool,
            "image": case.image,
            "workers": case.workers,
            "warm": case.warm,
            "good": good,
            "found": _found(case, cost.stdout) if good else {},
        }
        row["stdout"] = ""
        row["stderr"] = "" if good else cost.stderr[-1000:]
        self.raw["runs"].append(row)
        case.clear()
        temperature = "warm" if case.warm else "cold"
        told = f"{case.tool} ({case.workers}), {case.image}, {temperature}"
        if good:
            say(f"  {told}: {cost.wall_s:.2f} s, CPU {cost.cpu_s:.2f} s")
        else:
            last = (cost.stderr.strip().splitlines() or ["no words"])[-1]
            self.note(f"{told}: ended with {cost.exit_code}: {last}")

    def _parts(self, content: Content) -> Row:
        python = bench_parts.peer_python(self.out / "peers")
        arrays = bench_parts.pdq_arrays(content, self.work / "arrays")
        images = {name: self.folder / file for name, file in IMAGES.items()}
        return {
            "e01": bench_parts.e01(bench_plan.segments(self.folder, DEFLATED), content),
            "types": bench_parts.types(content.heads),
            "walks": bench_parts.walks(images),
            "pdq": python if isinstance(python, str) else bench_parts.pdq(python, arrays),
        }

    def _account(self, content: Content) -> None:
        """Take the amounts of work from our own results, and compare those with each other."""
        runs = [row for row in self.raw["runs"] if row["good"]]
        found = {tool: [row["found"] for row in runs if row["tool"] == tool]
                 for tool in bench_plan.OURS}  # fmt: skip
        done = [*found["full"], *found["digests only"]]
        self.raw["content"] = {
            "files": content.files,
            "chunks": len(content.chunks),
            "digested_bytes": done[0]["digested_bytes"] if done else 0,
            "hashed_pictures": found["full"][0]["pictures"] if found["full"] else 0,
        }
        for name, rows in (("digested", done), ("bad", found["full"] + found["quick"])):
            values = {row[name] for row in rows}
            if len(values) > 1:
                self.note(f"RUNS DIFFER in {name}: {sorted(values)}")
        if found["full"] and found["quick"]:
            self.note(
                f"known-bad files: full {found['full'][0]['bad']}, quick {found['quick'][0]['bad']}"
            )

    def _profiles(self) -> None:
        plans: tuple[tuple[str, str, list[str]], ...] = (
            ("digests only, raw", RAW, ["--skip"]),
            ("full, raw", RAW, []),
            ("full, E01 deflated", DEFLATED, []),
        )
        for name, image, options in plans:
            say(f"profile: {name}")
            case = bench_plan.ours("full", self.folder / IMAGES[image], self.work, 1, image=image)
            case.clear()
            bench_process.warm(bench_plan.segments(self.folder, image))
            script = str(HERE / "bench_profile.py")
            command = [sys.executable, script, str(case.command[4]), str(case.made), *options]
            done = bench_process.run(command, case.environment())
            case.clear()
            if done.exit_code == 0:
                self.raw["profiles"][name] = json.loads(done.stdout)
            else:
                self.note(f"profile of {name}: {done.stderr.strip().splitlines()[-1]}")

    def entries(self, counts: list[int]) -> None:
        """Measure what an entry costs on images of very many small files."""
        (self.work / "home-empty").mkdir(exist_ok=True)
        base = 0.0
        for count in sorted({START_UP_ENTRIES, *counts}):
            place = entries_ready(self.out, count)
            costs = []
            for _ in range(1 if count > 100_000 else self.asked.rounds):
                case = bench_plan.ours("digests only", place, self.work, 2)
                case.clear()
                bench_process.warm([place])
                costs.append(bench_process.run(case.command, case.environment()))
                case.clear()
                say(f"  {count:,} files: {costs[-1].wall_s:.1f} s, CPU {costs[-1].cpu_s:.1f} s")
            if any(one.exit_code not in GOOD_EXITS for one in costs):
                self.note(f"{count:,} files: failed: {costs[-1].stderr.strip()[-200:]}")
                continue
            cpu_s = statistics.median(one.cpu_s for one in costs)
            if count == START_UP_ENTRIES:
                base = cpu_s
                continue
            self.raw["entries"].append(
                {
                    "entries": count,
                    "wall_s": statistics.median(one.wall_s for one in costs),
                    "cpu_s": cpu_s,
                    "file_us": (cpu_s - base) / count * 1e6,
                    "parent_mib": max(one.parent_mib for one in costs),
                    "worker_mib": max(one.worker_mib for one in costs),
                }
            )


def say(words: str) -> None:
    """Tell how far it is, on standard error."""
    make_images.say(words)


def image_ready(out: Path, size: str) -> None:
    """Build the image of a size where it is not there yet."""
    if not (out / size / make_images.READY).exists():
        make_images.build_disk(out / size, size, SEED, None, os.cpu_count() or 1)


def entries_ready(out: Path, count: int) -> Path:
    """Build an image of small files where it is not there yet."""
    place = out / {10_000: "N10k.raw", 1_000_000: "N1M.raw"}.get(count, f"N{count}.raw")
    if not place.exists():
        make_images.build_entries(place, count, SEED)
    return place


def _found(case: Case, text: str) -> Row:
    """Take from our JSON what the runs have to agree in."""
    if case.tool not in bench_plan.OURS:
        return {}
    result = json.loads(text)
    if case.tool == "quick":
        return {"bad": sum(hit["standing"] == "known-bad" for hit in result["hits"])}
    tally = result["tally"]
    return {
        "digested": tally["digested"],
        "digested_bytes": tally["digested_bytes"],
        "holds": tally["holds"],
        "pictures": result["pictures"]["hashed"],
        "bad": sum(hit["occurrences"] for hit in result["hits"] if hit["class"] == "exact"),
    }


def head(results: Results) -> str:
    """Give the lines above the tables: machine, versions, image, command."""
    raw = results.raw
    machine = raw["machine"]
    software = f"{machine['kernel']}; Python {machine['python']}, {machine['openssl']}"
    versions = ", ".join(f"{name} {one}" for name, one in raw["versions"].items())
    lines = [
        f"`{raw['command']}`, {raw['when']} UTC, {raw['rounds']} rounds.",
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB; {software}.",
        f"{versions}.",
    ]
    if "image" in raw:
        image = raw["image"]
        lines.append(
            f"Image: {' + '.join(image['partitions'])}, {image['media_bytes'] / 1e6:,.0f} MB, "
            f"{image['live_files']:,} files of {image['content_bytes'] / 1e6:,.0f} MB, scenes "
            f"{image['scenes']}, seed {image['seed']}."
        )
    lines += [f"- {note}" for note in raw["notes"]]
    return "\n".join(lines)


def publish(results: Results, name: str, page: Path | None) -> None:
    """Print all tables and, where a page is given, write them into it."""
    console = Console(width=max(Console().width, 150))
    console.print(head(results), markup=False, highlight=False)
    sheets = bench_tables.sheets(results)
    for sheet in sheets:
        sheet.show(console)
    if page is not None:
        text = "\n\n".join([head(results), *(sheet.markdown() for sheet in sheets)])
        bench_tables.write_section(page, name, text)
        say(f"written: {page}")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=sorted(SIZES), default="S")
    parser.add_argument("--out", type=Path, default=HERE.parents[1] / "bench")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--entries", type=int, nargs="*", help="numbers of files; alone: this only")
    parser.add_argument("--only", action="append", help="this command only; repeatable")
    parser.add_argument("--image", action="append", choices=IMAGES, help="on it only; repeatable")
    parser.add_argument("--no-cold", action="store_true")
    parser.add_argument("--no-parts", action="store_true")
    parser.add_argument("--no-profile", action="store_true")
    parser.add_argument("--page", type=Path, help="page to write the tables into; never for XS")
    parser.add_argument("--again", action="store_true", help="tables of the last results only")
    return parser.parse_args()


def main() -> None:
    """Measure, keep the raw results, print and publish."""
    asked = arguments()
    name = "entries" if asked.entries else asked.size
    kept = asked.out / f"results-{name}.json"
    if not asked.again:
        bench = Bench(asked.out.absolute(), asked.size, asked)
        bench.raw["rounds"] = asked.rounds
        try:
            if asked.entries:
                counts = " ".join(map(str, asked.entries))
                bench.raw["command"] = f'make bench ENTRIES="{counts}"'
                bench.entries(asked.entries)
            else:
                bench.whole()
        finally:  # an hour of measuring is not lost with its last step
            kept.write_text(json.dumps(bench.raw, indent=1) + "\n")
    page = None if asked.size == "XS" and not asked.entries else asked.page
    publish(Results(json.loads(kept.read_text())), name, page)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}\n{error.stderr or ''}")
