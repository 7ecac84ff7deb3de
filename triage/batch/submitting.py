"""Makes a submission of an officer's answers: an exhibit in the ledger and queue, and a receipt.

All of it is one transaction of the caller's, and one draft is one submission, however often and at
how many windows it is submitted.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from triage.batch.intakefolders import resolve
from triage.batch.uploading import evidence_of
from triage.errors import UsageFault
from triage.model.account import Account
from triage.model.display import printable
from triage.model.ledger import ExhibitFacts, OwnerRole, Stage, StatutoryKind
from triage.model.settings import UnitSettings
from triage.store.database import Store
from triage.store.ledger import Arrival, Ledger, Step
from triage.store.submissions import Submissions
from triage.store.uploads import Uploads

STEPS = ("references", "owner", "device", "offence", "band", "power", "scope", "dates", "evidence")
"""The questions, a page each, in order."""

INTAKE, UPLOAD, BROUGHT = "intake", "upload", "brought"
EVIDENCE = (INTAKE, UPLOAD, BROUGHT)
"""How the evidence comes: picked from an intake folder, uploaded, or brought to the unit."""

NO_TERM = "none"
"""Neither bail nor custody ends on a day."""

_NEEDED = {
    "references": ("case", "exhibit"),
    "owner": ("owner_role",),
    "device": ("device_type",),
    "offence": ("offence",),
    "band": ("risk_band",),
    "power": ("legal_power",),
    "scope": ("scope_kind",),
    "dates": ("seized_on", "statutory_kind"),
    "evidence": ("evidence",),
}
_LETTERS = "23456789BCDFGHJKMNPQRSTVWXYZ"
"""Of receipts: none is taken for another, and they make no words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What a submission came to; ``fresh`` is false where the draft had been submitted before."""

    receipt: str
    case: str
    exhibit: str
    how: str
    fresh: bool


class NotSubmitted(UsageFault):
    """Answers that cannot be submitted as they are.

    Attributes:
        step: the page of the answer; ``field``: its name.
    """

    def __init__(self, step: str, field: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.step = step
        self.field = field


class NoSuchDraft(UsageFault):
    """A draft that this officer does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    """Where the evidence lies, and what the submission says of it."""

    path: str = ""
    size_bytes: int = -1
    upload_id: int = -1
    told: Mapping[str, Any]


def new_key() -> str:
    """Give the key of a new draft."""
    return secrets.token_hex(16)


