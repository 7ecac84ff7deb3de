"""One Media record of a VICS file: one content and all the places where it was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from triage.errors import ExportError
from triage.export.case_head import CodeTable
from triage.export.listing import house_pdq
from triage.model.digest import PdqRecipe, PictureHashes
from triage.model.display import iso_time, printable
from triage.model.entry import Allocation, EntryRef
from triage.model.grade import SEVERITY, Category, Proposal, Standing
from triage.model.match import MatchKind
from triage.model.outcome import Done
from triage.model.record import ExportRecord
from triage.model.vote import DISPUTED, SERIES, Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A Media object ready to be written.

    Attributes:
        precategorised: it carries a category that came from a reference set.
        omitted: its category, where the scheme has no code for it.
        disputed: people differ about its category, so that none is written.
    """

    value: dict[str, object]
    precategorised: bool
    omitted: Category | None
    disputed: bool = False


def media_object(number: int, records: Sequence[ExportRecord], scheme: CodeTable) -> Media:
    """Make the Media object of one content.

    Args:
        number: its MediaID.
        records: all its places; all digested, all with the same digests.
        scheme: gives the code of a category.
    """
    places = sorted(records, key=_place_order)
    done = _done(places[0])
    md5 = done.digests.md5.hex().upper()
    proposal, decision = _most_telling(places), places[0].decision
    code, omitted = _decided_code(decision, scheme) if decision else _code(proposal, scheme)
    sources = _sources(places)
    value: dict[str, object] = {"MediaID": number}
    if code is not None:
        value["Category"] = code
    value["MD5"] = md5
    value["SHA1"] = done.digests.sha1.hex().upper()
    value["MediaSize"] = done.digests.size_bytes
    value["MimeType"] = printable(done.type.mime)
    value.update(_tagged(decision))
    precategorised = code is not None and bool(sources) and decision is None
    if precategorised:
        value["IsPrecategorized"] = True
        value["PrecategorizationSource"] = "; ".join(sources)
    value["AlternativeHashes"] = [
        {"MD5": md5, "HashName": name, "HashValue": text} for name, text in _hashes(places, done)
    ]
    if photodna := _photodna(places):
        value["PhotoDNA"] = photodna
    value["Exifs"] = []
    if properties := [*_properties(places, proposal, decision), *_by_people(decision)]:
        value["MediaMetadata"] = [
            {"MD5": md5, "PropertyName": name, "PropertyValue": text} for name, text in properties
        ]
    value["MediaFiles"] = [_media_file(record, md5) for record in places]
    return Media(
        value=value,
        precategorised=precategorised,
        omitted=omitted,
        disputed=decision is not None and decision.state in DISPUTED,
    )


def _place_order(record: ExportRecord) -> tuple[str, str, EntryRef]:
    return record.exhibit, record.evidence_name, record.entry.ref


def _done(record: ExportRecord) -> Done:
    if not isinstance(record.outcome, Done):
        raise ExportError(f"{printable(record.entry.ref.path)}: has no digests to be written")
    return record.outcome


def _most_telling(places: Sequence[ExportRecord]) -> Proposal | None:
    """Exhibits of one case may have been compared with different sets: the most serious speaks."""
    proposals = [record.proposal for record in places if record.proposal is not None]
    return min(proposals, key=_seriousness, default=None)


def _seriousness(proposal: Proposal) -> tuple[int, int]:
    unknown = proposal.standing is Standing.UNKNOWN
    visual = proposal.standing is Standing.VISUAL
    category = Category.UNCATEGORISED if visual else proposal.category
    rank = len(SEVERITY) if category is None else SEVERITY.index(category)
    return int(unknown), rank


def _code(proposal: Proposal | None, scheme: CodeTable) -> tuple[int | None, Category | None]:
    """Give the code to write, or the category that has none.

    Ungraded content carries no key at all: 0 is a real code in some schemes.
    """
    category = proposal.category if proposal else None
    if proposal is None or category is None or category is Category.UNCATEGORISED:
        return None, None
    original = proposal.original_code
    is_real = category is not Category.UNMAPPED and proposal.scheme == scheme.id
    if is_real and scheme.category_of(original) is category:
        return int(original), None
    code = scheme.code_for(category)
    return (None, category) if code is None else (int(code), None)


def _decided_code(decision: Decision, scheme: CodeTable) -> tuple[int | None, Category | None]:
    """Give the code of what people decided: none while they differ, whatever a set proposes."""
    category = decision.category
    if decision.state in DISPUTED or category is None:
        return None, None
    if decision.scheme == scheme.id and scheme.category_of(decision.code) is category:
        return int(decision.code), None
    code = scheme.code_for(category)
    return (None, category) if code is None else (int(code), None)


