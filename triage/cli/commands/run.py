"""``triage run``: the main road."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from triage.cli.cluster import ClusterWish, cluster_options, cluster_pool, cluster_wish
from triage.cli.givensecrets import check_road, given_secrets, live_option, secret_options
from triage.cli.result import PROBLEMS, show_result
from triage.cli.runoptions import (
    carve_of,
    limits_of,
    run_options,
    settings_of,
    video_limits_of,
    workers_of,
)
from triage.config import database_url

if TYPE_CHECKING:
    from triage.batch.working import Settings
    from triage.pipeline.run import RunRequest
    from triage.store.database import Store


@click.command(
    epilog="\b\nExamples:\n"
    "  triage run ABC1.E01 --case OP-X --exhibit ABC/1\n"
    "  triage run disk.001 --case OP-X --exhibit ABC/2 --set caid --set nsrl --workers 8\n"
    "  triage run ./folder --case OP-X --exhibit ABC/3 --db case.sqlite --json\n"
    "  triage run /evidence/ABC4.E01 --case OP-X --exhibit ABC/4 --cluster tcp://host:8786\n"
    "  triage run ./backup --case OP-X --exhibit ABC/5 --secrets passwords.txt\n"
    "  triage run --live /media/phone --case OP-X --exhibit ABC/6"
)
@click.argument(
    "images", metavar="IMAGE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option("--case", required=True, help="Reference of the case, such as OP-X.")
@click.option("--exhibit", required=True, help="Reference of the exhibit, such as ABC/1.")
@run_options
@secret_options
@live_option
@cluster_options
@click.option("--db", metavar="URL", help="Case database: a path or an SQLAlchemy URL.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")
def run(
    *,
    images: tuple[Path, ...],
    case: str,
    exhibit: str,
    db: str | None,
    as_json: bool,
    **given: Any,  # noqa: ANN401  (what run_options and cluster_options are about)
) -> None:
    """Open, walk, hash, match and grade; end with the result of the exhibit.

    IMAGE is a raw image, any segment of a split image or of an E01, or a folder. It is opened
    read-only. The same command run again goes on where a run was stopped, or shows the result of
    one that is complete. An exhibit that stands in the queue is taken from it, and its result goes
    there; it is refused while another process works at it.

    What is locked is tried with the secrets that are given; without them, or where none fits, it
    is told as locked. A later run with the right one goes on with what it opens.

    Exit code: 0 everything was examined; 3 finished, with gaps (see the page); 4 nothing could be
    opened; 5 a reference set cannot be loaded; 6 case database; 130 stopped, can be continued.
    """
    from triage.store.database import open_store  # noqa: PLC0415  (help stays instant)

    settings = settings_of(given)
    wish = cluster_wish(given, workers=given["workers"], one_reader=settings.one_reader)
    request = _request(images, case, exhibit, given)
    check_road(request.secrets, wish)
    url = database_url(db)
    with open_store(url, create=True) as store:
        _work(request, store, url, settings, wish=wish)
        verdict = show_result(store, case, exhibit, as_json=as_json)
    sys.exit(PROBLEMS if verdict.gaps else 0)


def _request(
    images: tuple[Path, ...], case: str, exhibit: str, given: dict[str, Any]
) -> RunRequest:
    from triage.hashing.limits import PictureLimits  # noqa: PLC0415  (help stays instant)
    from triage.pipeline.run import RunRequest  # noqa: PLC0415

    return RunRequest(
        case=case,
        exhibit=exhibit,
        images=images,
        sets=given["sets"] or None,
        workers=workers_of(given),
        limits=limits_of(given),
        picture_limits=PictureLimits(),
        pictures=not given["skip_pictures"],
        turned=given["dihedral"],
        videos=not given["no_videos"],
        video_limits=video_limits_of(given),
        video_share=given["video_share"],
        carve=carve_of(given),
        secrets=given_secrets(given["secrets_file"], ask=given["ask_secrets"]),
        live=given["live"],
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
