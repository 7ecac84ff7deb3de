"""What to do next, and in what portions; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from triage.model.entry import FileEntry

BATCH_BYTES = 16 * 1024 * 1024
BATCH_ITEMS = 64

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimits:
    """How long one item may take before its worker is stopped.

    Attributes:
        opening_s: opening an image and finding its volumes.
        folder_s: listing one folder.
        entry_s: reading one entry, to which ``slowest_bytes_per_s`` adds by size.
        picture_s: decoding and hashing one picture.
    """

    opening_s: float = 900.0
    folder_s: float = 600.0
    entry_s: float = 120.0
    picture_s: float = 60.0
    slowest_bytes_per_s: float = 1_000_000.0

    def reading_s(self, size_bytes: int) -> float:
        """Give the limit for reading an entry of this size."""
        return self.entry_s + size_bytes / self.slowest_bytes_per_s

    def reaching_s(self, container: FileEntry | None) -> float:
        """Give what is added for a member: all of its archives may have to be unpacked before."""
        size_bytes = 0
        while container is not None:
            size_bytes += container.size_bytes
            container = container.container
        return size_bytes / self.slowest_bytes_per_s


def portions(
    items: Iterable[Item],
    *,
    size_bytes: Callable[[Item], int],
    most: int = BATCH_ITEMS,
    most_bytes: int = BATCH_BYTES,
    alone: Callable[[Item], bool] = lambda _: False,
) -> Iterator[tuple[Item, ...]]:
    """Cut items into batches by bytes and number, keeping their order.

    A huge item gets a batch of its own, so that it holds nothing up; so does one that ``alone``
    picks out.

    Args:
        most: items of a batch; fewer where each takes long, so that workers end together.
        most_bytes: of a batch, for the same reason.
    """
    batch: list[Item] = []
    held = 0
    for item in items:
        size = size_bytes(item)
        by_itself = size >= most_bytes or alone(item)
        if batch and (by_itself or held + size > most_bytes or len(batch) >= most):
            yield tuple(batch)
            batch, held = [], 0
        batch.append(item)
        held += size
        if by_itself:
            yield tuple(batch)
            batch, held = [], 0
    if batch:
        yield tuple(batch)
