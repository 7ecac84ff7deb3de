"""A short list of digests, and the steps that tests of packs share."""

from __future__ import annotations

import hashlib
from pathlib import Path

from triage.matching.importing import ImportReport
from triage.matching.library import PackLibrary
from triage.model.digest import Digests
from triage.model.hashset import Polarity

MANY = [hashlib.md5(bytes([number]), usedforsecurity=False).digest() for number in range(200)]


def packs(tmp_path: Path) -> Path:
    return tmp_path / "home" / "packs"


def take(
    library: PackLibrary,
    source: Path,
    name: str = "set",
    polarity: Polarity = Polarity.KNOWN_BAD,
    version: str | None = None,
) -> ImportReport:
    return library.import_set(source, name=name, polarity=polarity, version=version)


def asked(md5: bytes) -> Digests:
    return Digests(md5=md5, sha1=b"\1" * 20, sha256=b"\2" * 32, size_bytes=1)


def hits(library: PackLibrary, digest: bytes, names: list[str] | None = None) -> list[str]:
    sets = library.load(names)
    try:
        return [
            f"{match.pack}@{match.pack_version}" for match in sets.match_exact([asked(digest)])[0]
        ]
    finally:
        sets.close()
