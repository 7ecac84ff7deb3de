from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from triage.ingest.filetype import HEAD_BYTES, detect, family
from triage.ingest.filetypes.text import plain_text

FIXTURES = Path(__file__).parents[2] / "fixtures"


def drawn(form: str) -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", (24, 16), (200, 30, 60)).save(sink, form)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("form", "mime"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("GIF", "image/gif"),
        ("BMP", "image/bmp"),
        ("TIFF", "image/tiff"),
        ("WEBP", "image/webp"),
        ("ICO", "image/vnd.microsoft.icon"),
        ("PPM", "image/x-portable-anymap"),
        ("PCX", "image/x-pcx"),
        ("ICNS", "image/x-icns"),
        ("DDS", "image/vnd.ms-dds"),
        ("JPEG2000", "image/jp2"),
        ("PDF", "application/pdf"),
    ],
)
def test_what_pillow_writes_is_told_by_its_format(form: str, mime: str) -> None:
    try:
        content = drawn(form)
    except (OSError, KeyError):
        pytest.skip(f"Pillow writes no {form} here")
    got = detect(content[:HEAD_BYTES], b"x", len(content))
    assert got.mime == mime
    assert got.family == ("document" if form == "PDF" else "picture")


def box(kind: bytes, *brands: bytes) -> bytes:
    body = brands[0] + bytes(4) + b"".join(brands)
    return struct.pack(">I", 8 + len(body)) + kind + body + bytes(64)


