"""An image of very many small files, to measure what an entry costs in time and memory."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

FOLDER = 1000
PICTURE_EVERY = 40
"""One file in forty is a tiny picture."""


def make(root: Path, count: int, seed: int) -> dict[str, int]:
    """Write ``count`` files of 100 to 500 bytes in folders of a thousand."""
    rng = np.random.default_rng([seed, 6])
    tiny = [_tiny(rng) for _ in range(50)]
    sizes = rng.integers(100, 501, count)
    pool = rng.integers(32, 127, 1 << 20, dtype=np.uint8).tobytes()
    total = pictures = 0
    folder = root
    for nth in range(count):
        if nth % FOLDER == 0:
            folder = root / f"d{nth // FOLDER // 100:03}" / f"e{nth // FOLDER % 100:02}"
            folder.mkdir(parents=True)
        mark = b"%08d\n" % nth
        if nth % PICTURE_EVERY == 0:
            name, data = f"p{nth:07}.png", tiny[nth // PICTURE_EVERY % 50] + mark
            pictures += 1
        else:
            at = (nth * 389) % ((1 << 20) - 600)
            name, data = f"f{nth:07}.txt", mark + pool[at : at + int(sizes[nth]) - len(mark)]
        (folder / name).write_bytes(data)
        total += len(data)
    return {"files": count, "pictures": pictures, "content_bytes": total}


def _tiny(rng: np.random.Generator) -> bytes:
    out = io.BytesIO()
    grey = rng.integers(0, 256, (8, 8), dtype=np.uint8)
    Image.fromarray(grey).resize((48, 48), Image.Resampling.BICUBIC).quantize(16).save(out, "PNG")
    return out.getvalue()
