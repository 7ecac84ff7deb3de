"""What reference sets spared people, and results by colour."""

from __future__ import annotations

import numpy as np

from triage.metrics.backlog import Span
from triage.metrics.columns import Flags, moments, whole, words
from triage.metrics.timeline import Timeline
from triage.model.history import History
from triage.model.kpi import Media, Outcomes, Share
from triage.model.verdict import Colour

_COUNTED = ("files", "known_good", "media", "pre_categorised", "left")


def media(history: History, finished: Flags) -> Media:
    """Tell shares over all files of the results: a large exhibit weighs more than a small one."""
    columns = {name: whole(history, name) for name in _COUNTED}
    said = finished.copy()
    for column in columns.values():
        said &= column >= 0
    # Python's own whole numbers: sums of billions of files an exhibit stay exact.
    total = {name: sum(column[said].tolist()) for name, column in columns.items()}
    return Media(
        results=int(said.sum()),
        known_good=Share(part=total["known_good"], whole=total["files"]),
        pre_categorised=Share(part=total["pre_categorised"], whole=total["media"]),
        left=Share(part=total["left"], whole=total["media"]),
    )


def outcomes(history: History, times: Timeline, finished: Flags, span: Span) -> Outcomes:
    """Count results by colour, and releases that came after a green one."""
    colour = words(history.columns["colour"])
    counted = np.bincount(colour.codes[finished], minlength=len(colour.names)).tolist()
    by_name = dict(zip(colour.names, counted, strict=True))
    known = [str(one) for one in Colour]
    other = sorted(name for name, count in by_name.items() if name not in known and count)
    green = colour.codes == (
        colour.names.index(Colour.GREEN) if Colour.GREEN in colour.names else -1
    )
    released = times.spells.chosen(span.holds(times.spells.end_s))
    done = moments(history, "done_s")[released.row]
    negative = green[released.row] & (done >= 0) & (done <= released.end_s)
    return Outcomes(
        colours=tuple((name, by_name.get(name, 0)) for name in [*known, *other]),
        released_negative=Share(part=int(negative.sum()), whole=len(released.row)),
    )
