"""Opens gzip, bzip2, xz and zstd: one packed content, or a tar that was packed as a whole."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter

from triage.ingest.archives import inflate
from triage.ingest.archives.member import Archive, ArchiveLimits, Member
from triage.ingest.archives.source import BUFFER_BYTES, Source, guarded
from triage.ingest.archives.tar_archive import TarArchive
from triage.ingest.archives.tar_archive import recognises as is_tar
from triage.ingest.reading import CHUNK_BYTES, ContentError
from triage.model.entry import EntryKind, Times
from triage.model.outcome import FailReason, SkipReason

_INPUT_BYTES = 8 * 1024
"""Small, for what is left behind the end of a stream is copied for each of many tiny streams."""

_LANDING_BYTES = 8 * 1024 * 1024
"""Distance of the places in a deflated content from which it can be inflated again."""

_GZIP_MARK = b"\x1f\x8b\x08"
_GZIP_EXTRA, _GZIP_NAME = 4, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """One way to pack a stream.

    Attributes:
        mark: first bytes of each stream; several may follow each other.
        skipped: what else may stand where a stream begins: frames that hold no content.
        endings: of names, and what the names of the contents end in instead.
    """

    mark: bytes
    make: Callable[[], inflate.Inflater]
    endings: tuple[tuple[bytes, bytes], ...]
    skipped: tuple[bytes, ...] = ()


GZIP = Packing(
    mark=_GZIP_MARK,
    make=inflate.gzip,
    endings=((b".gz", b""), (b".tgz", b".tar"), (b".svgz", b".svg"), (b".emz", b".emf")),
)
BZIP2 = Packing(mark=b"BZh", make=inflate.bzip2, endings=((b".bz2", b""), (b".tbz2", b".tar")))
XZ = Packing(mark=b"\xfd7zXZ\0", make=inflate.xz, endings=((b".xz", b""), (b".txz", b".tar")))
ZSTANDARD = Packing(
    mark=b"\x28\xb5\x2f\xfd",
    make=inflate.zstandard,
    endings=((b".zst", b""), (b".zstd", b""), (b".tzst", b".tar")),
    skipped=tuple(bytes((low,)) + b"\x2a\x4d\x18" for low in range(0x50, 0x60)),
)

ZLIB = Packing(mark=b"\0", make=inflate.zlib_stream, endings=())
"""One stream within other formats; what follows it never reads as another one."""


class Unpacker:
    """Goes once through all streams of a file, piece by piece.

    Attributes:
        beyond_bytes: where the last stream ends when something else than zeros follows, else 0.
    """

    def __init__(self, source: Source, packing: Packing) -> None:
        self._source = source
        self._packing = packing
        self._buffer = b""
        self._at = 0
        self._inflater = packing.make()
        self._fresh = b""
        self.beyond_bytes = 0

    def piece(self) -> bytes:
        """Give the next piece, ``b""`` at the end.

        Raises:
            ContentError: the stream is damaged or breaks off.
        """
        with guarded("packed content"):
            while not self._inflater.eof or self._next_stream():
                data = self._input() if self._inflater.needs_input else b""
                starved = self._inflater.needs_input and not data
                piece = self._inflater.decompress(data, CHUNK_BYTES)
                if piece:
                    return piece
                if starved and not self._inflater.eof:
                    raise ContentError(FailReason.SHORT_READ, "the packed content breaks off")
        return b""

    def copy(self) -> Unpacker | None:
        """Give one that goes on from here on its own, ``None`` where the packing cannot."""
        if not isinstance(self._inflater, inflate.Deflate):
            return None
        other = Unpacker(self._source, self._packing)
        other._at, other._fresh = self._at - len(self._buffer), self._fresh
        other._inflater = self._inflater.copy()
        return other

    def _next_stream(self) -> bool:
        """Go on with a stream behind the one that ended; zeros between them are padding."""
        rest = self._inflater.unused_data.lstrip(b"\0")
        while len(rest) < len(self._packing.mark):
            more = self._input()
            if not more:
                break
            rest = (rest + more).lstrip(b"\0")
        if rest.startswith((self._packing.mark, *self._packing.skipped)):
            self._inflater, self._fresh = self._packing.make(), rest
            return True
        if rest and not self.beyond_bytes:
            self.beyond_bytes = self._at - len(self._buffer) - len(rest)
        return False

    def _input(self) -> bytes:
        if self._fresh:
            data, self._fresh = self._fresh, b""
            return data
        if not self._buffer:
            self._buffer = self._source.read_at(self._at, BUFFER_BYTES)
            self._at += len(self._buffer)
        data, self._buffer = self._buffer[:_INPUT_BYTES], self._buffer[_INPUT_BYTES:]
        return data


class InflatedSource:
    """The content of a packed file: held in memory when small, else inflated again as needed.

    Attributes:
        size_bytes: as far as it could be inflated.
        broken: why it ends before its end, in words; ``""`` when it does not.
        limited: it ends because a limit was met.
        held: it is in memory.
        landed: it is inflated again from a place near by, not from its start.
    """

    def __init__(self, source: Source, packing: Packing, limits: ArchiveLimits) -> None:
        self._source = source
        self._packing = packing
        self.size_bytes = 0
        self.broken, self.reason = "", FailReason.READ_ERROR
        self.limited = False
        self.beyond_bytes = 0
        self._landings: list[tuple[int, Unpacker]] = []
        self._held = self._measured(limits)
        self.held = self._held is not None
        self.landed = bool(self._landings)
        self._unpacker: Unpacker | None = None
        self._piece, self._piece_at = b"", 0

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give a part; going back means to inflate from the start again."""
        end = min(offset_bytes + length_bytes, self.size_bytes)
        if self._held is not None:
            return bytes(self._held[offset_bytes:end])
        parts, at = [], offset_bytes
        while at < end:
            self._reach(at)
            part = self._piece[at - self._piece_at : end - self._piece_at]
            parts.append(part)
            at += len(part)
        return b"".join(parts)

    def _measured(self, limits: ArchiveLimits) -> bytearray | None:
        """Inflate once, to learn the size; give the content where it is small enough to hold."""
        bound = max(limits.ratio_floor_bytes, limits.max_ratio * self._source.size_bytes)
        bound = min(bound, limits.max_inflated_bytes)
        unpacker = Unpacker(self._source, self._packing)
        held: bytearray | None = bytearray()
        try:
            while piece := unpacker.piece():
                if self.size_bytes + len(piece) > bound:
                    self.limited, self.broken = True, f"inflates to more than {bound} bytes: limit"
                    break
                self.size_bytes += len(piece)
                if held is not None:
                    held += piece
                    held = held if len(held) <= limits.max_held_bytes else None
                self._land(unpacker)
        except ContentError as error:
            self.broken, self.reason = error.detail, error.reason
        self.beyond_bytes = unpacker.beyond_bytes
        return held

    def _land(self, unpacker: Unpacker) -> None:
        """Remember from time to time how to go on from here: 50 KiB for each 8 MiB."""
        reached = self._landings[-1][0] if self._landings else 0
        if self.size_bytes - reached >= _LANDING_BYTES:
            landing = unpacker.copy()
            if landing is not None:
                self._landings.append((self.size_bytes, landing))

    def _reach(self, at: int) -> None:
        index = bisect_right(self._landings, at, key=itemgetter(0)) - 1
        place, landing = self._landings[index] if index >= 0 else (0, None)
        if self._unpacker is None or not self._piece_at <= at or self._piece_at < place:
            fresh = landing.copy() if landing is not None else None
            self._unpacker = fresh or Unpacker(self._source, self._packing)
            self._piece, self._piece_at = b"", place
        while at >= self._piece_at + len(self._piece):
            self._piece_at += len(self._piece)
            self._piece = self._unpacker.piece()
            if not self._piece:
                self._unpacker = None
                raise ContentError(FailReason.READ_ERROR, "inflates to less than it did before")


