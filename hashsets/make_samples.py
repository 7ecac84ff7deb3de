"""Make the small synthetic reference sets: ``python hashsets/make_samples.py``.

Digests come from the truth of the demonstration disk (``fixtures/truth/sample.jsonl``), which is
written from its recipe; everything else is seeded. No real list was ever near this.
"""

from __future__ import annotations

import argparse
import base64
import importlib
import json
import random
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures"
CONTEXT_2_0 = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/UK/$metadata#Media"
CONTEXT_1_3 = "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media"
PHOTODNA_BYTES = 144
LARGEST_SIDE = 512
VISUAL_MOTIF = "orchard"
DECOYS = 20
Row = dict[str, Any]


def contents() -> dict[str, Row]:
    """Give one truth row for each distinct content of the demonstration disk, by its MD5."""
    lines = (FIXTURES / "truth" / "sample.jsonl").read_text(encoding="ascii").splitlines()
    rows = [json.loads(line) for line in lines]
    return {row["md5"]: row for row in rows if row["kind"] == "file"}


def first_encoding(motif: str) -> Row:
    """Give digests, size and media type of the first encoding of a motif."""
    known = json.loads((FIXTURES / "truth" / "pictures.json").read_text(encoding="ascii"))
    found: Row = known[f"{motif}.jpg"]
    return found


def placeholder(source: random.Random) -> str:
    """Give 144 seeded bytes as base64: the shape of a PhotoDNA value, without its meaning."""
    return base64.b64encode(source.randbytes(PHOTODNA_BYTES)).decode()


def media(number: int, row: Row, source: random.Random, **more: object) -> Row:
    """Make a Media record of VICS 2.0."""
    return {
        "MediaID": number,
        "MD5": row["md5"].upper(),
        "SHA1": row["sha1"].upper(),
        "MediaSize": row["size_bytes"],
        "MimeType": row["mime"],
        "PhotoDNA": placeholder(source),
        **more,
    }


def decoy(source: random.Random) -> Row:
    """Make up the digests of a content that exists nowhere."""
    return {
        "md5": source.randbytes(16).hex(),
        "sha1": source.randbytes(20).hex(),
        "size_bytes": source.randint(2_000, 900_000),
        "mime": "image/jpeg",
    }


def vics_2_0() -> Row:
    """Make the hash set by category; flags are JSON booleans in some records, text in others."""
    source = random.Random(20)
    clip = next(row for row in contents().values() if row["mime"] == "video/mp4")
    plain: Row = {"IsDistributed": True, "VictimIdentified": False, "IsPrecategorized": True}
    worded: Row = {"IsDistributed": "true", "VictimIdentified": "False", "IsPrecategorized": "True"}
    graded: tuple[tuple[Row, int, Row], ...] = (
        (first_encoding("harbour"), 1, plain | {"Series": "Example Series 1", "Tags": "boat,sea"}),
        (first_encoding("meadow"), 2, worded | {"Series": "Example Series 2"}),
        (first_encoding("tower"), 3, plain),
        (clip, 2, worded | {"OffenderIdentified": "false"}),
        (first_encoding("canyon"), 0, {}),
        (first_encoding("lantern"), 5, {"Tags": "landscape"}),
    )
    records = [
        media(number, row, source, Category=code, **flags)
        for number, (row, code, flags) in enumerate(graded, 1)
    ]
    for number in range(len(records) + 1, len(records) + 1 + DECOYS):
        made = decoy(source)
        record = media(number, made, source, Category=number % 4)
        if number % 5 == 0:
            record["MediaSize"] = str(record["MediaSize"])
        if number % 7 == 0:
            record["Category"] = None
        records.append(record)
    return {"@odata.context": CONTEXT_2_0, "value": records}


def vics_1_3() -> Row:
    """Make the older shape: PhotoDNA among the alternative hashes, links as a server writes."""
    source = random.Random(13)
    graded = ((first_encoding("harbour"), 1), (first_encoding("meadow"), 2))
    rows = [*graded, *((decoy(source), nth % 3) for nth in range(DECOYS // 2))]
    records = []
    for number, (row, code) in enumerate(rows):
        md5 = row["md5"].upper()
        record = media(number, row, source, Category=code)
        value = record.pop("PhotoDNA")
        record["odata.id"] = f'Media("{md5}")'
        record["MediaFiles@odata.navigationLinkUrl"] = f"/Media({md5})/MediaFiles"
        record["AlternativeHashes"] = [{"MD5": md5, "HashName": "PhotoDNA", "HashValue": value}]
        records.append(record)
    return {"odata.metadata": CONTEXT_1_3, "value": records}


def known_good() -> str:
    r"""Make a list as md5sum prints it; a name with a newline is escaped behind a ``\``."""
    lines = []
    wanted = ("text/plain", "text/csv", "application/pdf")
    for md5, row in sorted(contents().items(), key=lambda pair: pair[1]["path"]):
        if row["mime"] in wanted and row["allocation"] == "live":
            name = row["path"].replace("\\", "\\\\").replace("\n", "\\n")
            mark = "" if name == row["path"] else "\\"
            lines.append(f"{mark}{md5}  {name}\n")
    return "".join(lines)


def pdq(motif: str) -> tuple[str, int]:
    """Compute PDQ and quality of a motif's first encoding with the PyPI package ``pdqhash``.

    Raises:
        ImportError: the package, which is for development only, is not installed.
    """
    oracle = importlib.import_module("pdqhash")
    numpy = importlib.import_module("numpy")
    image = importlib.import_module("PIL.Image")
    picture = image.open(FIXTURES / "pictures" / f"{motif}.jpg").convert("RGB")
    if max(picture.size) > LARGEST_SIDE:
        picture = picture.resize((LARGEST_SIDE, LARGEST_SIDE))
    vector, quality = oracle.compute(numpy.asarray(picture))
    return numpy.packbits(vector).tobytes().hex(), int(quality)


def pdq_list() -> str:
    """Make the list of PDQ hashes: one motif of the disk among made-up ones."""
    source = random.Random(31)
    bits, quality = pdq(VISUAL_MOTIF)
    lines = [f"{source.randbytes(32).hex()},100" for _ in range(DECOYS)]
    lines.insert(DECOYS // 2, f"{bits},{quality}")
    head = "# synthetic PDQ list: hash,quality\n# recipe: squeezed-512\n"
    return head + "".join(line + "\n" for line in lines)


def write(target: Path, text: str) -> None:
    """Write a text with bare newlines on every platform."""
    target.write_text(text, encoding="utf-8", newline="\n")
    print(target.name)


def main() -> int:
    """Write all sets; the PDQ list only where the oracle is installed."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--into", type=Path, default=HERE / "sample")
    folder: Path = reader.parse_args().into
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "sample-vics-2.0.json", json.dumps(vics_2_0(), indent=1) + "\n")
    write(folder / "sample-vics-1.3.json", json.dumps(vics_1_3(), indent=1) + "\n")
    write(folder / "sample-known-good.md5", known_good())
    try:
        write(folder / "sample-pdq.txt", pdq_list())
    except ImportError as missing:
        print(f"sample-pdq.txt is left as it is: {missing}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
