"""Reads an upload anew from the disk, in steps, and tells whether it is what the sender had."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from triage.batch.uploadfiles import READ_BYTES
from triage.batch.uploadterms import on_disk
from triage.store.uploads import Upload


@dataclass(slots=True)
class Check:
    """How far the reading of a whole upload has come.

    Attributes:
        digests: SHA-256 in hexadecimal of the files read to their ends, in their order.
        done_bytes: read of all files together.
    """

    digests: list[str] = field(default_factory=list)
    done_bytes: int = 0
    _at_bytes: int = 0
    _digest: Any = field(default_factory=hashlib.sha256)

    def step(self, upload: Upload, budget_bytes: int) -> bool:
        """Read on, as many bytes as the budget allows; true once all files are read.

        The files have to be there in the sizes that were said.

        Raises:
            UploadFault: the disk fails.
        """
        while len(self.digests) < len(upload.files):
            file = upload.files[len(self.digests)]
            with on_disk(), (upload.folder / file.stored).open("rb") as opened:
                opened.seek(self._at_bytes)
                while budget_bytes > 0 and (data := opened.read(READ_BYTES)):
                    self._digest.update(data)
                    self._at_bytes += len(data)
                    self.done_bytes += len(data)
                    budget_bytes -= len(data)
            if self._at_bytes < file.size_bytes:
                return False
            self.digests.append(self._digest.hexdigest())
            self._at_bytes, self._digest = 0, hashlib.sha256()
        return True

    def same(self, upload: Upload) -> bool:
        """Tell, once all is read, whether every file is what it was before it was sent."""
        before = [one.sha256_before for one in upload.files]
        return before == self.digests
