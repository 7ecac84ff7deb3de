"""The questions that an officer answers, a page each: how each is read, and what it says after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from triage.batch.submissionrules import LINE_MOST, REFERENCE_MOST, SCOPE_MOST, misfits
from triage.batch.submitting import BROUGHT, INTAKE, NO_TERM, STEPS, UPLOAD
from triage.export.wording import day_words
from triage.model.ledger import OwnerRole, StatutoryKind
from triage.model.settings import UnitSettings
from triage.web.forms import Fields

Read = Callable[[Fields, UnitSettings], dict[str, str]]

OWNERS = (
    (OwnerRole.SUSPECT.value, "A suspect's"),
    (OwnerRole.VICTIM.value, "A victim's"),
    (OwnerRole.WITNESS.value, "A witness's"),
)
SCOPES = (
    ("all", "All of the device"),
    ("limited", "Only some of it"),
)
TERMS = (
    (StatutoryKind.BAIL.value, "Yes, bail"),
    (StatutoryKind.CUSTODY.value, "Yes, custody"),
    (NO_TERM, "No"),
)
WAYS = {
    INTAKE: ("Choose it from the unit's intake folder", "The unit has copied the device already"),
    UPLOAD: ("Upload it from this computer", "You have the files of a copy, such as .E01"),
    BROUGHT: ("Bring the device to the unit", "The unit copies it and examines it then"),
}
_OWNERS = dict(OWNERS)
_SCOPES = dict(SCOPES)
_DAYS = ("seized_on", "statutory_on")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A page of the submission.

    Attributes:
        step: its name in addresses; the template is ``officer/ask/<step>.html``.
        title: what is asked.
        read: takes the posted fields; errors are noted in them.
        names: of the answers that the page gives.
    """

    step: str
    title: str
    read: Read
    names: tuple[str, ...]


def ways(unit: UnitSettings) -> tuple[tuple[str, str, str], ...]:
    """Give how evidence may come: an intake folder is offered where the unit has one."""
    return tuple(
        (value, *words) for value, words in WAYS.items() if value != INTAKE or unit.intake_folders
    )


def _references(fields: Fields, _unit: UnitSettings) -> dict[str, str]:
    return {
        "case": fields.text("case", missing="Enter the case reference", most=REFERENCE_MOST),
        "exhibit": fields.text(
            "exhibit", missing="Enter the exhibit reference", most=REFERENCE_MOST
        ),
    }


def _owner(fields: Fields, _unit: UnitSettings) -> dict[str, str]:
    missing = "Select whose device it is"
    return {"owner_role": fields.choice("owner_role", tuple(_OWNERS), missing=missing)}


def _device(fields: Fields, unit: UnitSettings) -> dict[str, str]:
    missing = "Select what kind of device it is"
    return {
        "device_type": fields.choice("device_type", unit.device_types, missing=missing),
        **{
            name: fields.text(name, most=LINE_MOST)
            for name in ("device_make", "device_model", "device_serial")
        },
    }


def _offence(fields: Fields, unit: UnitSettings) -> dict[str, str]:
    return {"offence": fields.choice("offence", unit.offences, missing="Select the offence")}


def _band(fields: Fields, unit: UnitSettings) -> dict[str, str]:
    return {"risk_band": fields.choice("risk_band", unit.bands, missing="Select the risk band")}


def _power(fields: Fields, unit: UnitSettings) -> dict[str, str]:
    missing = "Select the power under which the device is held"
    return {
        "legal_power": fields.choice("legal_power", unit.legal_powers, missing=missing),
        "power_details": fields.text("power_details", most=LINE_MOST),
        "dpn_reference": fields.text("dpn_reference", most=REFERENCE_MOST),
    }


def _scope(fields: Fields, _unit: UnitSettings) -> dict[str, str]:
    kind = fields.choice("scope_kind", tuple(_SCOPES), missing="Select what may be examined")
    missing = "Enter what may be examined" if kind == "limited" else ""
    return {
        "scope_kind": kind,
        "scope_limits": fields.lines("scope_limits", missing=missing, most=SCOPE_MOST),
    }


def _dates(fields: Fields, _unit: UnitSettings) -> dict[str, str]:
    kinds = tuple(value for value, _ in TERMS)
    kind = fields.choice("statutory_kind", kinds, missing="Select whether bail or custody ends")
    missing = f"Enter the day on which {kind} ends" if kind not in {"", NO_TERM} else ""
    return {
        "seized_on": fields.day("seized_on", missing="Enter the day of the seizure"),
        "statutory_kind": kind,
        "statutory_on": fields.day("statutory_on", missing=missing),
    }


def _evidence(fields: Fields, unit: UnitSettings) -> dict[str, str]:
    offered = tuple(value for value, _, _ in ways(unit))
    missing = "Select how the evidence comes to the unit"
    return {"evidence": fields.choice("evidence", offered, missing=missing)}


