"""Goes through the files that a report of Cellebrite's Physical Analyzer lists, one at a time.

``report.xml`` stands at the root of a UFDR, which is a zip. The layout is known from public
parsers: ``taggedFiles`` holds one ``file`` each, with ``fs``, ``path``, ``size``, ``deleted`` as
attributes, its times as ``timestamp`` and further values as ``item``, among them ``Local Path``,
which is the name of the zip's member with backslashes, ``MD5`` and ``SHA256``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from defusedxml.ElementTree import DefusedXMLParser, ParseError

from triage.ingest.archives.source import guarded
from triage.ingest.reading import ContentError
from triage.model.entry import Times
from triage.model.outcome import FailReason

NAMESPACE = b"pa.cellebrite.com/report"
FILES_A_PAGE = 500
PAGE_BYTES = 64 * 1024 * 1024
"""Files that take up more are not listed from the report."""

_TEXT = 64 * 1024
_VALUES = 200
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_OPENING = b'<page xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
_CLOSING = b"</page>"
_DEVICE = {
    "selectedmanufacturer": "device_make",
    "detectedmanufacturer": "device_make",
    "manufacturer": "device_make",
    "selecteddevicename": "device_model",
    "detectedmodel": "device_model",
    "model": "device_model",
    "osversion": "device_os",
    "imei": "device_imei",
    "imei1": "device_imei",
    "serial": "device_serial",
    "serialnumber": "device_serial",
    "phonename": "device_name",
    "msisdn": "device_number",
    "msisdn1": "device_number",
}
"""Items of the device, lower case and without ``DeviceInfo``, the more trusted of a kind first."""


class _Ended(Exception):  # noqa: N818  (no error: it leaves the parser)
    """The list of files has been gone through; what follows is what was decoded from them."""


@dataclass(slots=True, kw_only=True)
class Reported:
    """One file as the report tells of it.

    Attributes:
        local: name of the member with its content, with slashes; ``""`` where there is none.
        md5, sha256: in hex as they stand there, or ``""``.
    """

    path: str = ""
    size: str = ""
    deleted: str = ""
    values: dict[str, str] = field(default_factory=dict)
    stamps: dict[str, str] = field(default_factory=dict)

    @property
    def local(self) -> str:
        """The name of the zip's member, as zips write it."""
        return self.values.get("local path", "").strip().replace("\\", "/").lstrip("/")

    @property
    def size_bytes(self) -> int:
        """The size that is told, 0 where none is."""
        return int(self.size) if self.size.isascii() and self.size.isdecimal() else 0

    @property
    def is_deleted(self) -> bool:
        """Whether it was recovered."""
        return self.deleted.strip().lower() in {"deleted", "true", "yes"}

    @property
    def digest(self) -> tuple[str, bytes]:
        """The algorithm and the digest that are told, ``("", b"")`` where none is."""
        for algorithm, length in (("md5", 16), ("sha256", 32)):
            try:
                found = bytes.fromhex(self.values.get(algorithm, ""))
            except ValueError:
                continue
            if len(found) == length:
                return algorithm, found
        return "", b""

    @property
    def times(self) -> Times:
        """The times that are told; one without a zone makes all of them local."""
        found = {name: _nanoseconds(text) for name, text in self.stamps.items()}
        return Times(
            modified_ns=found.get("modifytime", (None, False))[0],
            accessed_ns=found.get("accesstime", (None, False))[0],
            created_ns=found.get("creationtime", (None, False))[0],
            naive_local=any(local for _, local in found.values()),
        )


class Reading:
    """Feeds a report to the parser and gives files as they are complete.

    Attributes:
        device: what was told of the device so far.
    """

    def __init__(self) -> None:
        self.device: dict[str, str] = {}
        self._rank: dict[str, int] = {}
        self._done: list[tuple[int, int, Reported]] = []
        self._file: Reported | None = None
        self._closed = False
        self._file_at = 0
        self._kind, self._name = "", ""
        self._text: list[str] = []
        self._length = 0
        self._parser: Any = DefusedXMLParser(target=self, forbid_dtd=True)

    def files(self, pieces: Iterable[bytes]) -> Iterator[tuple[int, int, Reported]]:
        """Give files, each between the places where it begins and where what follows does.

        Raises:
            ContentError: the report is damaged, or cannot be read; what came before was given.
        """
        try:
            with guarded("report.xml"):
                for piece in pieces:
                    self._parser.feed(piece)
                    yield from self._given()
                self._parser.close()
        except _Ended:
            pass
        except (ParseError, ContentError) as error:
            yield from self._given()
            words = error.detail if isinstance(error, ContentError) else f"report.xml: {error}"
            raise ContentError(FailReason.READ_ERROR, words) from error
        yield from self._given()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the start of an element, from the parser."""
        self._after()
        local = tag.rpartition("}")[2]
        if local == "file":
            self._file = Reported(
                path=attributes.get("path", "")[:_TEXT],
                size=attributes.get("size", ""),
                deleted=attributes.get("deleted", ""),
            )
            self._file_at = self._parser.parser.CurrentByteIndex
        if local in {"item", "timestamp"}:
            self._kind, self._name = local, attributes.get("name", "").strip().lower()
            self._text.clear()
            self._length = 0

    def data(self, text: str) -> None:
        """Take text, from the parser."""
        self._after()
        if self._kind and self._length < _TEXT:
            self._text.append(text)
            self._length += len(text)

    def end(self, tag: str) -> None:
        """Take the end of an element, from the parser."""
        self._after()
        local = tag.rpartition("}")[2]
        if local == self._kind:
            self._value("".join(self._text).strip())
            self._kind = ""
        elif local == "file" and self._file is not None:
            self._closed = True
        elif local == "taggedFiles":
            raise _Ended

    def close(self) -> None:
        """Take the end of the document, from the parser."""

    def _after(self) -> None:
        """Complete a file by where the next thing begins."""
        if self._closed and self._file is not None:
            after = self._parser.parser.CurrentByteIndex
            self._done.append((self._file_at, after, self._file))
            self._file, self._closed = None, False

    def _value(self, text: str) -> None:
        if self._file is None:
            self._of_device(text)
        elif len(self._file.values) + len(self._file.stamps) < _VALUES:
            told = self._file.stamps if self._kind == "timestamp" else self._file.values
            told.setdefault(self._name, text)

    def _of_device(self, text: str) -> None:
        name = self._name.removeprefix("deviceinfo").replace(" ", "")
        rank = list(_DEVICE).index(name) if name in _DEVICE else -1
        if rank < 0 or not text:
            return
        kind = _DEVICE[name]
        if rank < self._rank.get(kind, len(_DEVICE)):
            self._rank[kind], self.device[kind] = rank, text

    def _given(self) -> Iterator[tuple[int, int, Reported]]:
        done, self._done = self._done, []
        yield from done


def files_of_page(data: bytes) -> Iterator[Reported]:
    """Give the files of a stretch of a report that holds whole ``file`` elements.

    Raises:
        ContentError: it is damaged.
    """
    pieces = (_OPENING, data, _CLOSING)
    return (found for _, _, found in Reading().files(pieces))


def _nanoseconds(text: str) -> tuple[int | None, bool]:
    """Give a moment, and whether it is without a zone."""
    try:
        moment = dt.datetime.fromisoformat(text)
        local = moment.tzinfo is None
        aware = moment.replace(tzinfo=dt.UTC) if local else moment
        since = aware - _EPOCH
    except (ValueError, OverflowError):
        return None, False
    whole = since.days * 86_400 + since.seconds
    return (whole * 1_000_000_000 + since.microseconds * 1000) or None, local
