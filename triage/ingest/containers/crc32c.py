"""CRC-32C (Castagnoli), as VHDX protects its headers (RFC 3720, appendix B.4)."""

from __future__ import annotations

_POLYNOMIAL = 0x82F63B78


def _table() -> tuple[int, ...]:
    rows = []
    for start in range(256):
        value = start
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        rows.append(value)
    return tuple(rows)


_ROWS = _table()


def crc32c(data: bytes) -> int:
    """Give the checksum of some bytes."""
    rows, value = _ROWS, 0xFFFFFFFF
    for byte in data:
        value = rows[(value ^ byte) & 0xFF] ^ value >> 8
    return value ^ 0xFFFFFFFF
