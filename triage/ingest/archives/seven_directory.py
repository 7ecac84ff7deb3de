"""Reads the directory of a 7z archive: what is packed how, and which file lies where in it.

The structures are those of the 7z format description that comes with the LZMA SDK (7zFormat.txt).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from triage.ingest.archives.seven_bytes import Reader

_PACK_INFO, _UNPACK_INFO, _SUB_STREAMS, _SIZE, _CRC = 0x06, 0x07, 0x08, 0x09, 0x0A
_FOLDER, _UNPACK_SIZES, _UNPACK_COUNTS = 0x0B, 0x0C, 0x0D
_PROPERTIES, _OTHER_STREAMS, _STREAMS, _FILES = 0x02, 0x03, 0x04, 0x05
_NO_STREAM, _EMPTY_FILE, _NAMES, _ATTRIBUTES = 0x0E, 0x0F, 0x11, 0x15
_CREATED, _ACCESSED, _MODIFIED = 0x12, 0x13, 0x14
_CODERS, _CODER_STREAMS = 32, 32
FOLDERS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Coder:
    """One step of unpacking; ``inputs`` counts what it is fed from, ``outputs`` what it gives."""

    method: bytes
    properties: bytes
    inputs: int
    outputs: int


@dataclass(slots=True, kw_only=True)
class Block:
    """What the format calls a folder: some packed streams, and how they become one content.

    Attributes:
        bonds: ``(input, output)``: numbers, over all coders, of what is joined.
        packed: numbers of the inputs that are fed from the archive.
        sizes: of what each output gives, in bytes.
        places: ``(offset_bytes, length_bytes)`` of each packed stream in the file.
        checksum: CRC-32 of the whole content, ``None`` where none is recorded.
    """

    coders: tuple[Coder, ...]
    bonds: tuple[tuple[int, int], ...]
    packed: tuple[int, ...]
    sizes: tuple[int, ...] = ()
    places: tuple[tuple[int, int], ...] = ()
    checksum: int | None = None

    @property
    def output(self) -> int:
        """The number of the output that no input is fed from."""
        bound = {output for _, output in self.bonds}
        count = sum(coder.outputs for coder in self.coders)
        return next((each for each in range(count) if each not in bound), 0)

    @property
    def size_bytes(self) -> int:
        """Size of the whole content."""
        return self.sizes[self.output] if self.output < len(self.sizes) else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file's stretch in the content of a block."""

    block: int
    offset_bytes: int
    size_bytes: int
    checksum: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """Blocks, and the stretches of the files in them in order."""

    blocks: tuple[Block, ...] = ()
    parts: tuple[Part, ...] = ()


@dataclass(slots=True, kw_only=True)
class Listed:
    """One file; times in units of 100 ns since 1601, 0 where none is recorded."""

    name: bytes = b""
    part: Part | None = None
    folder: bool = False
    attributes: int = 0
    modified: int = 0
    accessed: int = 0
    created: int = 0


@dataclass(slots=True, kw_only=True)
class _Empty:
    """Which files have no stream, and which of those are files of no size."""

    streamless: list[bool] = field(default_factory=list)
    files: list[bool] = field(default_factory=list)


def read_streams(reader: Reader, base_bytes: int) -> Streams:
    """Read what is packed where.

    Args:
        base_bytes: place in the file that packed streams are counted from.

    Raises:
        ValueError: the structure contradicts itself.
    """
    places: list[tuple[int, int]] = []
    blocks: list[Block] = []
    parts: tuple[Part, ...] | None = None
    while kind := reader.byte():
        if kind == _PACK_INFO:
            places = _pack_info(reader, base_bytes)
        elif kind == _UNPACK_INFO:
            blocks = _unpack_info(reader)
        elif kind == _SUB_STREAMS:
            parts = _sub_streams(reader, blocks)
        else:
            raise ValueError(f"structure {kind:#x} in the wrong place")
    at = 0
    for block in blocks:
        block.places = tuple(places[at : at + len(block.packed)])
        at += len(block.packed)
        if len(block.places) < len(block.packed):
            raise ValueError("fewer packed streams than are used")
    whole = tuple(
        Part(block=number, offset_bytes=0, size_bytes=block.size_bytes, checksum=block.checksum)
        for number, block in enumerate(blocks)
    )
    return Streams(blocks=tuple(blocks), parts=whole if parts is None else parts)


def read_files(reader: Reader, base_bytes: int) -> tuple[Streams, list[Listed]]:
    """Read a header behind its first byte.

    Raises:
        ValueError: the structure contradicts itself.
    """
    streams, files = Streams(), list[Listed]()
    while kind := reader.byte():
        if kind == _PROPERTIES:
            while reader.byte():
                reader.take(reader.number())
        elif kind == _OTHER_STREAMS:
            read_streams(reader, base_bytes)
        elif kind == _STREAMS:
            streams = read_streams(reader, base_bytes)
        elif kind == _FILES:
            files = _files(reader, streams)
        else:
            raise ValueError(f"structure {kind:#x} in the wrong place")
    return streams, files


def _pack_info(reader: Reader, base: int) -> list[tuple[int, int]]:
    at = base + reader.number()
    count = reader.count()
    sizes = [0] * count
    while kind := reader.byte():
        if kind == _SIZE:
            sizes = [reader.number() for _ in range(count)]
        elif kind == _CRC:
            reader.checksums(count)
        else:
            raise ValueError(f"structure {kind:#x} among packed streams")
    places = []
    for size in sizes:
        places.append((at, size))
        at += size
    return places


