"""The demonstration: the real pipeline on the sample disk, from reference sets to exports.

    python scripts/demo.py [FOLDER]

Everything is written to FOLDER, in a ``TRIAGE_HOME`` of its own. Without FOLDER that is ``demo``
beside ``scripts``, and what an earlier demonstration left there is removed first.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OWN_FOLDER = Path("demo")
IMAGE = Path("fixtures/images/sample.E01")
SETS = Path("hashsets/sample")
COMPLETE, WITH_GAPS = 0, 3

IMPORTS: tuple[tuple[str, ...], ...] = (
    (
        str(SETS / "sample-vics-2.0.json"),
        *("--name", "sample-vics", "--polarity", "by-category", "--scheme", "uk"),
    ),
    (
        str(SETS / "sample-known-good.md5"),
        *("--name", "sample-known-good", "--polarity", "known-good"),
    ),
    (str(SETS / "sample-pdq.txt"), "--name", "sample-pdq", "--polarity", "known-bad"),
)
EXPORTS: tuple[tuple[str, str], ...] = (
    ("vics", "DEMO-vics.json"),
    ("csv", "DEMO.csv"),
    ("jsonl", "DEMO.jsonl"),
)


def main(folder: Path) -> None:
    """Run the steps of an examination, one after the other, each as a person would type it."""
    home, out = folder / "home", folder / "out"
    out.mkdir(parents=True)
    for words in IMPORTS:
        triage(home, "hashset", "import", *words)
    checked = ("--by", "A. Examiner (demonstration)", "--source", "synthetic sample sets")
    triage(home, "scheme", "confirm", "uk", *checked)
    code = triage(home, "run", str(IMAGE), "--case", "DEMO", "--exhibit", "DEMO/1")
    for kind, name in EXPORTS:
        triage(home, "export", kind, "--case", "DEMO", "--out", str(out / name))
    say(f"Written to {out}:")
    for path in sorted(out.iterdir()):
        say(f"  {path.stat().st_size:>7,} bytes  {path.name}")
    say(
        "The run ended with exit code 3: some pictures on the sample disk are broken on purpose,\n"
        "and the result page says so."
        if code == WITH_GAPS
        else "The run ended with exit code 0: nothing was left unexamined."
    )


def triage(home: Path, *words: str) -> int:
    """Run one command; end the demonstration where it fails.

    Returns:
        its exit code: 0, or of ``run`` also 3, finished with gaps.
    """
    say("\n$ triage " + " ".join(f'"{word}"' if " " in word else word for word in words))
    environment = {**os.environ, "TRIAGE_HOME": str(home), "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "triage", *words]
    code = subprocess.run(command, env=environment, check=False).returncode
    if code != COMPLETE and not (words[0] == "run" and code == WITH_GAPS):
        say(f"The demonstration stopped: exit code {code}.")
        sys.exit(code)
    return code


def say(line: str) -> None:
    """Print at once, so that it stands before what the commands print."""
    print(line, flush=True)


def folder_for(arguments: list[str]) -> Path:
    """Give an empty folder; only the demonstration's own is ever emptied."""
    if not arguments:
        shutil.rmtree(ROOT / OWN_FOLDER, ignore_errors=True)
        return OWN_FOLDER
    folder = Path(arguments[0]).resolve()
    if folder.exists() and any(folder.iterdir()):
        say(f"{folder}: is not empty; name a new folder")
        sys.exit(2)
    return folder


if __name__ == "__main__":
    target = folder_for(sys.argv[1:])
    os.chdir(ROOT)
    main(target)
