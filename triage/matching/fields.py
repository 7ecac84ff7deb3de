"""Reads single fields of reference records strictly, and joins them into a record."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from triage.matching.reading import Item, ReadOptions
from triage.model.digest import (
    DIGEST_SIZE_BYTES,
    EXACT,
    UNSTATED_QUALITY,
    Algorithm,
    Pdq,
    PdqRecipe,
)
from triage.model.hashset import ReferenceRecord, RefusedRecord

PHOTODNA_SIZE_BYTES = 144

_EMPTY_CONTENT = frozenset(
    hashlib.new(algorithm.value, b"", usedforsecurity=False).digest() for algorithm in EXACT
)
EMPTY_REASON = "digest of empty content: it would hit every empty file"
ZERO_REASON = "placeholder: all bits of the {} are zero"
NO_DIGEST = "no usable digest"
_HEX_SIZES = {2 * DIGEST_SIZE_BYTES[algorithm]: algorithm for algorithm in EXACT}


class Malformed(ValueError):  # noqa: N818  (a finding about a field, raised to refuse its record)
    """A field that cannot be what it claims to be; the message is the reason of the refusal."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """The fields of one record as the source has them, before any judgement.

    Attributes:
        digests: text of each digest by algorithm; ``""`` and ``None`` for absent.
        quality: of the PDQ, 0 to 100, ``None`` where not stated.
        notes: words on fields that were left out; filled by :func:`judged`.
    """

    place: str
    digests: Mapping[Algorithm, str | None]
    recipe: PdqRecipe = PdqRecipe.UNKNOWN
    quality: int | None = None
    photodna: str | None = None
    size: str | int | None = None
    code: str | None = None
    series: str = ""
    tags: str = ""
    victim_identified: bool | None = None
    offender_identified: bool | None = None
    distributed: bool | None = None
    trusted: bool | None = None
    notes: list[str] = field(default_factory=list)


def judged(draft: Draft, options: ReadOptions) -> Item:
    """Give the record of a draft, or its refusal with the reason.

    A malformed MD5, SHA-1 or SHA-256 refuses the record. A placeholder, or a malformed
    perceptual hash, size or PhotoDNA beside a usable digest, is left out of the record and told to
    ``options.on_note``.
    """
    try:
        record = _record(draft)
    except Malformed as finding:
        return RefusedRecord(place=draft.place, reason=str(finding))
    if options.on_note is not None:
        for words in draft.notes:
            options.on_note(draft.place, words)
    return record


def _record(draft: Draft) -> ReferenceRecord:
    found: dict[Algorithm, bytes] = {}
    for algorithm, text in draft.digests.items():
        value = _digest_or_note(draft, text, algorithm) if text else None
        if value is None:
            continue
        words = placeholder(value, algorithm)
        if words == EMPTY_REASON:
            raise Malformed(words)
        if words:
            draft.notes.append(words)
        else:
            found[algorithm] = value
    pdq = _pdq(draft, found.pop(Algorithm.PDQ, None))
    photodna = _photodna(draft)
    if not found and pdq is None:
        raise Malformed("; ".join([NO_DIGEST, *draft.notes]))
    return ReferenceRecord(
        md5=found.get(Algorithm.MD5),
        sha1=found.get(Algorithm.SHA1),
        sha256=found.get(Algorithm.SHA256),
        pdq=pdq,
        phash=found.get(Algorithm.PHASH),
        photodna=photodna,
        size_bytes=_size(draft),
        code=draft.code,
        series=draft.series,
        tags=draft.tags,
        victim_identified=draft.victim_identified,
        offender_identified=draft.offender_identified,
        distributed=draft.distributed,
        trusted=draft.trusted,
        place=draft.place,
    )


def _digest_or_note(draft: Draft, text: str, algorithm: Algorithm) -> bytes | None:
    """A damaged perceptual hash must not cost the exact digests beside it."""
    try:
        return digest_from(text, algorithm)
    except Malformed as finding:
        if algorithm in EXACT:
            raise
        draft.notes.append(str(finding))
        return None


def digest_from(text: str, algorithm: Algorithm) -> bytes | None:
    """Give the bytes of a digest in hex, either case; ``None`` for blank.

    Raises:
        Malformed: wrong length or not hex.
    """
    stripped = text.strip()
    if not stripped:
        return None
    wanted = 2 * DIGEST_SIZE_BYTES[algorithm]
    if len(stripped) != wanted:
        raise Malformed(f"{algorithm}: {len(stripped)} characters where {wanted} belong")
    try:
        return binascii.unhexlify(stripped)
    except ValueError:  # binascii.Error is one; so is text that is not ASCII
        raise Malformed(f"{algorithm}: not hex") from None


def algorithm_of(hex_length: int) -> Algorithm | None:
    """Give the exact algorithm whose digest has that many hex digits."""
    return _HEX_SIZES.get(hex_length)


def placeholder(value: bytes, algorithm: Algorithm) -> str:
    """Give why a well-formed digest must not be matched; ``""`` when it may be.

    A PDQ or pHash sets the bits above a median, so about half of them are set; with fewer than a
    quarter (an eighth for pHash) or more than the complement, the picture was flat.
    """
    if value in _EMPTY_CONTENT:
        return EMPTY_REASON
    if not any(value):
        return ZERO_REASON.format(algorithm)
    if algorithm is Algorithm.PDQ or algorithm is Algorithm.PHASH:
        bits, ones = 8 * len(value), int.from_bytes(value, "big").bit_count()
        least = bits // 4 if algorithm is Algorithm.PDQ else bits // 8
        if not least <= ones <= bits - least:
            return f"placeholder: {algorithm} of a flat picture ({ones} of {bits} bits set)"
    return ""


def _pdq(draft: Draft, bits: bytes | None) -> Pdq | None:
    if bits is None:
        return None
    if draft.quality is None:
        return Pdq(bits=bits, quality=UNSTATED_QUALITY, recipe=draft.recipe)
    quality = draft.quality
    if not 0 <= quality <= 100:
        raise Malformed(f"PDQ quality {quality} is not in 0 to 100")
    if quality == 0:
        draft.notes.append("pdq of quality 0: a picture without features matches at random")
        return None
    return Pdq(bits=bits, quality=quality, recipe=draft.recipe)


def _size(draft: Draft) -> int | None:
    if draft.size is None:
        return None
    text = str(draft.size).strip()
    if not text or text.lower() == "null":
        return None
    if text.isascii() and text.isdigit() and len(text) <= 18:
        return int(text)
    draft.notes.append(f"size {text[:40]!r} is not a number of bytes")
    return None


def _photodna(draft: Draft) -> bytes | None:
    text = (draft.photodna or "").strip()
    if not text:
        return None
    try:
        value = (
            binascii.unhexlify(text)
            if len(text) == 2 * PHOTODNA_SIZE_BYTES
            else base64.b64decode(text, validate=True)
        )
    except ValueError:
        value = b""
    if len(value) != PHOTODNA_SIZE_BYTES:
        draft.notes.append("PhotoDNA is neither 192 characters of base64 nor 288 of hex")
        return None
    if len(set(value)) == 1:
        draft.notes.append("placeholder: PhotoDNA whose bytes are all equal")
        return None
    return value


def flag(value: object) -> bool | None:
    """Give a boolean that a source wrote as one, or as a word in any case; else ``None``."""
    if value is None or isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in {"true", "t", "yes", "y", "1"}:
        return True
    if word in {"false", "f", "no", "n", "0"}:
        return False
    return None
