"""Compares the types that triage tells with those of its peers, and measures what telling costs.

Run: ``python tests/bench/filetype_agreement.py FOLDER... [--samples] [--before CHECKOUT]``
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from triage.ingest.filetype import HEAD_BYTES, detect, family

_TELLING = ("picture", "video", "archive")
_CUTS = (64, 128, 256, 512, 1024, 4096, HEAD_BYTES)


class Sample(NamedTuple):
    """A content by its first bytes."""

    name: str
    size_bytes: int
    head: bytes


def files(folder: Path) -> Iterator[Sample]:
    """Give the regular, not empty files below a folder."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            if path.is_symlink() or not path.is_file():
                continue
            try:
                with path.open("rb") as source:
                    head = source.read(HEAD_BYTES)
                    size = os.fstat(source.fileno()).st_size
            except OSError:
                continue
            if head:
                yield Sample(str(path), size, head)


def pictures() -> Iterator[Sample]:
    """Give a picture of each format that Pillow writes, whole and cut off at several places."""
    Image.init()
    for form in sorted(Image.SAVE):
        for mode in ("1", "L", "P", "RGB", "RGBA", "CMYK"):
            sink = io.BytesIO()
            try:
                Image.effect_noise((90, 70), 60).convert("RGB").convert(mode).save(sink, form)
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                continue
            data = sink.getvalue()
            for cut in _CUTS:
                yield Sample(f"{form} {mode} {cut}", min(cut, len(data)), data[:cut])


def pillow_family(sample: Sample) -> str:
    """Give ``picture`` where Pillow opens the first bytes as one; PDF and the like are not."""
    try:
        with Image.open(io.BytesIO(sample.head)) as picture:
            drawing = picture.format in ("PDF", "EPS", "MPEG")
    except Exception:  # noqa: BLE001 (whatever Pillow does with hostile content is its no)
        return ""
    return "" if drawing else "picture"


def peers() -> dict[str, Callable[[Sample], str]]:
    """Give what each peer calls a content: a type, or a family as ``picture/``."""
    import_module("pylibmagic")
    judge = import_module("magic").Magic(mime=True)
    guess = import_module("filetype").guess_mime
    return {
        "libmagic": lambda sample: str(judge.from_buffer(sample.head)),
        "filetype": lambda sample: str(guess(sample.head[:8192]) or ""),
        "pillow": pillow_family,
    }


def agreement(samples: list[Sample]) -> Iterator[str]:
    """Give lines that tell how far the peers agree, and each class in which a family differs."""
    for name, peer in peers().items():
        total: Counter[str] = Counter()
        classes: dict[tuple[str, str], list[str]] = {}
        for sample in samples:
            theirs = peer(sample)
            ours = detect(sample.head, b"", sample.size_bytes)
            their_family = family(theirs) if "/" in theirs else theirs
            if not theirs:
                continue
            total["files"] += 1
            total["same mime"] += theirs == ours.mime
            total["same family"] += their_family == ours.family
            total["pictures, videos, archives of theirs"] += their_family in _TELLING
            if their_family != ours.family:
                classes.setdefault((theirs, ours.mime), []).append(sample.name)
        yield f"{name}: {dict(total)}"
        for (theirs, mime), names in sorted(classes.items(), key=lambda item: -len(item[1])):
            mark = "!" if (family(theirs) if "/" in theirs else theirs) in _TELLING else " "
            yield f" {mark} {len(names):6} {name} {theirs} | triage {mime} | {names[0]}"


def cost(samples: list[Sample]) -> Iterator[str]:
    """Give lines with microseconds of processor time a file, by the type that was told."""
    spent: Counter[str] = Counter()
    count: Counter[str] = Counter()
    detect(b"\xf4\x58\x8b\x84", b"", 4)
    for sample in samples:
        name = os.fsencode(sample.name)
        start = time.process_time()
        mime = detect(sample.head, name, sample.size_bytes).mime
        taken = time.process_time() - start
        for key in ("all", mime):
            spent[key] += round(taken * 1e9)
            count[key] += 1
    for mime, taken_ns in spent.most_common(24):
        yield f"{mime} {count[mime]} files, {taken_ns / count[mime] / 1000:.1f} us a file"


def main() -> None:
    """Print the comparison."""
    warnings.simplefilter("ignore")  # of decoders, about hostile pictures
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--samples", action="store_true", help="add pictures written by Pillow")
    parser.add_argument("--before", type=Path, help="an older checkout whose cost is told as well")
    parser.add_argument("--every", type=int, default=1, help="take each n-th file only")
    parser.add_argument("--cost-only", action="store_true")
    given = parser.parse_args()
    found = (sample for folder in given.folders for sample in files(folder))
    samples = list(islice(found, 0, None, given.every))
    samples += pictures() if given.samples else ()
    for lines in (cost,) if given.cost_only else (agreement, cost):
        for line in lines(samples):
            sys.stdout.write(line + "\n")
    if given.before:
        sys.stdout.write(f"before, {given.before}:\n")
        sys.stdout.flush()
        again = [sys.executable, __file__, "--cost-only", *map(str, given.folders)]
        again += ["--every", str(given.every)]
        subprocess.run(again, env={**os.environ, "PYTHONPATH": str(given.before)}, check=True)


if __name__ == "__main__":
    main()
