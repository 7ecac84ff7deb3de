from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from triage.ingest.filetype import detect

PYTHON, MACHO = "application/x-bytecode.python", "application/x-mach-binary"


@pytest.mark.parametrize(
    ("head", "mime", "kind"),
    [
        ("4c0000000114020000000000c000000000000046", "application/x-ms-shortcut", "other"),
        (b"ElfFile\0" + bytes(120), "application/x-ms-evtx", "other"),
        (b"regf\1\0\0\0" + bytes(500), "application/x-ms-registry", "other"),
        (b"\x1e\0\0\0SCCA" + bytes(80), "application/x-ms-prefetch", "other"),
        (b"MAM\4\x10\x20\0\0", "application/x-ms-prefetch", "other"),
        ("11223344efcdab8920060000", "application/x-ms-ese", "other"),
        (b"FILE0\0\3\0" + bytes(500), "application/x-ntfs-record", "other"),
        (b"MSWIM\0\0\0" + bytes(200), "application/x-ms-wim", "other"),
        (b"MSCF\0\0\0\0" + bytes(40), "application/vnd.ms-cab-compressed", "archive"),
        (b"bplist00\xd1\1\2", "application/x-bplist", "other"),
        ("cffaedfe0700000103000000", MACHO, "other"),
        ("cafebabe0000000201000007" + "00" * 40, MACHO, "other"),
        ("cafebabe00000034" + "00" * 10, "application/x-java-applet", "other"),
        (b"dex\n035\0" + bytes(40), "application/x-android-dex", "other"),
        ("a70d0d0a00000000", PYTHON, "other"),
        ("03f30d0a00000000", PYTHON, "other"),
        ("de120495" + "00" * 24, "application/x-gettext-translation", "other"),
        (b"TZif2" + bytes(40), "application/tzif", "other"),
        (b"\x1a\1\4\0\1\0\1\0\1\0\1\0abc\0\1", "application/x-terminfo", "other"),
        (b"!<arch>\ndebian-binary   1\0", "application/x-deb", "archive"),
        (b"!<arch>\n", "application/x-unix-archive", "archive"),
        (b"\0\0\0\x14ftypjpx \0\0\0\0jpx " + bytes(40), "image/jpx", "picture"),
        (b"!<arch>\n/     \0", "application/x-unix-archive", "archive"),
        ("edabeedb0300" + "00" * 90, "application/x-rpm", "archive"),
        ("28b52ffd0400", "application/zstd", "archive"),
        ("377abcaf271c0004", "application/x-7z-compressed", "archive"),
        ("377f0682002de218", "application/x-sqlite-wal", "other"),
        (b"wOF2\0\1\0\0" + bytes(40), "application/font-woff", "other"),
        (b"fLaC\0\0\0\x22" + bytes(40), "audio/x-flac", "audio"),
        (b"ID3\3\0\0\0\0\x0f\x76", "audio/mpeg", "audio"),
        (bytes(257) + b"ustar\0" + bytes(300), "application/x-tar", "archive"),
        (bytes(32769) + b"CD001" + bytes(60), "application/x-iso9660-image", "archive"),
    ],
)
def test_published_marks_of_system_files_are_told(head: bytes | str, mime: str, kind: str) -> None:
    content = bytes.fromhex(head) if isinstance(head, str) else head
    got = detect(content, b"noname", len(content))
    assert (got.mime, got.family) == (mime, kind)


@pytest.mark.parametrize(
    "word", [b"regf", b"TZif", b"MZ", b"fLaC", b"bplist0", b"oat\n", b"070701"]
)
def test_text_that_begins_like_a_mark_stays_text(word: bytes) -> None:
    content = word + b" is how some file begins\n"
    assert detect(content, b"notes.txt", len(content)).mime == "text/plain"


def test_a_document_in_a_zip_is_not_taken_for_any_zip() -> None:
    def zipped(name: bytes, body: bytes) -> bytes:
        sizes = struct.pack("<III", 0, len(body), len(body))
        return (
            b"PK\3\4\x14\0\0\0\0\0"
            + bytes(4)
            + sizes
            + struct.pack("<HH", len(name), 0)
            + name
            + body
        )

    assert detect(zipped(b"a.txt", b"x" * 40), b"a", 99).mime == "application/zip"
    book = zipped(b"mimetype", b"application/epub+zip")
    assert detect(book + bytes(9), b"a", 99).mime == "application/epub+zip"


@pytest.mark.filterwarnings("ignore:IM image format is deprecated")
@pytest.mark.parametrize("form", ["SGI", "IM", "MSP", "SPIDER"])
def test_what_only_pillow_knows_is_a_picture(form: str) -> None:
    sink = io.BytesIO()
    picture = Image.effect_noise((40, 30), 50)
    picture.convert({"MSP": "1", "SPIDER": "F"}.get(form, "L")).save(sink, form)
    content = sink.getvalue()
    assert detect(content, b"x", len(content)).family == "picture"
    spoiled = b"\xf3" + content[1:9] + b"\xff" * 400
    assert detect(spoiled, b"x", len(spoiled)).family != "picture"
