"""The walk-through: a made-up unit, the real program and a real browser, and pictures of its pages.

    python scripts/walkthrough.py [FOLDER FOR THE PICTURES]

A unit of its own is made in a temporary folder that is removed at the end. ``triage serve`` and
``triage batch run`` are started as anybody would start them; people of every role sign in and work
through one case of harmless drawn pictures. Pictures of their pages go to ``docs/pictures``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import walkthrough_bench as bench
import walkthrough_office as office
import walkthrough_officer as officer
from walkthrough_browser import Desk, chromium, serving
from walkthrough_unit import FINE, ROOT, Unit


def main(pictures: Path) -> None:
    """Walk through a device from its seizure to its result."""
    pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="walkthrough-") as folder:
        unit = Unit(Path(folder))
        unit.furnish()
        with serving(unit) as address, chromium() as browser:
            walk(unit, Desk(unit, browser, address, pictures))
        print(unit.triage("audit", "verify"), flush=True)


def walk(unit: Unit, desk: Desk) -> None:
    """Let everybody do their part, in the order of a case."""
    office.set_up(desk, unit)
    officer.submit(desk)
    unit.triage("batch", "run", "--once", "--workers", "2", fine=FINE)
    officer.read(desk)
    unit.queue_more()
    bench.grade(desk)
    bench.look_after(desk)
    office.manage(desk)
    office.administer(desk)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures")
