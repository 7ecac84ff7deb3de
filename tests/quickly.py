"""Quick passes for the tests: a pass in this process, lists, a small device, and its hits."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from road import Road
from triage.grading.scheme import SchemeBook
from triage.model.event import Event
from triage.model.hashset import Polarity
from triage.pipeline.quick.result import QuickHit, QuickResult
from triage.pipeline.quick.run import QuickPass, QuickRequest
from triage.pipeline.quick.tasks import close_evidence
from triage.scheduler import InlinePool, Pool

KINDS = ("md5", "sha1", "sha256")


def quick(
    road: Road,
    *images: Path,
    sets: tuple[str, ...] | None = None,
    first_hit: bool = False,
    pool: Pool | None = None,
    told: list[Event] | None = None,
) -> QuickResult:
    told = [] if told is None else told
    request = QuickRequest(images=images, sets=sets, first_hit=first_hit)
    try:
        return QuickPass(
            request=request,
            pool=pool or InlinePool(),
            home=road.home,
            book=SchemeBook(road.home),
            tell=told.append,
        ).run()
    finally:
        close_evidence()


def place_of(hit: QuickHit) -> tuple[Any, ...]:
    entry = hit.entry
    return (
        entry.ref.volume,
        entry.ref.path.hex(),
        entry.ref.stream.decode("utf-8", "replace"),
        str(entry.allocation),
        str(hit.proposal.standing),
        str(hit.proposal.category),
        hit.proposal.reason,
        hit.proposal.conflict,
    )


def found_by_quick(result: QuickResult) -> Counter[tuple[Any, ...]]:
    return Counter(place_of(hit) for hit in result.hits if not hit.beyond)


def found_by_run(road: Road) -> Counter[tuple[Any, ...]]:
    """Give every exact hit of the whole run as its own listing tells it."""
    rows = road.files("--state", "digested")
    return Counter(
        (
            row["volume"],
            row["path_hex"] or row["path"].encode().hex(),
            row["stream"],
            row["allocation"],
            row["standing"],
            str(row["grade"]),
            row["grade_reason"],
            row["conflict"],
        )
        for row in rows
        if row["standing"] in {"known-bad", "notable", "unmapped"}
    )


def paths(result: QuickResult) -> list[bytes]:
    return [hit.entry.ref.path for hit in result.hits]


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 5, 1, 10, 2, 4)), body)
    return out.getvalue()


def tarred(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:") as archive:
        for name, body in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return out.getvalue()


def take_list(
    road: Road,
    name: str,
    rows: Iterable[tuple[bytes, Iterable[str], int | None, str]],
    polarity: Polarity,
) -> None:
    """Import a list: content, the digests that are given of it, stated size, code."""
    lines = ["md5,sha1,sha256,size" + (",category" if polarity == Polarity.BY_CATEGORY else "")]
    for content, held, size, group in rows:
        cells = [hashlib.new(kind, content).hexdigest() if kind in held else "" for kind in KINDS]
        cells.append("" if size is None else str(size))
        lines.append(",".join([*cells, *([group] if polarity == Polarity.BY_CATEGORY else [])]))
    path = road.folder / f"{name}.csv"
    path.write_text("\n".join(lines) + "\n")
    scheme = "uk" if polarity == Polarity.BY_CATEGORY else ""
    road.take(path, name, polarity, scheme=scheme)


BAD = b"to be found" * 300
BOX = zipped({"inner.bin": BAD, "other.bin": b"other" * 70})


def bad_device(road: Road) -> Path:
    """Make a folder with some files; ``bad.bin`` and what lies in ``box.zip`` are to be listed."""
    folder = road.folder / "device"
    folder.mkdir()
    (folder / "bad.bin").write_bytes(BAD)
    (folder / "good.bin").write_bytes(b"of no interest" * 9)
    (folder / "same-size.bin").write_bytes(BAD[::-1])
    (folder / "box.zip").write_bytes(BOX)
    return folder