@pytest.mark.parametrize(
    ("head", "mime", "kind"),
    [
        (box(b"ftyp", b"heic", b"mif1"), "image/heic", "picture"),
        (box(b"ftyp", b"mif1", b"heic"), "image/heic", "picture"),
        (box(b"ftyp", b"mif1", b"avif"), "image/avif", "picture"),
        (box(b"ftyp", b"mif1", b"miaf"), "image/heif", "picture"),
        (box(b"ftyp", b"avif", b"mif1"), "image/avif", "picture"),
        (box(b"ftyp", b"crx ", b"isom"), "image/x-canon-cr3", "picture"),
        (box(b"ftyp", b"isom", b"avc1"), "video/mp4", "video"),
        (box(b"ftyp", b"XAVC", b"mp42"), "video/mp4", "video"),
        (box(b"ftyp", b"qt  ", b"qt  "), "video/quicktime", "video"),
        (box(b"ftyp", b"3gp5", b"isom"), "video/3gpp", "video"),
        (box(b"ftyp", b"3g2a", b"3g2a"), "video/3gpp2", "video"),
        (box(b"ftyp", b"M4A ", b"isom"), "audio/mp4", "audio"),
        (b"\0\0\0\x20moov" + bytes(32), "video/quicktime", "video"),
        (b"RIFF\0\0\0\0AVI LIST" + bytes(32), "video/x-msvideo", "video"),
        (b"RIFF\0\0\0\0WAVEfmt " + bytes(32), "audio/x-wav", "audio"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm" + bytes(32), "video/webm", "video"),
        (b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska", "video/x-matroska", "video"),
        ((b"G" + bytes(187)) * 6, "video/mp2t", "video"),
        (b"\0\0\x01\xba" + bytes(64), "video/mpeg", "video"),
        (b"II*\0\x10\0\0\0CR\x02\0" + bytes(64), "image/x-canon-cr2", "picture"),
        (b"8BPS\0\x01" + bytes(64), "image/vnd.adobe.photoshop", "picture"),
        (b'<?xml version="1.0"?>\n<!-- c -->\n<svg xmlns="x">', "image/svg+xml", "document"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "application/postscript", "document"),
        (b"PK\x03\x04" + bytes(64), "application/zip", "archive"),
        (b"\x1f\x8b\x08" + bytes(64), "application/gzip", "archive"),
        (b"MZ" + bytes(200), "application/x-msdownload", "other"),
        (b"hello, world\n", "text/plain", "document"),
        ("grüße\n".encode("utf-16"), "text/plain", "document"),
    ],
)
def test_published_marks_are_told(head: bytes, mime: str, kind: str) -> None:
    got = detect(head, b"noname", len(head))
    assert (got.mime, got.family) == (mime, kind)


def test_camera_raw_is_told_by_maker_or_dng_tag() -> None:
    def tiff(tag: int, *more: int) -> bytes:
        tags = sorted((271, tag, *more))
        place = 8 + 2 + 12 * len(tags) + 4
        entries = b"".join(struct.pack("<HHII", each, 2, 6, place) for each in tags)
        return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4) + b"NIKON\0"

    assert detect(tiff(330), b"a.nef", 99).mime == "image/x-nikon-nef"
    assert detect(tiff(50706), b"a.dng", 99).mime == "image/x-adobe-dng"
    assert detect(tiff(305), b"a.tif", 99).mime == "image/tiff"


@pytest.mark.parametrize(
    ("name", "content", "agrees"),
    [
        (b"a.jpg", b"\xff\xd8\xff\xe0", True),
        (b"A.JPEG", b"\xff\xd8\xff\xe0", True),
        (b"a.txt", b"\xff\xd8\xff\xe0", False),
        (b"a.jpg", b"just text\n", False),
        (b"a.png", b"\xff\xd8\xff\xe0", False),
        (b"a.mov", b"\0\0\0\x14ftypmp42" + bytes(8), True),
        (b"a.heic", b"\0\0\0\x14ftypheic" + bytes(8), True),
        (b"a.dll", b"\xff\xd8\xff\xe0", False),
        (b"a.xyzzy", b"\xff\xd8\xff\xe0", None),
        (b"a", b"\xff\xd8\xff\xe0", None),
        (b"\xff\xfe.\xff", b"\xff\xd8\xff\xe0", None),
        (b"notes.txt", b"just text\n", True),
    ],
)
def test_extension_is_compared_with_the_content(
    name: bytes, content: bytes, agrees: object
) -> None:
    assert detect(content, name, len(content)).extension_agrees is agrees


def test_every_fixture_picture_is_a_picture() -> None:
    truth = json.loads((FIXTURES / "truth" / "pictures.json").read_text("utf-8"))
    names = list((FIXTURES / "pictures").iterdir())
    assert truth
    assert len(names) > 20
    for path in names:
        if path.suffix.lower() in (".jpg", ".png", ".gif", ".webp", ".heic", ".avif", ".bmp"):
            got = detect(path.read_bytes()[:HEAD_BYTES], path.name.encode(), path.stat().st_size)
            assert got.family == "picture", path.name
            assert got.extension_agrees is not None, path.name


def peer() -> Any:
    import_module("pylibmagic")
    return import_module("magic").Magic(mime=True)


def test_no_picture_or_video_that_libmagic_knows_is_missed() -> None:
    """Compared over the corpus' pictures where it is set, else over those of this machine."""
    roots = [Path(os.environ["TRIAGE_CORPUS"])] if os.environ.get("TRIAGE_CORPUS") else []
    roots.append(Path(import_module("PIL").__file__ or "").parent)
    roots.append(FIXTURES / "pictures")
    judge, compared = peer(), 0
    for root in roots:
        for path in sorted(root.rglob("*"))[:600]:
            if not path.is_file() or not path.stat().st_size:
                continue
            with path.open("rb") as source:
                head = source.read(HEAD_BYTES)
            theirs = family(judge.from_buffer(head))
            if theirs in ("picture", "video"):
                assert detect(head, b"", len(head)).family == theirs, path.name
                compared += 1
    assert compared > 20


@settings(deadline=None)  # the first call of a process reads libmagic's database
@given(st.binary(max_size=600))
def test_any_bytes_get_some_type(content: bytes) -> None:
    got = detect(content, b"x.bin", len(content))
    assert "/" in got.mime
    assert got.family in ("picture", "video", "audio", "archive", "document", "other")


@pytest.mark.parametrize(
    "text",
    [b"<!---->" * 600 + b"x", b"/**/" * 1024, b"<?xml?>" * 600, b"#define " + b"width" * 800],
)
def test_text_made_to_stall_patterns_does_not(text: bytes) -> None:
    assert plain_text(text) in ("text/plain", "text/xml")


def test_a_python_magic_that_was_loaded_before_keeps_the_database_that_its_library_reads() -> None:
    asked = (
        "try:\n    import magic\nexcept ImportError:\n    raise SystemExit(77)\n"
        "from triage.ingest.filetype import libmagic\n"
        r"print(libmagic()[0].from_buffer(b'%PDF-1.7\n'))"
    )
    command = [sys.executable, "-c", asked]
    # What pylibmagic has set here would lead a fresh process to its library by itself.
    packaged = ("LIBRARY_PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "MAGIC")
    fresh = {name: value for name, value in os.environ.items() if name not in packaged}
    done = subprocess.run(command, env=fresh, capture_output=True, text=True, check=False)
    if done.returncode == 77:
        pytest.skip("this system has no libmagic of its own")
    assert (done.stdout, done.stderr) == ("application/pdf\n", "")
