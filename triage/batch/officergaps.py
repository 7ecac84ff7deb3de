"""What of a device was not examined and why, in an officer's words and without any name.

The same gaps as :func:`triage.grading.gaps.find`, which names volumes, folders and images. Here
each is a count, as a name on a device may itself be what nobody wants to read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from triage.export.wording import many, whole
from triage.model.coverage import Coverage
from triage.model.hashset import Polarity
from triage.model.officer import NotExamined
from triage.model.outcome import UNEXAMINED_SKIPS, FailReason, PictureReason, SkipReason
from triage.model.problem import NOTES, ProblemKind
from triage.model.record import ExhibitSummary
from triage.model.video import VideoReason
from triage.model.volume import UNEXAMINED_VOLUME_STATES, VolumeState

ASK = NotExamined(
    what="A part of the device",
    why="the unit can tell you more",
)
"""A gap that has no words here yet is still told."""

_UNITS = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
_STATES = {
    VolumeState.LOCKED: "locked or encrypted, and there was no key to open it",
    VolumeState.UNSUPPORTED: "of a kind that cannot be read here",
    VolumeState.DAMAGED: "damaged",
}
_SKIPS: dict[str, str] = {
    SkipReason.ENCRYPTED: "encrypted on the device",
    SkipReason.OUT_OF_SCOPE: "outside the scope that was set, or left out of the extraction",
    SkipReason.TOO_LARGE: "larger than the limit that was set",
    SkipReason.IMPLAUSIBLE_SIZE: "recorded with a size that the device cannot hold",
}
_FAILURES: dict[str, str] = {
    FailReason.READ_ERROR: "could not be read",
    FailReason.DAMAGED: "in a damaged or missing part of the copy of the device",
    FailReason.SHORT_READ: "shorter than recorded",
    FailReason.CRASH: "built so that they stop the program that reads them",
    FailReason.TIME_LIMIT: "took longer to read than the time limit",
    FailReason.MEMORY_LIMIT: "needed more memory than the limit",
    FailReason.NAME_VANISHED: "no longer there when they were to be read",
}
_PICTURES: dict[str, str] = {
    PictureReason.UNDECODABLE: "damaged, or no pictures at all",
    PictureReason.TRUNCATED: "cut short",
    PictureReason.TOO_MANY_PIXELS: "larger than the limit",
    PictureReason.TOO_MANY_BYTES: "larger than the limit",
    PictureReason.TIME_LIMIT: "took longer to open than the time limit",
    PictureReason.MEMORY_LIMIT: "needed more memory than the limit",
    PictureReason.CRASH: "built so that they stop the program that opens them",
    PictureReason.UNREADABLE: "could not be read",
    PictureReason.UNSUPPORTED: "in a format that cannot be opened here",
}
_VIDEOS: dict[str, str] = {
    "partial": "only a part of each could be opened",
    VideoReason.UNDECODABLE: "damaged, or in a format that cannot be opened here",
    VideoReason.NEEDS_PLAYER: "made by a recorder whose own player is needed",
    VideoReason.TOO_MANY_PIXELS: "larger than the limit",
    VideoReason.TIME_LIMIT: "took longer to open than the time limit",
    VideoReason.MEMORY_LIMIT: "needed more memory than the limit",
    VideoReason.CRASH: "built so that they stop the program that opens them",
    VideoReason.UNREADABLE: "could not be read",
    VideoReason.NOT_ASKED: "this was not asked for",
}
_HARMLESS = frozenset({PictureReason.KNOWN_GOOD, PictureReason.KNOWN_BAD, PictureReason.TOO_SMALL})
_KNOWN_SKIPS = frozenset(SkipReason)
_PROBLEMS = {
    ProblemKind.EVIDENCE_UNREADABLE: ("copy of the device", "could not be opened"),
    ProblemKind.ARCHIVE_UNREADABLE: (
        "packed file, such as a ZIP",
        "with a password, damaged, or too large to unpack",
    ),
    ProblemKind.DAMAGED_RANGE: ("stretch of the device", "the copy is damaged there"),
    ProblemKind.MISSING_SEGMENT: ("stretch of the device", "a part of the copy is missing"),
    ProblemKind.VOLUME_LOCKED: ("part of the device", "locked or encrypted"),
    ProblemKind.VOLUME_UNSUPPORTED: ("part of the device", "of a kind that cannot be read"),
    ProblemKind.VOLUME_DAMAGED: ("part of the device", "damaged"),
    ProblemKind.VOLUME_TABLE: (
        "fault in the device's table of contents",
        "parts of the device may not be listed in it",
    ),
    ProblemKind.DIRECTORY_LOOP: ("folder", "reached in more than one way, and listed once"),
    ProblemKind.DIRECTORY_UNREADABLE: ("folder", "could not be read"),
    ProblemKind.ORPHAN_LIMIT: (
        "search for deleted files",
        "there were more deleted files than the limit",
    ),
    ProblemKind.ENTRY_UNREADABLE: ("file or folder", "the record could not be read"),
    ProblemKind.WORKER_CRASH: ("part of the work", "the program that did it stopped"),
    ProblemKind.STORED_DIGEST_MISMATCH: (
        "copy of the device",
        "not the same as when it was made",
    ),
    ProblemKind.EXTRACTION_INCOMPLETE: ("part of the device", "not in the copy of the device"),
}
_PLURALS = {
    "copy of the device": "copies of the device",
    "packed file, such as a ZIP": "packed files, such as ZIPs",
    "stretch of the device": "stretches of the device",
    "part of the device": "parts of the device",
    "fault in the device's table of contents": "faults in the device's table of contents",
    "file or folder": "files or folders",
    "search for deleted files": "searches for deleted files",
    "part of the work": "parts of the work",
}
_VOLUME_KINDS = frozenset(
    {ProblemKind.VOLUME_LOCKED, ProblemKind.VOLUME_UNSUPPORTED, ProblemKind.VOLUME_DAMAGED}
)
_DAMAGE = frozenset({ProblemKind.DAMAGED_RANGE, ProblemKind.MISSING_SEGMENT})


def not_examined(summary: ExhibitSummary) -> tuple[NotExamined, ...]:
    """Give every gap in the examination of one exhibit, most important first."""
    return tuple(
        gap
        for gaps in (
            _sets(summary),
            _volumes(summary),
            _damage(summary),
            _problems(summary),
            _run(summary),
            _files(summary),
            _pictures(summary),
            _beyond(summary.coverage),
        )
        for gap in gaps
    )


def size_words(size_bytes: int) -> str:
    """Give a size for a person, in decimal units: ``1.5 GB``."""
    for unit_bytes, name in _UNITS:
        if size_bytes >= unit_bytes:
            size = size_bytes / unit_bytes
            return f"{size:.0f} {name}" if size >= 10 else f"{size:.1f} {name}"
    return many(size_bytes, "byte")


def _sets(summary: ExhibitSummary) -> Iterator[NotExamined]:
    bad = [one for one in summary.packs if one.polarity is not Polarity.KNOWN_GOOD]
    if not summary.packs:
        yield NotExamined(what="All files", why="no list of known material was loaded")
    elif not bad:
        yield NotExamined(what="All files", why="no list of illegal material was loaded")
    empty = sum(not sum(count for _, count in one.rows) for one in summary.packs)
    if empty:
        yield NotExamined(
            what=f"{many(empty, 'list')} of known material", why="there is nothing on the list"
        )
    without = sum(one.pictures_left_out > 0 for one in bad)
    if without:
        yield NotExamined(
            what="The appearance of pictures",
            why=f"{many(without, 'list')} of known material came without it, "
            "so that a changed copy of a listed picture is not recognised",
        )


def _volumes(summary: ExhibitSummary) -> Iterator[NotExamined]:
    if not any(volume.state is VolumeState.OPENED for _, volume in summary.volumes):
        yield NotExamined(what="All files", why="no part of the device could be opened")
    for state, words in _STATES.items():
        found = [volume for _, volume in summary.volumes if volume.state is state]
        if found:
            size = size_words(sum(volume.length_bytes for volume in found))
            yield NotExamined(
                what=f"{_counted(len(found), 'part of the device')}, {size}", why=words
            )


def _damage(summary: ExhibitSummary) -> Iterator[NotExamined]:
    told = {problem.evidence for problem in summary.problems if problem.kind in _DAMAGE}
    for evidence in summary.evidence:
        lost = sum(one.length_bytes for one in evidence.damage if one.length_bytes > 0)
        if lost and evidence.key not in told:
            yield NotExamined(
                what=f"{size_words(lost)} of the device", why="the copy is damaged there"
            )


def _problems(summary: ExhibitSummary) -> Iterator[NotExamined]:
    told = {
        (evidence, volume.key)
        for evidence, volume in summary.volumes
        if volume.state in UNEXAMINED_VOLUME_STATES
    }
    counts = Counter(
        one.kind
        for one in summary.problems
        if one.kind not in NOTES
        and not (one.kind in _VOLUME_KINDS and (one.evidence, one.volume) in told)
    )
    for kind in ProblemKind:
        if counts[kind]:
            what, why = _PROBLEMS.get(kind, ("part of the device", ASK.why))
            yield NotExamined(what=_counted(counts[kind], what), why=why)


def _run(summary: ExhibitSummary) -> Iterator[NotExamined]:
    tally = summary.tally
    if not summary.run_complete or not summary.listing_complete:
        yield NotExamined(what="A part of the device", why="the examination was cut short")
    if tally.pending:
        yield NotExamined(what=many(tally.pending, "file"), why="not read yet")
    if summary.pictures_pending:
        pictures = many(summary.pictures_pending, "picture")
        yield NotExamined(what=pictures, why="not compared by their appearance yet")
    if not tally.digested:
        yield NotExamined(what="All files", why="no file could be read")


def _files(summary: ExhibitSummary) -> Iterator[NotExamined]:
    for reason, count in summary.tally.failed:
        if count:
            yield NotExamined(what=many(count, "file"), why=_FAILURES.get(reason, ASK.why))
    for reason, count in summary.tally.skipped:
        if count and (reason in UNEXAMINED_SKIPS or reason not in _KNOWN_SKIPS):
            yield NotExamined(what=many(count, "file"), why=_SKIPS.get(reason, ASK.why))


def _pictures(summary: ExhibitSummary) -> Iterator[NotExamined]:
    for reason, count in summary.pictures_failed:
        if count and reason not in _HARMLESS:
            yield NotExamined(
                what=f"The appearance of {many(count, 'picture')}",
                why=_PICTURES.get(reason, ASK.why),
            )


def _beyond(coverage: Coverage) -> Iterator[NotExamined]:
    for reason, count in coverage.videos:
        if count and reason in _VIDEOS:
            yield NotExamined(what=f"The pictures in {many(count, 'video')}", why=_VIDEOS[reason])
    if coverage.videos_pending:
        videos = many(coverage.videos_pending, "video")
        yield NotExamined(what=f"The pictures in {videos}", why="not looked at yet")
    left = sum(one.total_bytes - one.done_bytes for _, one in coverage.spaces if not one.complete)
    if left:
        why = "the search for deleted files that have no name was cut short"
        yield NotExamined(what=f"{size_words(left)} of the device", why=why)


def _counted(count: int, what: str) -> str:
    if count == 1:
        return f"1 {what}"
    return f"{whole(count)} {_PLURALS.get(what, what + 's')}"
