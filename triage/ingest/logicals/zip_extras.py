"""What tools for phones note in the extra fields of a zip, beside what every zip has."""

from __future__ import annotations

from triage.ingest.archives.zip_fields import extras

_INODE, _SHA256 = 0x4E49, 0x3253
_INODE_BYTES, _SHA256_BYTES = 12, 32


def inode_and_digest(raw: bytes) -> tuple[bytes, bytes]:
    """Give inode and device, and the SHA-256 of the content, ``b""`` for what is not recorded.

    The fields are those of Grayshift's tool: ``IN`` has the inode in 8 bytes and the device in 4,
    little-endian, ``S2`` the digest. An inode of 0 and a digest of zeros are none.

    Args:
        raw: all extra fields of an entry.
    """
    inode = digest = b""
    for kind, data in extras(raw):
        if kind == _INODE and len(data) >= _INODE_BYTES and any(data[:8]):
            inode = data[:_INODE_BYTES]
        elif kind == _SHA256 and len(data) == _SHA256_BYTES and any(data):
            digest = data
    return inode, digest
