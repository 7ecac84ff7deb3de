"""The result of a quick pass as one JSON object: what is printed and what is kept."""

from __future__ import annotations

from triage.cli.quickpage import not_looked_for
from triage.export.summary import problem_object, tally_object
from triage.model.display import printable
from triage.model.evidence import EvidenceInfo
from triage.model.hashset import PackManifest
from triage.model.verdict import Tally
from triage.model.volume import VolumeInfo
from triage.pipeline.quick.result import Effort, QuickHit, QuickResult, SoughtSet, Unexamined


def quick_object(result: QuickResult) -> dict[str, object]:
    """Give everything that the page says and what it rests on, with stable keys."""
    return {
        "tool": {"name": "triage", "version": result.tool_version, "command": "quick"},
        "started_at": result.started_at,
        "ending": str(result.ending),
        "evidence": [_evidence(one) for one in result.evidence],
        "volumes": [_volume(key, volume) for key, volume in result.volumes],
        "hits": [_hit(hit) for hit in result.hits],
        "conflicts": [_hit(hit) for hit in result.conflicts],
        "looked_for": [_sought(one) for one in result.sought],
        "known_good_asked": [_set(pack) for pack in result.asked],
        "known_good_not_asked": [_set(pack) for pack in result.unasked],
        "by_appearance_only": [_set(pack) for pack in result.appearance_only],
        "schemes": [
            {"id": name, "version": version, "sha256": digest}
            for name, version, digest in result.schemes
        ],
        "not_looked_for": [line.removeprefix("- ") for line in not_looked_for(result)],
        "not_examined": list(result.gaps),
        "unexamined": [_unexamined(one) for one in result.unexamined],
        "problems": [problem_object(one) for one in result.problems],
        "tally": _tally(result.tally),
        "effort": _effort(result.effort),
    }


def _evidence(one: EvidenceInfo) -> dict[str, object]:
    return {
        "name": printable(one.name),
        "key": one.key,
        "kind": str(one.kind),
        "segments": [printable(name) for name in one.segments],
        "size_bytes": one.size_bytes,
        "stored_digests": dict(one.stored_digests),
    }


def _volume(evidence: str, volume: VolumeInfo) -> dict[str, object]:
    return {
        "evidence": evidence,
        "volume": volume.key,
        "state": str(volume.state),
        "filesystem": printable(volume.filesystem),
        "offset_bytes": volume.offset_bytes,
        "length_bytes": volume.length_bytes,
        "reason": printable(volume.reason),
    }


def _sought(one: SoughtSet) -> dict[str, object]:
    return {**_set(one.manifest), "records": one.records, "records_without_size": one.unsized}


def _unexamined(one: Unexamined) -> dict[str, object]:
    return {
        "evidence": one.evidence,
        "volume": one.volume,
        "path": printable(one.path),
        "path_hex": one.path.hex(),
        "stream": printable(one.stream),
        "reason": str(one.reason),
        "detail": printable(one.detail),
    }


def _tally(tally: Tally) -> dict[str, object]:
    """Give the account, in which an entry may have been examined by its size alone."""
    facts = tally_object(tally)
    del facts["digested_bytes"]
    return {"examined" if name == "digested" else name: fact for name, fact in facts.items()}


def _effort(effort: Effort) -> dict[str, object]:
    return {
        "seconds": round(effort.seconds, 3),
        "workers": effort.workers,
        "content_bytes": effort.content_bytes,
        "read_bytes": effort.read_bytes,
        "read_in_full": effort.read_whole,
        "ruled_out_by_size": effort.ruled_out,
        "archives_opened": effort.archives,
        "distinct_sizes": effort.distinct_sizes,
    }


def _hit(hit: QuickHit) -> dict[str, object]:
    entry, proposal = hit.entry, hit.proposal
    return {
        "evidence": hit.evidence_key,
        "volume": entry.ref.volume,
        "path": printable(entry.ref.path),
        "path_hex": entry.ref.path.hex(),
        "stream": printable(entry.ref.stream),
        "address": entry.ref.address,
        "allocation": str(entry.allocation),
        "in_archive": entry.container is not None,
        "size_bytes": entry.size_bytes,
        "md5": hit.digests.md5.hex(),
        "sha1": hit.digests.sha1.hex(),
        "sha256": hit.digests.sha256.hex(),
        "standing": str(proposal.standing),
        "category": None if proposal.category is None else str(proposal.category),
        "code": proposal.original_code,
        "scheme": proposal.scheme,
        "reason": proposal.reason,
        "conflict": proposal.conflict,
        "sets": sorted({f"{match.pack}@{match.pack_version}" for match in hit.matches}),
        "damaged": hit.damaged,
        "beyond_a_whole_run": hit.beyond,
    }


def _set(pack: PackManifest) -> dict[str, object]:
    return {
        "name": pack.name,
        "version": pack.version,
        "polarity": str(pack.polarity),
        "scheme": pack.scheme,
        "imported_at": pack.imported_at,
        "source_sha256": pack.source_sha256,
        "pack_sha256": pack.pack_sha256,
        **({"sealed_by_key": pack.key_id} if pack.is_sealed else {}),
    }
