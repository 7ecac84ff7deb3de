"""Values to rows and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from triage.model.digest import Algorithm, Digests, Pdq, PdqRecipe, PictureHashes
from triage.model.entry import Allocation, EntryKind, EntryRef, FileEntry, Times
from triage.model.evidence import ContainerKind, DamagedRange, DamageKind, EvidenceInfo
from triage.model.grade import Category, Proposal, Standing
from triage.model.hashset import PackManifest, Polarity
from triage.model.match import Match, MatchKind
from triage.model.outcome import (
    Done,
    Failed,
    FailReason,
    FileType,
    NoPicture,
    Outcome,
    PictureReason,
    Skipped,
    SkipReason,
)
from triage.model.volume import VolumeInfo, VolumeState

Row = Any
"""A SQLAlchemy row: its columns depend on the query."""

_FLAGS = ("resident", "compressed", "sparse", "encrypted")


def to_json(value: Any) -> str:  # noqa: ANN401  (any frozen value of the model)
    """Give compact JSON of a frozen value whose fields are text, numbers and tuples of them."""
    return json.dumps(asdict(value), sort_keys=True, separators=(",", ":"))


def evidence_info(text: str) -> EvidenceInfo:
    """Read back what :func:`to_json` wrote."""
    raw = json.loads(text)
    damage = tuple(
        DamagedRange(**{**part, "kind": DamageKind(part["kind"])}) for part in raw.pop("damage")
    )
    raw["kind"] = ContainerKind(raw["kind"])
    raw["segments"] = tuple(raw["segments"])
    for name in ("stored_digests", "header"):
        raw[name] = tuple((key, value) for key, value in raw[name])
    return EvidenceInfo(**raw, damage=damage)


def volume_info(text: str) -> VolumeInfo:
    """Read back what :func:`to_json` wrote."""
    raw = json.loads(text)
    return VolumeInfo(**{**raw, "state": VolumeState(raw["state"])})


def manifest(text: str) -> PackManifest:
    """Read back what :func:`to_json` wrote."""
    raw = json.loads(text)
    raw["polarity"] = Polarity(raw["polarity"])
    raw["rows"] = tuple((name, count) for name, count in raw["rows"])
    return PackManifest(**raw)


def match(text: str) -> Match:
    """Read back what :func:`to_json` wrote."""
    raw = json.loads(text)
    raw["kind"] = MatchKind(raw["kind"])
    raw["algorithm"] = Algorithm(raw["algorithm"])
    raw["polarity"] = Polarity(raw["polarity"])
    return Match(**raw)


def entry_row(
    entry: FileEntry, evidence_id: int, volume_id: int, container_id: int | None
) -> dict[str, object]:
    """Give the columns of a new entry; one that has no content to read is skipped at once."""
    ref, times = entry.ref, entry.times
    offset = entry.first_block_offset_bytes
    return {
        "evidence_id": evidence_id,
        "volume_id": volume_id,
        "container_id": container_id,
        "opened": False,
        "entry_key": ref.key(),
        "path": ref.path,
        "stream": ref.stream,
        "parent_address": ref.parent_address,
        "address": ref.address,
        "sequence": ref.sequence,
        "nth": ref.nth,
        "kind": str(entry.kind),
        "allocation": str(entry.allocation),
        "size_bytes": entry.size_bytes,
        "modified_ns": times.modified_ns,
        "accessed_ns": times.accessed_ns,
        "changed_ns": times.changed_ns,
        "created_ns": times.created_ns,
        "naive_local": times.naive_local,
        "first_block_offset_bytes": -1 if offset is None else offset,
        "flags": sum(1 << bit for bit, name in enumerate(_FLAGS) if getattr(entry, name)),
        "no_content": entry.no_content,
        "state": "skipped" if entry.no_content else "pending",
        "reason": entry.no_content,
        "detail": entry.detail,
        "in_hand": False,
        "damaged": False,
        "mime": "",
        "family": "",
    }


def entry_of(row: Row, container: FileEntry | None = None) -> FileEntry:
    """Read an entry back as it was listed.

    The row has the columns of ``entries`` and the keys ``evidence_key`` and ``volume_key``.
    """
    offset = row.first_block_offset_bytes
    flags = {name: bool(row.flags >> bit & 1) for bit, name in enumerate(_FLAGS)}
    return FileEntry(
        ref=EntryRef(
            evidence=row.evidence_key,
            volume=row.volume_key,
            path=row.path,
            stream=row.stream,
            parent_address=row.parent_address,
            address=row.address,
            sequence=row.sequence,
            nth=row.nth,
        ),
        kind=EntryKind(row.kind),
        allocation=Allocation(row.allocation),
        size_bytes=row.size_bytes,
        times=Times(
            modified_ns=row.modified_ns,
            accessed_ns=row.accessed_ns,
            changed_ns=row.changed_ns,
            created_ns=row.created_ns,
            naive_local=bool(row.naive_local),
        ),
        first_block_offset_bytes=None if offset < 0 else offset,
        no_content=row.no_content,
        detail=row.detail if row.no_content else "",
        resident=flags["resident"],
        compressed=flags["compressed"],
        sparse=flags["sparse"],
        encrypted=flags["encrypted"],
        container=container,
    )


def outcome_of(row: Row) -> Outcome | None:
    """Read back what became of an entry; ``None`` while it waits.

    The row joins ``entries`` with ``contents`` (``content_size_bytes``, ``md5``, ``sha1``).
    """
    if row.state == "pending":
        return None
    if row.state == "skipped":
        return Skipped(reason=SkipReason(row.reason), detail=row.detail)
    if row.state == "failed":
        return Failed(reason=FailReason(row.reason), detail=row.detail)
    agrees = row.extension_agrees
    return Done(
        digests=Digests(
            md5=row.md5, sha1=row.sha1, sha256=row.sha256, size_bytes=row.content_size_bytes
        ),
        type=FileType(
            mime=row.mime,
            family=row.family,
            extension_agrees=None if agrees is None else bool(agrees),
        ),
        damaged=bool(row.damaged),
    )


def picture_columns(picture: PictureHashes | NoPicture) -> dict[str, object]:
    """Give the columns of ``contents`` that a picture's outcome fills."""
    if isinstance(picture, NoPicture):
        return {
            "picture_state": "failed",
            "picture_reason": str(picture.reason),
            "picture_detail": picture.detail,
        }
    return {
        "picture_state": "done",
        "picture_reason": "",
        "picture_detail": "",
        "width": picture.width,
        "height": picture.height,
        "format": picture.format,
        "frames": picture.frames,
        "pdq": " ".join(f"{pdq.recipe}:{pdq.quality}:{pdq.bits.hex()}" for pdq in picture.pdq),
        "phash": picture.phash,
    }


