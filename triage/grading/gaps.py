"""What of an exhibit was not examined, each gap in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from triage.model.coverage import Coverage
from triage.model.display import printable
from triage.model.hashset import PackManifest, Polarity
from triage.model.outcome import UNEXAMINED_SKIPS, FailReason, PictureReason, SkipReason
from triage.model.problem import NOTES, Problem, ProblemKind
from triage.model.record import ExhibitSummary
from triage.model.verdict import Tally
from triage.model.video import VideoReason
from triage.model.volume import UNEXAMINED_VOLUME_STATES, VolumeState

_SHOWN_DETAILS = 3
_SKIPS = frozenset(SkipReason)
_HARMLESS_PICTURE_REASONS = frozenset(
    {PictureReason.KNOWN_GOOD, PictureReason.KNOWN_BAD, PictureReason.TOO_SMALL}
)
_DAMAGE = frozenset({ProblemKind.DAMAGED_RANGE, ProblemKind.MISSING_SEGMENT})

_SKIP_WORDS: dict[str, str] = {
    SkipReason.ENCRYPTED: "encrypted, by the file system or in an archive",
    SkipReason.OUT_OF_SCOPE: "outside the scope that was set, or left out of the extraction",
    SkipReason.TOO_LARGE: "larger than the limit that was set",
    SkipReason.IMPLAUSIBLE_SIZE: "recorded with a size that the medium cannot hold",
}
_FAIL_WORDS: dict[str, str] = {
    FailReason.READ_ERROR: "could not be read",
    FailReason.DAMAGED: "lies in a damaged or missing part of the image",
    FailReason.SHORT_READ: "ended before its recorded size",
    FailReason.CRASH: "crashed its reader",
    FailReason.TIME_LIMIT: "took longer than the time limit",
    FailReason.MEMORY_LIMIT: "needed more memory than the limit",
    FailReason.NAME_VANISHED: "was no longer there when it was to be read",
}
_PICTURE_WORDS: dict[str, str] = {
    PictureReason.UNDECODABLE: "cannot be decoded",
    PictureReason.TRUNCATED: "cut short",
    PictureReason.TOO_MANY_PIXELS: "more pixels than the limit",
    PictureReason.TOO_MANY_BYTES: "more bytes than the limit",
    PictureReason.TIME_LIMIT: "took longer than the time limit",
    PictureReason.MEMORY_LIMIT: "needed more memory than the limit",
    PictureReason.CRASH: "crashed its decoder",
    PictureReason.UNREADABLE: "could not be read",
    PictureReason.UNSUPPORTED: "in a format that is not decoded",
}
_VIDEO_WORDS: dict[str, str] = {
    "partial": "only a part could be decoded",
    VideoReason.UNDECODABLE: "cannot be decoded",
    VideoReason.NO_PICTURES: "no moving picture in it",
    VideoReason.NEEDS_PLAYER: "a recorder's own format, which needs its player",
    VideoReason.TOO_MANY_PIXELS: "more pixels than the limit",
    VideoReason.TIME_LIMIT: "took longer than the time limit",
    VideoReason.MEMORY_LIMIT: "needed more memory than the limit",
    VideoReason.CRASH: "crashed its decoder",
    VideoReason.UNREADABLE: "could not be read",
    VideoReason.NOT_ASKED: "it was not asked for",
}
VIDEO_GAPS = frozenset(_VIDEO_WORDS) - {VideoReason.NO_PICTURES}
"""What leaves a video unexamined; one without pictures has nothing to be looked at."""

_PROBLEM_WORDS = {
    ProblemKind.EVIDENCE_UNREADABLE: "image that could not be opened",
    ProblemKind.ARCHIVE_UNREADABLE: "archive not opened, or not to its end",
    ProblemKind.DAMAGED_RANGE: "damaged stretch of the image",
    ProblemKind.MISSING_SEGMENT: "missing segment of the image",
    ProblemKind.VOLUME_LOCKED: "locked volume",
    ProblemKind.VOLUME_UNSUPPORTED: "volume of an unsupported kind",
    ProblemKind.VOLUME_DAMAGED: "damaged volume",
    ProblemKind.VOLUME_TABLE: "fault in the volume table",
    ProblemKind.DIRECTORY_LOOP: "folder reached by more than one path, listed under the first",
    ProblemKind.DIRECTORY_UNREADABLE: "unreadable folder",
    ProblemKind.ORPHAN_LIMIT: "limit on orphan files reached",
    ProblemKind.ENTRY_UNREADABLE: "unreadable entry",
    ProblemKind.WORKER_CRASH: "crash of a worker",
    ProblemKind.STORED_DIGEST_MISMATCH: "stored digest that the content does not agree with",
    ProblemKind.EXTRACTION_INCOMPLETE: "part of the device that is not in the extraction",
}


_VOLUME_STATES = frozenset(
    {
        ProblemKind.VOLUME_LOCKED,
        ProblemKind.VOLUME_UNSUPPORTED,
        ProblemKind.VOLUME_DAMAGED,
    }
)


def find(summary: ExhibitSummary) -> tuple[str, ...]:
    """Give every gap in the examination of one exhibit, most important first."""
    return tuple(
        gap
        for gaps in (
            _account(summary.tally),
            _references(summary.packs),
            _volumes(summary),
            _damage(summary),
            _problems(_beside_volumes(summary)),
            _run(summary),
            _entries(summary.tally),
            _pictures(summary),
            _videos(summary.coverage),
            _spaces(summary.coverage),
        )
        for gap in gaps
    )


def counted(count: int, one: str, many: str = "") -> str:
    """Give a number with its noun, thousands set apart."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _account(tally: Tally) -> Iterator[str]:
    if not tally.holds():
        worked = tally.digested + tally.skipped_total + tally.failed_total + tally.pending
        yield (
            f"THE ACCOUNT DOES NOT HOLD: {tally.listed:,} entries were listed, but {worked:,} are "
            "accounted for. This result must not be relied on."
        )


