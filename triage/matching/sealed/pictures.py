"""Digests of pictures in a sealed pack: on the disk encrypted, in the clear in memory only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.errors import HashSetError
from triage.matching.index import Rows
from triage.matching.sealed.cipher import Place, decrypted
from triage.matching.sealed.key import SealKey
from triage.model.digest import DIGEST_SIZE_BYTES, Algorithm

FLAGS_COLUMN = "flags-sealed"
"""Recipe and quality of each record's PDQ, in the bits that they have in the column of flags."""


def digests_column(algorithm: str) -> str:
    """Name the encrypted column of an algorithm's digests."""
    return f"{algorithm}-digests-sealed"


def records_column(algorithm: str) -> str:
    """Name the encrypted column of the record of each of them."""
    return f"{algorithm}-records-sealed"


class SealedPictures:
    """Decrypts what is asked for.

    Args:
        key: of the pack.
        pack: ``name@version``.
        column: gives the bytes of a column, ``None`` where the pack has none.
    """

    def __init__(
        self, key: SealKey, pack: str, column: Callable[[str, str], NDArray[Any] | None]
    ) -> None:
        self._key = key
        self._pack = pack
        self._column = column

    def digests(self, algorithm: str) -> Rows | None:
        """Give the digests, ascending; ``None`` where the pack holds none.

        Raises:
            HashSetError: the column was changed.
        """
        plain = self._plain(digests_column(algorithm))
        return None if plain is None else plain.reshape(-1, DIGEST_SIZE_BYTES[Algorithm(algorithm)])

    def records(self, algorithm: str) -> NDArray[np.uint32]:
        """Give the record of each of them.

        Raises:
            HashSetError: the column is missing or was changed.
        """
        return self._numbers(records_column(algorithm))

    def flags(self) -> NDArray[np.uint32]:
        """Give recipe and quality of every record.

        Raises:
            HashSetError: the column is missing or was changed.
        """
        return self._numbers(FLAGS_COLUMN)

    def _numbers(self, name: str) -> NDArray[np.uint32]:
        plain = self._plain(name)
        if plain is None:
            raise HashSetError(f"reference set {self._pack}: the column {name} is missing")
        numbers: NDArray[np.uint32] = plain.view("<u4")
        return numbers

    def _plain(self, name: str) -> NDArray[np.uint8] | None:
        raw = self._column(name, "u1")
        if raw is None:
            return None
        try:
            return decrypted(self._key, Place(self._pack, name), raw.data)
        except HashSetError as error:
            raise HashSetError(
                f"reference set {self._pack}: {error.message}",
                hint=error.hint or f"remove it and seal it again: {self._pack}",
            ) from error