def picture_of(row: Row) -> PictureHashes | NoPicture | None:
    """Read a picture's outcome back from a row with the columns of ``contents``."""
    if row.picture_state == "known-good":
        return NoPicture(reason=PictureReason.KNOWN_GOOD)
    if row.picture_state == "failed":
        return NoPicture(reason=PictureReason(row.picture_reason), detail=row.picture_detail)
    return hashes_of(row) if row.picture_state == "done" else None


def hashes_of(row: Row) -> PictureHashes | None:
    """Read what decoding gave, whatever the state of the content has become since."""
    if row.phash is None:
        return None
    return PictureHashes(
        width=row.width,
        height=row.height,
        format=row.format,
        frames=row.frames,
        pdq=tuple(_pdq(part) for part in row.pdq.split()),
        phash=row.phash,
    )


def _pdq(text: str) -> Pdq:
    recipe, quality, bits = text.split(":")
    return Pdq(bits=bytes.fromhex(bits), quality=int(quality), recipe=PdqRecipe(recipe))


def proposal_columns(proposal: Proposal) -> dict[str, object]:
    """Give the columns of ``contents`` that a proposal fills."""
    return {
        "standing": str(proposal.standing),
        "category": "" if proposal.category is None else str(proposal.category),
        "original_code": proposal.original_code,
        "scheme": proposal.scheme,
        "grade_reason": proposal.reason,
        "conflict": proposal.conflict,
    }


def proposal_of(row: Row) -> Proposal:
    """Read a proposal back from a row with the columns of ``contents``."""
    return Proposal(
        standing=Standing(row.standing),
        category=Category(row.category) if row.category else None,
        original_code=row.original_code,
        scheme=row.scheme,
        reason=row.grade_reason,
        conflict=row.conflict,
    )
