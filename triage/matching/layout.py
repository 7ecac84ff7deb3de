"""Names and bit fields of a pack's columns, the same for who builds and who reads them."""

from __future__ import annotations

from triage.model.digest import DIGEST_SIZE_BYTES, Algorithm, PdqRecipe
from triage.model.hashset import ReferenceRecord

FLAGS = "flags"
SIZES = "sizes"
CODES = "codes"
SERIES = "series"
TAGS = "tags"
RECORD_DTYPES = {FLAGS: "<u4", SIZES: "<u8", CODES: "<u4", SERIES: "<u4", TAGS: "<u4"}
"""One item a record. A column that is zero throughout is left out of the pack."""

STRING_TEXT = "strings-text"
STRING_ENDS = "strings-ends"
"""String ``k`` is the text between end ``k - 1`` and end ``k``; string 0 is empty."""

PHOTODNA = "photodna"
DIGEST_WIDTHS = {**{str(key): size for key, size in DIGEST_SIZE_BYTES.items()}, PHOTODNA: 144}

HAS_CODE = 1 << 0
HAS_SIZE = 1 << 9
TRUSTED_SHIFT, VICTIM_SHIFT, OFFENDER_SHIFT, DISTRIBUTED_SHIFT = 1, 3, 5, 7
RECIPE_SHIFT, QUALITY_SHIFT = 10, 12
QUALITY_MASK = 0x7F
QUALITY_UNKNOWN = 127
RECIPES = (None, PdqRecipe.SQUEEZED_512, PdqRecipe.FULL, PdqRecipe.UNKNOWN)
TRUSTED_WORDS = ("unknown", "no", "yes", "unknown")

STRENGTH = (Algorithm.SHA256, Algorithm.SHA1, Algorithm.MD5)
"""Exact digests, strongest first."""
VISUAL = (Algorithm.PDQ, Algorithm.PHASH)
"""Digests of what a picture looks like."""

KEYS_A_BUCKET = 4
"""Digests that share a bucket, at most, on average: one line of a processor's cache or two."""


def prefixes_name(algorithm: str) -> str:
    """Name the column of the first eight bytes of exact digests, which are sorted by all bytes."""
    return f"{algorithm}-prefixes"


def rows_name(algorithm: str) -> str:
    """Name the column of the other bytes of exact digests, each with its record behind it."""
    return f"{algorithm}-rows"


def records_name(algorithm: str) -> str:
    """Name the column that gives each digest's record; left out where digest n is of record n."""
    return f"{algorithm}-records"


def buckets_name(algorithm: str) -> str:
    """Name the column that tells for each value of the first bits where its digests start."""
    return f"{algorithm}-buckets"


def filter_name(algorithm: str) -> str:
    """Name the column of the blocks of a filter, which rules most other digests out."""
    return f"{algorithm}-filter"


def repeats_name(algorithm: str) -> str:
    """Name the column of one number: the prefixes that equal the one before; left out for none."""
    return f"{algorithm}-repeats"


def held_name(algorithm: str) -> str:
    """Name the bitmap of records that have an exact digest; left out where every record has."""
    return f"{algorithm}-held"


def digests_name(algorithm: str) -> str:
    """Name the column of whole digests: sorted for PDQ and pHash, in record order for PhotoDNA."""
    return f"{algorithm}-digests"


def bucket_bits(count: int) -> int:
    """Give how many first bits of a prefix number the buckets of so many digests."""
    return max(1, ((count - 1) // KEYS_A_BUCKET).bit_length())


def flags_of(record: ReferenceRecord) -> int:
    """Pack what is small of a record into 32 bits; an unknown is 0, a no 1, a yes 2."""
    flags = (
        (record.code is not None) * HAS_CODE
        | (record.size_bytes is not None) * HAS_SIZE
        | _three(record.trusted) << TRUSTED_SHIFT
        | _three(record.victim_identified) << VICTIM_SHIFT
        | _three(record.offender_identified) << OFFENDER_SHIFT
        | _three(record.distributed) << DISTRIBUTED_SHIFT
    )
    pdq = record.pdq
    if pdq is not None:
        quality = pdq.quality if 0 <= pdq.quality <= 100 else QUALITY_UNKNOWN
        flags |= RECIPES.index(pdq.recipe) << RECIPE_SHIFT | quality << QUALITY_SHIFT
    return flags


def _three(value: bool | None) -> int:  # noqa: FBT001  (a value of the record, not a switch)
    return 0 if value is None else 1 + value
