"""Asks the two libraries that know many types, and neither of them where it cannot know any."""

from __future__ import annotations

import ctypes
import hashlib
import os
import pickle
import sys
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from triage.errors import TriageError
from triage.ingest.filetypes.silence import SEEN_BYTES, Silence, read_silence

UNKNOWN = "application/octet-stream"

_GUESSED_BYTES = 8 * 1024
_ISO_MEDIA = (4, b"ftyp")
_ELSEWHERE: dict[str, tuple[int, bytes]] = {
    **dict.fromkeys(("Heic", "Avif", "Mp4", "Mov"), _ISO_MEDIA),
    **dict.fromkeys(("Docx", "Xlsx", "Pptx", "Odt", "Ods", "Odp"), (0, b"PK\3\4")),
    **dict.fromkeys(("Doc", "Xls", "Ppt"), (0, b"\xd0\xcf\x11\xe0")),
    "Tar": (257, b"ustar"),
    "Dcm": (128, b"DICM"),
    "Mkv": (0, b"\x1a\x45\xdf\xa3"),
    "Webm": (0, b"\x1a\x45\xdf\xa3"),
    "Eot": (34, b"LP"),
}
"""Kinds that do not show by themselves which first byte they need: where they look for what."""


_taken: list[bytes] = []
"""What another process has read of libmagic's database, packed until it is needed."""


class _Asked(Protocol):
    def from_buffer(self, buf: bytes) -> str: ...


class _Watched:
    """Passes for first bytes of a content and remembers which of them were looked at."""

    def __init__(self, content: bytes, start: int, seen: set[int]) -> None:
        self._content, self._start, self._seen = content, start, seen

    def __len__(self) -> int:
        return len(self._content)

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401 (as of bytes: a number or a slice)
        if isinstance(place, slice):
            start = place.indices(len(self._content))[0]
            return _Watched(self._content[place], self._start + start, self._seen)
        self._seen.add(self._start + place)
        return self._content[place]

    def __eq__(self, other: object) -> bool:
        wanted = bytes(other) if isinstance(other, bytes | bytearray) else b""
        for at, (ours, theirs) in enumerate(zip(self._content, wanted, strict=False)):
            self._seen.add(self._start + at)
            if ours != theirs:
                return False
        self._seen.add(self._start + len(self._content))
        return self._content == wanted

    __hash__ = None  # type: ignore[assignment] # (compared, never kept)

    def startswith(self, start: bytes) -> bool:
        return self[: len(start)] == start  # type: ignore[no-any-return] # (of this class)


def guessed(head: bytes) -> str:
    """Give what ``filetype`` takes a content for, ``""`` where it knows nothing.

    Args:
        head: the first bytes of a content; not empty.
    """
    part = head[:_GUESSED_BYTES]
    for kind, place in _kinds(part[0]):
        if (place is None or part.startswith(place[1], place[0])) and kind.match(part):
            return str(kind.mime)
    return ""


@cache
def _kinds(first: int) -> tuple[tuple[Any, tuple[int, bytes] | None], ...]:
    """Give the kinds that a content with this first byte can be of, in the library's own order."""
    return tuple(
        (kind, _ELSEWHERE.get(type(kind).__name__))
        for kind in import_module("filetype").types
        if not _refused(kind, first)
    )


def _refused(kind: Any, first: int) -> bool:  # noqa: ANN401 (of the library)
    """Tell whether a kind refuses a content for its first byte, without a look at any other."""
    place = _ELSEWHERE.get(type(kind).__name__)
    if place:
        return not place[0] and place[1][0] != first
    seen: set[int] = set()
    try:
        matched = kind.match(_Watched(bytes((first,)) + bytes(_GUESSED_BYTES - 1), 0, seen))
    except (TypeError, AttributeError, ValueError):  # it does what only bytes can do
        return False
    return not matched and seen == {0}


def asked(head: bytes) -> str:
    """Give what libmagic takes a content for; it is not asked where it can know nothing.

    Args:
        head: the first bytes of a content; not empty.
    """
    silence = _silence()
    if silence is not None and silence.certain(head):
        return UNKNOWN
    magic, error = libmagic()
    try:
        return magic.from_buffer(head[:SEEN_BYTES]) or UNKNOWN
    except error:
        return UNKNOWN


@cache
def libmagic() -> tuple[_Asked, type[Exception]]:
    """Give the one handle of this process, and the error that it raises.

    Raises:
        TriageError: libmagic is not installed; a missing library is never an unknown type.
    """
    magic = _library()
    return magic.Magic(mime=True), magic.MagicException


@cache
def _library() -> Any:  # noqa: ANN401 (a module)
    try:
        # pylibmagic puts its libmagic and database where python-magic looks, so it goes first. Once
        # python-magic is loaded it would change the database alone, for a library that cannot
        # read it. It is absent where the system or python-magic-bin brings libmagic.
        if "magic" not in sys.modules:
            with suppress(ImportError):
                import_module("pylibmagic")
        return import_module("magic")
    except ImportError as error:
        hint = "pip install pylibmagic python-magic"
        raise TriageError(f"libmagic does not load: {error}", hint=hint) from error


def packed_silence() -> bytes:
    """Pack what is known of libmagic's database, for other processes of this machine."""
    return pickle.dumps(_silence(), pickle.HIGHEST_PROTOCOL)


def take_silence(packed: bytes) -> None:
    """Use what another process has read of the database: reading it takes twenty times as long."""
    _taken[:] = [packed]


@cache
def _silence() -> Silence | None:
    return pickle.loads(_taken[0]) if _taken else _read_silence()  # noqa: S301  (our own worker)


def magic_identity() -> str:
    """Say which libmagic this process uses, and with what database, as far as can be told.

    Two processes that say the same may share what one of them has read of the database.
    """
    version = getattr(_library(), "version", None)
    try:
        number = str(version()) if version else "unknown"
    except NotImplementedError:
        number = "unknown"
    digest = hashlib.sha256()
    for path in _databases():
        digest.update(path.read_bytes())
    return f"version {number}, database {digest.hexdigest()[:12]}"


def _read_silence() -> Silence | None:
    """Read the databases that libmagic has loaded, ``None`` where that cannot be told for sure."""
    found = _databases()
    return read_silence(found) if found else None


def _databases() -> list[Path]:
    """Give the databases that libmagic has loaded, none where that cannot be told for sure."""
    library = getattr(_library(), "libmagic", None)
    find = getattr(library, "magic_getpath", None)
    if find is None:
        return []
    find.restype, find.argtypes = ctypes.c_char_p, [ctypes.c_char_p, ctypes.c_int]
    told = find(None, 0) or b""
    names = os.fsdecode(told).split(os.pathsep)
    loaded = names[: names.index("")] if "" in names else names  # it stops at the first empty one
    paths = [_compiled(Path(name)) for name in loaded]
    found = [path for path in paths if path is not None]
    return found if len(found) == len(paths) else []


def _compiled(path: Path) -> Path | None:
    """Give the compiled form of a database, which libmagic takes where it lies beside the other."""
    beside = path.with_name(path.name + ".mgc")
    return next((each for each in (beside, path) if each.is_file()), None)
