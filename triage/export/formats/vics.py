"""VICS 2.0 case JSON, as Project VIC and CAID tools exchange it."""

from __future__ import annotations

import json
import re
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import BinaryIO

from triage.errors import ExportError
from triage.export.case_head import CaseHead
from triage.export.exporter import ExportReport, Include, Order
from triage.export.formats.vics_media import Media, media_object
from triage.model.display import printable
from triage.model.hashset import PackManifest
from triage.model.outcome import Done
from triage.model.record import ExportRecord

SOURCE_APPLICATION = "triage"
_CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{region}/$metadata#Cases"
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_REGION = re.compile(r"[A-Za-z][A-Za-z_-]{0,31}")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")
_ANY_SCHEME = frozenset({"Default", "CUSTOM"})
"""Regions without categories of their own; both are seen in files of other tools."""


@dataclass(slots=True)
class _Counts:
    entries: int = 0
    contents: int = 0
    precategorised: int = 0
    without_digest: int = 0
    disputed: int = 0


class Vics:
    """A case: each distinct content once, each place where it was found below it."""

    id = "vics"
    order: Order = "content"
    include = Include.MEDIA

    def check(self, head: CaseHead) -> None:
        """Refuse a region or a scheme that would make the numbers mean something else.

        Raises:
            ExportError: saying what is missing and how to supply it.
        """
        scheme = head.scheme
        if not _REGION.fullmatch(head.region):
            raise ExportError(f"{printable(head.region)!r} cannot be a region of a VICS file")
        if head.region not in _ANY_SCHEME and scheme.region != head.region:
            raise ExportError(
                f"scheme {scheme.id} is one of region {scheme.region}, not of {head.region}",
                hint="Name another with --scheme, or another region with --region.",
            )
        if not scheme.is_confirmed:
            raise ExportError(
                f"nobody has confirmed what the codes of scheme {scheme.id} "
                f"(version {scheme.version}) mean; a wrong table grades every file wrongly",
                hint=f"Look: triage scheme show {scheme.id}. Then: "
                f'triage scheme confirm {scheme.id} --by NAME --source "CAID data of DATE"',
            )
        if not all(_WHOLE_NUMBER.fullmatch(code) for code, _ in scheme.codes):
            raise ExportError(
                f"scheme {scheme.id} has codes that are no whole numbers; VICS holds only these",
                hint="Name a scheme with numeric codes with --scheme.",
            )

    def write(self, records: Iterable[ExportRecord], head: CaseHead, out: BinaryIO) -> ExportReport:
        """Write the case; records must come grouped by content, by MD5 and then SHA-256.

        Layout and key names: VICS 2.0 as published case files have it. One content a line, so that
        two exports can be compared line by line. Totals follow the media, so that nothing has to
        be read twice.

        Raises:
            ExportError: where :meth:`check` refuses or the records come out of order.
        """
        self.check(head)
        counts = _Counts()
        omitted: Counter[str] = Counter()
        context = _CONTEXT.format(region=head.region)
        out.write(f'{{"@odata.context":{_json(context)},"value":[\n'.encode())
        out.write(f'{_json(_head_object(head))[:-1]},"Media":[\n'.encode())
        for number, group in enumerate(_contents(records, counts), start=1):
            media = media_object(number, group, head.scheme)
            out.write((",\n" if number > 1 else "").encode() + _json(media.value).encode("utf-8"))
            _count(counts, omitted, media, len(group))
        out.write(f"\n],{_json(_tail_object(head, counts, omitted))[1:]}\n]}}\n".encode())
        return ExportReport(
            entries=counts.entries,
            contents=counts.contents,
            without_digest=counts.without_digest,
            omitted=tuple(sorted(omitted.items())),
            disputed=counts.disputed,
        )


def case_guid(case: str) -> str:
    """Give the identifier of a case: the same for the same reference, everywhere.

    A version 5 UUID (RFC 9562) of ``urn:triage:case:`` and the reference, in braces and upper case.
    """
    return "{" + str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:triage:case:{case}")).upper() + "}"


def _json(value: object) -> str:
    return _ENCODER.encode(value)


def _contents(records: Iterable[ExportRecord], counts: _Counts) -> Iterator[list[ExportRecord]]:
    last = (b"", b"")
    for key, group in groupby(records, key=_content_key):
        if key is None:
            counts.without_digest += sum(1 for _ in group)
            continue
        if key <= last:
            raise ExportError(f"content {key[0].hex()} does not come in order: a defect of triage")
        last = key
        yield list(group)


def _content_key(record: ExportRecord) -> tuple[bytes, bytes] | None:
    if not isinstance(record.outcome, Done):
        return None
    return record.outcome.digests.md5, record.outcome.digests.sha256


def _count(counts: _Counts, omitted: Counter[str], media: Media, places: int) -> None:
    counts.contents += 1
    counts.entries += places
    counts.precategorised += media.precategorised
    counts.disputed += media.disputed
    if media.omitted is not None:
        omitted[media.omitted.value] += 1


def _head_object(head: CaseHead) -> dict[str, object]:
    contact = {
        "ContactOrganization": head.organisation,
        "ContactName": head.contact_name,
        "ContactPhone": head.contact_phone,
        "ContactEmail": head.contact_email,
        "ContactTitle": head.contact_title,
    }
    return {
        "CaseID": case_guid(printable(head.case)),
        "CaseNumber": printable(head.case),
        **{key: printable(value) for key, value in contact.items() if value},
        "SourceApplicationName": SOURCE_APPLICATION,
        "SourceApplicationVersion": head.tool_version,
    }


def _tail_object(head: CaseHead, counts: _Counts, omitted: Counter[str]) -> dict[str, object]:
    case_id = case_guid(printable(head.case))
    return {
        "TotalMediaFiles": counts.contents,
        "TotalPrecategorized": counts.precategorised,
        "CaseMetadata": [
            {"CaseID": case_id, "PropertyName": name, "PropertyValue": value}
            for name, value in _properties(head, counts, omitted)
        ],
    }


def _properties(
    head: CaseHead, counts: _Counts, omitted: Counter[str]
) -> Iterator[tuple[str, str]]:
    scheme = head.scheme
    yield "ToolVersion", f"{SOURCE_APPLICATION} {head.tool_version}"
    yield "CategoryScheme", f"{scheme.id} version {scheme.version}"
    yield "CategorySchemeSHA256", scheme.sha256()
    if scheme.confirmed_by:
        yield "CategorySchemeConfirmedBy", printable(scheme.confirmed_by)
    for exhibit in sorted(head.exhibits):
        yield "Exhibit", printable(exhibit)
    for pack in sorted(head.packs, key=lambda pack: (pack.name, pack.version, pack.pack_sha256)):
        yield "ReferencePack", _pack_words(pack)
    yield "DistinctContents", str(counts.contents)
    yield "Occurrences", str(counts.entries)
    for category, number in sorted(omitted.items()):
        yield "CategoryWithoutCode", f"{category}: {number}"
    if head.graded:
        yield "CategoryInDispute", str(counts.disputed)


def _pack_words(pack: PackManifest) -> str:
    name = f"{printable(pack.name)} {printable(pack.version)}".rstrip()
    form = ", sealed" if pack.is_sealed else ""
    return f"{name} ({pack.polarity}{form}), SHA-256 {pack.pack_sha256}"
