"""Single parts beside their peers, on one core, by CPU time: E01, PDQ, types, walks."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import bench_content
import bench_ewf
import numpy as np
from bench_content import CHUNK_BYTES, Content, Head
from bench_limits import spent
from bench_scenes import Pixels
from PIL import Image

from triage.hashing.pdq import pdq_of_pixels
from triage.ingest.container import open_container
from triage.ingest.filetype import detect, family

MIB = 1 << 20
SLOW_MIB = 32
FAST_MIB = 384
SMALL, LARGE = 40, 4
PHOTOGRAPH_BYTES = 20_000
"""Below lie the icons of /usr, which are not what PDQ is for."""
_MAGIC_BYTES = 4096

PEER_PDQ = """
import json, sys, time
import numpy, pdqhash
out = []
for name in sys.argv[1:]:
    pixels = numpy.load(name)
    if pixels.ndim == 2:
        pixels = numpy.ascontiguousarray(numpy.stack([pixels] * 3, axis=2))
    started = time.process_time()
    bits, quality = pdqhash.compute(pixels)
    out.append([time.process_time() - started, "".join(map(str, bits.tolist())), int(quality)])
print(json.dumps(out))
"""

Found = dict[str, Any]


def e01(segments: list[Path], content: Content) -> Found:
    """Read the same MiB pieces under the contents by three readers; MB of CPU second each."""
    starts = np.unique(content.chunks // (MIB // CHUNK_BYTES)) * MIB
    fast = starts[:: max(1, len(starts) // FAST_MIB)].tolist()
    slow = fast[:: max(1, len(fast) // SLOW_MIB)]
    container = open_container(segments[0])
    readers: list[tuple[str, bench_ewf.Reader, list[int]]] = [
        ("triage", container.read_content, fast),
        ("pyewf", bench_ewf.wheel(segments)[0], slow),
    ]
    own = bench_ewf.system_library(segments)
    if own is not None:
        readers.append(("libewf", own[0], fast))
    found: Found = {"libewf_version": own[1] if own else "no libewf.so: apt-get install libewf2"}
    for name, read, offsets in readers:
        seconds = spent(partial(_read_all, read, offsets))
        found[name] = len(offsets) * MIB / 1e6 / seconds
    found["equal"] = all(
        bytes(read(one, MIB)) == bytes(readers[0][1](one, MIB))
        for _, read, _ in readers[1:]
        for one in slow
    )
    container.close()
    return found


def _read_all(read: bench_ewf.Reader, offsets: list[int]) -> None:
    for offset in offsets:
        read(offset, MIB)


def walks(images: dict[str, Path]) -> Found:
    """List every image in this process; CPU seconds."""
    return {name: bench_content.walk(place)[1] for name, place in images.items()}


def types(heads: list[Head]) -> Found:
    """Tell types of files by triage and by libmagic; microseconds a file, and agreement."""
    mime: list[str] = []
    peer: list[str] = []
    magic = _libmagic()
    for head in heads[:200]:  # libraries load at the first call
        detect(head.data, head.name, head.size_bytes)
        magic(head.data[:_MAGIC_BYTES])
    own_s = spent(
        lambda: mime.extend(detect(one.data, one.name, one.size_bytes).mime for one in heads)
    )
    peer_s = spent(lambda: peer.extend(magic(one.data[:_MAGIC_BYTES]) for one in heads))
    pairs = list(zip(mime, peer, strict=True))
    media = [(own, other) for own, other in pairs if family(other) in {"picture", "video"}]
    missed = sorted({f"{other} is {own}" for own, other in media if family(own) != family(other)})
    return {
        "files": len(heads),
        "triage_us": own_s / len(heads) * 1e6,
        "libmagic_us": peer_s / len(heads) * 1e6,
        "same_mime": sum(own == other for own, other in pairs) / len(pairs),
        "same_family": sum(family(own) == family(other) for own, other in pairs) / len(pairs),
        "media": len(media),
        "media_missed": sum(family(own) != family(other) for own, other in media),
        "missed": missed,
    }


def _libmagic() -> Callable[[bytes], str]:
    import_module("pylibmagic")
    magic = import_module("magic").Magic(mime=True)
    return lambda data: str(magic.from_buffer(data))


def pdq_arrays(content: Content, folder: Path) -> dict[str, list[Path]]:
    """Save pictures of the image as arrays: at 512x512 and 12 MP, in grey and in colour."""
    folder.mkdir(parents=True, exist_ok=True)
    photographs = [one for one in content.pictures if len(one) > PHOTOGRAPH_BYTES]
    plans = (
        ("512x512", (512, 512), photographs[:: max(1, len(photographs) // SMALL)]),
        ("12 MP", (4000, 3000), photographs[-LARGE:]),  # they stand in order of size
    )
    found: dict[str, list[Path]] = {}
    for name, size, pictures in plans:
        images = [image for image in map(_decoded, pictures) if image is not None]
        for ink, mode in (("grey", "L"), ("colour", "RGB")):
            found[f"{name} {ink}"] = [
                _saved(
                    folder / f"{size[0]}-{mode}-{nth}.npy",
                    np.asarray(image.resize(size, Image.Resampling.BILINEAR).convert(mode)),
                )
                for nth, image in enumerate(images)
            ]
    return found


def _decoded(data: bytes) -> Image.Image | None:
    try:
        with Image.open(io.BytesIO(data)) as opened:
            return opened.convert("RGB")
    except OSError:
        return None


def _saved(place: Path, pixels: Pixels) -> Path:
    np.save(place, pixels)
    return place


def peer_python(folder: Path) -> Path | str:
    """Give a Python that has pdqhash, in an environment of its own; or why there is none."""
    python = folder / "bin/python"
    if not (folder / "ready").exists():
        if shutil.which("g++") is None and shutil.which("c++") is None:
            return "pdqhash has no wheel and there is no C++ compiler: apt-get install g++"
        made = subprocess.run([sys.executable, "-m", "venv", str(folder)], check=False)
        done = subprocess.run(
            [str(python), "-m", "pip", "install", "-q", "pdqhash", "numpy"], check=False
        )
        if made.returncode or done.returncode:
            return "pdqhash does not install here (pip install pdqhash)"
        (folder / "ready").touch()
    return python


def pdq(python: Path, arrays: dict[str, list[Path]]) -> Found:
    """Hash the same arrays by triage and by pdqhash; pictures a CPU second, bits compared.

    pdqhash takes three colours only: grey ones are handed to it three times over, before its time
    starts.
    """
    found: Found = {}
    for name, places in arrays.items():
        loaded: list[Pixels] = [np.load(place) for place in places]
        own: list[tuple[bytes, int]] = []
        pdq_of_pixels(loaded[0])
        own_s = spent(partial(_hash_all, loaded, own))
        done = subprocess.run(
            [str(python), "-c", PEER_PDQ, *map(str, places)],
            check=True,
            capture_output=True,
            text=True,
        )
        peer = json.loads(done.stdout)
        found[name] = {
            "pictures": len(places),
            "triage": len(places) / own_s,
            "pdqhash": len(places) / sum(one[0] for one in peer),
            "equal_bits": sum(
                (_bits(bits), quality) == (other, same)
                for (bits, quality), (_, other, same) in zip(own, peer, strict=True)
            ),
        }
    return found


def _hash_all(pictures: list[Pixels], found: list[tuple[bytes, int]]) -> None:
    found.extend(pdq_of_pixels(one) for one in pictures)


def _bits(digest: bytes) -> str:
    """Give the bits in pdqhash's order."""
    return "".join(f"{byte:08b}" for byte in digest)
