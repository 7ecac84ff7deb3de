"""Shows a container to The Sleuth Kit as an image of its own kind, and words its errors."""

from __future__ import annotations

import re

import pytsk3

from triage.ingest.container import Container

BLOCK_BYTES = 64 * 1024
"""The Sleuth Kit fetches metadata in blocks of this size; what is longer is content."""

_PLACE = re.compile(r"\s*(?:\w+: )?\([\w.]+\.(?:c|h|cpp|hpp):\d+\) *")
_WITHIN = re.compile(r"\( *-? *(?:\w*_\w*(?::| -) )?(?=\S)")
"""Names of functions, as they stand at the start of what is in brackets."""

_LEAD = re.compile(r"^.*?(?:with error|Read error): ")
_UNKNOWN = re.compile(r": unknown libtsk error$")


def plain_words(error: OSError) -> str:
    """Give what The Sleuth Kit says went wrong, without the places in its source code."""
    text = _UNKNOWN.sub("", _LEAD.sub("", _PLACE.sub("", str(error))))
    return _WITHIN.sub("(", text).strip()


class ContainerImage(pytsk3.Img_Info):
    """An image whose reads are answered by a container, so that damage is met in one place."""

    def __init__(self, container: Container) -> None:
        self._container = container
        super().__init__(url="", type=pytsk3.TSK_IMG_TYPE_EXTERNAL)

    def close(self) -> None:
        """Leave the container open: it belongs to the evidence."""

    def read(self, offset: int, size: int) -> bytes:
        """Give bytes of the medium; zeros over damage."""
        if size > BLOCK_BYTES:
            return self._container.read_content(offset, size)
        return self._container.read_at(offset, size)

    def get_size(self) -> int:
        """Give the size of the medium in bytes."""
        return self._container.info.size_bytes
