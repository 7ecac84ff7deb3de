"""Where packs stand on the disk, and which of them a person means by a name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from triage.errors import HashSetError
from triage.matching import naming
from triage.matching.manifest import read_document
from triage.model.display import printable
from triage.model.hashset import PackManifest


def folder_of_packs(home: Path) -> Path:
    """Give the folder that an installation keeps its packs in; it need not exist."""
    return home / "packs"


def pack_folders(packs: Path) -> tuple[Path, ...]:
    """Give the folders of all packs, by name; whatever is unfinished is left out."""
    if not packs.is_dir():
        return ()
    return tuple(
        sorted(path for path in packs.iterdir() if path.is_dir() and not path.name.startswith("."))
    )


def find_pack(packs: Path, name: str, version: str | None) -> Path:
    """Find a pack's folder; a damaged version does not hide behind a sound one.

    Args:
        version: ``None`` for the newest.

    Raises:
        HashSetError: there is no such pack, or its manifest is damaged.
    """
    folders = pack_folders(packs)
    if version is not None:
        found = [path for path in folders if path.name == f"{name}@{version}"]
    else:
        found = [path for path in folders if naming.split(path.name)[0] == name]
    if not found:
        wanted = name if version is None else f"{name}@{version}"
        have = ", ".join(path.name for path in folders) or "none"
        raise HashSetError(
            f"there is no reference set {printable(wanted)!r}", hint=f"imported: {have}"
        )
    if len(found) == 1:
        return found[0]
    return max(found, key=lambda folder: age(read_document(folder).manifest))


def chosen_packs(packs: Path, names: Sequence[str] | None) -> list[Path]:
    """Give the folders of the packs that are to be used, by name and version.

    Args:
        names: ``name`` for its newest version, or ``name@version``; ``None`` for the newest
            version of every name.

    Raises:
        HashSetError: one of them is missing, or a manifest is damaged.
    """
    if names is None:
        folders = pack_folders(packs)
        for folder in folders:
            read_document(folder)  # a damaged manifest must not hide a set
        names = sorted({naming.split(folder.name)[0] for folder in folders})
    return sorted({find_pack(packs, *naming.split(name)) for name in names})


def age(manifest: PackManifest) -> tuple[str, str, str]:
    """Give what sorts packs by name and then by time of import."""
    return manifest.name, manifest.imported_at, manifest.version
