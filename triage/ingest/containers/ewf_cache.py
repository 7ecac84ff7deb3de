"""Keeps chunks that were inflated and checked, the most recently used ones."""

from __future__ import annotations

from collections import OrderedDict

from triage.ingest.containers.ewf_chunks import Data


class ChunkCache:
    """Chunks by their numbers, up to a number of them."""

    def __init__(self, most_chunks: int) -> None:
        self._most = most_chunks
        self._chunks: OrderedDict[int, Data] = OrderedDict()

    def __contains__(self, chunk: object) -> bool:
        return chunk in self._chunks

    def get(self, chunk: int) -> Data | None:
        """Give the data of a chunk, which then counts as used last."""
        data = self._chunks.get(chunk)
        if data is not None:
            self._chunks.move_to_end(chunk)
        return data

    def put(self, chunk: int, data: Data) -> Data:
        """Keep the data of a chunk, a view as a copy: it would hold on to all that it was cut from.

        Gives what is kept.
        """
        kept = bytes(data) if isinstance(data, memoryview) else data
        self._chunks[chunk] = kept
        if len(self._chunks) > self._most:
            self._chunks.popitem(last=False)
        return kept

    def clear(self) -> None:
        """Keep nothing."""
        self._chunks.clear()
