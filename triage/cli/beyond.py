"""What the result page says beyond files: the device, where files lay, videos, carved space."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.text import Text

from triage.cli.progress import amount
from triage.model.carving import Space
from triage.model.coverage import Coverage
from triage.model.display import printable
from triage.model.evidence import DEVICE_HEADERS, LOGICAL_KINDS
from triage.model.record import ExhibitSummary
from triage.model.thumbnail import LinkHow

_PLACES = {
    "live": "live",
    "deleted": "deleted",
    "orphan": "orphan",
    "in-container": "in archives",
    "thumbnail": "thumbnails",
    "carved": "carved",
}
_SPACES = {
    Space.UNALLOCATED: "unallocated",
    Space.UNPARTITIONED: "outside of all volumes",
    Space.SLACK: "slack of files",
}
_HOW = {
    LinkHow.EMBEDDED: "inside their originals",
    LinkHow.NAME: "with the original where their cache says",
    LinkHow.LOOKS: "with a picture that looks the same",
    LinkHow.ABSENT: "original absent",
}


def device_lines(summary: ExhibitSummary) -> Text | None:
    """Say what the extractions of an exhibit tell of their devices."""
    lines = []
    for one in summary.evidence:
        header = dict(one.header)
        told = [
            f"{name.removeprefix('device_')} {printable(header[name])}"
            for name in DEVICE_HEADERS
            if header.get(name)
        ]
        if told:
            lines.append(f"  {printable(one.name)}: {', '.join(told)}")
    return Text("\n".join(lines)) if lines else None


def beyond_lines(summary: ExhibitSummary) -> Iterator[str]:
    """Yield lines of the account on where files lay, on videos, thumbnails and carved space."""
    coverage = summary.coverage
    if any(count for _, count in coverage.places):
        lay = ", ".join(f"{_PLACES[name]} {count:,}" for name, count in coverage.places if count)
        yield f"  digested by where they lay: {lay}"
    if coverage.thumbnails:
        how = ", ".join(f"{_HOW[LinkHow(name)]} {count:,}" for name, count in coverage.thumbnails)
        yield f"    thumbnails: {how}"
    if coverage.videos or coverage.videos_pending:
        told = [f"{count:,} {name}" for name, count in coverage.videos]
        told += [f"{coverage.videos_pending:,} pending"] * bool(coverage.videos_pending)
        yield f"  videos: {', '.join(told)} (distinct, by their frames)"
    yield from _carved(summary, coverage)


def _carved(summary: ExhibitSummary, coverage: Coverage) -> Iterator[str]:
    total, done = Counter[Space](), Counter[Space]()
    for _, one in coverage.spaces:
        total[one.space] += one.total_bytes
        done[one.space] += one.done_bytes
    if total:
        found = sum(one.found for _, one in coverage.spaces)
        rejected = sum(one.rejected for _, one in coverage.spaces)
        read = ", ".join(
            f"{_SPACES[space]} {amount(done[space])} of {amount(total[space])}"
            for space in total
            if total[space]
        )
        yield f"  carved: {found:,} found, {rejected:,} beginnings rejected; {read}"
    left = [one for one in summary.evidence if one.kind not in LOGICAL_KINDS]
    if left and not total and coverage.places:
        yield "  carved: space that no file holds was not looked through (see run --carve)"
