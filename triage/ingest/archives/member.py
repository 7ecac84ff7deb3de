"""What a reader of archives is held to, and what it tells of one member."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from triage.ingest.archives.source import Source
from triage.model.entry import EntryKind, Origin, Times
from triage.model.outcome import SkipReason

_GIB = 1024**3
_MIB = 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """How far an archive is believed.

    Attributes:
        max_members: further members are not listed, and a problem says so.
        max_streamed_members: the same for a tar in bzip2 or xz that is too large to be held in
            memory: going back in it means to inflate it from its start.
        max_member_bytes: larger members are listed, not read.
        max_total_bytes: what all members of one archive may claim; further ones are not read.
        max_ratio: what all members may claim for each byte of the archive, once they claim more
            than ``ratio_floor_bytes``; deflate cannot pack more than 1,032 bytes into one.
        max_packed_bytes: a larger gzip, bzip2 or xz file is not inflated to see what it holds.
        max_inflated_bytes: as far as such a file is inflated.
        max_held_bytes: what may be held in memory to reach into a member or an inflated file.
        max_depth: how deep archives in archives are opened.
    """

    max_members: int = 100_000
    max_streamed_members: int = 2_000
    max_member_bytes: int = 4 * _GIB
    max_total_bytes: int = 64 * _GIB
    max_ratio: int = 1_100
    ratio_floor_bytes: int = 256 * _MIB
    max_packed_bytes: int = 256 * _MIB
    max_inflated_bytes: int = 8 * _GIB
    max_held_bytes: int = 64 * _MIB
    max_depth: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member as the archive tells of it.

    Attributes:
        name: raw bytes as stored; nothing is resolved or cleaned away.
        origin, no_content, detail: as in :class:`triage.model.entry.FileEntry`.
    """

    name: bytes
    size_bytes: int
    kind: EntryKind
    times: Times
    compressed: bool = False
    sparse: bool = False
    encrypted: bool = False
    origin: Origin = Origin.FILE
    no_content: str = ""
    detail: str = ""


class Archive(Protocol):
    """One opened archive.

    Laws: the members are the same whenever and wherever it is opened; what ``content`` gives adds
    up to ``size_bytes`` of the member or ends in a ContentError; only ContentError is raised.
    """

    @property
    def members(self) -> tuple[Member, ...]:
        """All members in the order of the archive."""

    @property
    def faults(self) -> tuple[str, ...]:
        """What could not be listed and why, in words."""

    @property
    def checked(self) -> bool:
        """Whether content that came out whole has agreed with a stored checksum."""

    def content(self, ordinal: int) -> Iterator[bytes]:
        """Give the content of a member in order.

        Raises:
            ContentError: it cannot be read, or not to its end.
        """

    def window(self, ordinal: int) -> Source | None:
        """Give a member that lies unpacked in the archive, ``None`` for one that does not."""


class Budget:
    """Keeps the account of what the members of one archive claim, and says when it is too much.

    Args:
        packed_bytes: size of the archive.
    """

    def __init__(self, limits: ArchiveLimits, packed_bytes: int) -> None:
        self._limits = limits
        by_ratio = max(limits.ratio_floor_bytes, limits.max_ratio * packed_bytes)
        self._bound_bytes = min(limits.max_total_bytes, by_ratio)
        self._archive_bytes = packed_bytes
        self._claimed_bytes = 0
        self._stored_bytes = 0
        self.refused = 0

    def charged(self, member: Member, stored_bytes: int = 0) -> Member:
        """Give the member, marked as not to be read where it goes beyond the limits.

        Args:
            stored_bytes: what the member takes up in the archive; members that lie on top of each
                other add up to more than there is.
        """
        if member.no_content:
            return member
        if member.size_bytes > self._limits.max_member_bytes:
            detail = f"the limit for a member is {self._limits.max_member_bytes} bytes"
            return self._refuse(member, SkipReason.TOO_LARGE, detail)
        claimed = self._claimed_bytes + member.size_bytes
        stored = self._stored_bytes + stored_bytes
        if claimed > self._bound_bytes:
            detail = f"members claim more than {self._bound_bytes} bytes"
            return self._refuse(member, SkipReason.IMPLAUSIBLE_SIZE, detail)
        if stored > self._archive_bytes:
            detail = "members take up more bytes than the archive has"
            return self._refuse(member, SkipReason.IMPLAUSIBLE_SIZE, detail)
        self._claimed_bytes, self._stored_bytes = claimed, stored
        return member

    def faults(self) -> tuple[str, ...]:
        """Give words for the members that were listed and are not to be read."""
        if not self.refused:
            return ()
        return (f"{self.refused} member(s) beyond the limits for archives are not read",)

    def _refuse(self, member: Member, reason: SkipReason, detail: str) -> Member:
        self.refused += 1
        return replace(member, no_content=reason.value, detail=detail)
