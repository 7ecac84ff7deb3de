"""``triage rematch``: new reference sets on an old case, without its evidence."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from triage.cli.console import PipeConsole
from triage.cli.progress import Watcher
from triage.cli.result import PROBLEMS, show_result
from triage.cli.sealkey import key_option, seal_keys
from triage.config import database_url, home
from triage.grading.scheme import SchemeBook
from triage.matching.library import PackLibrary
from triage.matching.loading import LoadedSets
from triage.model.event import Event, Progress, Stage
from triage.model.verdict import Verdict
from triage.model.video import QUERY_SHARE
from triage.pipeline import rematch as matching
from triage.pipeline.judging import Judge
from triage.store.database import Store, open_store
from triage.store.judged import contents_total


@click.command(
    epilog="\b\nExamples:\n  triage rematch --case OP-X\n  triage rematch --case OP-X --set caid"
)
@click.option("--case", required=True, help="Reference of the case.")
@click.option("--exhibit", help="Only this exhibit.")
@click.option("--set", "sets", multiple=True, metavar="NAME", help="Pack to apply. Default: all.")
@key_option
@click.option(
    "--video-share",
    type=click.FloatRange(0.01, 1),
    default=QUERY_SHARE,
    show_default=True,
    help="Share of the frames of a video, or of a listed one, that makes them match.",
)
@click.option("--only", is_flag=True, help="Drop what was applied before and is not named.")
@click.option("--db", metavar="URL", help="Case database.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object an exhibit.")
def rematch(  # noqa: PLR0913  (click hands over each option by its name)
    *,
    case: str,
    exhibit: str | None,
    sets: tuple[str, ...],
    key_files: tuple[Path, ...],
    video_share: float,
    only: bool,
    db: str | None,
    as_json: bool,
) -> None:
    """Apply reference packs and confirmed schemes to what is stored, and show the result.

    Packs applied before stay applied unless --only is given; of each name the newest version
    counts. Pictures that were passed over as known-good and no longer are need the evidence: the
    result says so, and 'triage run' decodes them. An exhibit is changed as a whole or, where the
    command is stopped, not at all.
    """
    library, book = PackLibrary(home(), seal_keys(key_files)), SchemeBook(home())
    with open_store(database_url(db)) as store:
        store.exhibit_ids(case, exhibit)
        gaps = False
        for reference in [exhibit] if exhibit else store.exhibits(case):
            exhibit_id = store.exhibit_ids(case, reference)[0]
            applied = store.packs_of(exhibit_id)
            loaded = matching.references_for(library, sets or None, applied, only=only)
            _apply(store, exhibit_id, loaded, book, video_share)
            verdict: Verdict = show_result(store, case, reference, as_json=as_json)
            gaps = gaps or bool(verdict.gaps)
    sys.exit(PROBLEMS if gaps else 0)


def _apply(
    store: Store, exhibit_id: int, loaded: LoadedSets, book: SchemeBook, share: float
) -> None:
    try:
        schemes = matching.schemes_for(book, loaded)
        judge = Judge(loaded, schemes, share=share)
        with Watcher(PipeConsole(stderr=True)) as watcher:
            matching.rematch_exhibit(store, exhibit_id, judge, _teller(store, exhibit_id, watcher))
        matching.record_references(store, exhibit_id, loaded, schemes)
        store.commit()
    finally:
        loaded.close()


def _teller(store: Store, exhibit_id: int, tell: Callable[[Event], None]) -> Callable[[int], None]:
    """Give what tells of contents that are judged, with how many there are in all."""
    total = contents_total(store, exhibit_id)
    done = 0

    def add(count: int) -> None:
        nonlocal done
        done += count
        tell(Progress(stage=Stage.MATCHING, done=done, total=total))

    return add
