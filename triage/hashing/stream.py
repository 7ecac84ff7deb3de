"""The three cryptographic digests of one content, taken in a single pass over its bytes."""

from __future__ import annotations

import hashlib

from triage.model.digest import Digests


class DigestStream:
    """Feeds every chunk to MD5, SHA-1 and SHA-256 at once.

    Law: how the content is cut into chunks does not change the result. Chunks of 64 KiB to 1 MiB
    are the fast ones; hashlib frees the interpreter lock while it works on a chunk.

    MD5 and SHA-1 are named by reference lists, so they are computed everywhere, also where a
    build of OpenSSL allows them for no security purpose (FIPS).
    """

    __slots__ = ("_md5", "_sha1", "_sha256", "_size_bytes")

    def __init__(self) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._sha256 = hashlib.sha256()
        self._size_bytes = 0

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """Take the next chunk, which must be contiguous; an empty chunk changes nothing."""
        self._md5.update(data)
        self._sha1.update(data)
        self._sha256.update(data)
        self._size_bytes += data.nbytes if isinstance(data, memoryview) else len(data)

    def finish(self) -> Digests:
        """Give the digests of all that was fed so far; the stream may go on afterwards."""
        return Digests(
            md5=self._md5.digest(),
            sha1=self._sha1.digest(),
            sha256=self._sha256.digest(),
            size_bytes=self._size_bytes,
        )


def digest_bytes(data: bytes | bytearray | memoryview) -> Digests:
    """Give the digests of content that is in memory as one piece."""
    stream = DigestStream()
    stream.update(data)
    return stream.finish()
