"""The result of a quick pass in words, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from triage.cli.progress import amount
from triage.grading.gaps import counted
from triage.model.display import printable
from triage.model.hashset import PackManifest
from triage.pipeline.quick.result import Ending, QuickHit, QuickResult, SoughtSet

SHOWN = 200
"""Hits that the page names; all of them stand in the JSON."""
_PROBLEMS_SHOWN = 20


def print_quick(result: QuickResult) -> None:
    """Print the page; every word from evidence is escaped."""
    for line in page(result):
        click.echo(line)


def page(result: QuickResult) -> Iterator[str]:
    """Yield the lines of the page."""
    bad = [hit for hit in result.hits if hit.bad]
    listed = [hit for hit in result.hits if not hit.bad]
    yield _headline(result, bad, listed)
    if result.ending is not Ending.COMPLETE:
        yield f"  {_stopped(result)}"
    names = {one.key: printable(one.name) for one in result.evidence}
    yield from _section("Known-bad files", _hits(bad, names))
    yield from _section(
        "Listed, but what as is not settled: a person must look", _hits(listed, names)
    )
    yield from _section("Digests contradict each other: no hit", _hits(result.conflicts, names))
    yield from _section("Looked for", _sought(result))
    yield from _section("Not looked for", not_looked_for(result))
    yield from _section("Not examined, or not as it should have been", result.gaps)
    yield from _section("Files that could not be examined", _unexamined(result, names))
    yield from _section("How far", _effort(result))


def _headline(result: QuickResult, bad: list[QuickHit], listed: list[QuickHit]) -> str:
    if bad:
        contents = counted(len({hit.digests.sha256 for hit in bad}), "content")
        words = f"{counted(len(bad), 'KNOWN-BAD FILE', 'KNOWN-BAD FILES')} ({contents})"
        return click.style(words, fg="red", bold=True)
    if listed:
        words = f"{counted(len(listed), 'LISTED FILE')}: A PERSON MUST LOOK"
        return click.style(words, fg="yellow", bold=True)
    if result.gaps:
        words = "NOTHING FOUND SO FAR, BUT NOT EVERYTHING WAS EXAMINED"
        return click.style(words, fg="yellow", bold=True)
    words = "NOTHING FOUND of what was looked for. This does not say that there is nothing."
    return click.style(words, bold=True)


def _stopped(result: QuickResult) -> str:
    left = f"{result.tally.pending:,} of {result.tally.listed:,} listed entries were not read"
    if result.ending is Ending.FIRST_HIT:
        return f"Stopped at the first known-bad file, as asked: {left}. There may be more."
    return f"INTERRUPTED: {left}. What follows is what was found until then."


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    body = list(lines)
    if body:
        yield ""
        yield click.style(title, bold=True)
        yield from (f"  {line}" for line in body)


def _hits(hits: Iterable[QuickHit], names: dict[str, str]) -> Iterator[str]:
    left = 0
    for number, hit in enumerate(hits):
        if number >= SHOWN:
            left += 1
            continue
        entry, proposal = hit.entry, hit.proposal
        place = f"in {entry.allocation}" if entry.container else str(entry.allocation)
        stream = f":{printable(entry.ref.stream)}" if entry.ref.stream else ""
        path = f"/{entry.ref.volume}{printable(entry.ref.path)}{stream}"
        label = proposal.category or "conflict"
        size = f"{entry.size_bytes:,} bytes"
        yield f"{label:<13} {place:<8} {size:>20}  {names[hit.evidence_key]} {path}"
        for words in (proposal.reason, proposal.conflict and f"conflict: {proposal.conflict}"):
            if words:
                yield f"{'':<13} {words}"
        if hit.beyond:
            yield f"{'':<13} {hit.beyond}: 'triage run' does not report this file"
        if hit.damaged:
            yield f"{'':<13} read over a range that the imager recorded as unreadable"
    if left:
        yield f"... and {left:,} more (see --json or --report)"


def _sought(result: QuickResult) -> Iterator[str]:
    for one in result.sought:
        yield f"{_pack(one.manifest)}: {_records(one)}"
    for pack in result.asked:
        yield f"{_pack(pack)}: hits were held against it"
    unsized = sum(one.unsized for one in result.sought)
    sizes = counted(result.effort.distinct_sizes, "distinct size")
    if unsized:
        yield f"{counted(unsized, 'record')} without a size: so every file was read in full"
    else:
        yield f"{sizes}: a file of any other size is none of them and was not read in full"


def _records(one: SoughtSet) -> str:
    records = counted(one.records, "record")
    if not one.unsized:
        return f"{records}, each with a size"
    if one.unsized == one.records:
        return f"{records} WITHOUT SIZES"
    return f"{records}, {one.unsized:,} of them without a size"


def not_looked_for(result: QuickResult) -> Iterator[str]:
    """Say what a quick pass leaves out, whatever it finds."""
    yield "- pictures that look like a listed one; unknown pictures were not judged at all"
    if any(one.records > one.unsized for one in result.sought):
        yield (
            "- files whose record states a wrong size: 'triage run' finds those, a look-up by size "
            "cannot"
        )
    if result.appearance_only:
        names = ", ".join(f"{pack.name} {pack.version}" for pack in result.appearance_only)
        yield f"- sets without MD5, SHA-1 or SHA-256, which compare by appearance only: {names}"
    for pack in result.unasked:
        yield f"- whether {pack.name} {pack.version} lists a hit as known-good: it was not asked"
    yield "- unallocated space, the inside of databases, and single frames of videos"


def _unexamined(result: QuickResult, names: dict[str, str]) -> Iterator[str]:
    for one in result.unexamined[:_PROBLEMS_SHOWN]:
        stream = f":{printable(one.stream)}" if one.stream else ""
        path = f"/{one.volume}{printable(one.path)}{stream}"
        yield f"{one.reason}: {names[one.evidence]} {path}: {printable(one.detail)}"
    left = len(result.unexamined) - _PROBLEMS_SHOWN
    if left > 0:
        yield f"... and {left:,} more (see --json or --report)"


def _effort(result: QuickResult) -> Iterator[str]:
    effort, tally = result.effort, result.tally
    yield (
        f"{tally.listed:,} entries listed; {tally.digested:,} with content examined: "
        f"{effort.read_whole:,} read in full, {effort.ruled_out:,} ruled out by size"
    )
    if effort.archives:
        yield f"{counted(effort.archives, 'archive')} opened; the entries include their members"
    share = effort.read_bytes / max(effort.content_bytes, 1)
    yield (
        f"{amount(effort.read_bytes)} of {amount(effort.content_bytes)} of content read "
        f"({share:.1%}) in {effort.seconds:.1f} s by {counted(effort.workers, 'worker')}"
    )


def _pack(pack: PackManifest) -> str:
    scheme = f", scheme {printable(pack.scheme)}" if pack.scheme else ""
    form = ", sealed" if pack.is_sealed else ""
    return f"{pack.name} {pack.version} ({pack.polarity}{form}{scheme}, {pack.imported_at[:10]})"
