"""A made-up unit for the walk-through: its folders, reference sets, people, ledger and images."""

from __future__ import annotations

import csv
import hashlib
import os
import random
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "fixtures" / "images"
SETS = ROOT / "hashsets" / "sample"
CASE = "OP-LANTERN"
PICTURES = 110
ALBUM_BYTES = 24 << 20
FIRST_WORD = "paper-lamp-orchard-42"
OWN_WORD = "quiet-harbour-violin-7"
FINE = frozenset({0, 3})
"""Exit codes: complete, and finished with gaps."""

PEOPLE: tuple[tuple[str, str, str, str], ...] = (
    ("a.archer", "Ada Archer", "administrator", ""),
    ("o.ortiz", "PC Olu Ortiz", "officer", "Response"),
    ("o.owen", "PC Ola Owen", "officer", "Response"),
    ("e.ellis", "Esa Ellis", "examiner", ""),
    ("e.evans", "Eva Evans", "examiner", ""),
    ("s.shaw", "Sam Shaw", "supervisor", ""),
    ("m.moore", "Mo Moore", "manager", ""),
)
"""Name to sign in with, name as shown, role, team."""

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
NIGHT = ("luks.raw", "ntfs.E01")
"""Images that wait beside what the officer submits."""

DAY = timedelta(days=1)
KINDS = ("Mobile phone", "Mobile phone", "Laptop", "Tablet", "USB stick or memory card")
BANDS = ("Very high", "High", "High", "Medium", "Medium", "Low")
OFFENCES = ("Indecent images of children", "Sexual communication with a child", "Other offence")
CASES = (
    *("HARBOUR", "MEADOW", "QUARRY", "SILVER", "ANVIL", "BEACON", "CURLEW", "DRUMLIN"),
    *("ELDER", "FALCON", "GANNET", "HEATHER", "ISLAND"),
)
OWNERS = ("suspect", "suspect", "suspect", "victim", "witness")
OFFICERS = ("PC Olu Ortiz", "PC Ola Owen", "DC Ines Ivory", "DS Bo Birch")
STAGES = ("Booked In", "Imaging Started", "Imaged", "Triage Started", "Triage Done", "Reviewed")
HEADER = (
    *("Operation", "Exhibit Ref", "Received", "Device", "Owner", "Offence", "Risk", "Power"),
    *("Bail Date", "Image", "Size", "OIC", *STAGES, "Returned"),
    *("Make", "Model", "Serial", "DPN", "Scope", "Custody Expires", "Seized", "Outsourced"),
)
GB = 10**9


