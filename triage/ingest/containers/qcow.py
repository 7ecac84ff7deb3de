"""QCOW, versions 1 to 3: the disks of QEMU, with packed clusters, snapshots and backing files."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path

from triage.errors import EvidenceError
from triage.ingest.containers import raw
from triage.ingest.containers.beside import named_beside, parent_beside
from triage.ingest.containers.blocks import DiskContainer
from triage.ingest.containers.files import SegmentFiles
from triage.ingest.containers.pieces import COPY_HINT
from triage.ingest.containers.qcow_map import QcowMap, Shape
from triage.ingest.containers.raw import RawContainer
from triage.ingest.containers.unpacking import by_deflate, by_zstd
from triage.model.display import printable
from triage.model.evidence import ContainerKind

MAGIC = b"QFI\xfb"
_CORRUPT, _DATA_FILE, _PACKING, _SUBCLUSTERS = 2, 4, 8, 16
_KNOWN_FEATURES = 1 | _CORRUPT | _DATA_FILE | _PACKING | _SUBCLUSTERS
_DATA_FILE_NAME, _BACKING_FORMAT = 0x44415441, 0xE2792ACA
_MOST_NAME_BYTES = 1023
_UNPACKERS = {0: by_deflate, 1: by_zstd}


def recognises(path: Path, head: bytes) -> bool:
    """Take what begins with the mark of QCOW."""
    return path.name != "" and head.startswith(MAGIC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """What stands before the tables of the disk."""

    version: int
    shape: Shape
    backing: str = ""
    backing_format: str = ""
    features: int = 0
    data_file: str = ""
    snapshots: int = 0


def open_qcow(path: Path, below: tuple[Path, ...] = ()) -> DiskContainer:
    """Open a disk and those beneath it ("The QCOW2 image format", docs/interop of QEMU).

    Args:
        below: the disks that name this one as theirs.

    Raises:
        EvidenceError: it is encrypted, of a newer make, not to be understood, or a disk that it
            builds on is missing.
    """
    files = SegmentFiles((path,))
    head = _head(files, printable(path.name))
    if head.features & _DATA_FILE:
        beside = named_beside(path, head.data_file)
        if beside is None:
            raise EvidenceError(
                f"{printable(path.name)}: its data file {printable(head.data_file)} is missing",
                hint="put it into the same folder under that name",
            )
        files = SegmentFiles((path, beside))
    parent = _parent(path, head, below) if head.backing else None
    return DiskContainer(
        files,
        QcowMap(files, head.shape),
        kind=ContainerKind.QCOW,
        header=_told(head),
        parent=parent,
    )


def _told(head: _Head) -> tuple[tuple[str, str], ...]:
    told = [("format", f"QCOW version {head.version}")]
    if head.features & _CORRUPT:
        told.append(("marked", "as corrupt by the program that wrote it"))
    if head.snapshots:
        told.append(("snapshots", str(head.snapshots)))
    return tuple(told)


def _parent(path: Path, head: _Head, below: tuple[Path, ...]) -> DiskContainer | RawContainer:
    from triage.ingest.containers import (  # noqa: PLC0415  (seldom another format is beneath)
        vhd,
        vhdx,
        vmdk,
    )

    found = parent_beside(path, (_backing_name(head.backing),), below)
    chain = (*below, path)
    with found.open("rb") as file:
        first = file.read(64)
    if head.backing_format == "raw":
        return raw.open_raw(found)
    if recognises(found, first):
        return open_qcow(found, chain)
    if vmdk.recognises(found, first):
        return vmdk.open_vmdk(found, chain)
    if vhdx.recognises(found, first):
        return vhdx.open_vhdx(found, chain)
    if head.backing_format == "vpc" and vhd.recognises(found, first):
        return vhd.open_vhd(found, chain)
    return raw.open_raw(found)


def _backing_name(recorded: str) -> str:
    """Give the file name in what is recorded, which may be a description in JSON."""
    if not recorded.startswith("json:"):
        return recorded
    try:
        told = json.loads(recorded[5:])
    except ValueError:
        return ""
    for _ in range(4):
        if not isinstance(told, dict):
            return ""
        name = told.get("filename", told.get("file.filename", ""))
        if isinstance(name, str) and name:
            return name
        told = told.get("file")
    return ""


def _head(files: SegmentFiles, shown: str) -> _Head:
    try:
        first = files.pread(0, 0, 64 * 1024)
        (version,) = struct.unpack_from(">I", first, 4)
        if version == 1:
            return _first_version(first, shown)
        if version in {2, 3}:
            return _later_version(first, version, shown)
    except (OSError, struct.error) as error:
        raise EvidenceError(
            f"{shown}: the head of the QCOW disk is cut off", hint=COPY_HINT
        ) from error
    raise EvidenceError(
        f"{shown}: is a QCOW disk of version {version}, which is not supported", hint=COPY_HINT
    )


def _first_version(first: bytes, shown: str) -> _Head:
    at, length, _, size, cluster_bits, l2_bits, _, crypt, l1_offset = struct.unpack_from(
        ">QIIQBBHIQ", first, 8
    )
    _check(cluster_bits, crypt, shown)
    if not 1 <= l2_bits <= 21:
        raise EvidenceError(f"{shown}: its QCOW tables have no plausible size", hint=COPY_HINT)
    span = 1 << (cluster_bits + l2_bits)
    shape = Shape(
        size_bytes=size,
        cluster_bits=cluster_bits,
        l2_entries=1 << l2_bits,
        l1_offset_bytes=l1_offset,
        l1_entries=-(-size // span),
        first_version=True,
        unpack=by_deflate,
    )
    return _Head(version=1, shape=shape, backing=_text(first, at, length))


def _later_version(first: bytes, version: int, shown: str) -> _Head:
    (at, length, cluster_bits, size, crypt, l1_entries, l1_offset, _, _, snapshots) = (
        struct.unpack_from(">QIIQIIQQII", first, 8)
    )
    _check(cluster_bits, crypt, shown)
    features, packing, head_bytes = 0, 0, 72
    if version == 3:
        (features,) = struct.unpack_from(">Q", first, 72)
        (head_bytes,) = struct.unpack_from(">I", first, 100)
        packing = first[104] if features & _PACKING and head_bytes > 104 else 0
    if features & ~_KNOWN_FEATURES or packing not in _UNPACKERS:
        raise EvidenceError(
            f"{shown}: is a QCOW disk with a feature that is not supported",
            hint="convert it first: qemu-img convert -O raw IMAGE image.raw",
        )
    noted = _extensions(first, head_bytes)
    wide = bool(features & _SUBCLUSTERS)
    shape = Shape(
        size_bytes=size,
        cluster_bits=cluster_bits,
        l2_entries=(1 << cluster_bits) // (16 if wide else 8),
        l1_offset_bytes=l1_offset,
        l1_entries=l1_entries,
        subclusters=wide,
        data_file=1 if features & _DATA_FILE else 0,
        zero_flag=version == 3,
        unpack=_UNPACKERS[packing],
    )
    return _Head(
        version=version,
        shape=shape,
        backing=_text(first, at, length),
        backing_format=noted.get(_BACKING_FORMAT, ""),
        features=features,
        data_file=noted.get(_DATA_FILE_NAME, ""),
        snapshots=snapshots,
    )


def _check(cluster_bits: int, crypt: int, shown: str) -> None:
    if crypt:
        raise EvidenceError(
            f"{shown}: is a QCOW disk that is encrypted by QEMU",
            hint="decrypt it with its password first: qemu-img convert --object secret,…",
        )
    if not 9 <= cluster_bits <= 21:
        raise EvidenceError(f"{shown}: its QCOW clusters have no plausible size", hint=COPY_HINT)


def _extensions(first: bytes, at: int) -> dict[int, str]:
    """Give the texts behind the head by their kind."""
    found: dict[int, str] = {}
    while at + 8 <= len(first):
        kind, length = struct.unpack_from(">II", first, at)
        if kind == 0 or length > len(first):
            break
        found[kind] = first[at + 8 : at + 8 + length].decode("utf-8", "surrogateescape")
        at += 8 + -(-length // 8) * 8
    return found


def _text(first: bytes, at: int, length: int) -> str:
    if not 0 < at < len(first) or length > _MOST_NAME_BYTES:
        return ""
    return first[at : at + length].decode("utf-8", "surrogateescape")
