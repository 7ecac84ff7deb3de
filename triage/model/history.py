"""The history of a unit's exhibits in columns, as metrics take it: a row an exhibit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

COLUMNS = (
    "case",
    "exhibit",
    "device_type",
    "owner_role",
    "offence",
    "risk_band",
    "statutory_on",
    "seized_on",
    "outsourced",
    "image_bytes",
    "stage",
    "received_s",
    "awaiting_imaging_s",
    "imaging_s",
    "queued_s",
    "triage_s",
    "review_s",
    "reporting_s",
    "released_s",
    "colour",
    "files",
    "known_good",
    "media",
    "pre_categorised",
    "left",
    "seconds",
    "read_bytes",
    "done_s",
    "held_s",
    "bumped_s",
)
"""Names of :class:`triage.model.ledger.ExhibitFacts` and :class:`triage.model.queue.ExhibitResult`.

A moment ``…_s`` is seconds since 1970 UTC, the last entry into that stage, -1 where it was not
entered; figures of a result are -1, and its colour ``""``, where there is none yet. ``received_s``
is when the exhibit came in, whatever stage it was in later.
"""

CHANGES = ("row", "stage", "at_s")
"""Of a stage change: the number of its exhibit in the columns, the stage, and when."""


@dataclass(frozen=True, slots=True)
class History:
    """All exhibits of a ledger.

    Attributes:
        columns: one sequence for each of :data:`COLUMNS`.
        again: every stage change of the exhibits that entered a stage more than once, for whom the
            last entries do not tell all; :data:`CHANGES`, by row and in the order of recording.
        earlier: exhibits left out because all that is known of them was over before some moment.
    """

    columns: Mapping[str, Sequence[Any]]
    again: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    earlier: int = 0

    def __len__(self) -> int:
        return len(self.columns["received_s"])


class CountKind(StrEnum):
    """What is counted by people, or by another system, and entered or imported."""

    CAID_GRADED = "caid-graded"
    CAID_NEW = "caid-new"
    CAID_AWAITING_SECOND_VOTE = "caid-awaiting-second-vote"
    CAID_UPLOADED = "caid-uploaded"
    VIEWED = "viewed"
    """Pictures that a grader looked at."""
    GRADING_HOURS = "grading-hours"
    REFERRALS = "referrals"
    WARRANTS = "warrants"
    ARRESTS = "arrests"
    SAFEGUARDED = "safeguarded"
    DEVICES = "devices"


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A figure of one day.

    Attributes:
        on: day, ``YYYY-MM-DD``.
        subject: the grader for CAID and grading counts, the campaign for others, ``""`` for all.
    """

    on: str
    kind: CountKind
    subject: str
    value: float
    by: str
    recorded_s: int
