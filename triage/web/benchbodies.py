"""What the JSON API of the bench takes, and the answers that are not the bench's own values."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from triage.bench.sieve import Asked, Queue, Sieve, Voted
from triage.bench.sitting import NAMED_MAX
from triage.bench.told import ToldLeft, ToldOpened
from triage.model.grade import Category, Standing

WORDS = 4_096
_MOST_BYTES = 1 << 60
PAGE_MAX = 200

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256, lower hex.")]
StackKey = Annotated[str, Field(pattern="^[0-9a-f]{32}$", description="Key of a stack.")]
Cursor = Annotated[str, Field(max_length=80)]
CaseId = Annotated[int, Path(ge=1, le=(1 << 31) - 1)]
Sha256Path = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
StackPath = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
Word = Annotated[str, Field(max_length=WORDS)]
Bytes = Annotated[int, Field(ge=0, le=_MOST_BYTES)]


class Filters(BaseModel):
    """Filters over the facts of contents: a stack is shown where one content has them all."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    category: tuple[Category, ...] = Field(
        default=(), description="The grader's own grade or, where there is none, the proposal."
    )
    standing: tuple[Standing, ...] = ()
    set: Word = Field(default="", description="Name of a reference set that matches.")
    folder: Word = Field(default="", description="A path; what lies inside it, too.")
    first_day: date | None = Field(default=None, alias="from")
    last_day: date | None = Field(default=None, alias="to")
    camera: Word = ""
    deleted: bool | None = None
    min_bytes: Bytes = 0
    max_bytes: Bytes | None = None
    exhibit: Word = ""
    medium: Word = Field(default="", description="`picture` or `video`.")
    mine: Voted | None = Field(
        default=None, description="Whether the grader has voted on all of the stack."
    )

    def asked(self, queue: Queue) -> Asked:
        """Give what is asked for, in the bench's terms."""
        sieve = Sieve(
            standings=frozenset(self.standing),
            set=self.set,
            exhibit=self.exhibit,
            folder=self.folder,
            first_day=self.first_day.toordinal() if self.first_day else 0,
            last_day=self.last_day.toordinal() if self.last_day else 0,
            camera=self.camera,
            deleted=self.deleted,
            min_bytes=self.min_bytes,
            max_bytes=-1 if self.max_bytes is None else self.max_bytes,
            medium=self.medium,
        )
        return Asked(queue=queue, sieve=sieve, categories=frozenset(self.category), mine=self.mine)


class NextQuery(Filters):
    """The next stack that is asked for."""

    queue: Queue = Queue.FIRST
    after: Cursor = Field(
        default="", description="A cursor, the key of a stack or a SHA-256; empty: from the start."
    )


class PageQuery(NextQuery):
    """A page of stacks that is asked for."""

    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 60


class VoteQuery(Filters):
    """What to answer a vote with: the next stack of a queue, where one is named."""

    queue: Queue | None = None
    after: Cursor = ""


class Named(BaseModel):
    """Stacks by key and contents by SHA-256; of a stack all contents are meant."""

    model_config = ConfigDict(frozen=True)

    stacks: tuple[StackKey, ...] = Field(default=(), max_length=NAMED_MAX)
    contents: tuple[Sha256, ...] = Field(default=(), max_length=NAMED_MAX)


class VoteBody(Named):
    """A vote."""

    code: Annotated[str, Field(min_length=1, max_length=100)] = Field(
        description="A code of the unit's scheme, or the name of a category that it has."
    )
    tags: tuple[Annotated[str, Field(max_length=100)], ...] = Field(default=(), max_length=20)
    why: Annotated[str, Field(max_length=2_000)] = ""


class UndoBody(BaseModel):
    """What to take back: the last vote of the grader on contents."""

    model_config = ConfigDict(frozen=True)

    contents: tuple[Sha256, ...] = Field(min_length=1, max_length=200_000)
    action: Annotated[str, Field(pattern="^([0-9]{1,18}-[0-9]{1,18})?$")] = Field(
        default="", description="Only where it was given in this action."
    )


class SkipBody(BaseModel):
    """A stack to put off."""

    model_config = ConfigDict(frozen=True)

    stack: StackKey


class NoteBody(BaseModel):
    """A note on contents."""

    model_config = ConfigDict(frozen=True)

    contents: tuple[Sha256, ...] = Field(min_length=1, max_length=NAMED_MAX)
    words: Annotated[str, Field(min_length=1, max_length=2_000)]


class VoteAnswer(BaseModel):
    """What a vote did; all of it is in the database."""

    model_config = ConfigDict(frozen=True)

    added: int
    unchanged: int = Field(description="Contents on which the same vote stood already.")
    contents: tuple[str, ...] = Field(description="Those that a vote was added on.")
    action: str = Field(description="Names the action to undo; empty where nothing was added.")
    disputed: int = Field(description="Of the contents, how many are in dispute now.")
    next: ToldOpened | None
    left: ToldLeft | None


class UndoAnswer(BaseModel):
    """What was taken back."""

    model_config = ConfigDict(frozen=True)

    withdrawn: tuple[str, ...] = Field(description="Contents on which no vote stands now.")
    restored: tuple[str, ...] = Field(description="Contents on which the vote before stands again.")


class Done(BaseModel):
    """It is in the database."""

    model_config = ConfigDict(frozen=True)

    contents: int
