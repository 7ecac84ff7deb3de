"""What the bench tells its pages: values of plain words and numbers, ready to be sent."""

from __future__ import annotations

from dataclasses import dataclass

from triage.model.grade import Category, Standing
from triage.model.vote import GradeState


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldProposal:
    """What reference sets say of a content: proposed, not decided."""

    category: Category | None
    code: str
    reason: str
    conflict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldMine:
    """What the grader who asks has said.

    Attributes:
        number: contents of the stack on which a vote of the grader stands.
        mixed: the grader said different things of them; the rest is then that of the first.
    """

    category: Category
    code: str
    tags: tuple[str, ...]
    number: int
    mixed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldStack:
    """A stack as the gallery shows it.

    Attributes:
        key: names the stack as it is made up now.
        leader: SHA-256 of the content that stands for it, lower hex.
        contents: distinct contents; ``occurrences``: all files that hold one of them.
        signals: why it stands where it does, in words.
        others: persons who voted on something here that the grader has not voted on.
        state: the worst among the contents that the grader has voted on, else absent.
        deleted: the leader exists as a deleted file only.
        skipped: the grader put it off.
    """

    key: str
    leader: str
    contents: int
    occurrences: int
    signals: tuple[str, ...]
    standing: Standing
    proposal: ToldProposal | None
    mine: ToldMine | None
    others: int
    state: GradeState | None
    medium: str
    width: int
    height: int
    deleted: bool
    skipped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldMember:
    """One distinct content of a stack.

    Attributes:
        distance_bits: of its picture hash from the leader's.
        date: day that it tells, else of the first change of a file, ``""`` where none is known.
    """

    sha256: str
    medium: str
    mime: str
    width: int
    height: int
    size_bytes: int
    distance_bits: int
    occurrences: int
    deleted: bool
    date: str
    camera: str
    exhibits: tuple[str, ...]
    sets: tuple[str, ...]
    standing: Standing
    proposal: ToldProposal | None
    mine: ToldMine | None
    others: int
    state: GradeState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldLeft:
    """What is left to do of what was asked for."""

    stacks: int
    contents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPage:
    """A page of stacks; ``next`` asks for the one behind it, ``null`` at the end."""

    stacks: tuple[ToldStack, ...]
    next: str | None
    left: ToldLeft


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldOpened:
    """A stack with its contents; ``more`` asks for those that are not told yet."""

    stack: ToldStack
    members: tuple[ToldMember, ...]
    more: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldNext:
    """The next stack to look at, ``null`` where nothing is left."""

    next: ToldOpened | None
    left: ToldLeft


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldValue:
    """A value to filter by, with the number of contents that have it."""

    value: str
    contents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldFolder:
    """A folder to filter by."""

    exhibit: str
    folder: str
    contents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldFilters:
    """What a case can be filtered by.

    Attributes:
        categories: of proposals; a grader's own grades are found by them, too.
        first_day, last_day: of what is dated, ``""`` where nothing is.
    """

    exhibits: tuple[ToldValue, ...]
    standings: tuple[ToldValue, ...]
    categories: tuple[ToldValue, ...]
    sets: tuple[ToldValue, ...]
    cameras: tuple[ToldValue, ...]
    media: tuple[ToldValue, ...]
    folders: tuple[ToldFolder, ...]
    first_day: str
    last_day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldVote:
    """A recorded line that may be shown."""

    kind: str
    category: Category | None
    code: str
    by: str
    at_s: int
    why: str
    how: str
    tags: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldMatch:
    """Why a reference set names a content."""

    pack: str
    version: str
    kind: str
    algorithm: str
    distance_bits: int
    polarity: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPlace:
    """A file that holds a content."""

    exhibit: str
    evidence: str
    volume: str
    path: str
    allocation: str
    size_bytes: int
    created: str
    modified: str
    accessed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldFacts:
    """What a picture says of itself; anybody can change that."""

    make: str
    model: str
    serial: str
    software: str
    taken: str
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldNote:
    """A note on a content."""

    by: str
    at_s: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldContent:
    """A content with all that the grader may know of it.

    Attributes:
        stack: key of its stack.
        places: a page of the files that hold it, of ``content.occurrences``; ``more`` asks for
            the next page.
        decision: in words what stands, once the grader has voted.
        notes: the grader's own; those of others once the grader has voted, till then
            ``hidden_notes`` counts them.
    """

    stack: str
    content: ToldMember
    md5: str
    sha1: str
    places: tuple[ToldPlace, ...]
    more: int | None
    facts: ToldFacts | None
    matches: tuple[ToldMatch, ...]
    votes: tuple[ToldVote, ...]
    decision: str
    notes: tuple[ToldNote, ...]
    hidden_notes: int
