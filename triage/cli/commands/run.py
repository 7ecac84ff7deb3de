"""``triage run``: the main road."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from triage.cli.cluster import ClusterWish, cluster_options, cluster_pool, cluster_wish
from triage.cli.result import PROBLEMS, show_result
from triage.cli.sealkey import key_option, seal_keys
from triage.config import database_url
from triage.errors import UsageFault

if TYPE_CHECKING:
    from triage.batch.working import Settings
    from triage.pipeline.run import RunRequest
    from triage.store.database import Store

_GIB = 1 << 30


@click.command(
    epilog="\b\nExamples:\n"
    "  triage run ABC1.E01 --case OP-X --exhibit ABC/1\n"
    "  triage run disk.001 --case OP-X --exhibit ABC/2 --set caid --set nsrl --workers 8\n"
    "  triage run ./folder --case OP-X --exhibit ABC/3 --db case.sqlite --json\n"
    "  triage run /evidence/ABC4.E01 --case OP-X --exhibit ABC/4 --cluster tcp://host:8786"
)
@click.argument(
    "images", metavar="IMAGE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option("--case", required=True, help="Reference of the case, such as OP-X.")
@click.option("--exhibit", required=True, help="Reference of the exhibit, such as ABC/1.")
@click.option(
    "--set", "sets", multiple=True, metavar="NAME", help="Reference pack; repeatable. Default: all."
)
@key_option
@click.option("--workers", type=click.IntRange(1), help="Worker processes. Default: one a core.")
@cluster_options
@click.option(
    "--skip-pictures",
    is_flag=True,
    help="Digests only: leave pictures uncompared by appearance, as a gap, for a later run.",
)
@click.option(
    "--dihedral",
    is_flag=True,
    help="Find pictures that were turned by quarters or mirrored too. Searching takes eight times "
    "as long, decoding up to half as long again; eight times as many look-alikes by chance.",
)
@click.option(
    "--medium",
    type=click.Choice(("ssd", "hdd")),
    default="ssd",
    show_default=True,
    help="What the image lies on; hdd: one reader at a time, in the order of the disk.",
)
@click.option("--db", metavar="URL", help="Case database: a path or an SQLAlchemy URL.")
@click.option(
    "--entry-time",
    type=click.FloatRange(1),
    default=120.0,
    show_default=True,
    help="Seconds an entry may take, beside what its size allows.",
)
@click.option(
    "--picture-time",
    type=click.FloatRange(1),
    default=60.0,
    show_default=True,
    help="Seconds a picture may take.",
)
@click.option(
    "--worker-memory",
    type=click.FloatRange(1),
    default=4.0,
    show_default=True,
    help="GiB of address space a worker may use (not on Windows).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")
def run(  # noqa: PLR0913  (click hands over each option by its name)
    *,
    images: tuple[Path, ...],
    case: str,
    exhibit: str,
    key_files: tuple[Path, ...],
    workers: int | None,
    medium: str,
    db: str | None,
    worker_memory: float,
    as_json: bool,
    **given: Any,  # noqa: ANN401  (what _request and cluster_wish take)
) -> None:
    """Open, walk, hash, match and grade; end with the result of the exhibit.

    IMAGE is a raw image, any segment of a split image or of an E01, or a folder. It is opened
    read-only. The same command run again goes on where a run was stopped, or shows the result of
    one that is complete. An exhibit that stands in the queue is taken from it, and its result goes
    there; it is refused while another process works at it.

    Exit code: 0 everything was examined; 3 finished, with gaps (see the page); 4 nothing could be
    opened; 5 a reference set cannot be loaded; 6 case database; 130 stopped, can be continued.
    """
    from triage.batch.working import Settings  # noqa: PLC0415  (help stays instant)
    from triage.store.database import open_store  # noqa: PLC0415

    one_reader = medium == "hdd"
    wish = cluster_wish(given, workers=workers, one_reader=one_reader)
    request = _request(images, case, exhibit, workers or len(_cores()), given)
    memory_limit_bytes = int(worker_memory * _GIB)
    settings = Settings(
        keys=seal_keys(key_files), memory_limit_bytes=memory_limit_bytes, one_reader=one_reader
    )
    url = database_url(db)
    with open_store(url, create=True) as store:
        _work(request, store, url, settings, wish=wish)
        verdict = show_result(store, case, exhibit, as_json=as_json)
    sys.exit(PROBLEMS if verdict.gaps else 0)


def _request(
    images: tuple[Path, ...], case: str, exhibit: str, workers: int, given: dict[str, Any]
) -> RunRequest:
    from triage.hashing.limits import PictureLimits  # noqa: PLC0415  (help stays instant)
    from triage.pipeline.plan import TimeLimits  # noqa: PLC0415
    from triage.pipeline.run import RunRequest  # noqa: PLC0415

    if given["dihedral"] and given["skip_pictures"]:
        raise UsageFault("--dihedral is about pictures, and --skip-pictures leaves them out")
    return RunRequest(
        case=case,
        exhibit=exhibit,
        images=images,
        sets=given["sets"] or None,
        workers=workers,
        limits=TimeLimits(entry_s=given["entry_time"], picture_s=given["picture_time"]),
        picture_limits=PictureLimits(),
        pictures=not given["skip_pictures"],
        turned=given["dihedral"],
    )


def _work(
    request: RunRequest, store: Store, url: str, settings: Settings, *, wish: ClusterWish | None
) -> None:
    from triage.batch.byhand import RunByHand  # noqa: PLC0415  (help stays instant)
    from triage.cli.console import PipeConsole  # noqa: PLC0415
    from triage.cli.progress import Watcher  # noqa: PLC0415

    with contextlib.ExitStack() as stack:
        watcher = stack.enter_context(Watcher(PipeConsole(stderr=True)))
        pool = None
        if wish is not None:
            pool = cluster_pool(wish, request.images, settings.memory_limit_bytes, watcher)
            stack.enter_context(contextlib.closing(pool))
            request = replace(request, workers=pool.slots)
        by_hand = RunByHand(url=url, settings=settings, tell=watcher, pool=pool)
        by_hand.run(request, store)


def _cores() -> range:
    affinity = getattr(os, "sched_getaffinity", None)
    return range(len(affinity(0)) if affinity else os.cpu_count() or 1)
