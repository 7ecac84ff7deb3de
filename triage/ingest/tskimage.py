"""Shows a container to The Sleuth Kit as an image of its own kind."""

from __future__ import annotations

import pytsk3

from triage.ingest.container import Container


class ContainerImage(pytsk3.Img_Info):
    """An image whose reads are answered by a container, so that damage is met in one place."""

    def __init__(self, container: Container) -> None:
        self._container = container
        super().__init__(url="", type=pytsk3.TSK_IMG_TYPE_EXTERNAL)

    def close(self) -> None:
        """Leave the container open: it belongs to the evidence."""

    def read(self, offset: int, size: int) -> bytes:
        """Give bytes of the medium; zeros over damage."""
        return self._container.read_at(offset, size)

    def get_size(self) -> int:
        """Give the size of the medium in bytes."""
        return self._container.info.size_bytes
