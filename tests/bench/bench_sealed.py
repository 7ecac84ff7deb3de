"""What sealing costs: making a sealed set, opening it, asking it, and its size on the disk."""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from triage.matching.batch import DigestBatch
from triage.matching.building import PackBuilder
from triage.matching.library import LoadedSets, PackLibrary
from triage.matching.manifest import PackDocument, sealed, write_document
from triage.matching.sealed.key import SealKey
from triage.matching.sealed.keyed import KeyedDigests
from triage.matching.sealing import SealWanted
from triage.model.digest import EXACT, Algorithm, Digests, Pdq, PdqRecipe, PictureHashes
from triage.model.hashset import PackManifest, Polarity, ReferenceRecord

KEY = SealKey(secret=bytes(range(32)))
WIDTHS = {Algorithm.MD5: 16, Algorithm.SHA1: 20, Algorithm.SHA256: 32}
BATCH = 10_000
ASKED = 100_000
ROUNDS = 5


def spent(work: Callable[[], object]) -> float:
    """Give the CPU seconds of this process for one call."""
    started = time.process_time()
    work()
    return time.process_time() - started


def make_pack(home: Path, records: int, pictures: int) -> list[Digests]:
    """Build a set of random records; give as many contents, half of them in it."""
    random = np.random.default_rng(7)
    folder = home / "packs" / "clear@1"
    folder.mkdir(parents=True)
    builder = PackBuilder(folder)
    known: list[Digests] = []
    for start in range(0, records, 1 << 18):
        count = min(1 << 18, records - start)
        rows = {one: random.integers(0, 256, (count, WIDTHS[one]), np.uint8) for one in EXACT}
        codes = (np.arange(count) % 3).astype(np.int32)
        sizes = random.integers(1, 1 << 30, count)
        builder.add_batch(
            DigestBatch(
                count=count, digests=rows, sizes=sizes, codes=codes, code_words=("1", "2", "3")
            )
        )
        known = known or [_content(rows, place) for place in range(min(count, ASKED // 2))]
    for start in range(0, pictures, BATCH):
        builder.add([_pictured(random) for _ in range(min(BATCH, pictures - start))])
    _finish(folder, builder)
    others = {one: random.integers(0, 256, (ASKED // 2, WIDTHS[one]), np.uint8) for one in EXACT}
    return known + [_content(others, place) for place in range(ASKED // 2)]


def _content(
    rows: dict[Algorithm, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]], place: int
) -> Digests:
    md5, sha1, sha256 = (rows[one][place].tobytes() for one in EXACT)
    return Digests(md5=md5, sha1=sha1, sha256=sha256, size_bytes=1)


def _pictured(random: np.random.Generator) -> ReferenceRecord:
    pdq = Pdq(bits=random.bytes(32), quality=100, recipe=PdqRecipe.SQUEEZED_512)
    return ReferenceRecord(pdq=pdq, code="1")


def _finish(folder: Path, builder: PackBuilder) -> None:
    manifest = PackManifest(
        name="clear",
        version="1",
        polarity=Polarity.BY_CATEGORY,
        scheme="uk",
        scheme_version="1",
        format="bench",
        source_name="",
        source_sha256="",
        source_size_bytes=0,
        imported_at="2026-01-01T00:00:00+00:00",
        tool_version="0",
        taken=builder.count,
        refused=0,
        rows=builder.finish(),
        with_size=builder.with_size,
    )
    document = PackDocument(manifest=manifest, settings=(), files=builder.files)
    write_document(folder, sealed(document))


def size_of(folder: Path) -> int:
    """Give the bytes of a pack."""
    return sum(path.stat().st_size for path in folder.iterdir())


def asked_all(sets: LoadedSets, contents: Sequence[Digests]) -> None:
    """Look contents up in batches, as a run does."""
    for start in range(0, len(contents), BATCH):
        sets.match_exact(contents[start : start + BATCH])


def tell_keying(contents: Sequence[Digests]) -> None:
    """Print what one keyed digest costs."""
    keyed = KeyedDigests(KEY)
    digests = [one.sha256 for one in contents]
    best = min(spent(lambda: keyed.of(Algorithm.SHA256, digests)) for _ in range(ROUNDS))
    print(f"one keyed digest: {best / len(digests) * 1e6:.2f} us")


def tell_sealing(home: Path, digests: int) -> None:
    """Seal, and print rate, memory and size."""
    wanted = SealWanted(name="field", version="1", with_visual=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = spent(lambda: PackLibrary(home).seal(("clear", None), KEY, wanted))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # the mapped set included
    clear, hidden = (size_of(home / "packs" / name) for name in ("clear@1", "field@1"))
    print(f"sealing: {seconds:.1f} s CPU, {digests / seconds:,.0f} digests a second")
    print(f"memory: {before / 1024:,.0f} MiB at most before, {peak / 1024:,.0f} MiB after")
    print(f"size: {clear:,} bytes in the clear, {hidden:,} sealed")


def tell_asking(home: Path, contents: Sequence[Digests], pictures: int) -> None:
    """Open both sets and ask them in turns; print the best of the rounds."""
    library = PackLibrary(home, [KEY])
    opened: dict[str, LoadedSets] = {}
    for name in ("clear", "field"):
        started = time.process_time()
        opened[name] = library.load([name])
        print(f"loading {name}: {time.process_time() - started:.2f} s CPU")
    best = {name: float("inf") for name in opened}
    for _ in range(ROUNDS):
        for name, sets in opened.items():
            best[name] = min(best[name], spent(partial(asked_all, sets, contents)))
    for name, seconds in best.items():
        print(f"asking {name}: {seconds / len(contents) * 1e6:.2f} us a content of three digests")
    if pictures:
        random = np.random.default_rng(8)
        queries = [_asked(random) for _ in range(2000)]
        for name, sets in opened.items():
            seconds = spent(partial(sets.match_pictures, queries))
            print(f"asking {name} for pictures: {len(queries) / seconds:,.0f} a second")
    for sets in opened.values():
        sets.close()


def _asked(random: np.random.Generator) -> PictureHashes:
    pdq = Pdq(bits=random.bytes(32), quality=100, recipe=PdqRecipe.SQUEEZED_512)
    return PictureHashes(pdq=(pdq,), phash=bytes(8), width=512, height=512, format="JPEG", frames=1)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--out", type=Path, help="folder for the sets; default a temporary one")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(dir=options.out))
    try:
        contents = make_pack(home, options.records, options.pictures)
        tell_keying(contents)
        tell_sealing(home, 3 * options.records)
        tell_asking(home, contents, options.pictures)
    finally:
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
