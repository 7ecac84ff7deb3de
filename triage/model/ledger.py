"""The exhibits ledger: what a unit knows of each exhibit, and the stages that it passes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """Where an exhibit stands, in the usual order; an exhibit may also go back."""

    RECEIVED = "received"
    AWAITING_IMAGING = "awaiting-imaging"
    IMAGING = "imaging"
    QUEUED = "queued"
    TRIAGE = "triage"
    REVIEW = "review"
    REPORTING = "reporting"
    RELEASED = "released"


class OwnerRole(StrEnum):
    """Whose device it is."""

    SUSPECT = "suspect"
    VICTIM = "victim"
    WITNESS = "witness"
    NOT_STATED = "not-stated"


class StatutoryKind(StrEnum):
    """What ends on the statutory date."""

    BAIL = "bail"
    CUSTODY = "custody"
    NONE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitFacts:
    """What a person or the unit's case system says of an exhibit; nothing of it is computed.

    Attributes:
        device_type: a word of the unit's own list, ``"phone"`` for instance; ``""`` if not said.
        risk_band: a word of the force's own list of bands (KIRAT's for instance), as given.
        statutory_on: day on which bail or custody ends, ``YYYY-MM-DD``; ``""`` where there is none.
        seized_on: day of seizure, ``YYYY-MM-DD``; ``""`` if not said.
        received_s: moment at which the unit received it, seconds since 1970 UTC.
        image_path: where its image lies (the first segment), ``""`` while there is none.
        image_bytes: size of the medium, or of the image where only that is known; -1 if not known.
        officer: officer in the case.
        device_make: of the device itself, as is ``device_model``; ``device_serial`` is its serial
            number or IMEI. Pictures that say the same of their camera may have been taken by it.
    """

    case: str
    exhibit: str
    received_s: int
    device_type: str = ""
    owner_role: OwnerRole = OwnerRole.NOT_STATED
    offence: str = ""
    risk_band: str = ""
    legal_power: str = ""
    dpn_reference: str = ""
    scope_limits: str = ""
    statutory_kind: StatutoryKind = StatutoryKind.NONE
    statutory_on: str = ""
    seized_on: str = ""
    image_path: str = ""
    image_bytes: int = -1
    outsourced: bool = False
    officer: str = ""
    device_make: str = ""
    device_model: str = ""
    device_serial: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageChange:
    """One line of an exhibit's history; appended, never changed.

    Attributes:
        at_s: when it happened, seconds since 1970 UTC; ``recorded_s``: when it was written down.
        by: who says so; a person's name or a worker's.
        why: reason, ``""`` where none was given.
    """

    stage: Stage
    at_s: int
    recorded_s: int
    by: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactChange:
    """One fact that was said differently later: the former value stays readable."""

    name: str
    before: str
    after: str
    recorded_s: int
    by: str


class OrderKind(StrEnum):
    """What a person may say of an exhibit's place in the queue."""

    HOLD = "hold"
    RELEASE = "release"
    BUMP = "bump"
    UNBUMP = "unbump"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueOrder:
    """A hold or a bump, or its end; appended, never changed."""

    kind: OrderKind
    at_s: int
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """An exhibit as it stands in the ledger.

    Attributes:
        entered_s: for each stage that it was in, when it entered it last; seconds since 1970 UTC.
        held_s: since when it is held back by a person, -1 where it is not.
        bumped_s: since when it goes before all others, -1 where it does not.
        devices_in_case: exhibits of the same case in the ledger that are not released, itself too.
    """

    ledger_id: int
    facts: ExhibitFacts
    stage: Stage
    entered_s: dict[Stage, int]
    held_s: int = -1
    bumped_s: int = -1
    devices_in_case: int = 1