def new_receipt() -> str:
    """Give a number that can be read out, of 38 random bits: ``7KQ4-M2XD``."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def unanswered(answers: Mapping[str, str], settings: UnitSettings) -> tuple[str, ...]:
    """Give the steps that are still to be answered, also as an answer is not offered any more."""
    return tuple(step for step in STEPS if not _is_answered(step, answers, settings))


def _is_answered(step: str, answers: Mapping[str, str], settings: UnitSettings) -> bool:
    offered = {
        "device_type": settings.device_types,
        "offence": settings.offences,
        "risk_band": settings.bands,
        "legal_power": settings.legal_powers,
        "owner_role": tuple(one.value for one in OwnerRole if one is not OwnerRole.NOT_STATED),
        "evidence": EVIDENCE,
    }
    for name in _NEEDED[step]:
        value = answers.get(name, "")
        if not value or value not in offered.get(name, (value,)):
            return False
    if step == "dates" and answers["statutory_kind"] != NO_TERM:
        return bool(answers.get("statutory_on"))
    if step == "scope" and answers["scope_kind"] == "limited":
        return bool(answers.get("scope_limits"))
    if step == "evidence" and answers["evidence"] != BROUGHT:
        return bool(answers.get("image_id" if answers["evidence"] == INTAKE else "upload_key"))
    return True


def facts_of(answers: Mapping[str, str], *, officer: str, now_s: int) -> ExhibitFacts:
    """Give what answers say of an exhibit, its evidence left out."""
    kind = answers["statutory_kind"]
    term = StatutoryKind.NONE if kind == NO_TERM else StatutoryKind(kind)
    details = answers.get("power_details", "")
    limited = answers["scope_kind"] == "limited"
    return ExhibitFacts(
        case=answers["case"],
        exhibit=answers["exhibit"],
        received_s=now_s,
        device_type=answers["device_type"],
        device_make=answers.get("device_make", ""),
        device_model=answers.get("device_model", ""),
        device_serial=answers.get("device_serial", ""),
        owner_role=OwnerRole(answers["owner_role"]),
        offence=answers["offence"],
        risk_band=answers["risk_band"],
        legal_power=": ".join(filter(None, (answers["legal_power"], details))),
        dpn_reference=answers.get("dpn_reference", ""),
        scope_limits=" ".join(answers["scope_limits"].split()) if limited else "",
        statutory_kind=term,
        statutory_on=answers["statutory_on"] if term else "",
        seized_on=answers["seized_on"],
        officer=officer,
    )


def submit(
    store: Store, key: str, *, account: Account, settings: UnitSettings, now_s: int
) -> Submitted:
    """Submit a draft; the caller commits, or rolls back where an error is raised.

    Raises:
        NoSuchDraft: the officer has no such draft, and never submitted it.
        NotSubmitted: an answer is missing, or does not hold any more.
    """
    kept = Submissions(store.connection)
    draft = kept.take(key, account.user_id)
    if draft is None:
        before = kept.of_draft(key, account.user_id)
        if before is None:
            raise NoSuchDraft("There is no such submission to go on with.")
        return Submitted(
            receipt=before.receipt,
            case=before.case,
            exhibit=before.exhibit,
            how=str(before.evidence.get("how", "")),
            fresh=False,
        )
    answers = draft.answers
    if missing := unanswered(answers, settings):
        raise NotSubmitted(missing[0], _NEEDED[missing[0]][0], "Answer this question to submit.")
    evidence = _evidence(store, answers, settings, account=account, now_s=now_s)
    ledger_id = _enter(store, answers, evidence, account=account, now_s=now_s)
    receipt = new_receipt()
    kept.add(
        receipt,
        draft=key,
        ledger_id=ledger_id,
        user_id=account.user_id,
        team_id=account.team_id,
        at_s=now_s,
        upload_id=evidence.upload_id,
        evidence=evidence.told,
    )
    return Submitted(
        receipt=receipt,
        case=answers["case"],
        exhibit=answers["exhibit"],
        how=answers["evidence"],
        fresh=True,
    )


def check_new(store: Store, case: str, exhibit: str) -> None:
    """Refuse references that the unit has already.

    Raises:
        NotSubmitted: it has.
    """
    in_ledger = Ledger(store.connection).find(case, exhibit) is not None
    if in_ledger or store.known_exhibit(case, exhibit) is not None:
        raise NotSubmitted(
            "references",
            "exhibit",
            f"The unit already has an exhibit {printable(exhibit)} in case {printable(case)}",
            hint="Check the references. Each device needs an exhibit reference of its own.",
        )


def _enter(
    store: Store,
    answers: Mapping[str, str],
    evidence: _Evidence,
    *,
    account: Account,
    now_s: int,
) -> int:
    """Enter the exhibit, in the queue where there is an image of it."""
    check_new(store, answers["case"], answers["exhibit"])
    facts = dataclasses.replace(
        facts_of(answers, officer=account.shown, now_s=now_s),
        image_path=evidence.path,
        image_bytes=evidence.size_bytes,
    )
    steps = [Step(stage=Stage.RECEIVED, at_s=now_s)]
    if evidence.path:
        steps.append(Step(stage=Stage.QUEUED, at_s=now_s))
    arrival = Arrival(facts=facts, steps=tuple(steps))
    return Ledger(store.connection).add_all([arrival], by=account.shown, now_s=now_s)[0]


def _evidence(
    store: Store,
    answers: Mapping[str, str],
    settings: UnitSettings,
    *,
    account: Account,
    now_s: int,
) -> _Evidence:
    how = answers["evidence"]
    if how == INTAKE:
        return _picked(store, answers["image_id"], settings)
    if how == UPLOAD:
        return _uploaded(store, answers["upload_key"], account.user_id, now_s)
    return _Evidence(told={"how": BROUGHT})


def _picked(store: Store, image_id: str, settings: UnitSettings) -> _Evidence:
    """Find an image of an intake folder again; what another exhibit has is not given twice."""
    try:
        image = resolve(settings.intake_folders, image_id)
    except UsageFault as error:
        raise NotSubmitted("evidence", "image_id", error.message, hint=error.hint) from error
    path = str(image.path)
    if Submissions(store.connection).taken_images([path]):
        raise NotSubmitted(
            "evidence", "image_id", "This image has been submitted already. Choose another one."
        )
    told = {
        "how": INTAKE,
        "folder": image.folder,
        "within": list(image.within),
        "name": image.name,
        "parts": image.parts,
        "size_bytes": image.size_bytes,
        "changed_s": image.changed_s,
    }
    return _Evidence(path=path, size_bytes=image.size_bytes, told=told)


def _uploaded(store: Store, upload_key: str, user_id: int, now_s: int) -> _Evidence:
    upload = Uploads(store.connection).take(upload_key, user_id, now_s)
    if upload is None:
        raise NotSubmitted(
            "evidence",
            "upload_key",
            "The upload is not complete, or is not there any more. Upload the files again.",
        )
    files = [
        {
            "name": one.name,
            "size_bytes": one.size_bytes,
            "sha256_before": one.sha256_before,
            "sha256_after": one.sha256_after,
        }
        for one in upload.files
    ]
    return _Evidence(
        path=str(evidence_of(upload)),
        size_bytes=upload.size_bytes,
        upload_id=upload.upload_id,
        told={"how": UPLOAD, "files": files, "size_bytes": upload.size_bytes},
    )
