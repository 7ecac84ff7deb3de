"""Recall and false matches of videos made anew in many ways, and what looking into them costs.

    python tests/bench/bench_video.py [SECONDS]

Footage is a camera that pans over scenes of made-up noise whose detail fades as that of photographs
does (fractals and test patterns have as much in the small as in the large). Each piece is listed;
each is then made anew in each way and compared with the whole list. Recall is the share of pieces
whose variant matches its own original; a false match is a variant that matches any other piece.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from triage.export.vpdqlines import vpdq_lines
from triage.hashing.limits import VideoLimits
from triage.hashing.video import scan_video
from triage.matching.library import PackLibrary
from triage.matching.loading import LoadedSets
from triage.model.hashset import Polarity
from triage.model.video import FRAME_MIN_QUALITY, VideoHashes

SIZE = "320x180"
PIECES = 8
PAN = "crop=320:180:x='20+t*14':y='10+t*6'"
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-threads", "1")
VARIANTS: dict[str, tuple[str, ...]] = {
    "the same packets in Matroska": ("-c", "copy"),
    "encoded anew, strongly packed (CRF 38)": (*X264, "-crf", "38"),
    "half the size": ("-vf", "scale=160:90", *X264),
    "another aspect (4:3)": ("-vf", "scale=240:180", *X264),
    "12 frames a second": ("-r", "12", *X264),
    "29.97 frames a second, begun 0.4 s later": ("-ss", "0.4", "-r", "30000/1001", *X264),
    "MPEG-4 Part 2 at 150 kbit/s": ("-c:v", "mpeg4", "-b:v", "150k"),
    "cropped by 2 % at each side": ("-vf", "crop=iw*0.96:ih*0.96", *X264),
    "cropped by 5 % at each side": ("-vf", "crop=iw*0.9:ih*0.9", *X264),
    "brighter, less contrast": ("-vf", "eq=brightness=0.1:contrast=0.8", *X264),
    "second half alone": ("-ss", "half", *X264),
    "black bars, a tenth each": ("-vf", "pad=iw:ih*1.25:0:ih*0.125", *X264),
    "mirrored": ("-vf", "hflip", *X264),
    "turned by a quarter": ("-vf", "transpose=1", *X264),
}


@dataclass(slots=True)
class Count:
    """What one way of making videos anew came to."""

    found: int = 0
    total: int = 0
    false: int = 0
    shares: list[float] = field(default_factory=list)


def main() -> None:
    """Make, list, compare, print."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        originals = {}
        for number in range(PIECES):
            picture, path = folder / "scene.png", folder / f"piece-{number}.mp4"
            scene(number).save(picture)
            still = ("-loop", "1", "-framerate", "25", "-i", str(picture), "-t", str(seconds))
            _ffmpeg(path, *still, "-vf", PAN, *X264, "-g", "50")
            originals[path.stem] = path
        sets = _listed(folder, originals)
        flat = [title for title, path in originals.items() if not _telling(path)]
        print(f"without a frame of quality 50: {', '.join(flat) or 'none'}; left out below")
        originals = {title: path for title, path in originals.items() if title not in flat}
        print(f"{len(originals)} pieces of {seconds} s, {SIZE}, share 80 %\n")
        print("| made anew | recall | false matches | frames met (median) |\n|---|---|---|---|")
        for words, count in _counts(folder, originals, sets, seconds):
            middle = sorted(count.shares)[len(count.shares) // 2] if count.shares else 0.0
            print(f"| {words} | {count.found}/{count.total} | {count.false} | {middle:.0%} |")
        sets.close()
        _costs(folder, originals)


def scene(seed: int) -> Image.Image:
    """Draw what is panned over: noise of several sizes, the coarser the stronger."""
    random = np.random.default_rng(seed)
    mixed = np.zeros((360, 640, 3), np.float32)
    for side, share in ((4, 0.45), (9, 0.25), (21, 0.15), (60, 0.1), (200, 0.05)):
        noise = Image.fromarray(random.integers(0, 256, (side, side * 2, 3), dtype=np.uint8))
        mixed += share * np.asarray(noise.resize((640, 360), Image.Resampling.BICUBIC))
    return Image.fromarray(np.clip((mixed - 128) * 2 + 128, 0, 255).astype(np.uint8))


def _counts(
    folder: Path, originals: dict[str, Path], sets: LoadedSets, seconds: int
) -> Iterator[tuple[str, Count]]:
    for words, arguments in VARIANTS.items():
        count = Count()
        given = tuple(str(seconds / 2) if one == "half" else one for one in arguments)
        for title, path in originals.items():
            made = folder / "variant.mkv"
            _ffmpeg(made, "-i", str(path), *given)
            video = _scan(made.read_bytes())
            names = {match.series for match in sets.match_video(video)}
            count.total += 1
            count.found += f"vpdq:{title}" in names
            count.false += bool(names - {f"vpdq:{title}"})
            count.shares.append(_share(sets, video, title))
        yield words, count


def _share(sets: LoadedSets, video: VideoHashes, title: str) -> float:
    for match in sets.match_video(video, 0.001):
        if match.series == f"vpdq:{title}":
            words = match.detail.split()
            return int(words[1]) / int(words[3])
    return 0.0


def _telling(path: Path) -> bool:
    return any(one.quality >= FRAME_MIN_QUALITY for one in _scan(path.read_bytes()).frames)


def _listed(folder: Path, originals: dict[str, Path]) -> LoadedSets:
    lines = [
        line
        for title, path in originals.items()
        for line in (f"# video: {title}", *vpdq_lines(_scan(path.read_bytes())))
    ]
    source = folder / "listed.vpdq"
    source.write_text("\n".join(lines))
    library = PackLibrary(folder)
    library.import_set(source, name="films", polarity=Polarity.KNOWN_BAD)
    return library.load(None)


def _costs(folder: Path, originals: dict[str, Path]) -> None:
    """Print seconds of a processor for a minute of 1080p, by distance of key frames."""
    source = originals["piece-0"]
    print("\n| 1080p, 25 frames a second, key frames every | s a minute | beside decoding all |")
    print("|---|---|---|")
    for gop in (25, 50, 250):
        path = folder / "cost.mp4"
        _ffmpeg(path, "-i", str(source), "-vf", "scale=1920:1080", *X264, "-g", str(gop))
        data = path.read_bytes()
        began = time.process_time()
        found = _scan(data)
        taken = time.process_time() - began
        minutes = max(found.facts.duration_s, 1.0) / 60
        decoding = _decoded(path)
        print(f"| {gop / 25:g} s | {taken / minutes:.1f} | {taken / decoding:.0%} |")


def _decoded(path: Path) -> float:
    import av  # noqa: PLC0415  (the peer of this measurement)

    began = time.process_time()
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        stream.codec_context.thread_type = "NONE"
        for _ in container.decode(stream):
            pass
    return time.process_time() - began


def _scan(data: bytes) -> VideoHashes:
    found = scan_video(io.BytesIO(data), VideoLimits())
    if not isinstance(found, VideoHashes):
        raise SystemExit(f"not looked into: {found}")
    return found


def _ffmpeg(path: Path, *arguments: str) -> None:
    command = ["ffmpeg", "-v", "error", "-y", "-nostdin", *arguments, str(path)]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
