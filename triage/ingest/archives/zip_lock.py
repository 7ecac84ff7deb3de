"""Finds which of the given passwords opens which member of a zip."""

from __future__ import annotations

from collections.abc import Iterable

from triage.ingest.archives.source import Source, guarded
from triage.ingest.archives.zip_content import is_encrypted, packed_of
from triage.ingest.archives.zip_crypt import AES_METHOD, OLD_MOST_BYTES, fits
from triage.ingest.archives.zip_directory import ZipEntry
from triage.ingest.reading import ContentError
from triage.ingest.secrets import given_secrets

_ASKED = 16
"""Members on which all passwords are tried: one that fits most of them comes first."""


class ZipLock:
    """The passwords for one zip, the likeliest first."""

    def __init__(self, source: Source, entries: Iterable[ZipEntry]) -> None:
        self._source = source
        given = given_secrets()
        locked = [entry for entry in entries if given and is_encrypted(entry) and entry.size_bytes]
        asked = locked[:_ASKED]
        counts = {each: sum(self._fits(entry, each) for entry in asked) for each in given}
        self._passwords = sorted(given, key=lambda each: -counts[each])

    def password(self, entry: ZipEntry) -> str | None:
        """Give what opens a member, ``None`` where nothing does."""
        if self.refuses(entry):
            return None
        return next((each for each in self._passwords if self._fits(entry, each)), None)

    def refuses(self, entry: ZipEntry) -> str:
        """Say in words why a member is not decrypted whatever the password, ``""`` if it is."""
        if entry.method != AES_METHOD and entry.size_bytes > OLD_MOST_BYTES:
            return f", by the old way, which is undone up to {OLD_MOST_BYTES} bytes only"
        return ""

    def words(self, entry: ZipEntry) -> str:
        """Say what became of the passwords on a member that stays locked."""
        if not self._passwords:
            return ""
        return self.refuses(entry) or ", and no given password opens it"

    def _fits(self, entry: ZipEntry, password: str) -> bool:
        try:
            with guarded("encrypted member of a zip"):
                return fits(entry, password, packed_of(self._source, entry))
        except ContentError:
            return False