def _references(packs: tuple[PackManifest, ...]) -> Iterator[str]:
    if not packs:
        yield "no reference set was loaded: nothing could be recognised"
    elif all(pack.polarity is Polarity.KNOWN_GOOD for pack in packs):
        yield "only known-good sets were loaded: nothing illegal could be recognised"
    for pack in packs:
        if not sum(count for _, count in pack.rows):
            name = f"{printable(pack.name)} {printable(pack.version)}".rstrip()
            yield f"the reference set {name} holds no digest at all"
        if pack.pictures_left_out and pack.polarity is not Polarity.KNOWN_GOOD:
            yield (
                f"the reference set {printable(pack.name)} {printable(pack.version)} was sealed "
                f"without its {counted(pack.pictures_left_out, 'picture hash', 'picture hashes')}: "
                "no picture was compared with it by appearance"
            )


def _volumes(summary: ExhibitSummary) -> Iterator[str]:
    if not any(volume.state is VolumeState.OPENED for _, volume in summary.volumes):
        yield "no volume with files was found"
    for _, volume in summary.volumes:
        if volume.state in UNEXAMINED_VOLUME_STATES:
            kind = printable(volume.filesystem or volume.description)
            reason = f": {printable(volume.reason)}" if volume.reason else ""
            yield (
                f"volume {volume.key}{f' ({kind})' if kind else ''}, "
                f"{volume.length_bytes:,} bytes, was not examined: {volume.state}{reason}"
            )


def _damage(summary: ExhibitSummary) -> Iterator[str]:
    told = {problem.evidence for problem in summary.problems if problem.kind in _DAMAGE}
    for evidence in summary.evidence:
        lost = [one for one in evidence.damage if one.length_bytes > 0]
        if lost and evidence.key not in told:
            size = sum(one.length_bytes for one in lost)
            stretches = counted(len(lost), "damaged stretch", "damaged stretches")
            yield f"{printable(evidence.name)}: {stretches} of the image, {size:,} bytes"


