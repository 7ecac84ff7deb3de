"""Reference sets: one record of a list, and the manifest of an immutable pack."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from triage.model.digest import Pdq


class Polarity(StrEnum):
    """What membership in a set means. Always stated by a person, never guessed."""

    KNOWN_BAD = "known-bad"
    KNOWN_GOOD = "known-good"
    BY_CATEGORY = "by-category"
    """The category code of each record decides, through the scheme of the pack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRecord:
    """One record of a hash list, whatever its format was.

    Attributes:
        code: category code as written in the source, ``None`` where absent or null (0 is a code).
        size_bytes: ``None`` where the source does not say.
        photodna: 144 bytes carried through, never compared.
        trusted: whether the source marks the grade as trusted; ``None`` where it does not say.
        place: where the record stands in the source (``line 12``, ``byte 1170``, ``record 3``).
    """

    md5: bytes | None = None
    sha1: bytes | None = None
    sha256: bytes | None = None
    pdq: Pdq | None = None
    phash: bytes | None = None
    photodna: bytes | None = None
    size_bytes: int | None = None
    code: str | None = None
    series: str = ""
    tags: str = ""
    victim_identified: bool | None = None
    offender_identified: bool | None = None
    distributed: bool | None = None
    trusted: bool | None = None
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRecord:
    """A record that was not taken, and why."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackManifest:
    """What is known of one reference pack; written once, printed in every report.

    Attributes:
        name: chosen at import; with ``version`` the identity of the pack.
        scheme: id of the category scheme, ``""`` where the set has no categories.
        format: id of the reader that took it.
        source_name: file name of the source, without its folder.
        imported_at: ISO 8601 UTC.
        taken: records taken; ``refused``: records named and left out.
        rows: ``(("md5", n), …)``: distinct digests by algorithm.
        with_size: records that carry a size.
        pack_sha256: digest over the digests of the pack's files; what a report cites.
        key_id: public id of the key that a sealed pack answers to, ``""`` where it is not sealed.
        pictures_left_out: picture hashes that a sealed pack was made without.
    """

    name: str
    version: str
    polarity: Polarity
    scheme: str
    scheme_version: str
    format: str
    source_name: str
    source_sha256: str
    source_size_bytes: int
    imported_at: str
    tool_version: str
    taken: int
    refused: int
    rows: tuple[tuple[str, int], ...]
    with_size: int
    pdq_recipe: str = ""
    notes: str = ""
    pack_sha256: str = ""
    key_id: str = ""
    pictures_left_out: int = 0

    @property
    def is_sealed(self) -> bool:
        """Whether it holds keyed values in place of digests."""
        return bool(self.key_id)
