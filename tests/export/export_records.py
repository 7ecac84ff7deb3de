"""A small invented case that holds every shape of record, names made to do harm among them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from triage.export.case_head import CaseHead
from triage.grading.policy import propose
from triage.grading.table import Scheme
from triage.model.digest import Algorithm, Digests, Pdq, PdqRecipe, PictureHashes
from triage.model.entry import Allocation, EntryKind, EntryRef, FileEntry, Times
from triage.model.grade import Category
from triage.model.hashset import PackManifest, Polarity
from triage.model.match import Match, MatchKind
from triage.model.outcome import (
    Done,
    Failed,
    FailReason,
    FileType,
    NoPicture,
    PictureOutcome,
    PictureReason,
    Skipped,
    SkipReason,
)
from triage.model.record import ExportRecord
from triage.model.vote import Decision, GradeState

CASE = "OP-X"
JPEG = FileType(mime="image/jpeg", family="picture", extension_agrees=True)
TEXT = FileType(mime="text/plain", family="document", extension_agrees=None)
MP4 = FileType(mime="video/mp4", family="video", extension_agrees=False)
SECOND_NS = 1_000_000_000
NEW_YEAR_2026_NS = 1_767_225_600 * SECOND_NS

UK = Scheme(
    id="uk",
    version="2",
    title="Ours",
    region="UK",
    codes=(
        ("0", Category.UNCATEGORISED),
        ("1", Category.A),
        ("2", Category.B),
        ("3", Category.C),
    ),
    needs_confirmation=True,
    confirmed_by="A. Examiner",
    confirmed_at="2026-11-22T10:00:00Z",
    confirmed_source="invented",
)
SCHEMES = {"uk": UK}
PICTURE = PictureHashes(
    width=640,
    height=480,
    format="JPEG",
    frames=1,
    pdq=(
        Pdq(bits=bytes(range(32)), quality=87, recipe=PdqRecipe.SQUEEZED_512),
        Pdq(bits=bytes(range(1, 33)), quality=90, recipe=PdqRecipe.FULL),
    ),
    phash=bytes.fromhex("8f3c00ff12345678"),
)


def digests(content: bytes) -> Digests:
    return Digests(
        md5=hashlib.md5(content, usedforsecurity=False).digest(),
        sha1=hashlib.sha1(content, usedforsecurity=False).digest(),
        sha256=hashlib.sha256(content).digest(),
        size_bytes=len(content),
    )


def match(
    pack: str,
    *,
    code: str | None = None,
    polarity: Polarity = Polarity.BY_CATEGORY,
    kind: MatchKind = MatchKind.EXACT,
    detail: str = "",
) -> Match:
    visual = kind is MatchKind.VISUAL
    return Match(
        pack=pack,
        pack_version="2026-10",
        kind=kind,
        algorithm=Algorithm.PDQ if visual else Algorithm.MD5,
        distance_bits=14 if visual else 0,
        polarity=polarity,
        scheme="uk" if polarity is Polarity.BY_CATEGORY else "",
        code=code or "",
        has_code=code is not None,
        detail=detail,
    )


def entry(path: bytes, *, stream: bytes = b"", size: int = 0, address: int = 40) -> FileEntry:
    return FileEntry(
        ref=EntryRef(
            evidence="0123456789abcdef", volume="p1", path=path, stream=stream, address=address
        ),
        kind=EntryKind.FILE,
        allocation=Allocation.LIVE,
        size_bytes=size,
        times=Times(created_ns=NEW_YEAR_2026_NS, modified_ns=NEW_YEAR_2026_NS + 123_456_700),
        first_block_offset_bytes=1_048_576,
    )


def record(
    file: FileEntry,
    content: bytes | None,
    *,
    kind: FileType = JPEG,
    picture: PictureOutcome | None = None,
    matches: Sequence[Match] = (),
    exhibit: str = "ABC/1",
) -> ExportRecord:
    done = None if content is None else Done(digests=digests(content), type=kind)
    return ExportRecord(
        case=CASE,
        exhibit=exhibit,
        evidence_name="ABC1.E01",
        entry=file,
        outcome=done,
        picture=picture,
        matches=tuple(matches),
        proposal=propose(matches, SCHEMES) if matches else None,
    )


def _changed(file: FileEntry, **changes: object) -> FileEntry:
    values = {name: getattr(file, name) for name in FileEntry.__dataclass_fields__}
    return FileEntry(**{**values, **changes})


def _unread(file: FileEntry, outcome: Skipped | Failed) -> ExportRecord:
    return ExportRecord(
        case=CASE,
        exhibit="ABC/1",
        evidence_name="ABC1.E01",
        entry=file,
        outcome=outcome,
        picture=None,
        matches=(),
        proposal=None,
    )


def records() -> list[ExportRecord]:
    """Give the records in the order of their paths."""
    graded = [match("caid", code="1"), match("local", polarity=Polarity.KNOWN_BAD)]
    fat = Times(modified_ns=NEW_YEAR_2026_NS, naive_local=True)
    gone = _changed(
        entry(b"/DCIM/gone.jpg", size=7),
        allocation=Allocation.DELETED,
        times=fat,
        first_block_offset_bytes=None,
    )
    folder = _changed(entry(b"/Users"), kind=EntryKind.DIRECTORY)
    bad_name = entry(b"/Users/x/\xff\x1b[2J\n\xe2\x80\xae.jpg", size=9)
    made = [
        record(entry(b"/Users/x/a.jpg", size=7), b"graded ", picture=PICTURE, matches=graded),
        record(gone, b"graded ", picture=PICTURE, matches=graded),
        record(
            entry(b"/Users/x/copy.jpg", size=7),
            b"graded ",
            picture=PICTURE,
            matches=graded,
            exhibit="ABC/2",
        ),
        record(bad_name, b"hostile..", picture=NoPicture(reason=PictureReason.TRUNCATED)),
        record(
            entry(b"/Users/x/=cmd|' /C calc'!A0", size=4, stream=b'Zone,"1"'), b"zone", kind=TEXT
        ),
        record(
            entry(b"/Users/x/list.jpg", size=6),
            b"listed",
            matches=[match("local", polarity=Polarity.KNOWN_BAD)],
        ),
        record(
            entry(b"/Users/x/alike.jpg", size=5),
            b"alike",
            picture=PICTURE,
            matches=[match("local", polarity=Polarity.KNOWN_BAD, kind=MatchKind.VISUAL)],
        ),
        record(
            entry(b"/Users/x/odd.bin", size=3),
            b"odd",
            kind=TEXT,
            matches=[match("caid", code="2", kind=MatchKind.CONFLICT, detail="SHA-1 differs")],
        ),
        record(
            entry(b"/Users/x/f\xc3\xbcr.mp4", size=5),
            b"video",
            kind=MP4,
            matches=[match("caid", code="9"), match("nsrl", polarity=Polarity.KNOWN_GOOD)],
        ),
        record(entry(b"/Users/x/waiting.jpg", size=5), None),
        _unread(folder, Skipped(reason=SkipReason.DIRECTORY)),
        _unread(
            entry(b"/Users/x/torn.jpg", size=99),
            Failed(reason=FailReason.DAMAGED, detail="a\nb"),
        ),
    ]
    return sorted(made, key=lambda one: (one.evidence_name, one.entry.ref))


GRADES = {
    b"graded ": Decision(
        state=GradeState.RESOLVED,
        category=Category.B,
        code="2",
        scheme="uk",
        voters=2,
        origin="resolution",
        by=("DI Example",),
        reason="resolved by DI Example: age",
    ),
    b"listed": Decision(
        state=GradeState.SECOND,
        category=Category.C,
        code="C",
        scheme="uk-names",
        voters=2,
        origin="by hand and imported",
        by=("=cmd()", "FORCE\\bob"),
        tags=("first-generation", "series:[red]", "victim-identified"),
        reason="C by =cmd() and FORCE\\bob",
    ),
    b"alike": Decision(
        state=GradeState.GRADED,
        category=Category.EXTREME,
        voters=1,
        origin="by hand",
        by=("Ann",),
        reason="EXTREME by Ann",
    ),
    b"zone": Decision(
        state=GradeState.GRADED,
        category=Category.NON_PERTINENT,
        voters=1,
        origin="by hand",
        by=("Ann",),
        reason="NON_PERTINENT by Ann",
    ),
    b"hostile..": Decision(
        state=GradeState.DISAGREEMENT,
        voters=2,
        origin="none",
        reason="A by Ann, B by Bob",
    ),
}
"""What people decided, by the content: with a code, without one, and in dispute."""


def graded_records() -> list[ExportRecord]:
    """Give :func:`records` as they are once people have graded."""
    by_digest = {digests(content).sha256: one for content, one in GRADES.items()}
    return [
        replace(one, decision=by_digest.get(one.outcome.digests.sha256))
        if isinstance(one.outcome, Done)
        else one
        for one in records()
    ]


def by_content(given: Sequence[ExportRecord]) -> list[ExportRecord]:
    """Give records in the order in which the store gives them to a VICS export."""

    def key(one: ExportRecord) -> tuple[bytes, bytes]:
        if not isinstance(one.outcome, Done):
            return b"", b""
        return one.outcome.digests.md5, one.outcome.digests.sha256

    return sorted(given, key=key)


def pack(name: str, polarity: Polarity) -> PackManifest:
    return PackManifest(
        name=name,
        version="2026-10",
        polarity=polarity,
        scheme="uk" if polarity is Polarity.BY_CATEGORY else "",
        scheme_version="2",
        format="plain",
        source_name="source",
        source_sha256="1" * 64,
        source_size_bytes=1,
        imported_at="2026-11-22T10:00:00Z",
        tool_version="0.1.0",
        taken=1,
        refused=0,
        rows=(("md5", 1),),
        with_size=0,
        pack_sha256=hashlib.sha256(name.encode()).hexdigest(),
    )


def head(*, scheme: Scheme = UK, region: str = "UK", graded: bool = False) -> CaseHead:
    return CaseHead(
        case=CASE,
        exhibits=("ABC/2", "ABC/1"),
        region=region,
        scheme=scheme,
        tool_version="0.1.0",
        packs=(
            pack("nsrl", Polarity.KNOWN_GOOD),
            pack("local", Polarity.KNOWN_BAD),
            pack("caid", Polarity.BY_CATEGORY),
        ),
        organisation="Example DFU",
        contact_name="A. Examiner",
        graded=graded,
    )