class StreamArchive:
    """One packed content under the name that was stored with it, else that of the file."""

    def __init__(self, content: InflatedSource, name: bytes, times: Times) -> None:
        self._content = content
        self.checked = not content.broken
        self.faults = _faults(content)
        reason = SkipReason.TOO_LARGE.value if content.limited else ""
        if not content.size_bytes:
            reason = SkipReason.EMPTY.value
        member = Member(
            name=name,
            size_bytes=content.size_bytes,
            kind=EntryKind.FILE,
            times=times,
            compressed=True,
            no_content=reason,
            detail=content.broken,
        )
        self.members = () if content.broken and not content.size_bytes else (member,)

    def content(self, ordinal: int) -> Iterator[bytes]:
        """Give the content; where it is damaged, as far as it goes and then the error."""
        del ordinal
        with guarded("packed content"):
            for at in range(0, self._content.size_bytes, CHUNK_BYTES):
                yield self._content.read_at(at, CHUNK_BYTES)
        if self._content.broken:
            raise ContentError(self._content.reason, self._content.broken)

    def window(self, ordinal: int) -> Source | None:
        """Give the content where it is held."""
        del ordinal
        return self._content if self._content.held and not self._content.broken else None


def opener(packing: Packing) -> Callable[[Source, ArchiveLimits, bytes], Archive]:
    """Give the function that opens files of one packing."""

    def opened(source: Source, limits: ArchiveLimits, name: bytes) -> Archive:
        if source.size_bytes > limits.max_packed_bytes:
            detail = f"{source.size_bytes} bytes packed as one stream: limit"
            raise ContentError(FailReason.READ_ERROR, f"not inflated: {detail}")
        content = InflatedSource(source, packing, limits)
        head = content.read_at(0, CHUNK_BYTES)
        if is_tar(head):
            direct = content.held or content.landed
            return TarArchive(
                content,
                limits,
                most=limits.max_members if direct else limits.max_streamed_members,
                faults=_faults(content),
                packed_bytes=source.size_bytes,
                checked=not content.broken,
            )
        stored, times = b"", Times()
        if packing is GZIP:
            stored, times = _gzip_header(source.read_at(0, CHUNK_BYTES))
        return StreamArchive(content, stored or _unpacked_name(name, packing), times)

    return opened


def _faults(content: InflatedSource) -> tuple[str, ...]:
    if content.broken:
        return (f"after {content.size_bytes} inflated bytes: {content.broken}",)
    if content.beyond_bytes:
        return (f"bytes of another kind follow from byte {content.beyond_bytes} on: not examined",)
    return ()


def _gzip_header(head: bytes) -> tuple[bytes, Times]:
    """Give the stored name and time (RFC 1952, 2.3)."""
    if len(head) < 10:
        return b"", Times()
    flags, seconds = head[3], int.from_bytes(head[4:8], "little")
    at = 10
    if flags & _GZIP_EXTRA:
        at += 2 + int.from_bytes(head[at : at + 2], "little")
    end = head.find(b"\0", at)
    name = head[at:end] if flags & _GZIP_NAME and end > at else b""
    return name, Times(modified_ns=seconds * 1_000_000_000 if seconds else None)


def _unpacked_name(name: bytes, packing: Packing) -> bytes:
    for ending, instead in packing.endings:
        if name.lower().endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)] + instead
    return name