def _tagged(decision: Decision | None) -> Iterator[tuple[str, object]]:
    """Give the keys that VICS has for tags; the others are written as words."""
    tags = decision.tags if decision else ()
    if "victim-identified" in tags:
        yield "VictimIdentified", True
    if "offender-identified" in tags:
        yield "OffenderIdentified", True
    series = [printable(tag.removeprefix(SERIES)) for tag in tags if tag.startswith(SERIES)]
    if series:
        yield "Series", "; ".join(series)
    if "first-generation" in tags:
        yield "Tags", "first-generation"


def _by_people(decision: Decision | None) -> Iterator[tuple[str, str]]:
    if decision is None:
        return
    yield "GradeState", decision.state.value
    if decision.category is not None:
        yield "GradedCategory", decision.category.value
    # Nothing is escaped: names are taken only where all of them can be printed, and come back so.
    yield from (("GradedBy", name) for name in decision.by)
    yield "GradeReason", decision.reason


def _sources(places: Sequence[ExportRecord]) -> list[str]:
    names = {
        f"{printable(match.pack)} {printable(match.pack_version)}".rstrip()
        for record in places
        for match in record.matches
        if match.kind is MatchKind.EXACT
    }
    return sorted(names)


def _photodna(places: Sequence[ExportRecord]) -> str:
    """Pass on what the record of an exact hit carries; of several, the first in order."""
    found = {match.photodna for record in places for match in record.matches if match.photodna}
    return min(found, default="")


def _picture(places: Sequence[ExportRecord]) -> PictureHashes | None:
    found = (record.picture for record in places if isinstance(record.picture, PictureHashes))
    return next(found, None)


def _hashes(places: Sequence[ExportRecord], done: Done) -> Iterator[tuple[str, str]]:
    yield "SHA256", done.digests.sha256.hex().upper()
    picture = _picture(places)
    if picture is None:
        return
    pdq = house_pdq(picture.pdq, PdqRecipe.SQUEEZED_512)
    if pdq is not None:
        yield "PDQ", pdq.bits.hex().upper()
    yield "pHash", picture.phash.hex().upper()


def _properties(
    places: Sequence[ExportRecord], proposal: Proposal | None, decision: Decision | None
) -> Iterator[tuple[str, str]]:
    picture = _picture(places)
    pdq = house_pdq(picture.pdq, PdqRecipe.SQUEEZED_512) if picture else None
    if pdq is not None:
        yield "PDQQuality", str(pdq.quality)
        yield "PDQRecipe", pdq.recipe.value
    if any(_done(record).damaged for record in places):
        yield "ReadOverDamage", "true"
    if proposal is None or (proposal.standing is Standing.UNKNOWN and not proposal.conflict):
        return
    yield "Standing", proposal.standing.value
    if proposal.category is not None:
        name = "ProposedCategory" if decision else "InternalCategory"
        yield name, proposal.category.value
    if proposal.original_code:
        scheme = printable(proposal.scheme)
        yield "OriginalCode", f"{printable(proposal.original_code)} (scheme {scheme or 'none'})"
    if proposal.reason:
        yield "Reason", proposal.reason
    if proposal.conflict:
        yield "Conflict", proposal.conflict


def _media_file(record: ExportRecord, md5: str) -> dict[str, object]:
    entry, ref = record.entry, record.entry.ref
    stream = b":" + ref.stream if ref.stream else b""
    gone = entry.allocation is not Allocation.LIVE
    naive = entry.times.naive_local
    value: dict[str, object] = {
        "MD5": md5,
        "FileName": printable(ref.path.rpartition(b"/")[2] + stream),
        "FilePath": f"/{printable(ref.volume)}{printable(ref.path + stream)}",
    }
    times = (
        ("Created", entry.times.created_ns),
        ("Written", entry.times.modified_ns),
        ("Accessed", entry.times.accessed_ns),
    )
    for name, time_ns in times:
        if time_ns is not None:
            value[name] = iso_time(time_ns, naive_local=naive)
    value["Unallocated"] = gone
    value["Deleted"] = gone
    value["SourceID"] = printable(record.exhibit)
    if entry.first_block_offset_bytes is not None:
        value["PhysicalLocation"] = entry.first_block_offset_bytes
    if entry.container is not None:
        parent = entry.container.ref.path
        if record.container_md5:
            value["ParentMD5"] = record.container_md5.hex().upper()
        value["ParentFileName"] = printable(parent.rpartition(b"/")[2])
        value["ParentFilePath"] = f"/{printable(ref.volume)}{printable(parent)}"
    return value
