"""One entry as a flat object with stable keys; what listings print and tables are made from."""

from __future__ import annotations

from collections.abc import Sequence

from triage.model.digest import Pdq, PdqRecipe, PictureHashes
from triage.model.display import iso_time, printable
from triage.model.entry import Times
from triage.model.grade import Standing
from triage.model.match import Match
from triage.model.outcome import Done, NoPicture
from triage.model.record import ExportRecord
from triage.model.thumbnail import Original
from triage.model.vote import Decision, GradeState


def entry_object(record: ExportRecord, *, graded: bool = False) -> dict[str, object]:
    """Give one entry as a JSON object.

    The keys are always all there, in the same order; what is not known is ``null``. They are
    documented in ``docs/formats/listing.md`` and only ever added to. Those of :data:`GRADED` come
    where people have ``graded`` in the case.
    """
    return {
        "case": printable(record.case),
        "exhibit": printable(record.exhibit),
        "evidence": printable(record.evidence_name),
        **_place(record),
        **_content(record),
        **_picture(record.picture),
        "matches": [_match(match) for match in sorted(record.matches)],
        **_grade(record),
        **(_by_people(record) if graded else {}),
    }


GRADED = ("grade_stands", "grade_state", "grade_voters", "grade_origin", "grade_tags")
"""Keys that tell what stands by votes of people."""


def raw_hex(raw: bytes) -> str | None:
    """Give the hex of a name whose printed form is not the name itself, else ``None``."""
    return None if printable(raw).encode("utf-8") == raw else raw.hex()


def house_pdq(hashes: Sequence[Pdq], recipe: PdqRecipe) -> Pdq | None:
    """Give the PDQ of one recipe, ``None`` where it was not computed."""
    return next((pdq for pdq in hashes if pdq.recipe is recipe), None)


def _place(record: ExportRecord) -> dict[str, object]:
    entry, ref = record.entry, record.entry.ref
    return {
        "volume": printable(ref.volume),
        "path": printable(ref.path),
        "path_hex": raw_hex(ref.path),
        "stream": printable(ref.stream),
        "stream_hex": raw_hex(ref.stream),
        "container": printable(entry.container.ref.path) if entry.container else None,
        "inode": ref.address,
        "sequence": ref.sequence,
        "nth": ref.nth,
        "kind": entry.kind.value,
        "allocation": entry.allocation.value,
        "origin": entry.origin.value,
        "partial": entry.partial,
        "original": _original(record.original),
        "size_bytes": entry.size_bytes,
        "physical_offset_bytes": entry.first_block_offset_bytes,
        "times": _times(entry.times),
    }


def _original(original: Original | None) -> dict[str, object] | None:
    if original is None:
        return None
    return {
        "how": original.how.value,
        "path": printable(original.path) if original.path else None,
        "distance_bits": original.distance_bits,
    }


def _times(times: Times) -> dict[str, object]:
    naive = times.naive_local
    return {
        "modified": iso_time(times.modified_ns, naive_local=naive),
        "accessed": iso_time(times.accessed_ns, naive_local=naive),
        "changed": iso_time(times.changed_ns, naive_local=naive),
        "created": iso_time(times.created_ns, naive_local=naive),
        "naive_local": naive,
    }


def _content(record: ExportRecord) -> dict[str, object]:
    outcome = record.outcome
    done = outcome if isinstance(outcome, Done) else None
    reason = detail = None
    if outcome is not None and not isinstance(outcome, Done):
        reason, detail = outcome.reason.value, printable(outcome.detail)
    return {
        "state": "pending" if outcome is None else _STATES[type(outcome).__name__],
        "reason": reason,
        "detail": detail,
        "damaged": done.damaged if done else None,
        "digested_bytes": done.digests.size_bytes if done else None,
        "md5": done.digests.md5.hex() if done else None,
        "sha1": done.digests.sha1.hex() if done else None,
        "sha256": done.digests.sha256.hex() if done else None,
        "mime": printable(done.type.mime) if done else None,
        "type_family": done.type.family if done else None,
        "extension_agrees": done.type.extension_agrees if done else None,
    }


_STATES = {"Done": "digested", "Skipped": "skipped", "Failed": "failed"}


def _picture(picture: PictureHashes | NoPicture | None) -> dict[str, object]:
    hashes = picture if isinstance(picture, PictureHashes) else None
    none = picture if isinstance(picture, NoPicture) else None
    squeezed = house_pdq(hashes.pdq, PdqRecipe.SQUEEZED_512) if hashes else None
    full = house_pdq(hashes.pdq, PdqRecipe.FULL) if hashes else None
    return {
        "width": hashes.width if hashes else None,
        "height": hashes.height if hashes else None,
        "picture_format": hashes.format if hashes else None,
        "pdq": squeezed.bits.hex() if squeezed else None,
        "pdq_quality": squeezed.quality if squeezed else None,
        "pdq_recipe": squeezed.recipe.value if squeezed else None,
        "pdq_full": full.bits.hex() if full else None,
        "pdq_full_quality": full.quality if full else None,
        "phash": hashes.phash.hex() if hashes else None,
        "picture_reason": none.reason.value if none else None,
        "picture_detail": printable(none.detail) if none else None,
    }


def _match(match: Match) -> dict[str, object]:
    return {
        "pack": printable(match.pack),
        "pack_version": printable(match.pack_version),
        "kind": match.kind.value,
        "algorithm": match.algorithm.value,
        "distance_bits": match.distance_bits,
        "record": printable(match.record),
        "polarity": match.polarity.value,
        "scheme": printable(match.scheme),
        "code": printable(match.code) if match.has_code else None,
        "trusted": match.trusted,
        "series": printable(match.series),
        "detail": printable(match.detail),
        "photodna": match.photodna or None,
    }


def _grade(record: ExportRecord) -> dict[str, object]:
    proposal = record.proposal
    category = proposal.category if proposal else None
    return {
        "standing": proposal.standing.value if proposal else None,
        "grade": category.value if category else None,
        "grade_code": printable(proposal.original_code) or None if proposal else None,
        "grade_scheme": printable(proposal.scheme) or None if proposal else None,
        "grade_reason": proposal.reason if proposal else None,
        "conflict": proposal.conflict if proposal else None,
    }


def _by_people(record: ExportRecord) -> dict[str, object]:
    decision = record.decision or _undecided(record)
    return {
        "grade_stands": decision.category.value if decision.category else None,
        "grade_state": decision.state.value,
        "grade_voters": decision.voters,
        "grade_origin": decision.origin or None,
        "grade_tags": [printable(tag) for tag in decision.tags],
    }


def _undecided(record: ExportRecord) -> Decision:
    """Give what stands of a content on which nobody voted: the proposal, if there is one."""
    proposal = record.proposal
    if proposal is None or proposal.standing in {Standing.UNKNOWN, Standing.VISUAL}:
        return Decision(state=GradeState.UNGRADED)
    return Decision(state=GradeState.PROPOSED, category=proposal.category, origin="reference set")
