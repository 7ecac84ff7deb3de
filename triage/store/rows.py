"""Values to rows and back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from triage.model.digest import (
    DIGEST_SIZE_BYTES,
    Algorithm,
    Digests,
    Pdq,
    PdqRecipe,
    PictureHashes,
    Turn,
    TurnedHashes,
)
from triage.model.entry import FileEntry
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
from triage.model.packing import COLUMNS, Packed, rows_of
from triage.model.packing import entry_of as packed_entry
from triage.model.volume import VolumeInfo, VolumeState
from triage.store import tables

Row = Any
"""A SQLAlchemy row: its columns depend on the query."""


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


def listed_rows(
    entries: Sequence[FileEntry], evidence_id: int, volume_id: int, inside: tuple[int, ...]
) -> Iterator[list[tuple[Any, ...]]]:
    """Give pages of the columns of new entries; one that has no content to read is skipped at once.

    Columns are those of :data:`triage.store.bulk.LISTED`, blobs as ``bytearray``, see there.
    """
    pages = entries.rows() if isinstance(entries, Packed) else [list(rows_of(entries))]
    for page in pages:
        yield [
            (
                evidence_id,
                volume_id,
                bytearray(row[0]),
                bytearray(row[1]),
                bytearray(row[2]),
                *row[3:14],
                int(row[14]),
                row[15],
                bytearray(row[16]),
                row[17],
                row[18],
                row[19] and tables.storable(row[19]),
                "skipped" if row[18] else "pending",
                row[18],
                *inside,
            )
            for row in page
        ]


def entry_columns() -> tuple[sa.ColumnElement[Any], ...]:
    """Give what to select of ``entries``, evidence and volume for :func:`entry_of`, in order.

    The words that came with the listing are those of a skip; later words belong to the outcome.
    Types are left out: what the driver gives is what is wanted, without a look at each value.
    """
    found: list[sa.ColumnElement[Any]] = []
    columns = tables.entries.c
    for name in COLUMNS:
        if name == "detail":
            words = sa.case((columns.no_content != "", columns.detail), else_="")
            found.append(words.label("listed_detail"))
        else:
            found.append(sa.type_coerce(columns[name], sa.types.NullType()).label(name))
    keys = tables.evidence.c.key.label("evidence_key"), tables.volumes.c.key.label("volume_key")
    return (*found, *keys)


_UNREAD = {
    "entry_key": "NULL",
    **dict.fromkeys(("modified_ns", "accessed_ns", "changed_ns", "created_ns"), "NULL"),
    **dict.fromkeys(("naive_local",), "0"),
    **dict.fromkeys(("no_content", "detail"), "''"),
}
"""What nobody asks of an entry in order to read it, and what stands for it."""


def reading_columns() -> tuple[sa.ColumnElement[Any], ...]:
    """Give what to select of ``entries`` alone for an entry to be read.

    Behind :data:`COLUMNS` come id, container and volume.
    """
    columns = tables.entries.c
    found: list[sa.ColumnElement[Any]] = [
        (
            sa.literal_column(_UNREAD[name])
            if name in _UNREAD
            else sa.type_coerce(columns[name], sa.types.NullType())
        ).label(name)
        for name in COLUMNS
    ]
    return (*found, columns.id, columns.container_id, columns.volume_id)


_EVIDENCE_KEY, _VOLUME_KEY, AFTER_ENTRY = range(len(COLUMNS), len(COLUMNS) + 3)
"""Places behind the columns of an entry; at the last one a query's own columns begin."""


def entry_of(row: Row, container: FileEntry | None = None) -> FileEntry:
    """Read an entry back as it was listed, from a row that starts with :func:`entry_columns`."""
    return packed_entry(row, row[_EVIDENCE_KEY], row[_VOLUME_KEY], container)


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


DONE = ("new_sha256", "new_damaged", "new_mime", "new_family", "new_extension_agrees")
UNDONE = ("new_state", "new_reason", "new_detail")
CONTENT = (
    "new_exhibit_id",
    "new_sha256",
    "new_md5",
    "new_sha1",
    "new_size_bytes",
    "new_mime",
    "new_family",
    "new_picture_state",
)


def done_values(done: Done) -> tuple[Any, ...]:
    """Give the values of :data:`DONE`."""
    kind = done.type
    agrees = kind.extension_agrees
    return (
        bytearray(done.digests.sha256),
        int(done.damaged),
        kind.mime,
        kind.family,
        None if agrees is None else int(agrees),
    )


def undone_values(outcome: Skipped | Failed) -> tuple[Any, ...]:
    """Give the values of :data:`UNDONE`."""
    state = "failed" if isinstance(outcome, Failed) else "skipped"
    words = outcome.detail
    return state, str(outcome.reason), tables.storable(words)


def content_values(exhibit_id: int, done: Done, picture_state: str = "none") -> tuple[Any, ...]:
    """Give the values of :data:`CONTENT`."""
    digests = done.digests
    return (
        exhibit_id,
        bytearray(digests.sha256),
        bytearray(digests.md5),
        bytearray(digests.sha1),
        digests.size_bytes,
        done.type.mime,
        done.type.family,
        picture_state,
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
        "turned": b"".join(b"".join((*one.pdq, one.phash)) for one in picture.turned) or None,
    }


_KNOWN = frozenset({PictureReason.KNOWN_GOOD.value, PictureReason.KNOWN_BAD.value})


def picture_of(row: Row) -> PictureHashes | NoPicture | None:
    """Read a picture's outcome back from a row with the columns of ``contents``."""
    if row.picture_state in _KNOWN:
        return NoPicture(reason=PictureReason(row.picture_state))
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
        turned=_turned(row.turned) if row.turned else (),
    )


def _pdq(text: str) -> Pdq:
    recipe, quality, bits = text.split(":")
    return Pdq(bits=bytes.fromhex(bits), quality=int(quality), recipe=PdqRecipe(recipe))


def _turned(raw: bytes) -> tuple[TurnedHashes, ...]:
    size = DIGEST_SIZE_BYTES[Algorithm.PDQ]
    each = len(raw) // len(Turn)
    ends = range(size, each, size)
    return tuple(
        TurnedHashes(
            turn=turn,
            pdq=tuple(raw[start + end - size : start + end] for end in ends),
            phash=raw[start + ends[-1] : start + each],
        )
        for turn, start in zip(Turn, range(0, len(raw), each), strict=True)
    )


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
