"""The manifest of a pack: what it states, and how a change to it is noticed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from triage.errors import HashSetError
from triage.model.hashset import PackManifest, Polarity

MANIFEST_NAME = "manifest.json"
PACK_FORMAT = 2
"""Version of the layout of packs; see docs/formats/pack.md."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackFile:
    """One file of a pack as the manifest states it.

    Attributes:
        tail_sha256: the last 32 bytes of the file: the digest of the checksums of its blocks.
    """

    name: str
    size_bytes: int
    sha256: str
    tail_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackDocument:
    """All that ``manifest.json`` holds.

    Attributes:
        settings: how the source was read, so that the same import is recognised when repeated.
        pack_format: version of the layout of the files.
    """

    manifest: PackManifest
    settings: tuple[tuple[str, str], ...]
    files: tuple[PackFile, ...]
    pack_format: int = PACK_FORMAT


def files_of(folder: Path) -> tuple[PackFile, ...]:
    """Measure and digest every file of a pack but its manifest, by name."""
    paths = sorted(path for path in folder.iterdir() if path.name != MANIFEST_NAME)
    return tuple(
        PackFile(
            name=path.name,
            size_bytes=path.stat().st_size,
            sha256=sha256_of(path),
            tail_sha256=path.read_bytes()[-32:].hex(),
        )
        for path in paths
    )


def sha256_of(path: Path) -> str:
    """Give the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sealed(document: PackDocument) -> PackDocument:
    """Fill in ``pack_sha256``: over the files, and over what membership means.

    When it was imported, by which release and from a file of which name is left out: the same
    set imported on two machines has the same digest.
    """
    manifest = document.manifest
    lines = [f"{file.sha256}  {file.size_bytes}  {file.name}" for file in document.files]
    lines += [manifest.polarity, manifest.scheme, manifest.scheme_version, manifest.pdq_recipe]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return replace(document, manifest=replace(manifest, pack_sha256=digest))


def write_document(folder: Path, document: PackDocument) -> None:
    """Write ``manifest.json`` and bring it to the disk."""
    with (folder / MANIFEST_NAME).open("wb") as file:
        file.write(_rendered(asdict(document)))
        file.flush()
        os.fsync(file.fileno())


def read_document(folder: Path) -> PackDocument:
    """Read ``manifest.json``; a single changed byte is noticed.

    Raises:
        HashSetError: missing, changed, or belonging to a folder of another name.
    """
    where = f"reference set {folder.name}"
    hint = f"remove it and import it again: {folder.name}"
    try:
        raw = (folder / MANIFEST_NAME).read_bytes()
        body = json.loads(raw)
        version = body.get("pack_format", 1)
        if version != PACK_FORMAT:
            raise _another_version(folder, version)
        del body["sha256"]
        document = _parsed(body)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise HashSetError(f"{where}: no readable manifest: {error}", hint=hint) from error
    if _rendered(body) != raw or sealed(document) != document:
        raise HashSetError(f"{where}: the manifest was changed after the import", hint=hint)
    if folder.name != folder_name(document.manifest):
        raise HashSetError(f"{where}: the manifest is that of {folder_name(document.manifest)}")
    return document


def _another_version(folder: Path, version: object) -> HashSetError:
    name, _, stated = folder.name.partition("@")
    return HashSetError(
        f"reference set {folder.name}: a pack format of another version ({version!r}), "
        f"this release reads version {PACK_FORMAT}",
        hint=f"import its source again, after: triage hashset remove {name} --version {stated}",
    )


def folder_name(manifest: PackManifest) -> str:
    """Give the name of a pack's folder."""
    return f"{manifest.name}@{manifest.version}"


def _rendered(body: dict[str, object]) -> bytes:
    """Give the one way in which such a manifest is written, with its own digest in it."""
    text = json.dumps(body, indent=1, sort_keys=True)
    whole = {**body, "sha256": hashlib.sha256(text.encode()).hexdigest()}
    return (json.dumps(whole, indent=1, sort_keys=True) + "\n").encode()


def _parsed(body: Mapping[str, object]) -> PackDocument:
    manifest, files, settings = body["manifest"], body["files"], body["settings"]
    if not (isinstance(manifest, dict) and isinstance(files, list) and isinstance(settings, list)):
        raise TypeError("not the shape of a manifest")
    known = {field.name for field in fields(PackManifest)}
    facts = {name: value for name, value in manifest.items() if name in known}
    facts["polarity"] = Polarity(facts["polarity"])
    facts["rows"] = tuple((name, count) for name, count in facts["rows"])
    return PackDocument(
        manifest=PackManifest(**facts),
        settings=tuple((name, value) for name, value in settings),
        files=tuple(PackFile(**file) for file in files),
    )
