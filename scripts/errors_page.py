"""Writes docs/errors.md from the code: exit codes, and the closed lists of reasons.

python scripts/errors_page.py           # write the page
python scripts/errors_page.py --check   # exit code 1 where the page is not current
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path

from triage import errors
from triage.model.evidence import DamageKind
from triage.model.outcome import UNEXAMINED_SKIPS, FailReason, PictureReason, SkipReason
from triage.model.problem import NOTES, ProblemKind
from triage.model.video import VideoReason
from triage.model.volume import UNEXAMINED_VOLUME_STATES, VolumeState

PAGE = Path(__file__).resolve().parents[1] / "docs" / "errors.md"

HEAD = """# Exit codes, and every reason that a result can give

This page is written by `scripts/errors_page.py` from `triage/errors.py` and `triage/model`.

## Exit codes

| code | said as | meaning |
|---|---|---|
| 0 | | complete: everything listed was examined |
| 3 | | finished, with problems: the result page names each of them |
"""

LISTS: tuple[tuple[str, str, type[StrEnum], Collection[str]], ...] = (
    (
        "Skipped entries",
        "No digest, although nothing went wrong.",
        SkipReason,
        UNEXAMINED_SKIPS,
    ),
    (
        "Failed entries",
        "Reading was tried and did not end well.",
        FailReason,
        frozenset(FailReason),
    ),
    (
        "Pictures without a perceptual hash",
        "The exact digests of these are compared all the same.",
        PictureReason,
        frozenset(PictureReason)
        - {PictureReason.KNOWN_GOOD, PictureReason.KNOWN_BAD, PictureReason.TOO_SMALL},
    ),
    (
        "Videos that were not looked into frame by frame",
        "The exact digests of these are compared all the same.",
        VideoReason,
        frozenset(VideoReason)
        - {VideoReason.KNOWN_GOOD, VideoReason.KNOWN_BAD, VideoReason.NO_PICTURES},
    ),
    (
        "States of volumes",
        "What became of each stretch of the medium that the tables name.",
        VolumeState,
        UNEXAMINED_VOLUME_STATES,
    ),
    (
        "Problems",
        "Rows of the account that belong to no single entry.",
        ProblemKind,
        frozenset(ProblemKind) - NOTES,
    ),
    (
        "Damage of an image",
        "Ranges of the medium that are not as they were acquired, or could not be acquired.",
        DamageKind,
        frozenset(DamageKind),
    ),
)
"""Title, introduction, list, and those of its members that leave something unexamined."""

_SAID: tuple[tuple[StrEnum, str], ...] = (
    (SkipReason.DIRECTORY, "A folder: it is listed, and has no content of its own."),
    (SkipReason.EMPTY, "No bytes: its digest would say nothing."),
    (
        SkipReason.VIRTUAL,
        "Made up by the reader of the file system, such as the folder of orphans.",
    ),
    (SkipReason.BAD_CLUSTER_LIST, "The file system's own list of bad blocks."),
    (SkipReason.OUT_OF_SCOPE, "Left out by the scope that was set."),
    (SkipReason.TOO_LARGE, "Larger than the limit that was set."),
    (FailReason.READ_ERROR, "The reader of the file system reported an error."),
    (FailReason.SHORT_READ, "The content ended before its recorded size."),
    (FailReason.CRASH, "Its worker died on it twice, the second time alone."),
    (FailReason.TIME_LIMIT, "It took longer than its time limit; its worker was stopped."),
    (FailReason.MEMORY_LIMIT, "It needed more memory than a worker may use."),
    (FailReason.NAME_VANISHED, "It was listed, and was gone when it was to be read."),
    (PictureReason.UNDECODABLE, "No decoder takes it."),
    (PictureReason.TRUNCATED, "The picture is cut short."),
    (PictureReason.TOO_MANY_PIXELS, "Its header claims more pixels than the limit."),
    (PictureReason.TOO_MANY_BYTES, "The file is larger than the limit for pictures."),
    (PictureReason.TIME_LIMIT, "Decoding took longer than the time limit."),
    (PictureReason.MEMORY_LIMIT, "Decoding needed more memory than a worker may use."),
    (PictureReason.CRASH, "Its decoder took the worker down twice, the second time alone."),
    (PictureReason.UNREADABLE, "The content could not be read again."),
    (PictureReason.KNOWN_GOOD, "Listed in a known-good set: not decoded."),
    (PictureReason.KNOWN_BAD, "Its digests are those of a known-bad record: not decoded."),
    (PictureReason.TOO_SMALL, "Too small to be compared by appearance."),
    (PictureReason.UNSUPPORTED, "A kind of picture that is not decoded."),
    (VolumeState.OPENED, "Its files are listed."),
    (VolumeState.LOCKED, "Encrypted as a whole."),
    (VolumeState.UNSUPPORTED, "Recognised, or holding data, but no reader opens it."),
    (VolumeState.DAMAGED, "Recognised, and too damaged to be opened."),
    (VolumeState.BLANK, "Nothing but zeros."),
    (ProblemKind.EVIDENCE_UNREADABLE, "One of several images could not be opened."),
    (ProblemKind.DAMAGED_RANGE, "A stretch of the image is damaged."),
    (ProblemKind.MISSING_SEGMENT, "A segment file of the image is not there."),
    (ProblemKind.VOLUME_LOCKED, "A volume is encrypted."),
    (ProblemKind.VOLUME_UNSUPPORTED, "A volume is of a kind that is not read."),
    (ProblemKind.VOLUME_DAMAGED, "A volume could not be opened, or not to its end."),
    (ProblemKind.VOLUME_TABLE, "The table of volumes contradicts itself or the medium."),
    (ProblemKind.LIVE_SOURCE, "Read from a folder in use: access times may have changed."),
    (ProblemKind.SNAPSHOT, "A file system keeps a state of before."),
    (ProblemKind.EXTRACTION_INCOMPLETE, "Parts of the device are not in its extraction."),
    (ProblemKind.DIRECTORY_UNREADABLE, "A folder could not be listed."),
    (ProblemKind.DIRECTORY_LOOP, "A live folder is reached by more than one path; listed once."),
    (ProblemKind.ORPHAN_LIMIT, "More orphaned files than are listed."),
    (ProblemKind.ENTRY_UNREADABLE, "The record of an entry could not be read."),
    (ProblemKind.SEVERAL_FILESYSTEMS, "One stretch bears the marks of several; each is read."),
    (ProblemKind.WORKER_CRASH, "A worker died, and what it was at is named."),
    (ProblemKind.STORED_DIGEST_MISMATCH, "A digest noted for the image is not the one computed."),
    (DamageKind.MISSING_SEGMENT, "It lies in a segment file that is not there."),
    (DamageKind.TRUNCATED, "The segment file ends before it."),
    (DamageKind.CHUNK_CHECKSUM, "The data does not agree with its checksum."),
    (DamageKind.CHUNK_UNREADABLE, "The data cannot be inflated."),
    (DamageKind.TABLE_CHECKSUM, "The table that places it does not agree with its checksum."),
    (DamageKind.SECTION_CHECKSUM, "The head of its section does not agree with its checksum."),
    (DamageKind.ACQUISITION_ERROR, "The imager could not read it from the device."),
    (DamageKind.READ_ERROR, "The disk under the image gave no data."),
    (VideoReason.UNDECODABLE, "Damaged, or of a kind that is not decoded."),
    (VideoReason.NO_PICTURES, "It holds sound only, or nothing."),
    (VideoReason.TOO_MANY_PIXELS, "Its frames are larger than the limit."),
    (VideoReason.TIME_LIMIT, "Looking into it took longer than the time limit."),
    (VideoReason.MEMORY_LIMIT, "Looking into it needed more memory than a worker may use."),
    (VideoReason.CRASH, "Its decoder took the worker down twice, the second time alone."),
    (VideoReason.UNREADABLE, "The content could not be read again."),
    (VideoReason.KNOWN_GOOD, "Listed in a known-good set: not looked into."),
    (VideoReason.KNOWN_BAD, "Its digests are those of a known-bad record: not looked into."),
    (VideoReason.NOT_ASKED, "The run was asked to leave videos out."),
)
"""What a member means, where the code beside it does not say."""

MEANINGS = {(type(member), member): words for member, words in _SAID}
"""By list and member: several lists have members of one name."""


def page() -> str:
    """Give the whole page."""
    parts = [HEAD.rstrip("\n")]
    for error in sorted(subclasses(errors.TriageError), key=lambda one: one.exit_code):
        meaning = " ".join(first_sentence(inspect.getdoc(error) or "").split())
        parts.append(f"| {error.exit_code} | `triage: {error.title}: …` | {meaning} |")
    parts += [
        "",
        "A line on standard error says what was wrong, naming the file and the place in it; where",
        "something can be done about it, a second line says what.",
        "",
        "## Reasons",
        "",
        "The lists are closed: nothing else can stand in a result. *Gap* means that the reason",
        "keeps a result from being green.",
    ]
    for title, introduction, members, gaps in LISTS:
        parts += ["", f"### {title}", "", introduction, "", "| reason | gap | meaning |"]
        parts.append("|---|---|---|")
        said = docstrings(members)
        for one in members:
            meaning = MEANINGS.get((members, one)) or said.get(one.name, "")
            parts.append(f"| `{one}` | {'yes' if one in gaps else ''} | {meaning} |")
    return "\n".join(parts) + "\n"


def subclasses(error: type[errors.TriageError]) -> list[type[errors.TriageError]]:
    """Give a class of error and all classes below it."""
    below = [one for child in error.__subclasses__() for one in subclasses(child)]
    return [error, *below]


def first_sentence(text: str) -> str:
    """Give the first sentence of a docstring, without its full stop."""
    return text.split("\n\n", 1)[0].rstrip(".")


def docstrings(members: type[StrEnum]) -> dict[str, str]:
    """Give the text that follows a member in the source, by the name of the member."""
    tree = ast.parse(inspect.getsource(members)).body[0]
    found: dict[str, str] = {}
    if not isinstance(tree, ast.ClassDef):
        return found
    for before, node in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(before, ast.Assign) and isinstance(node, ast.Expr):
            name = ast.unparse(before.targets[0])
            found[name] = " ".join(str(ast.literal_eval(node.value)).split())
    return found


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(PAGE.read_text("utf-8") != page())
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