class Unit:
    """Where everything lies, and the program that works on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.intake = folder / "intake"
        self.evidence = folder / "evidence"
        for one in (self.home, self.intake, self.evidence):
            one.mkdir(mode=0o700)
        self.now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)

    def environment(self) -> dict[str, str]:
        """Give what the program is started with; no address of a database of the caller's."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TRIAGE_")}
        return {**kept, "TRIAGE_HOME": str(self.home), "PYTHONUTF8": "1", "TZ": "UTC"}

    def triage(self, *words: str, fine: frozenset[int] = frozenset({0})) -> str:
        """Run one command as a person would type it, and give what it printed."""
        print("$ triage " + " ".join(words), flush=True)
        done = subprocess.run(
            [sys.executable, "-m", "triage", *words],
            env=self.environment(),
            cwd=ROOT,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        if done.returncode not in fine:
            raise SystemExit(f"exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def furnish(self) -> None:
        """Make the sets, the people, the ledger of a year, and the copies of two devices."""
        self._draw()
        for words in IMPORTS:
            self.triage("hashset", "import", *words, fine=FINE)
        word = self.folder / "password"
        word.write_text(FIRST_WORD + "\n", "utf-8")
        for name, shown, role, team in PEOPLE:
            more = ("--team", team) if team else ()
            words = ("--shown", shown, "--role", role, *more, "--password-file", str(word))
            self.triage("user", "add", name, *words, "--by", "Ada Archer")
        terms = self.triage("exhibit", "import", "--print-map")
        (self.folder / "columns.toml").write_text(terms, "utf-8")
        self._take("year.csv", past(self.now))
        self._take("night.csv", waiting(self.now, self._copies()))

    def queue_more(self) -> None:
        """Enter what came in during the day: images of common sizes, all holes."""
        found = []
        for number, size in enumerate((64, 128, 32, 256, 16, 64, 500)):
            image = self.evidence / f"day-{number + 1}.raw"
            with image.open("wb") as out:
                out.truncate(size << 20)
            found.append((image, size * GB))
        self._take("day.csv", waiting(self.now, found, first=41))

    def _take(self, name: str, rows: list[dict[str, str]]) -> None:
        path = self.folder / name
        with path.open("w", encoding="utf-8", newline="") as out:
            table = csv.DictWriter(out, HEADER, restval="")
            table.writeheader()
            table.writerows(rows)
        terms = ("--map", str(self.folder / "columns.toml"))
        self.triage("exhibit", "import", str(path), *terms, "--by", "Mo Moore")

    def _copies(self) -> list[tuple[Path, int]]:
        found = []
        for name in NIGHT:
            shutil.copy(IMAGES / name, self.evidence / name)
            found.append((self.evidence / name, (IMAGES / name).stat().st_size))
        return found

    def _draw(self) -> None:
        """Draw the album, put it on a card of its own, and lay both copies into the intake."""
        album = self.folder / "album"
        script = ROOT / "fixtures" / "album.py"
        subprocess.run([sys.executable, str(script), str(album), str(PICTURES)], check=True)
        listed = sorted(path for path in album.rglob("*") if path.is_file())
        known = self.folder / "listed.md5"
        chosen = (listed[5], listed[40], listed[-1])
        known.write_text("".join(f"{_md5(path)}\n" for path in chosen), "utf-8")
        words = ("--name", "drawn-pictures", "--polarity", "known-bad")
        self.triage("hashset", "import", str(known), *words)
        shutil.copy(IMAGES / "sample.E01", self.intake / f"{CASE}-JD1.E01")
        for name, copied in (("OP-BEACON-AB5.E01", "fat16.E01"), ("OP-ELDER-RT9.E01", "ext2.E01")):
            shutil.copy(IMAGES / copied, self.intake / name)
        card(album, self.intake / f"{CASE}-JD2.dd")
        at_s = (self.now - DAY).timestamp()
        for path in self.intake.iterdir():
            os.utime(path, (at_s, at_s))


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def card(album: Path, image: Path) -> None:
    """Write a folder as a memory card of FAT16 (mkfs.fat, mtools), and delete some of it again."""
    with image.open("wb") as out:
        out.truncate(ALBUM_BYTES)
    fixed = os.environ | {"LC_ALL": "C.UTF-8", "TZ": "UTC", "MTOOLS_SKIP_CHECK": "1"}
    form = ("-F", "16", "-i", "7419E002", "-n", "CARD", "--invariant", str(image))
    at_s = datetime(2026, 9, 1, tzinfo=UTC).timestamp()
    for path in album.rglob("*"):
        os.utime(path, (at_s, at_s))
    for words in (
        ("mkfs.fat", *form),
        ("mcopy", "-s", "-m", "-Q", "-i", str(image), *map(str, sorted(album.iterdir())), "::/"),
        ("mdeltree", "-i", str(image), "::/Recycle"),
    ):
        found = shutil.which(words[0])
        if found is None:
            raise SystemExit(f"{words[0]} is not installed (Debian: dosfstools, mtools)")
        subprocess.run([found, *words[1:]], env=fixed, check=True, stdout=subprocess.DEVNULL)


def past(now: datetime) -> list[dict[str, str]]:
    """Give exhibits of a year: most are returned, some stand in every stage before the queue."""
    dice = random.Random(7)  # noqa: S311  (made-up figures, no secret)
    rows = []
    for number in range(1, 48):
        arrived = now - DAY * (365 - number * 7.4) - timedelta(hours=dice.randrange(8))
        row = facts(dice, number, arrived)
        at, reached = arrived, dice.choice((0, 1, 2, 5))
        way = STAGES[:reached] if number % 11 == 0 else (*STAGES, "Returned")
        for stage in way:
            at += DAY * dice.uniform(0.5, 9.0)
            if at > now - DAY:
                break
            row[stage] = at.strftime("%Y-%m-%d %H:%M")
        if "Imaged" in row and "Triage Done" not in row:
            for stage in ("Imaged", "Triage Started"):
                row.pop(stage, "")
        rows.append(row)
    return rows


def waiting(
    now: datetime, images: list[tuple[Path, int]], *, first: int = 1
) -> list[dict[str, str]]:
    """Give exhibits whose images are made and wait for a machine."""
    dice = random.Random(first)  # noqa: S311  (made-up figures, no secret)
    rows = []
    for nth, (image, size_bytes) in enumerate(images):
        arrived = now - DAY * (3 + nth * 8)
        row = facts(dice, 100 + first + nth, arrived)
        row["Image"], row["Size"] = str(image), str(size_bytes)
        for days, stage in enumerate(STAGES[:3]):
            row[stage] = (arrived + DAY * (days * 0.5 + 0.2)).strftime("%Y-%m-%d %H:%M")
        if nth % 3 == 1:
            row["Bail Date"] = (now + DAY * (4 + nth * 3)).strftime("%Y-%m-%d")
        rows.append(row)
    return rows


def facts(dice: random.Random, number: int, arrived: datetime) -> dict[str, str]:
    """Make up one exhibit."""
    return {
        "Operation": f"OP-{CASES[number % len(CASES)]}",
        "Exhibit Ref": f"{('AB', 'JK', 'RT')[number % 3]}/{number}",
        "Received": arrived.strftime("%Y-%m-%d %H:%M"),
        "Device": dice.choice(KINDS),
        "Owner": dice.choice(OWNERS),
        "Offence": dice.choice(OFFENCES),
        "Risk": dice.choice(BANDS),
        "Power": "Search warrant",
        "OIC": dice.choice(OFFICERS),
    }
