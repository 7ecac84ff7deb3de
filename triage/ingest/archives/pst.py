"""Opens mail stores of Outlook (PST, OST) through libpff: what is attached to their messages."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import pypff

from triage.ingest.archives.member import ArchiveLimits, Budget, Member
from triage.ingest.archives.source import BUFFER_BYTES, Source, SourceFile, guarded
from triage.ingest.reading import CHUNK_BYTES, ContentError
from triage.model.entry import EntryKind, Times
from triage.model.outcome import FailReason, SkipReason

_MARK = b"!BDN"
_NESTED_FOLDERS, _NESTED_MESSAGES = 64, 8
_EPOCH_TICKS = 116_444_736_000_000_000

_T = TypeVar("_T")
_Getter = Callable[[], pypff.message]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """One attachment, and how to come to its message again: no message is held open."""

    message: _Getter
    index: int
    member: Member


def recognises(head: bytes) -> bool:
    """Tell a store by its mark."""
    return head.startswith(_MARK)


class PstArchive:
    """One store; a password that Outlook asks for only keeps honest people out, and is not asked.

    Names are the folder, the number of the message in it, and the attachment's own name.
    """

    checked = False

    def __init__(self, source: Source, limits: ArchiveLimits, name: bytes = b"") -> None:
        del name
        self._limits = limits
        self._budget = Budget(limits, source.size_bytes)
        self._found: list[_Found] = []
        self._lost = self._linked = 0
        self._file = pypff.file()
        self.faults: tuple[str, ...] = ()
        with guarded("mail store"):
            self._file.open_file_object(io.BufferedReader(SourceFile(source), BUFFER_BYTES))
            root = self._file.get_root_folder()
        if root is not None and not self._folders(root):
            self.faults = (f"stopped after {limits.max_members} attachments: limit",)
        self.members = tuple(one.member for one in self._found)
        told = (
            (self._lost, "folder(s), message(s) or attachment(s) could not be read"),
            (self._linked, "attachment(s) are links to what lies elsewhere"),
        )
        self.faults += tuple(f"{count} {words}" for count, words in told if count)
        self.faults += self._budget.faults()

    def content(self, ordinal: int) -> Iterator[bytes]:
        """Give an attachment."""
        one = self._found[ordinal]
        with guarded("attachment in a mail store"):
            attachment = one.message().get_attachment(one.index)
            attachment.seek_offset(0, io.SEEK_SET)
            left = one.member.size_bytes
            while left:
                piece = attachment.read_buffer(min(CHUNK_BYTES, left))
                if not piece:
                    detail = f"the attachment ends {left} bytes before its recorded size"
                    raise ContentError(FailReason.SHORT_READ, detail)
                left -= len(piece)
                yield piece

    def window(self, ordinal: int) -> Source | None:
        """Give nothing: attachments lie in blocks."""
        del ordinal
        return None

    def _folders(self, root: pypff.folder) -> bool:
        """List all folders; tell whether none was left out for a limit."""
        seen = set[int]()
        waiting = [(root, b"", 0)]
        while waiting:
            folder, path, deep = waiting.pop()
            subfolders = self._tried(partial(_subfolders, folder)) or []
            for number, sub in enumerate(subfolders):
                told = self._tried(partial(_told, sub))
                if told is None or told[0] in seen or deep >= _NESTED_FOLDERS:
                    continue
                seen.add(told[0])
                name = (told[1] or f"folder-{number + 1}").encode("utf-8", "surrogatepass")
                waiting.append((sub, path + name + b"/", deep + 1))
            count = self._tried(partial(_messages, folder)) or 0
            for number in range(count):
                prefix = path + b"%06d/" % (number + 1)
                getter = _message_of(folder, number)
                if not self._message(getter, prefix, 0):
                    return False
        return True

    def _message(self, getter: _Getter, prefix: bytes, deep: int) -> bool:
        message = self._tried(getter)
        if message is None:
            return True
        count = self._tried(lambda: message.number_of_attachments) or 0
        sent_ns = self._tried(lambda: _sent_ns(message)) if count else None
        for index in range(count):
            if len(self._found) >= self._limits.max_members:
                return False
            if not self._attachment(getter, message, index, prefix, sent_ns or None, deep):
                return False
        return True

    def _attachment(  # noqa: PLR0913, PLR0917 (of one attachment, all of them)
        self,
        getter: _Getter,
        message: pypff.message,
        index: int,
        prefix: bytes,
        sent_ns: int | None,
        deep: int,
    ) -> bool:
        attachment = self._tried(lambda: message.get_attachment(index))
        if attachment is None:
            return True
        name = self._tried(lambda: attachment.long_filename or "") or f"part-{index + 1}"
        raw = prefix + name.encode("utf-8", "surrogatepass")
        inner = self._inner(attachment)
        if inner is not None and deep < _NESTED_MESSAGES:
            return self._message(_inner_of(getter, index), raw + b"/", deep + 1)
        size = self._tried(attachment.get_size)
        if size is None:
            return True
        self._linked += not size
        member = Member(
            name=raw,
            size_bytes=size,
            kind=EntryKind.FILE,
            times=Times(modified_ns=sent_ns),
            no_content="" if size else SkipReason.EMPTY.value,
        )
        charged = self._budget.charged(member)
        self._found.append(_Found(message=getter, index=index, member=charged))
        return True

    def _inner(self, attachment: pypff.attachment) -> pypff.item | None:
        """Give the message that an attachment is, ``None`` where it is none."""
        try:
            with guarded("attachment"):
                found = attachment.get_sub_item(0) if attachment.number_of_sub_items else None
        except ContentError:
            return None
        return found if hasattr(found, "get_attachment") else None

    def _tried(self, step: Callable[[], _T]) -> _T | None:
        try:
            with guarded("mail store"):
                return step()
        except ContentError:
            self._lost += 1
            return None


def _message_of(folder: pypff.folder, number: int) -> _Getter:
    return lambda: folder.get_sub_message(number)


def _inner_of(getter: _Getter, index: int) -> _Getter:
    def inner() -> pypff.message:
        found = getter().get_attachment(index).get_sub_item(0)
        if not isinstance(found, pypff.message):
            raise TypeError("not a message")
        return found

    return inner


def _subfolders(folder: pypff.folder) -> list[pypff.folder]:
    return [folder.get_sub_folder(index) for index in range(folder.number_of_sub_folders)]


def _told(folder: pypff.folder) -> tuple[int, str]:
    return folder.identifier, folder.name or ""


def _messages(folder: pypff.folder) -> int:
    return folder.number_of_sub_messages


def _sent_ns(message: pypff.message) -> int:
    """Give when it was sent, else when it arrived; 0 where neither is recorded."""
    ticks = message.get_client_submit_time_as_integer() or message.get_delivery_time_as_integer()
    return (ticks - _EPOCH_TICKS) * 100 if ticks and 0 < ticks < 1 << 62 else 0
