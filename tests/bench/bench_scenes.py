"""Large base scenes with the statistics of photographs, made from a seed or taken from a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 4096, 3072
LEVELS = 3
"""A scene is kept at full, half and quarter size: photographs look alike at every scale."""
NOISE_SIDE = 1024
PHOTO_SUFFIXES = {".jpg", ".jpeg", ".png"}

Plane = NDArray[np.float32]
Pixels = NDArray[np.uint8]


def _smooth(rng: np.random.Generator, cells: int) -> Plane:
    """Give a random field of about ``cells`` cells across, of mean 0 and deviation about 1."""
    grid = rng.standard_normal((max(2, cells * 3 // 4), cells)).astype(np.float32)
    image = Image.fromarray(grid).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    return np.asarray(image, np.float32)


def _shapes(rng: np.random.Generator) -> tuple[Plane, Plane]:
    """Give two planes of things with edges: their brightness, and how much texture they bear."""
    bright = Image.new("L", (WIDTH, HEIGHT), 128)
    rough = Image.new("L", (WIDTH, HEIGHT), int(rng.integers(40, 200)))
    pens = ImageDraw.Draw(bright), ImageDraw.Draw(rough)
    for _ in range(int(rng.integers(25, 60))):
        x, y = rng.integers(0, WIDTH), rng.integers(0, HEIGHT)
        reach = float(np.exp(rng.uniform(np.log(60), np.log(1200))))
        angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 9))))
        radii = reach * rng.uniform(0.4, 1.0, angles.size)
        inks = int(rng.integers(30, 226)), int(rng.integers(0, 256))
        for pen, ink in zip(pens, inks, strict=True):
            if angles.size > 5:
                pen.ellipse((x - reach, y - radii[0], x + reach, y + radii[0]), fill=ink)
            else:
                points = zip(x + radii * np.cos(angles), y + radii * np.sin(angles), strict=True)
                pen.polygon([(float(a), float(b)) for a, b in points], fill=ink)
    soft = bright.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.6, 2.0))))
    weight = rough.filter(ImageFilter.GaussianBlur(6))
    return (
        np.asarray(soft, np.float32) - 128,
        np.asarray(weight, np.float32) / np.float32(255),
    )


def generated(seed: int, number: int) -> Pixels:
    """Make scene ``number`` of a seed: H x W x 3 bytes.

    Colour fields, edges, and texture in octaves of slowly falling strength (the 1/f spectrum of
    natural pictures), the fine octaves weighted by region: skies are smooth, foliage is not.
    """
    rng = np.random.default_rng([seed, 1, number])
    light, weight = _shapes(rng)
    light = light * np.float32(0.55) + 128
    for octave in range(2, 12):
        strength = np.float32(26 * 0.82 ** (octave - 2))
        field = _smooth(rng, 2**octave)
        light += field * strength * (weight if octave > 5 else np.float32(0.7))
    planes = []
    for _ in range(3):
        tint = _smooth(rng, 6) * np.float32(16) + _smooth(rng, 60) * np.float32(4)
        planes.append(np.clip(light + tint, 0, 255).astype(np.uint8))
    return np.stack(planes, axis=2)


def photographed(place: Path) -> Pixels:
    """Take a scene from a real photograph, enlarged to cover the size of a scene."""
    with Image.open(place) as opened:
        image = opened.convert("RGB")
    scale = max(WIDTH / image.width, HEIGHT / image.height)
    size = max(WIDTH, round(image.width * scale)), max(HEIGHT, round(image.height * scale))
    return np.asarray(image.resize(size, Image.Resampling.BICUBIC))[:HEIGHT, :WIDTH]


def halved(pixels: Pixels) -> Pixels:
    """Give the scene at half the size."""
    return np.asarray(Image.fromarray(pixels).reduce(2))


def noise(seed: int) -> Pixels:
    """Give a tile of sensor noise around 128, a little correlated as after demosaicing."""
    rng = np.random.default_rng([seed, 2])
    grain = rng.normal(0, 14, (NOISE_SIDE, NOISE_SIDE, 3)).astype(np.float32)
    grain = (grain + np.roll(grain, 1, 0) + np.roll(grain, 1, 1)) / np.float32(3)
    return np.clip(grain + 128, 0, 255).astype(np.uint8)


def write(folder: Path, seed: int, count: int, photos: Path | None) -> int:
    """Write the scenes as ``scene-N-LEVEL.npy`` and the noise; give their number."""
    folder.mkdir(parents=True, exist_ok=True)
    found: list[Path] = []
    if photos is not None:
        found = sorted(one for one in photos.rglob("*") if one.suffix.lower() in PHOTO_SUFFIXES)
    total = len(found) or count
    for number in range(total):
        pixels = photographed(found[number]) if found else generated(seed, number)
        for level in range(LEVELS):
            np.save(folder / f"scene-{number}-{level}.npy", pixels)
            pixels = halved(pixels)
    np.save(folder / "noise.npy", noise(seed))
    return total