def _unpack_info(reader: Reader) -> list[Block]:
    reader.expect(_FOLDER)
    count = reader.count()
    if count > FOLDERS:
        raise ValueError(f"{count} blocks")
    reader.here()
    blocks = [_block(reader) for _ in range(count)]
    reader.expect(_UNPACK_SIZES)
    for block in blocks:
        outputs = sum(coder.outputs for coder in block.coders)
        block.sizes = tuple(reader.number() for _ in range(outputs))
    while kind := reader.byte():
        if kind != _CRC:
            raise ValueError(f"structure {kind:#x} among blocks")
        for block, checksum in zip(blocks, reader.checksums(count), strict=True):
            block.checksum = checksum
    return blocks


def _block(reader: Reader) -> Block:
    coders = tuple(_coder(reader) for _ in range(reader.count(_CODERS)))
    inputs = sum(coder.inputs for coder in coders)
    outputs = sum(coder.outputs for coder in coders)
    if not outputs or inputs > _CODER_STREAMS or outputs > _CODER_STREAMS:
        raise ValueError(f"{inputs} inputs and {outputs} outputs in a block")
    bonds = tuple((reader.number(), reader.number()) for _ in range(outputs - 1))
    free = inputs - len(bonds)
    if free < 1:
        raise ValueError("a block that is fed from nothing")
    if free > 1:
        return Block(coders=coders, bonds=bonds, packed=tuple(reader.number() for _ in range(free)))
    bound = {each for each, _ in bonds}
    return Block(
        coders=coders,
        bonds=bonds,
        packed=tuple(each for each in range(inputs) if each not in bound)[:1],
    )


def _coder(reader: Reader) -> Coder:
    flags = reader.byte()
    method = reader.take(flags & 0x0F)
    inputs, outputs = 1, 1
    if flags & 0x10:
        inputs, outputs = reader.number(), reader.number()
    if inputs > _CODER_STREAMS or outputs > _CODER_STREAMS or flags & 0x80:
        raise ValueError("a coder of an unknown kind")
    properties = reader.take(reader.number()) if flags & 0x20 else b""
    return Coder(method=method, properties=properties, inputs=inputs, outputs=outputs)


def _sub_streams(reader: Reader, blocks: list[Block]) -> tuple[Part, ...]:
    counts = [1] * len(blocks)
    kind = reader.byte()
    if kind == _UNPACK_COUNTS:
        counts = [reader.count() for _ in blocks]
        kind = reader.byte()
    sizes: list[int] = []
    told = kind == _SIZE
    for block, count in zip(blocks, counts, strict=True):
        if not count:
            continue
        own = [reader.number() for _ in range(count - 1)] if told else [0] * (count - 1)
        last = block.size_bytes - sum(own)
        if last < 0:
            raise ValueError("files that claim more than their block holds")
        sizes += [*own, last]
    kind = reader.byte() if told else kind
    known = [
        block.checksum if count == 1 else None
        for block, count in zip(blocks, counts, strict=True)
        for _ in range(count)
    ]
    while kind:
        if kind != _CRC:
            raise ValueError(f"structure {kind:#x} among files of blocks")
        new = iter(reader.checksums(known.count(None)))
        known = [next(new) if each is None else each for each in known]
        kind = reader.byte()
    parts, number = [], 0
    for index, count in enumerate(counts):
        at = 0
        for _ in range(count):
            size, crc = sizes[number], known[number]
            parts.append(Part(block=index, offset_bytes=at, size_bytes=size, checksum=crc))
            at, number = at + size, number + 1
    return tuple(parts)


def _files(reader: Reader, streams: Streams) -> list[Listed]:
    files = [Listed() for _ in range(reader.count())]
    empty = _Empty(streamless=[False] * len(files))
    while kind := reader.byte():
        _file_property(kind, Reader(reader.take(reader.number())), files, empty)
    parts, hollow = iter(streams.parts), iter(empty.files)
    for one, streamless in zip(files, empty.streamless, strict=True):
        if streamless:
            one.folder = not next(hollow, False)
        else:
            one.part = next(parts, None)
            if one.part is None:
                raise ValueError("more files than there are contents")
    return files


def _file_property(kind: int, data: Reader, files: list[Listed], empty: _Empty) -> None:
    if kind == _NO_STREAM:
        empty.streamless = data.bits(len(files))
    elif kind == _EMPTY_FILE:
        empty.files = data.bits(sum(empty.streamless))
    elif kind == _NAMES:
        data.here()
        for one, name in zip(files, data.names(len(files)), strict=True):
            one.name = name
    elif kind in (_CREATED, _ACCESSED, _MODIFIED, _ATTRIBUTES):
        known = data.known(len(files))
        data.here()
        for one, told in zip(files, known, strict=True):
            if told:
                _set(one, kind, data)


def _set(one: Listed, kind: int, data: Reader) -> None:
    if kind == _ATTRIBUTES:
        one.attributes = int(struct.unpack("<I", data.take(4))[0])
        return
    ticks = int(struct.unpack("<Q", data.take(8))[0])
    if kind == _MODIFIED:
        one.modified = ticks
    elif kind == _ACCESSED:
        one.accessed = ticks
    else:
        one.created = ticks
