"""``triage batch``: works through the queue, unattended."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from triage.cli.result import PROBLEMS
from triage.cli.runoptions import (
    carve_of,
    limits_of,
    run_options,
    settings_of,
    video_limits_of,
    workers_of,
)
from triage.config import database_url
from triage.errors import Interrupted

if TYPE_CHECKING:
    from triage.batch.night import Night
    from triage.batch.plan import NightPlan


def _examples(*lines: str) -> str:
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


@click.group(
    epilog=_examples(
        "triage batch run --until 06:00",
        "triage batch run --once --max-exhibits 3",
        "triage batch summary --since 18:00",
    )
)
def batch() -> None:
    """Work through the queue, unattended, and say in the morning what came of it.

    Any number of batch processes on any number of machines take from one queue: each exhibit is
    worked at by exactly one. Beyond one machine the database has to be PostgreSQL.
    """


@batch.command(
    epilog=_examples(
        "triage batch run --until 06:00",
        "triage batch run --until 2026-11-23T06:00 --workers 8 --medium hdd",
        "triage batch run --once --db postgresql+psycopg://dfu@server/triage",
    )
)
@click.option(
    "--until",
    metavar="TIME",
    help="Stop cleanly at HH:MM, the next such local time, or at a moment such as "
    "2026-11-23T06:00; what is unfinished goes on next time. Default: no end.",
)
@click.option(
    "--max-exhibits", type=click.IntRange(1), help="End after so many exhibits. Default: no limit."
)
@click.option("--once", is_flag=True, help="End when nothing is left that could be taken.")
@run_options
@click.option(
    "--failures",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help="Failed attempts after which an exhibit is set aside for a person.",
)
@click.option(
    "--beat",
    type=click.FloatRange(0.1),
    default=10.0,
    show_default=True,
    help="Seconds between signs of life.",
)
@click.option(
    "--dead-after",
    type=click.FloatRange(0.5),
    default=60.0,
    show_default=True,
    help="Seconds without a sign of life after which another process's exhibit is taken over.",
)
@click.option(
    "--poll",
    type=click.FloatRange(0.1),
    default=30.0,
    show_default=True,
    help="Seconds between looks at a queue that has nothing to take.",
)
@click.option(
    "--summary",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where the morning summary is written. Default: TRIAGE_HOME/nights/START-HOST-PROCESS.",
)
@click.option("--db", metavar="URL", help="Case database: a path or an SQLAlchemy URL.")
def run(*, summary: Path | None, db: str | None, **given: Any) -> None:  # noqa: ANN401  (click's)
    """Take exhibits from the queue in its order and work at them, one after the other.

    Each is run as 'triage run' would run it, with the same result. Before one is begun, the time
    that it will take and the disk that it needs are forecast from what others took; one that does
    not fit before the end is begun only if it can be continued another night. What fails is tried
    again and then set aside; a database, a disk or an image that goes away is waited for.

    Without --until and --once it goes on looking for work. Ctrl-C, or a request to terminate,
    stops cleanly. At its end it writes the morning summary.

    Exit code: 0 nothing went wrong; 3 an exhibit failed, was set aside, or its image was away;
    5 a reference set cannot be loaded, and nothing is worked at without it; 6 case database;
    130 stopped on request.
    """
    from triage.store.database import open_store  # noqa: PLC0415  (help stays instant)

    plan = _plan(database_url(db), given)
    with open_store(plan.url):
        pass  # a database that never was there is no state that a night waits for
    night = _work(plan, summary)
    if night.stopped_by:
        raise Interrupted(
            f"stopped on request ({night.stopped_by}); what was done is kept",
            hint="The next batch process goes on from here.",
        )
    sys.exit(PROBLEMS if night.went_wrong else 0)


@batch.command(
    "summary",
    epilog=_examples(
        "triage batch summary",
        "triage batch summary --since 18:00 --html night.html",
        "triage batch summary --since 2026-11-22T18:00 --json",
    ),
)
@click.option(
    "--since",
    metavar="TIME",
    help="HH:MM, the last such local time, or a moment such as 2026-11-22T18:00. Default: the "
    "start of the batch process that was started last.",
)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it as a page instead.",
)
@click.option("--db", metavar="URL", help="Case database: a path or an SQLAlchemy URL.")
def summarise(*, since: str | None, as_json: bool, html: Path | None, db: str | None) -> None:
    """Say what all batch processes did since a moment, and what is left."""
    from triage.batch.clock import moment  # noqa: PLC0415  (help stays instant)
    from triage.batch.summary import summarise as made  # noqa: PLC0415
    from triage.cli.console import PipeConsole  # noqa: PLC0415
    from triage.cli.nightfiles import night_json  # noqa: PLC0415
    from triage.cli.nightpage import print_night  # noqa: PLC0415
    from triage.export.nightpage import night_page  # noqa: PLC0415
    from triage.export.ownfile import write_own  # noqa: PLC0415
    from triage.store.database import open_store  # noqa: PLC0415
    from triage.store.nights import Nights  # noqa: PLC0415

    now = time.time()
    with open_store(database_url(db)) as store:
        start = Nights(store.connection).last_start()
        default_s = start.at_s if start is not None else int(now) - 86_400
        since_s = default_s if since is None else moment(since, now)
        summary = made(store, since_s, int(now))
    if html is not None:
        write_own(html, night_page(summary), starts=("<!doctype html>", "<!DOCTYPE html>"))
    elif not as_json:
        print_night(PipeConsole(), summary)
    if as_json:
        click.echo(night_json(summary))


def _plan(url: str, given: Mapping[str, Any]) -> NightPlan:
    """Give what was asked for by the options of ``batch run``."""
    from triage.batch.clock import deadline  # noqa: PLC0415  (help stays instant)
    from triage.batch.plan import NightPlan  # noqa: PLC0415
    from triage.batch.weights import load_weights  # noqa: PLC0415

    return NightPlan(
        url=url,
        weights=load_weights(None),
        deadline=deadline(given["until"], time.time()),
        workers=workers_of(given),
        max_exhibits=given["max_exhibits"] or 0,
        once=given["once"],
        beat_s=given["beat"],
        dead_after_s=max(given["dead_after"], 2 * given["beat"]),
        poll_s=given["poll"],
        limit_failures=given["failures"],
        sets=given["sets"] or None,
        settings=settings_of(given),
        limits=limits_of(given),
        pictures=not given["skip_pictures"],
        turned=given["dihedral"],
        videos=not given["no_videos"],
        video_limits=video_limits_of(given),
        video_share=given["video_share"],
        carve=carve_of(given),
    )


def _work(plan: NightPlan, folder: Path | None) -> Night:
    from triage.batch.night import Night  # noqa: PLC0415  (help stays instant)
    from triage.cli.console import PipeConsole  # noqa: PLC0415
    from triage.cli.nighttalk import NightTalk  # noqa: PLC0415
    from triage.cli.progress import Watcher  # noqa: PLC0415
    from triage.scheduler import StopRequests  # noqa: PLC0415

    console = PipeConsole(stderr=True)
    with StopRequests() as requests, Watcher(console) as watcher:
        talk = NightTalk(console, watcher, plan.deadline)
        night = Night(plan=plan, talk=talk, asked=lambda: requests.asked)
        try:
            night.run()
        finally:
            _write_summary(night, folder)
    return night


def _write_summary(night: Night, folder: Path | None) -> None:
    """Write the summary of a night; where the database is away, say so and leave it."""
    from triage.batch.summary import summarise as made  # noqa: PLC0415  (help stays instant)
    from triage.cli.nightfiles import night_folder, write_night  # noqa: PLC0415
    from triage.errors import StoreError  # noqa: PLC0415
    from triage.model.display import printable  # noqa: PLC0415
    from triage.store.database import open_store  # noqa: PLC0415

    folder = folder or night_folder(night.since_s, night.holder)
    try:
        with open_store(night.plan.url) as store:
            summary = made(store, night.since_s, int(time.time()))
    except StoreError as error:
        click.echo(f"no morning summary: {printable(error.message)}", err=True)
        return
    write_night(folder, summary)
    click.echo(f"summary: {printable(str(folder))}", err=True)