def _beside_volumes(summary: ExhibitSummary) -> tuple[Problem, ...]:
    """Leave out the problems that only repeat what the state of their volume says."""
    told = {
        (evidence, volume.key)
        for evidence, volume in summary.volumes
        if volume.state in UNEXAMINED_VOLUME_STATES
    }
    return tuple(
        problem
        for problem in summary.problems
        if problem.kind not in _VOLUME_STATES or (problem.evidence, problem.volume) not in told
    )


def _problems(problems: tuple[Problem, ...]) -> Iterator[str]:
    by_kind: dict[ProblemKind, list[Problem]] = defaultdict(list)
    for problem in sorted(problems, key=_problem_order):
        if problem.kind not in NOTES:
            by_kind[problem.kind].append(problem)
    for kind in ProblemKind:
        if rows := by_kind.get(kind):
            shown = "; ".join(_problem_words(row) for row in rows[:_SHOWN_DETAILS])
            left = len(rows) - _SHOWN_DETAILS
            more = f"; and {left:,} more" if left > 0 else ""
            yield f"{_PROBLEM_WORDS.get(kind, kind.value)} ({len(rows):,}): {shown}{more}"


def _problem_order(problem: Problem) -> tuple[str, str, str, bytes, int, str]:
    offset = -1 if problem.offset_bytes is None else problem.offset_bytes
    return (problem.kind, problem.evidence, problem.volume, problem.path, offset, problem.detail)


def _problem_words(problem: Problem) -> str:
    parts = [
        f"volume {problem.volume}" if problem.volume else "",
        printable(problem.path),
        printable(problem.detail),
    ]
    if problem.offset_bytes is not None:
        length = f", {problem.length_bytes:,} bytes" if problem.length_bytes else ""
        parts.append(f"at byte {problem.offset_bytes:,}{length}")
    return " ".join(part for part in parts if part) or "no detail"


def _run(summary: ExhibitSummary) -> Iterator[str]:
    tally = summary.tally
    if not summary.run_complete:
        yield "the last run was cut short: the same command goes on from there"
    if not summary.listing_complete:
        yield "the run was cut short: not every folder was listed"
    if tally.pending:
        yield f"{counted(tally.pending, 'listed entry', 'listed entries')} not read yet"
    if summary.pictures_pending:
        pictures = counted(summary.pictures_pending, "picture")
        yield f"{pictures} not yet compared by appearance"
    if not tally.digested:
        yield "no file content was digested: nothing was compared"


def _entries(tally: Tally) -> Iterator[str]:
    for reason, count in tally.failed:
        if count:
            words = _FAIL_WORDS.get(reason, printable(reason))
            yield f"{counted(count, 'file')} not examined: content {words}"
    for reason, count in tally.skipped:
        if count and _leaves_a_gap(reason):
            words = _SKIP_WORDS.get(reason, printable(reason))
            yield f"{counted(count, 'file')} not examined: {words}"


def _pictures(summary: ExhibitSummary) -> Iterator[str]:
    for reason, count in summary.pictures_failed:
        if count and reason not in _HARMLESS_PICTURE_REASONS:
            words = _PICTURE_WORDS.get(reason, printable(reason))
            yield f"{counted(count, 'picture')} not compared by appearance: {words}"


def _videos(coverage: Coverage) -> Iterator[str]:
    for reason, count in coverage.videos:
        if count and reason in VIDEO_GAPS:
            words = f"{counted(count, 'video')} not examined frame by frame"
            yield f"{words}: {_VIDEO_WORDS.get(reason, printable(reason))}"
    if coverage.videos_pending:
        yield f"{counted(coverage.videos_pending, 'video')} not yet looked into frame by frame"


def _spaces(coverage: Coverage) -> Iterator[str]:
    """Tell of space that was begun and not looked through to its end."""
    left = sum(one.total_bytes - one.done_bytes for _, one in coverage.spaces if not one.complete)
    if left:
        yield f"{left:,} bytes between files not yet looked through"


def _leaves_a_gap(reason: str) -> bool:
    return reason in UNEXAMINED_SKIPS or reason not in _SKIPS
