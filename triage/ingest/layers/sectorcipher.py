"""What every cipher of sectors promises; light to import, as most evidence is not encrypted."""

from __future__ import annotations

from typing import Protocol


class SectorCipher(Protocol):
    """Decrypts whole sectors."""

    @property
    def sector_bytes(self) -> int:
        """Size of a sector."""

    def decrypt(self, data: bytes, first: int) -> bytes:
        """Give the plain bytes of whole sectors, the first of which has this number.

        Args:
            first: counted in 512 bytes.
        """
