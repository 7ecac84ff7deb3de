from __future__ import annotations

import io
import random
import struct
from typing import Any

import pytest
from PIL import Image

from triage.ingest.filetype import HEAD_BYTES, detect, libmagic
from triage.ingest.filetypes.weak import believed, weak_picture

TGA, ICON, PCX = "image/x-tga", "image/vnd.microsoft.icon", "image/x-pcx"


def written(mode: str, form: str, size: tuple[int, int], **options: Any) -> bytes:
    noise = random.Random(mode + form)  # noqa: S311 (made-up content, no secret)
    plain = Image.frombytes("RGB", size, noise.randbytes(size[0] * size[1] * 3))
    sink = io.BytesIO()
    plain.convert(mode).save(sink, form, **options)
    return sink.getvalue()


def told(content: bytes, size_bytes: int | None = None) -> str:
    size = len(content) if size_bytes is None else size_bytes
    return detect(content[:HEAD_BYTES], b"x", size).mime


@pytest.mark.parametrize("size", [(1, 1), (13, 7), (64, 48), (300, 200)])
@pytest.mark.parametrize(
    ("mode", "form", "options", "mime"),
    [
        *(
            (mode, "TGA", options, TGA)
            for mode in ("1", "L", "LA", "P", "RGB", "RGBA")
            for options in ({}, {"compression": "tga_rle"}, {"id_section": b"a note"})
            if (mode, options) != ("1", {"compression": "tga_rle"})
        ),
        *((mode, "PCX", {}, PCX) for mode in ("1", "L", "P", "RGB")),
        ("RGBA", "ICO", {"sizes": [(1, 1)]}, ICON),
        ("RGBA", "ICO", {"sizes": [(1, 1)], "bitmap_format": "bmp"}, ICON),
    ],
)
def test_what_pillow_writes_is_still_found(
    mode: str, form: str, options: dict[str, Any], mime: str, size: tuple[int, int]
) -> None:
    content = written(mode, form, size, **options)
    if form == "TGA":  # libmagic is asked first; what it says has to survive the second look
        assert believed(TGA, content[:HEAD_BYTES], len(content))
    else:
        assert told(content) == mime


@pytest.mark.parametrize("mode", ["L", "P", "RGB", "RGBA"])
def test_a_tga_is_told_through_libmagic(mode: str) -> None:
    content = written(mode, "TGA", (64, 48))
    assert told(content) == TGA
    assert told(content[: len(content) * 3 // 4]) == TGA
    assert told(content[:200], 200) == "application/octet-stream"


def test_large_icons_with_many_images_and_cursors_are_found() -> None:
    sizes = [(side, side) for side in (16, 24, 32, 48, 64, 128, 256)]
    content = written("RGBA", "ICO", (256, 256), sizes=sizes)
    assert len(content) > HEAD_BYTES
    assert told(content) == ICON
    assert told(content[: len(content) // 2]) == ICON
    assert told(b"\0\0\2\0" + content[4:]) == ICON
    assert told(content[:9] + b"\xff" + content[10:]) == ICON


def test_tables_of_ntfs_are_no_pictures() -> None:
    """Upper-case table and log heads as Windows writes them: libmagic takes them for pictures."""
    table = b"".join(struct.pack("<H", each) for each in range(65536))
    assert told(table) == "application/octet-stream"
    for start in ("1500010002000200000000004b824cc60100", "1500010201000100000000000000000001"):
        log = bytes.fromhex(start).ljust(65536, b"\0")
        assert told(log) == "application/octet-stream"


def test_headers_that_are_nearly_right_are_not_believed() -> None:
    icon = written("RGBA", "ICO", (16, 16), sizes=[(16, 16)])
    for at, value in ((4, b"\0\0"), (4, b"\xff\xff"), (14, bytes(4)), (18, bytes(4))):
        assert weak_picture(icon[:at] + value + icon[at + len(value) :], len(icon)) == ""
    assert weak_picture(icon[:18] + struct.pack("<I", len(icon)) + icon[22:], len(icon)) == ""
    assert weak_picture(icon[:22] + b"junk" + icon[26:], len(icon)) == ""
    pcx = written("RGB", "PCX", (40, 30))
    for at, value in ((3, b"\3"), (8, b"\0\x80"), (64, b"\1"), (65, b"\x09"), (66, b"\0\0")):
        assert weak_picture(pcx[:at] + value + pcx[at + len(value) :], len(pcx)) == ""
    tga = written("P", "TGA", (40, 30))
    for at, value in ((1, b"\0"), (2, b"\x07"), (7, b"\x09"), (12, b"\0\0"), (16, b"\5")):
        assert not believed(TGA, tga[:at] + value + tga[at + len(value) :], len(tga))


def test_made_up_tables_pass_for_pictures_far_less_often_than_with_libmagic() -> None:
    """Small numbers in small fields are what binary tables begin with."""
    chance = random.Random(7)  # noqa: S311 (made-up content, no secret)
    small = (0,) * 8 + (1, 2, 3, 4, 5, 8, 10, 16, 24, 32, 255)
    ours = theirs = 0
    for _ in range(4000):
        head = bytes(chance.choice(small) for _ in range(64)) + chance.randbytes(64)
        theirs += libmagic()[0].from_buffer(head) in (TGA, PCX, ICON)
        ours += told(head, 100_000) in (TGA, PCX, ICON)
    assert theirs > 100
    assert ours * 10 < theirs
