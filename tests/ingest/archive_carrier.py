"""Carries archives made in a test to the code: as files of a folder that is opened as evidence."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

from triage.ingest.archive import ArchiveLimits, close_archives, list_members, read_content
from triage.ingest.evidence import open_evidence
from triage.ingest.filesystem import FileSystem
from triage.ingest.reading import ContentError
from triage.model.entry import FileEntry
from triage.model.listing import Listing


def carried(folder: Path, data: bytes, name: str = "a.bin") -> tuple[FileSystem, FileEntry]:
    close_archives()
    (folder / name).write_bytes(data)
    files = open_evidence(folder).filesystem("p0")
    path = b"/" + name.encode()
    listing = files.list_directory(files.roots()[0])
    return files, next(entry for entry in listing.entries if entry.ref.path == path)


def zipped(
    members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, comment: bytes = b""
) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, body in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 5, 1, 10, 2, 4)), body, method)
        archive.comment = comment
    return out.getvalue()


def tarred(members: dict[str, bytes], mode: str = "w:", kind: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=kind) as archive:  # type: ignore[call-overload]
        for name, body in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(body), 1_714_557_720
            archive.addfile(info, io.BytesIO(body))
    return out.getvalue()


def content(files: FileSystem, entry: FileEntry) -> bytes:
    return b"".join(read_content(files, entry))


def contents(files: FileSystem, listing: Listing) -> dict[bytes, bytes]:
    return {
        entry.ref.path.partition(b"/a.bin/")[2]: content(files, entry)
        for entry in listing.entries
        if not entry.no_content
    }


def lawful(files: FileSystem, entry: FileEntry, limits: ArchiveLimits | None = None) -> Listing:
    """Hold a listing and all reading to the contract, whatever the bytes are."""
    listing = list_members(files, entry, limits)
    refs = [member.ref for member in listing.entries]
    assert len(set(refs)) == len(refs)
    assert len({ref.key() for ref in refs}) == len(refs)
    for member in listing.entries:
        assert member.container == entry
        assert member.ref.path.startswith(entry.ref.path + b"/")
        if member.no_content:
            continue
        assert member.size_bytes > 0
        try:
            total = sum(len(piece) for piece in read_content(files, member))
        except ContentError:
            continue
        assert total == member.size_bytes
    return listing
