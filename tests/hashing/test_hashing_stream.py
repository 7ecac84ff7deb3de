"""Published vectors, and the law that cutting the content does not matter."""

from __future__ import annotations

import subprocess
from array import array
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.hashing.stream import DigestStream, digest_bytes

# MD5: RFC 1321, A.5. SHA-1 and SHA-256: NIST's example values and FIPS 180-4 short messages.
VECTORS = (
    (
        b"",
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ),
    (
        b"abc",
        "900150983cd24fb0d6963f7d28e17f72",
        "a9993e364706816aba3e25717850c26c9cd0d89d",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    ),
)
LONG_SHA = (
    b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
)
MILLION_A = (
    "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
)
RFC1321 = (
    (b"message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
    (b"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
    (b"1234567890" * 8, "57edf4a22be3c955ac49da2e2107b67a"),
)


@pytest.mark.parametrize(("content", "md5", "sha1", "sha256"), VECTORS)
def test_published_vectors_of_all_three(content: bytes, md5: str, sha1: str, sha256: str) -> None:
    digests = digest_bytes(content)
    assert (digests.md5.hex(), digests.sha1.hex(), digests.sha256.hex()) == (md5, sha1, sha256)
    assert digests.size_bytes == len(content)


@pytest.mark.parametrize(("content", "md5"), RFC1321)
def test_md5_of_rfc_1321(content: bytes, md5: str) -> None:
    assert digest_bytes(content).md5.hex() == md5


def test_sha_of_two_blocks() -> None:
    digests = digest_bytes(LONG_SHA[0])
    assert (digests.sha1.hex(), digests.sha256.hex()) == LONG_SHA[1:]


def test_sha_of_a_million_letters_in_uneven_chunks() -> None:
    stream = DigestStream()
    for _ in range(15625):
        stream.update(b"a" * 61)
        stream.update(b"aaa")
    digests = stream.finish()
    assert (digests.sha1.hex(), digests.sha256.hex()) == MILLION_A
    assert digests.size_bytes == 1_000_000


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=8))
def test_chunking_does_not_matter(content: bytes, cuts: list[int]) -> None:
    stream = DigestStream()
    edges = [0, *sorted(min(cut, len(content)) for cut in cuts), len(content)]
    for start, end in pairwise(edges):
        stream.update(memoryview(content)[start:end])
    assert stream.finish() == digest_bytes(content)


def test_size_counts_bytes_of_wide_views() -> None:
    words = array("I", [1, 2, 3])
    assert digest_bytes(memoryview(words)) == digest_bytes(words.tobytes())


def test_agrees_with_the_systems_own_tool() -> None:
    content = bytes(range(256)) * 1031
    try:
        told = subprocess.run(["sha256sum"], input=content, capture_output=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip("sha256sum is not installed")
    assert digest_bytes(content).sha256.hex() == told.split()[0].decode()
