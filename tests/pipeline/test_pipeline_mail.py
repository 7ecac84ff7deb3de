"""A picture is found wherever it is packed or attached."""

from __future__ import annotations

import hashlib
import mailbox
import shutil
import subprocess
from email.message import EmailMessage
from pathlib import Path

import pytest
from backports import zstd

from road import FIXTURES, Road
from triage.model.hashset import Polarity
from triage.model.verdict import Colour

PICTURE = (FIXTURES / "pictures" / "canyon.jpg").read_bytes()


def message() -> EmailMessage:
    one = EmailMessage()
    one["From"], one["To"], one["Subject"] = "a@example.org", "b@example.org", "a picture"
    one["Date"] = "Fri, 01 May 2026 10:02:04 +0100"
    one.set_content("see attached\n")
    one.add_attachment(PICTURE, maintype="image", subtype="jpeg", filename="canyon.jpg")
    return one


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    folder = tmp_path / "exhibit"
    folder.mkdir()
    (folder / "mail.eml").write_bytes(message().as_bytes())
    box = mailbox.mbox(folder / "Inbox")
    for _ in range(2):
        kept = mailbox.mboxMessage(message())
        kept.set_from("a@example.org", True)
        box.add(kept)
    box.flush()
    box.close()
    (folder / "canyon.jpg.zst").write_bytes(zstd.compress(PICTURE))
    if program := shutil.which("7z"):
        (folder / "canyon.jpg").write_bytes(PICTURE)
        command = [program, "a", "-bd", "inside.7z", "mail.eml", "canyon.jpg"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        (folder / "canyon.jpg").unlink()
    return folder


PLACES = {
    "/mail.eml/canyon.jpg",
    "/Inbox/000001/canyon.jpg",
    "/Inbox/000002/canyon.jpg",
    "/canyon.jpg.zst/canyon.jpg",
    *(
        ("/inside.7z/canyon.jpg", "/inside.7z/mail.eml/canyon.jpg")
        if shutil.which("7z") is not None
        else ()
    ),
}


def test_a_run_names_every_place(road: Road, evidence: Path) -> None:
    path = road.folder / "bad.txt"
    path.write_text(hashlib.md5(PICTURE, usedforsecurity=False).hexdigest() + "\n")
    road.take(path, "bad", Polarity.KNOWN_BAD)
    assert road.run(evidence).colour is Colour.RED
    digest = hashlib.sha256(PICTURE).hexdigest()
    assert {row["path"] for row in road.files() if row["sha256"] == digest} == PLACES
    assert dict(road.summary().hits) == {
        ("KNOWN_BAD", "in-container", "still", "exact"): len(PLACES)
    }
    assert road.summary().tally.holds()
