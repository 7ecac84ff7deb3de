"""The result of one exhibit as one JSON object: what ``--json`` prints."""

from __future__ import annotations

from triage.model.carving import CarvedSpace
from triage.model.coverage import Coverage
from triage.model.display import printable
from triage.model.evidence import DEVICE_HEADERS, EvidenceInfo
from triage.model.hashset import PackManifest
from triage.model.problem import Problem
from triage.model.record import ExhibitSummary, GradeCounts
from triage.model.verdict import Tally, Verdict
from triage.model.volume import VolumeInfo


def summary_object(summary: ExhibitSummary, verdict: Verdict) -> dict[str, object]:
    """Give everything the result page says, with stable keys; numbers are bytes and counts."""
    return {
        "case": summary.case,
        "exhibit": summary.exhibit,
        "colour": str(verdict.colour),
        "reasons": list(verdict.reasons),
        "not_examined": list(verdict.gaps),
        "evidence": [_evidence(one) for one in summary.evidence],
        "volumes": [_volume(evidence, volume) for evidence, volume in summary.volumes],
        "problems": [problem_object(one) for one in summary.problems],
        "tally": tally_object(summary.tally),
        "hits": [_hit(key, count) for key, count in summary.hits],
        "distinct_hits": summary.distinct_hits,
        "conflicts": summary.conflicts,
        "pictures": {
            "hashed": summary.pictures_hashed,
            "turned_and_mirrored": summary.pictures_turned,
            "pending": summary.pictures_pending,
            "not_hashed": dict(summary.pictures_failed),
        },
        "beyond_files": _beyond(summary.coverage),
        "reference_sets": [_pack(pack) for pack in summary.packs],
        **({"grades": _grades(summary.grades)} if summary.grades else {}),
        "effort": {
            "seconds": round(summary.seconds, 3),
            "workers": summary.workers,
            "read_bytes": summary.read_bytes,
        },
    }


def tally_object(tally: Tally) -> dict[str, object]:
    """Give the account of a run; ``holds`` says whether it adds up."""
    return {
        "listed": tally.listed,
        "digested": tally.digested,
        "skipped": dict(tally.skipped),
        "failed": dict(tally.failed),
        "pending": tally.pending,
        "digested_bytes": tally.digested_bytes,
        "holds": tally.holds(),
    }


def _evidence(one: EvidenceInfo) -> dict[str, object]:
    return {
        "name": printable(one.name),
        "key": one.key,
        "kind": str(one.kind),
        "size_bytes": one.size_bytes,
        "segments": len(one.segments),
        "stored_digests": dict(one.stored_digests),
        "device": {
            name.removeprefix("device_"): printable(value)
            for name, value in one.header
            if name in DEVICE_HEADERS
        },
    }


def _volume(evidence: str, volume: VolumeInfo) -> dict[str, object]:
    return {
        "evidence": evidence,
        "volume": volume.key,
        "state": str(volume.state),
        "filesystem": volume.filesystem,
        "layer": volume.layer,
        "unlocked": volume.unlocked,
        "label": printable(volume.label),
        "offset_bytes": volume.offset_bytes,
        "length_bytes": volume.length_bytes,
        "description": printable(volume.description),
        "reason": volume.reason,
    }


def problem_object(one: Problem) -> dict[str, object]:
    """Give a problem, its path and words safe to print."""
    return {
        "kind": str(one.kind),
        "evidence": one.evidence,
        "volume": one.volume,
        "path": printable(one.path),
        "detail": printable(one.detail),
        "offset_bytes": one.offset_bytes,
        "length_bytes": one.length_bytes,
    }


def _beyond(coverage: Coverage) -> dict[str, object]:
    return {
        "digested_by_place": dict(coverage.places),
        "thumbnails": dict(coverage.thumbnails),
        "videos": {**dict(coverage.videos), "pending": coverage.videos_pending},
        "spaces": [_space(evidence, one) for evidence, one in coverage.spaces],
    }


def _space(evidence: str, one: CarvedSpace) -> dict[str, object]:
    return {
        "evidence": evidence,
        "volume": one.volume,
        "space": str(one.space),
        "total_bytes": one.total_bytes,
        "done_bytes": one.done_bytes,
        "found": one.found,
        "rejected": one.rejected,
    }


def _hit(key: tuple[str, str, str, str], count: int) -> dict[str, object]:
    label, allocation, medium, kind = key
    return {
        "category": label,
        "allocation": allocation,
        "medium": medium,
        "class": kind,
        "occurrences": count,
    }


def _grades(grades: GradeCounts) -> dict[str, object]:
    return {
        "proposed": dict(grades.proposed),
        "decided": [
            {"category": category or None, "state": state, "contents": count}
            for category, state, count in grades.decided
        ],
    }


def _pack(pack: PackManifest) -> dict[str, object]:
    return {
        "name": pack.name,
        "version": pack.version,
        "polarity": str(pack.polarity),
        "scheme": pack.scheme,
        "imported_at": pack.imported_at,
        "records": pack.taken,
        "rows": dict(pack.rows),
        "source": printable(pack.source_name),
        "source_sha256": pack.source_sha256,
        "pack_sha256": pack.pack_sha256,
        **({"sealed_by_key": pack.key_id} if pack.is_sealed else {}),
    }
