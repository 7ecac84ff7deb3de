"""Contents, pictures and a pack in the clear, and how tests seal it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from triage.matching.building import PackBuilder
from triage.matching.library import PackLibrary
from triage.matching.manifest import PackDocument, files_of, sealed, write_document
from triage.matching.sealed.key import SealKey
from triage.matching.sealing import SealReport, SealWanted
from triage.model.digest import Digests, Pdq, PdqRecipe, PictureHashes
from triage.model.hashset import PackManifest, Polarity, ReferenceRecord

KEY = SealKey(secret=bytes(range(32)))
OTHER = SealKey(secret=bytes(range(1, 33)))
SEALED = "from a sealed set"


def content(data: bytes) -> Digests:
    return Digests(
        md5=hashlib.md5(data, usedforsecurity=False).digest(),
        sha1=hashlib.sha1(data, usedforsecurity=False).digest(),
        sha256=hashlib.sha256(data).digest(),
        size_bytes=len(data),
    )


CONTENTS = [content(bytes([number])) for number in range(6)]


def picture(seed: int, flips: int = 0) -> Pdq:
    bits = np.random.default_rng(seed).integers(0, 256, 32, np.uint8)
    flat = np.unpackbits(bits)
    flat[: 7 * flips : 7] ^= 1
    return Pdq(bits=np.packbits(flat).tobytes(), quality=100, recipe=PdqRecipe.SQUEEZED_512)


def asked(seed: int, flips: int = 0) -> PictureHashes:
    pdq = picture(seed, flips)
    phash = np.random.default_rng(seed + 1000).integers(0, 256, 8, np.uint8).tobytes()
    return PictureHashes(pdq=(pdq,), phash=phash, width=512, height=512, format="JPEG", frames=1)


def pictured(seed: int, code: str) -> ReferenceRecord:
    return ReferenceRecord(pdq=picture(seed), phash=asked(seed).phash, code=code)


def write_pack(home: Path, records: Sequence[ReferenceRecord], polarity: Polarity) -> Path:
    folder = home / "packs" / "clear@1"
    folder.mkdir(parents=True)
    builder = PackBuilder(folder)
    builder.add(records)
    manifest = PackManifest(
        name="clear",
        version="1",
        polarity=polarity,
        scheme="s",
        scheme_version="1",
        format="test",
        source_name="operation-name.csv",
        source_sha256="5e" * 32,
        source_size_bytes=4711,
        imported_at="2026-01-01T00:00:00+00:00",
        tool_version="0",
        taken=len(records),
        refused=0,
        rows=builder.finish(),
        with_size=builder.with_size,
        notes="a note on the source",
    )
    document = PackDocument(manifest=manifest, settings=(), files=files_of(folder))
    write_document(folder, sealed(document))
    return folder


def seal(home: Path, name: str = "field", key: SealKey = KEY, **wanted: bool) -> SealReport:
    return PackLibrary(home).seal(
        ("clear", None), key, SealWanted(name=name, version="1", **wanted)
    )
