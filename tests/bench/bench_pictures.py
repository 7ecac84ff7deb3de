"""Picture files for the benchmark image: crops of the scenes, each different, encoded."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pillow_heif
from bench_scenes import LEVELS, NOISE_SIDE, Pixels
from PIL import Image, ImageChops, ImageDraw, ImageFilter

pillow_heif.register_heif_opener()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A class of pictures.

    Attributes:
        megapixels: least and most, drawn evenly on a logarithmic scale.
        levels: which sizes of the scenes it is cut from.
        exif_share: how many carry EXIF data, of 1.
    """

    name: str
    suffix: str
    megapixels: tuple[float, float]
    levels: tuple[int, ...]
    exif_share: float = 0.0
    number: int = 0


CAMERA = Kind(name="camera", suffix=".JPG", megapixels=(6, 12.3), levels=(0,), exif_share=1)
PHONE = Kind(
    name="phone", suffix=".jpg", megapixels=(1, 3), levels=(0, 1), exif_share=0.6, number=1
)
WEB = Kind(
    name="web", suffix=".jpg", megapixels=(0.2, 0.7), levels=(1, 2), exif_share=0.05, number=2
)
PNG = Kind(name="png", suffix=".png", megapixels=(0.1, 0.6), levels=(1, 2), number=3)
GIF = Kind(name="gif", suffix=".gif", megapixels=(0.05, 0.3), levels=(2,), number=4)
WEBP = Kind(name="webp", suffix=".webp", megapixels=(0.2, 0.7), levels=(1, 2), number=5)
HEIC = Kind(name="heic", suffix=".HEIC", megapixels=(1, 3), levels=(1,), number=6)
KINDS = (CAMERA, PHONE, WEB, PNG, GIF, WEBP, HEIC)


class Studio:
    """Opens the scenes of a folder once (mapped, not read) and cuts pictures from them."""

    def __init__(self, folder: Path, seed: int) -> None:
        count = len(list(folder.glob("scene-*-0.npy")))
        self.seed = seed
        self.noise: Pixels = np.load(folder / "noise.npy")
        self.scenes: list[list[Pixels]] = [
            [np.load(folder / f"scene-{nth}-{lev}.npy", mmap_mode="r") for lev in range(LEVELS)]
            for nth in range(count)
        ]

    def file(self, kind: Kind, nth: int) -> bytes:
        """Make the ``nth`` file of a class; the same bytes for the same seed and Pillow."""
        rng = np.random.default_rng([self.seed, 3, kind.number, nth])
        return _encoded(kind, self._picture(rng, kind), rng)

    def _picture(self, rng: np.random.Generator, kind: Kind) -> Image.Image:
        low, high = np.log(kind.megapixels)
        area = float(np.exp(rng.uniform(low, high))) * 1e6
        level = int(rng.choice(kind.levels))
        limit = self.scenes[0][level].shape
        width = min(int((area * 4 / 3) ** 0.5), limit[1])
        size = width, min(int(area / width), limit[0])
        image = self._cut(rng, level, size)
        if rng.random() < 0.5:  # a second subject through a soft mask: scenes repeat less
            grid = rng.integers(0, 256, (3, 4), dtype=np.uint8)
            mask = Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC)
            steep = mask.point([max(0, min(255, (value - 128) * 6 + 128)) for value in range(256)])
            image = Image.composite(image, self._cut(rng, level, size), steep)
        gains = [
            [min(255, int((value / 255) ** gamma * top)) for value in range(256)]
            for gamma, top in zip(rng.uniform(0.75, 1.3, 3), rng.uniform(215, 275, 3), strict=True)
        ]
        image = image.point(gains[0] + gains[1] + gains[2])
        image = ImageChops.add(image, self._grain(rng, size), 1, -128)
        return image.transpose(Image.Transpose.ROTATE_90) if rng.random() < 0.35 else image

    def _cut(self, rng: np.random.Generator, level: int, size: tuple[int, int]) -> Image.Image:
        scene = self.scenes[int(rng.integers(len(self.scenes)))][level]
        top = int(rng.integers(0, scene.shape[0] - size[1] + 1))
        left = int(rng.integers(0, scene.shape[1] - size[0] + 1))
        cut = scene[top : top + size[1], left : left + size[0]]
        image = Image.fromarray(np.ascontiguousarray(cut))
        return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else image

    def _grain(self, rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
        """Give noise of a size: the tile, shifted and weakened at random, laid side by side."""
        strength = float(rng.uniform(0.15, 0.6))
        table = [round((value - 128) * strength + 128) for value in range(256)]
        shift = int(rng.integers(NOISE_SIDE)), int(rng.integers(NOISE_SIDE))
        tile = Image.fromarray(np.roll(self.noise, shift, (0, 1))).point(table * 3)
        grain = Image.new("RGB", size)
        for top in range(0, size[1], NOISE_SIDE):
            for left in range(0, size[0], NOISE_SIDE):
                grain.paste(tile, (left, top))
        return grain


def _exif(rng: np.random.Generator) -> bytes:
    tags = Image.Exif()
    tags[0x010F] = "Synthetic"
    tags[0x0110] = f"Bench {int(rng.integers(1, 9))}"
    tags[0x0112] = int(rng.choice([1, 1, 1, 6]))
    tags[0x0132] = f"20{int(rng.integers(12, 26))}:0{int(rng.integers(1, 10))}:11 10:20:30"
    return tags.tobytes()


def _encoded(kind: Kind, image: Image.Image, rng: np.random.Generator) -> bytes:
    out = io.BytesIO()
    if kind.suffix.lower() == ".jpg":
        full_colour = rng.random() < (0.3 if kind is CAMERA else 0.15)
        image.save(
            out,
            "JPEG",
            quality=int(rng.integers(70, 95)),
            subsampling=0 if full_colour else 2,
            progressive=kind is WEB and rng.random() < 0.25,
            exif=_exif(rng) if rng.random() < kind.exif_share else b"",
        )
    elif kind is PNG:
        _screen(image, rng).save(out, "PNG", compress_level=4)
    elif kind is GIF:
        image.quantize(64, method=Image.Quantize.FASTOCTREE).save(out, "GIF")
    elif kind is WEBP:
        image.save(out, "WEBP", quality=int(rng.integers(60, 90)), method=1)
    else:
        fast = {"preset": "ultrafast"}  # six times the speed, same size
        image.save(out, "HEIF", quality=int(rng.integers(50, 75)), enc_params=fast)
    return out.getvalue()


def _screen(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Give something like a screen shot: panels and lines of words, with a picture in it."""
    ground = tuple(int(ink) for ink in rng.integers(200, 256, 3))
    screen = Image.new("RGB", image.size, ground)
    pen = ImageDraw.Draw(screen)
    for row in range(8, image.height - 8, 14):
        words = " ".join(bytes(rng.integers(97, 123, 5).tolist()).decode() for _ in range(8))
        pen.text((10, row), words, fill=(20, 20, 30))
    part = image.resize((image.width // 2, image.height // 2)).filter(ImageFilter.SMOOTH)
    screen.paste(part, (image.width // 3, image.height // 3))
    return screen
