"""Makes media on which files lie without a name, some of them written over, and says which."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

CLUSTER = 4096
_TEXT = b"Minutes of the meeting: the budget of the garden club was approved. "


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A file that was put on a medium.

    Attributes:
        at: where it begins, and ``data``: what it was.
        damage: ``""`` where all of it is there, else ``head``, ``middle`` or ``tail``: what was
            written over.
        left_bytes: how much of it is there up to what was written over.
    """

    at: int
    data: bytes
    kind: str
    damage: str = ""
    left_bytes: int = 0


def seeded(seed: int | str) -> Random:
    """Give what draws the same each time."""
    return Random(seed)  # noqa: S311  (pictures, not secrets)


def scene(rng: Random, width: int, height: int) -> Image.Image:
    """Draw something with slopes, edges and noise."""
    noise = np.random.default_rng(rng.randrange(1 << 30))
    across = np.linspace(0, rng.uniform(2, 9), width)[None, :, None]
    down = np.linspace(0, rng.uniform(2, 9), height)[:, None, None]
    tint = np.array([rng.uniform(40, 90) for _ in range(3)])
    waves = np.sin(across + rng.uniform(0, 6)) + np.cos(down * across / 3)
    grain = noise.normal(0, 6, (height, width, 3))
    return Image.fromarray(np.clip(128 + waves * tint + grain, 0, 255).astype(np.uint8))


def picture(rng: Random, kind: str) -> bytes:
    """Give a picture: a JPEG (half of them progressive, half with an EXIF thumbnail), PNG …"""
    width, height = rng.randrange(200, 900), rng.randrange(200, 700)
    drawn = scene(rng, width, height)
    out = io.BytesIO()
    if kind == "jpg":
        options: dict[str, object] = {"quality": rng.randrange(60, 95)}
        options["progressive"] = rng.random() < 0.5
        if rng.random() < 0.5:
            options["exif"] = exif_with_thumbnail(drawn)
        drawn.save(out, "JPEG", **options)
    elif kind == "gif":
        drawn.resize((width // 3, height // 3)).quantize(64).save(out, "GIF")
    elif kind == "png":
        drawn.resize((width // 2, height // 2)).save(out, "PNG")
    elif kind == "heic":
        import pillow_heif  # noqa: PLC0415  (where it is asked for)

        pillow_heif.from_pillow(drawn.resize((160, 120))).save(out, quality=60)
    else:
        drawn.save(out, kind.upper(), quality=70)
    return out.getvalue()


def exif_with_thumbnail(drawn: Image.Image) -> bytes:
    """Give the body of an APP1 segment with a small JPEG in its second directory (EXIF 2.3)."""
    small = io.BytesIO()
    drawn.resize((160, 120)).save(small, "JPEG", quality=60)
    thumb = small.getvalue()
    first = struct.pack("<HI", 0, 14)  # no entries; the next directory follows
    entries = struct.pack("<HHII", 0x0201, 4, 1, 14 + 2 + 24 + 4)
    entries += struct.pack("<HHII", 0x0202, 4, 1, len(thumb))
    return b"Exif\0\0II*\0\x08\0\0\0" + first + struct.pack("<H", 2) + entries + bytes(4) + thumb


def video(rng: Random, kind: str, folder: Path) -> bytes:
    """Give two seconds of a moving test picture, made by FFmpeg."""
    codec = {"avi": "mjpeg", "3gp": "mpeg4"}.get(kind, "libx264")
    out = folder / f"video.{kind}"
    size = rng.choice(("176x144", "320x240", "352x288"))
    source = f"testsrc2=size={size}:rate=10:duration={rng.choice((1, 2, 3))}"
    words = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", source, "-c:v", codec]
    if kind == "3gp":
        words += ["-s", "176x144"]
    if kind == "mp4" and rng.random() < 0.5:
        words += ["-movflags", "+faststart"]
    words += ["-pix_fmt", "yuvj420p" if kind == "avi" else "yuv420p", str(out)]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
    return out.read_bytes()


def background(rng: Random, size_bytes: int) -> bytearray:
    """Give wiped space, text and random bytes, in turn."""
    out = bytearray()
    while len(out) < size_bytes:
        length = CLUSTER * rng.randrange(1, 64)
        fill: Callable[[], bytes] = rng.choice(
            (
                lambda length=length: bytes(length),
                lambda length=length: rng.randbytes(length),
                lambda length=length: (_TEXT * (length // len(_TEXT) + 1))[:length],
            )
        )
        out += fill()
    return out[:size_bytes]


def planted(
    rng: Random,
    size_bytes: int,
    contents: list[tuple[str, bytes]],
    *,
    start: int,
    damaged: float,
) -> tuple[bytes, list[Planted]]:
    """Put contents on a medium, in order with gaps between, and write over a share of them.

    Args:
        start: of the first.
        damaged: share of those that are written over: their head, their middle or their tail,
            by other bytes from the start of a cluster on, or by the file that follows.
    """
    body = background(rng, size_bytes)
    found: list[Planted] = []
    room = (size_bytes - start - sum(len(data) for _, data in contents)) // len(contents)
    at = start
    for kind, data in contents:
        place = at + CLUSTER * rng.randrange(max(1, room // CLUSTER - 2))
        body[place : place + len(data)] = data
        found.append(Planted(at=place, data=data, kind=kind, left_bytes=len(data)))
        at = -(-(place + len(data)) // CLUSTER) * CLUSTER
    for number, one in enumerate(found):
        if rng.random() < damaged and len(one.data) > 3 * CLUSTER:
            found[number] = _hurt(rng, body, one)
    return bytes(body), found


def _hurt(rng: Random, body: bytearray, one: Planted) -> Planted:
    """Write over a part of a file, with bytes that are never its own."""
    damage = rng.choice(("head", "middle", "tail"))
    clusters = len(one.data) // CLUSTER
    first = 0 if damage == "head" else rng.randrange(1, clusters)
    last = clusters + 1 if damage == "tail" else first + 1
    start, end = one.at + first * CLUSTER, min(one.at + last * CLUSTER, one.at + len(one.data))
    filler = rng.choice((bytes, rng.randbytes, lambda length: (_TEXT * 99999)[:length]))
    body[start:end] = filler(end - start)
    return Planted(
        at=one.at, data=one.data, kind=one.kind, damage=damage, left_bytes=first * CLUSTER
    )


def has_ffmpeg() -> bool:
    """Tell whether videos can be made."""
    return shutil.which("ffmpeg") is not None