def _one(name: str, missing: str, fields: Fields, _unit: UnitSettings) -> dict[str, str]:
    return {name: fields.text(name, missing=missing, most=64)}


QUESTIONS: dict[str, Question] = {
    one.step: one
    for one in (
        Question(
            step="references",
            title="Which case and exhibit is it?",
            read=_references,
            names=("case", "exhibit"),
        ),
        Question(step="owner", title="Whose device is it?", read=_owner, names=("owner_role",)),
        Question(
            step="device",
            title="What device is it?",
            read=_device,
            names=("device_type", "device_make", "device_model", "device_serial"),
        ),
        Question(step="offence", title="What is the offence?", read=_offence, names=("offence",)),
        Question(step="band", title="What is the risk band?", read=_band, names=("risk_band",)),
        Question(
            step="power",
            title="Under which power is the device held?",
            read=_power,
            names=("legal_power", "power_details", "dpn_reference"),
        ),
        Question(
            step="scope",
            title="What may be examined?",
            read=_scope,
            names=("scope_kind", "scope_limits"),
        ),
        Question(
            step="dates",
            title="Which dates matter?",
            read=_dates,
            names=("seized_on", "statutory_kind", "statutory_on"),
        ),
        Question(
            step="evidence",
            title="How does the evidence come to the unit?",
            read=_evidence,
            names=("evidence",),
        ),
        Question(
            step="image",
            title="Which copy is it?",
            read=partial(_one, "image_id", "Select the copy of the device"),
            names=("image_id",),
        ),
        Question(
            step="upload",
            title="Upload the evidence",
            read=partial(_one, "upload_key", "Upload the files, and wait until they are checked"),
            names=("upload_key",),
        ),
    )
}
"""By their steps; the last two follow ``evidence`` where its answer asks for them."""


def read(question: Question, fields: Fields, unit: UnitSettings, now_s: int) -> dict[str, str]:
    """Read the answers of a page; what is wrong with them is noted in the fields."""
    answers = question.read(fields, unit)
    for name, fault in misfits(answers, now_s).items():
        fields.error(name, fault)
    # the summary of errors has the order of the page
    fields.errors = {name: fields.errors[name] for name in question.names if name in fields.errors}
    return answers


def filled(question: Question, answers: Mapping[str, str]) -> Fields:
    """Give the fields of a page as they were answered before."""
    fields = Fields()
    for name in question.names:
        value = answers.get(name, "")
        if name in _DAYS:
            fields.fill_day(name, value)
        elif value:
            fields.fill(name, value)
    return fields


def next_step(step: str, answers: Mapping[str, str], *, changing: bool) -> str:
    """Give the page after one: the next question, or ``check``."""
    if step == "evidence" and answers.get("evidence") in {INTAKE, UPLOAD}:
        return "image" if answers["evidence"] == INTAKE else "upload"
    if changing or step not in STEPS or step == STEPS[-1]:
        return "check"
    return STEPS[STEPS.index(step) + 1]


def step_before(step: str, *, changing: bool) -> str:
    """Give the page before one, ``""`` for the officer's first page."""
    if step in {"image", "upload"}:
        return "evidence"
    if changing:
        return "check"
    number = STEPS.index(step)
    return STEPS[number - 1] if number else ""


def said(answers: Mapping[str, str]) -> tuple[tuple[str, str, str], ...]:
    """Give what was answered: label, words and the step that changes it; the evidence left out."""
    get = partial(_get, answers)
    term = get("statutory_kind")
    ends = {"bail": "Bail ends", "custody": "Custody ends"}.get(term, "Bail or custody")
    ends_on = day_words(get("statutory_on")) if term in {"bail", "custody"} else ""
    scope = get("scope_limits") if get("scope_kind") == "limited" else ""
    return (
        ("Case reference", get("case"), "references"),
        ("Exhibit reference", get("exhibit"), "references"),
        ("Whose device", _OWNERS.get(get("owner_role"), ""), "owner"),
        ("Kind of device", get("device_type"), "device"),
        ("Make", get("device_make") or "Not given", "device"),
        ("Model", get("device_model") or "Not given", "device"),
        ("Serial number or IMEI", get("device_serial") or "Not given", "device"),
        ("Offence", get("offence"), "offence"),
        ("Risk band", get("risk_band"), "band"),
        ("Power", get("legal_power"), "power"),
        ("Details of the power", get("power_details") or "Not given", "power"),
        ("Digital Processing Notice", get("dpn_reference") or "Not given", "power"),
        ("What may be examined", scope or _SCOPES.get(get("scope_kind"), ""), "scope"),
        ("Seized on", day_words(get("seized_on")), "dates"),
        (ends, ends_on or ("None" if term == NO_TERM else ""), "dates"),
    )


def _get(answers: Mapping[str, str], name: str) -> str:
    return answers.get(name, "")
