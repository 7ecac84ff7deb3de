"""``triage verify``: check an image against the digests stored in it and noted beside it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from triage.cli.console import PipeConsole
from triage.model.display import printable
from triage.model.evidence import DamagedRange
from triage.pipeline.verify import ALGORITHMS, Result, Verification, verify_image

_CONCLUSIONS = {
    Result.VERIFIED: "verified: every noted digest agrees and every range could be read",
    Result.DIFFERS: "DIFFERS: the medium is not what the noted digests say",
    Result.DAMAGED: "damaged: parts of the medium could not be read as they were acquired",
    Result.NOTHING_TO_COMPARE: (
        "nothing to compare with: no digest is stored in the image or noted beside it"
    ),
}
_EXIT_CODES = {Result.VERIFIED: 0, Result.NOTHING_TO_COMPARE: 0}
_PROBLEMS = 3


@click.command(
    epilog="\b\nExamples:\n"
    "  triage verify ABC1.E01\n"
    "  triage verify disk.001\n"
    "  triage verify ABC1.E01 --second-reader\n"
    "  triage verify --json ABC1.E01"
)
@click.argument("image", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Write the result as JSON on stdout.")
@click.option(
    "--second-reader", is_flag=True, help="Read an E01 or Ex01 through libewf too, and compare."
)
def verify(image: Path, *, as_json: bool, second_reader: bool) -> None:
    """Read IMAGE from end to end and compare its digests with the noted ones.

    MD5, SHA-1 and SHA-256 are of the medium, not of the image file; for an extraction that is one
    file (zip, UFDR, tar, Android backup) they are of that file. They are compared with what
    the image stores (E01) and with the log of the imager or a checksum file beside it. Every
    chunk of an E01 is checked by its own checksum as well.

    Exit code: 0 all agree, or nothing to compare with; 3 something differs or is damaged;
    4 the image cannot be opened.
    """
    with _progress() as on_progress:
        found = verify_image(image, on_progress, second_reader=second_reader)
    if as_json:
        click.echo(json.dumps(_as_json(found), indent=2, sort_keys=True))
    else:
        for line in _lines(found):
            click.echo(line)
    sys.exit(_EXIT_CODES.get(found.result, _PROBLEMS))


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Show bytes, rate and time left on stderr; silent where that is no terminal."""
    console = PipeConsole(stderr=True)
    columns = (
        TextColumn("reading"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    quiet = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet) as progress:
        task = progress.add_task("reading", total=None)

        def on_progress(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield on_progress


def _lines(found: Verification) -> Iterator[str]:
    info = found.info
    more = f", {len(info.segments)} segments" if len(info.segments) > 1 else ""
    yield f"{printable(info.name)}: {info.kind}, {info.size_bytes} bytes{more}"
    for algorithm in ALGORITHMS:
        yield f"{algorithm:<7} {dict(found.digests)[algorithm]}"
        noted = [one for one in found.noted if one.algorithm == algorithm]
        if not noted:
            yield "        not stored"
        for one in noted:
            words = "agrees" if found.agrees(one) else f"DIFFERS: {one.value}"
            where = "stored in the image" if one.source == "image" else printable(one.source)
            yield f"        {where}: {words}"
    if found.second_refused:
        yield f"no second opinion: {printable(found.second_refused)}"
    for damaged in found.damage:
        yield _damage_line(damaged)
    yield _CONCLUSIONS[found.result]


def _damage_line(damaged: DamagedRange) -> str:
    where = f"{damaged.length_bytes} bytes at {damaged.offset_bytes}"
    if damaged.length_bytes == 0:
        where = "no data lost by itself"
    return f"{damaged.kind}: {where}: {printable(damaged.detail)}"


def _as_json(found: Verification) -> dict[str, object]:
    return {
        "image": printable(found.info.name),
        "key": found.info.key,
        "kind": found.info.kind.value,
        "size_bytes": found.info.size_bytes,
        "segments": [printable(name) for name in found.info.segments],
        "digests": dict(found.digests),
        "compared": [
            {
                "algorithm": noted.algorithm,
                "noted": noted.value,
                "source": printable(noted.source),
                "agrees": found.agrees(noted),
            }
            for noted in found.noted
        ],
        "damage": [
            {
                "kind": damaged.kind.value,
                "offset_bytes": damaged.offset_bytes,
                "length_bytes": damaged.length_bytes,
                "detail": printable(damaged.detail),
            }
            for damaged in found.damage
        ],
        "second_reader_refused": found.second_refused or None,
        "result": found.result.value,
    }
