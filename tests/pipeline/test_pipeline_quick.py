"""The quick pass names just the known-bad files that a whole run names."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import random
import tarfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from road import IMAGES, SAMPLES, Road, code
from triage.errors import HashSetError, UsageFault
from triage.grading.scheme import SchemeBook
from triage.model.event import Event, HitFound
from triage.model.hashset import Polarity
from triage.pipeline.quick import QuickPass, QuickRequest
from triage.pipeline.quickresult import Ending, QuickHit, QuickResult
from triage.pipeline.quicktasks import close_evidence
from triage.scheduler import InlinePool, Pool

Place = tuple[str, bytes, str, int]
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


UNOPENED = b"7z\xbc\xaf\x27\x1c\0\x04" + bytes(64)


class Device:
    """Files of all kinds in a folder, and every content that a whole run comes to."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self._chance = chance
        self.contents: list[bytes] = []
        for number in range(chance.randint(3, 9)):
            body = self._content(2)
            if self.contents and chance.random() < 0.2:
                body = chance.choice(self.contents)
            self.contents.append(body)
            where = folder / f"d{chance.randint(0, 2)}"
            where.mkdir(exist_ok=True, parents=True)
            (where / f"f{number}").write_bytes(body)

    def _content(self, depth: int) -> bytes:
        chance = self._chance
        kind = chance.choice(("plain", "plain", "text", "zip", "tar", "gz", "bz2", "xz", "7z", ""))
        if kind in {"plain", "7z", ""} or not depth:
            start = UNOPENED if kind == "7z" else b""
            return start + chance.randbytes(chance.choice((0, 1, 40, 700, 5000)))
        if kind == "text":
            return b"".join(b"line %d\n" % n for n in range(chance.randint(1, 900)))
        members = {f"m{n}": self._content(depth - 1) for n in range(chance.randint(1, 3))}
        self.contents += members.values()
        if kind in {"zip", "tar"}:
            return (zipped if kind == "zip" else tarred)(members)
        inner = chance.choice((tarred(members), next(iter(members.values()))))
        pack = {"gz": lambda data: gzip.compress(data, mtime=0), "bz2": bz2.compress}
        return pack.get(kind, lzma.compress)(inner)


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


def take_some(road: Road, device: Device, chance: random.Random) -> None:
    """Import one to three lists of some of the contents, with and without sizes."""
    polarities = [Polarity.KNOWN_BAD, Polarity.BY_CATEGORY, Polarity.KNOWN_GOOD]
    for number, polarity in enumerate(polarities[: chance.randint(1, 3)]):
        sizes = chance.choice(("all", "all", "none", "some"))
        kinds = chance.choice((("md5",), ("sha256",), ("sha1", "md5"), KINDS, ()))
        rows = []
        for content in {*device.contents, b"never met"}:
            if chance.random() < 0.5:
                continue
            held = kinds or chance.sample(KINDS, chance.randint(1, 3))
            sized = sizes == "all" or (sizes == "some" and chance.random() < 0.5)
            size = len(content) if sized else None
            rows.append((content, held, size, chance.choice(("1", "3", "9", "77"))))
        rows = rows or [(b"never met", ("md5", "sha1"), 9, "1")]
        take_list(road, f"set{number}", rows, polarity)
    if chance.random() < 0.5:
        road.confirm("uk")


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_the_hits_are_those_of_a_whole_run(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    chance = random.Random(seed)
    road = Road(tmp_path_factory.mktemp("road"))
    evidence = road.folder / "device"
    device = Device(evidence, chance)
    take_some(road, device, chance)
    road.run(evidence)
    result = quick(road, evidence)
    assert found_by_quick(result) == found_by_run(road)
    assert result.tally.holds()
    summary = road.summary()
    beyond = {hit.entry.ref.path for hit in result.hits if hit.beyond}
    if not result.asked and not any(one.scheme for one in summary.packs):
        assert not beyond
        assert result.tally.listed == summary.tally.listed
