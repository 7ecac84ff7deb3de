"""Unpacks a block of a 7z archive: decryption, decoders and filters one behind the other.

Methods by their numbers and properties as in the LZMA SDK (Methods.txt, 7zFormat.txt).
"""

from __future__ import annotations

import lzma
from collections.abc import Callable, Iterator
from itertools import chain

from triage.ingest.archives import inflate
from triage.ingest.archives.seven_crypt import decrypted
from triage.ingest.archives.seven_directory import Block, Coder
from triage.ingest.archives.source import BUFFER_BYTES, Source
from triage.ingest.reading import CHUNK_BYTES, ContentError
from triage.model.outcome import FailReason

AES = b"\x06\xf1\x07\x01"
_STEPS = 8
_CHUNK = 0x10000
_FILTERS = {
    b"\x03\x03\x01\x03": lzma.FILTER_X86,
    b"\x04": lzma.FILTER_X86,
    b"\x03\x03\x02\x05": lzma.FILTER_POWERPC,
    b"\x05": lzma.FILTER_POWERPC,
    b"\x03\x03\x04\x01": lzma.FILTER_IA64,
    b"\x06": lzma.FILTER_IA64,
    b"\x03\x03\x05\x01": lzma.FILTER_ARM,
    b"\x07": lzma.FILTER_ARM,
    b"\x03\x03\x07\x01": lzma.FILTER_ARMTHUMB,
    b"\x08": lzma.FILTER_ARMTHUMB,
    b"\x03\x03\x08\x05": lzma.FILTER_SPARC,
    b"\x09": lzma.FILTER_SPARC,
}
_NAMES = {
    b"\x03\x03\x01\x1b": "BCJ2",
    b"\x03\x04\x01": "PPMd",
    b"\x04\x01\x09": "Deflate64",
    b"\x04\xf7\x11\x02": "Brotli",
    b"\x04\xf7\x11\x04": "LZ4",
    b"\x0a": "ARM64",
}


def unpacked(source: Source, block: Block, key: Callable[[bytes], bytes]) -> Iterator[bytes]:
    """Give the content of a block from its start.

    Args:
        key: gives the key for the properties of an encryption.

    Raises:
        ContentError: it is packed in a way that is not unpacked.
        ValueError: the block contradicts itself.
    """
    data = _packed(source, *block.places[0])
    for coder, size_bytes in _in_order(block):
        data = _limited(_step(coder, data, key), size_bytes)
    return data


def encrypted(block: Block) -> bool:
    """Tell whether a password is needed."""
    return any(coder.method == AES for coder in block.coders)


def _in_order(block: Block) -> list[tuple[Coder, int]]:
    """Give the coders from the packed stream on, with the size of what each gives."""
    if any(coder.inputs != 1 or coder.outputs != 1 for coder in block.coders):
        odd = next(coder for coder in block.coders if coder.inputs != 1 or coder.outputs != 1)
        raise ContentError(FailReason.READ_ERROR, _words(odd.method))
    fed = dict(block.bonds)
    at, found = block.output, []
    for _ in range(min(len(block.coders), _STEPS)):
        if not 0 <= at < len(block.coders):
            raise ValueError("coders that are not joined")
        found.append((block.coders[at], block.sizes[at]))
        if at in block.packed:
            return found[::-1]
        at = fed.get(at, -1)
    raise ValueError("coders that lead nowhere")


def _step(coder: Coder, data: Iterator[bytes], key: Callable[[bytes], bytes]) -> Iterator[bytes]:
    method, properties = coder.method, coder.properties
    if method == b"\0":
        return data
    if method == AES:
        return decrypted(data, properties, key(properties))
    if method in _FILTERS:
        return _filtered({"id": _FILTERS[method]}, data)
    if method == b"\3":
        return _filtered({"id": lzma.FILTER_DELTA, "dist": (properties or b"\0")[0] + 1}, data)
    return inflate.inflated(_decoder(method, properties), data)


def _decoder(method: bytes, properties: bytes) -> Callable[[], inflate.Inflater]:
    if method == b"\x03\x01\x01":
        return lambda: inflate.lzma_by_properties(properties)
    if method == b"\x21":
        return lambda: inflate.lzma2_by_property(properties)
    if method == b"\x04\x01\x08":
        return inflate.naked_deflate
    if method == b"\x04\x02\x02":
        return inflate.bzip2
    if method == b"\x04\xf7\x11\x01":
        return inflate.zstandard
    raise ContentError(FailReason.READ_ERROR, _words(method))


def _words(method: bytes) -> str:
    name = _NAMES.get(method, "unknown")
    return f"packed by method {method.hex()} ({name}), which is not unpacked"


def _packed(source: Source, start: int, size_bytes: int) -> Iterator[bytes]:
    at, end = start, start + size_bytes
    while at < end:
        piece = source.read_at(at, min(BUFFER_BYTES, end - at))
        if not piece:
            detail = f"the archive ends {end - at} bytes before the packed content does"
            raise ContentError(FailReason.SHORT_READ, detail)
        at += len(piece)
        yield piece


def _limited(data: Iterator[bytes], size_bytes: int) -> Iterator[bytes]:
    """Cut off what goes beyond the recorded size: a cipher fills its last block up."""
    left = size_bytes
    for piece in data:
        if len(piece) >= left:
            yield piece[:left]
            return
        left -= len(piece)
        yield piece


def _filtered(one: dict[str, int], data: Iterator[bytes]) -> Iterator[bytes]:
    """Undo a filter of machine code or of differences.

    The library applies these only ahead of a decoder that ends by itself, so what is to be undone
    is handed over as LZMA2 that is not packed: each chunk has a control byte and its length.
    """
    chain_of = [one, {"id": lzma.FILTER_LZMA2, "dict_size": 4096}]
    decoder = lzma.LZMADecompressor(format=lzma.FORMAT_RAW, filters=chain_of)
    control = b"\1"
    for piece in chain(data, (b"",)):
        for at in range(0, len(piece), _CHUNK):
            part = piece[at : at + _CHUNK]
            wrapped = control + (len(part) - 1).to_bytes(2, "big") + part
            control = b"\2"
            yield from _drained(decoder, wrapped)
        if not piece:
            yield from _drained(decoder, b"\0")


def _drained(decoder: lzma.LZMADecompressor, data: bytes) -> Iterator[bytes]:
    while not decoder.eof:
        out = decoder.decompress(data, CHUNK_BYTES)
        data = b""
        if out:
            yield out
        elif decoder.needs_input:
            return
