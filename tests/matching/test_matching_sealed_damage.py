"""What is wrong with a sealed set is noticed, and nothing damaged is sealed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from matching_sealed_samples import (
    CONTENTS,
    KEY,
    pictured,
    seal,
    write_pack,
)

from triage.errors import HashSetError
from triage.matching.library import PackLibrary
from triage.matching.manifest import PackDocument, sealed, write_document
from triage.matching.pack import OpenPack
from triage.model.hashset import Polarity, ReferenceRecord


def test_any_change_to_a_sealed_set_is_noticed_by_who_holds_the_key(tmp_path: Path) -> None:
    """A forger can make all checksums agree again, but not the value that the key proves."""
    write_pack(tmp_path, [ReferenceRecord(md5=one.md5) for one in CONTENTS], Polarity.KNOWN_BAD)
    seal(tmp_path)
    library, folder = PackLibrary(tmp_path, [KEY]), tmp_path / "packs" / "field@1"
    with PackReplaced(folder) as document:
        manifest = replace(document.manifest, polarity=Polarity.KNOWN_GOOD)
        write_document(folder, sealed(replace(document, manifest=manifest)))
        with pytest.raises(HashSetError, match="was changed after it was sealed"):
            library.load(["field"])
    with PackReplaced(folder) as document:
        write_document(folder, sealed(replace(document, settings=())))
        with pytest.raises(HashSetError, match="was changed after it was sealed"):
            library.load(["field"])
    library.load(["field"]).close()


class PackReplaced:
    """Puts the manifest of a pack back after a test has changed it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "manifest.json"
        self._raw = self._path.read_bytes()
        self._document = OpenPack(folder).document

    def __enter__(self) -> PackDocument:
        return self._document

    def __exit__(self, *_: object) -> None:
        self._path.write_bytes(self._raw)


def test_a_flipped_or_missing_byte_of_the_encrypted_part_is_refused(tmp_path: Path) -> None:
    write_pack(tmp_path, [pictured(seed, "1") for seed in range(50)], Polarity.KNOWN_BAD)
    seal(tmp_path, with_visual=True)
    library, folder = PackLibrary(tmp_path, [KEY]), tmp_path / "packs" / "field@1"
    assert library.verify("field").problems == ()
    names = [path.name for path in folder.iterdir() if "-sealed" in path.name]
    assert len(names) == 5
    for name in names:
        path = folder / name
        good = path.read_bytes()
        for place in (0, 8, 40, 70, 70 + len(good) // 3):
            path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
            assert library.verify("field").problems
            with pytest.raises(HashSetError, match=r"field@1"):
                library.load(["field"])
        path.write_bytes(good[: len(good) // 2])
        with pytest.raises(HashSetError, match=r"field@1"):
            library.load(["field"])
        path.unlink()
        with pytest.raises(HashSetError, match=r"field@1"):
            library.load(["field"])
        path.write_bytes(good)
    library.load(["field"]).close()


def test_a_damaged_set_is_not_sealed(tmp_path: Path) -> None:
    folder = write_pack(tmp_path, [ReferenceRecord(md5=CONTENTS[0].md5)], Polarity.KNOWN_BAD)
    path = folder / "md5-rows.col"
    raw = path.read_bytes()
    path.write_bytes(bytes([raw[0] ^ 1]) + raw[1:])
    with pytest.raises(HashSetError, match="md5-rows"):
        seal(tmp_path)
    assert [p.name for p in (tmp_path / "packs").iterdir() if p.is_dir()] == ["clear@1"]
