"""``triage quick``: known files only, by equal digests, for somebody standing at a door."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from triage.cli.givensecrets import given_secrets, live_option, secret_options
from triage.cli.sealkey import key_option, seal_keys
from triage.config import home

if TYPE_CHECKING:
    from triage.pipeline.quick.result import QuickResult
    from triage.pipeline.quick.run import QuickRequest
    from triage.scheduler import ProcessPool

_GIB = 1 << 30
_PROBLEMS = 3
_INTERRUPTED = 130


@click.command(
    epilog="\b\nExamples:\n"
    "  triage quick ABC1.E01\n"
    "  triage quick /mnt/usb --set caid --first-hit\n"
    "  triage quick ABC1.E01 ABC2.E01 --workers 8 --report door.json\n"
    "  triage quick ABC1.E01 --json"
)
@click.argument(
    "images", metavar="IMAGE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--set", "sets", multiple=True, metavar="NAME", help="Reference pack; repeatable. Default: all."
)
@key_option
@secret_options
@live_option
@click.option("--first-hit", is_flag=True, help="Stop at the first known-bad file.")
@click.option("--workers", type=click.IntRange(1), help="Worker processes. Default: one a core.")
@click.option(
    "--medium",
    type=click.Choice(("ssd", "hdd")),
    default="ssd",
    show_default=True,
    help="What the image lies on; hdd: one reader at a time, in the order of the disk.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Keep the result as JSON, its SHA-256 beside it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")
def quick(  # noqa: PLR0913  (click hands over each option by its name)
    *,
    images: tuple[Path, ...],
    sets: tuple[str, ...],
    key_files: tuple[Path, ...],
    secrets_file: Path | None,
    ask_secrets: bool,
    live: bool,
    first_hit: bool,
    workers: int | None,
    medium: str,
    report: Path | None,
    as_json: bool,
) -> None:
    """Find known-bad files by equal digests, and nothing else.

    IMAGE is a raw image, any segment of a split image or of an E01, or a folder. It is opened
    read-only, and no case is written. Files are read in full only where their size occurs in the
    sets; a set without sizes makes every file be read in full. The known-bad files are the same as
    those of 'triage run'; pictures that look like listed ones are not looked for.

    Exit code: 0 everything was examined; 3 finished or stopped, with gaps (see the page);
    2 no set that can be looked for; 4 nothing could be opened; 5 a reference set cannot be loaded;
    130 interrupted, what was found is printed.
    """
    if report is not None:
        _check_report(report, images)
    keys = seal_keys(key_files)
    secrets = given_secrets(secrets_file, ask=ask_secrets)
    workers = workers or len(_cores())
    with contextlib.closing(_started(workers, one_reader=medium == "hdd")) as pool:
        from triage.pipeline.quick.run import QuickRequest  # noqa: PLC0415  (while workers start)

        request = QuickRequest(
            images=images,
            sets=sets or None,
            first_hit=first_hit,
            workers=workers,
            keys=keys,
            secrets=secrets,
            live=live,
        )
        result = _work(request, pool)
    if report is not None:
        _keep(report, result)
    _print(result, as_json=as_json)
    if result.ending == "interrupted":
        sys.exit(_INTERRUPTED)
    sys.exit(_PROBLEMS if result.gaps else 0)


def _started(workers: int, *, one_reader: bool) -> ProcessPool:
    """Start the workers before all else is imported: they load what they need meanwhile."""
    from triage.scheduler import ProcessPool  # noqa: PLC0415  (help stays instant)

    return ProcessPool(workers=workers, memory_limit_bytes=4 * _GIB, one_reader=one_reader)


def _work(request: QuickRequest, pool: ProcessPool) -> QuickResult:
    from triage.cli.console import PipeConsole  # noqa: PLC0415  (help stays instant)
    from triage.cli.progress import Watcher  # noqa: PLC0415
    from triage.grading.scheme import SchemeBook  # noqa: PLC0415
    from triage.pipeline.quick.run import QuickPass  # noqa: PLC0415

    with Watcher(PipeConsole(stderr=True)) as watcher:
        return QuickPass(
            request=request, pool=pool, home=home(), book=SchemeBook(home()), tell=watcher
        ).run()


def _print(result: QuickResult, *, as_json: bool) -> None:
    import json  # noqa: PLC0415  (help stays instant)

    from triage.cli.quickobject import quick_object  # noqa: PLC0415
    from triage.cli.quickpage import print_quick  # noqa: PLC0415

    if as_json:
        click.echo(json.dumps(quick_object(result), indent=2, ensure_ascii=False))
    else:
        print_quick(result)


def _check_report(report: Path, images: tuple[Path, ...]) -> None:
    """Refuse to write into the evidence or over what is no earlier report, before any work."""
    from triage.errors import ExportError  # noqa: PLC0415  (help stays instant)
    from triage.export.writing import refuse_other_files  # noqa: PLC0415
    from triage.model.display import printable  # noqa: PLC0415

    refuse_other_files(report)
    for image in images:
        if image.is_dir() and report.resolve().is_relative_to(image.resolve()):
            raise ExportError(
                f"{printable(str(report))} lies in the evidence, {printable(str(image))}",
                hint="Choose a folder outside of what is examined.",
            )


def _keep(report: Path, result: QuickResult) -> None:
    import json  # noqa: PLC0415  (help stays instant)

    from triage.cli.quickobject import quick_object  # noqa: PLC0415
    from triage.export.writing import write_atomically  # noqa: PLC0415
    from triage.model.display import printable  # noqa: PLC0415

    text = json.dumps(quick_object(result), indent=2, ensure_ascii=False) + "\n"

    def write(file: BinaryIO) -> None:
        file.write(text.encode())

    digest = write_atomically(report, write)
    click.echo(f"{printable(str(report))}: SHA-256 {digest}", err=True)


def _cores() -> range:
    affinity = getattr(os, "sched_getaffinity", None)
    return range(len(affinity(0)) if affinity else os.cpu_count() or 1)
