"""What the standard library puts into messages comes out again, and texts are no messages."""

from __future__ import annotations

import base64
import mailbox
import os
import random
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import pytest
from archive_carrier import carried, contents, lawful, zipped
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.ingest.archive import ArchiveLimits, list_members
from triage.ingest.filetype import detect, family
from triage.model.outcome import SkipReason

CHANCE = random.Random(3)  # noqa: S311  (a seed, no secret)
PICTURE = b"\xff\xd8\xff\xe0" + CHANCE.randbytes(200_000)
SMALL = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def message(**extra: str) -> EmailMessage:
    one = EmailMessage()
    one["From"], one["To"], one["Subject"] = "a@example.org", "b@example.org", "pictures"
    one["Date"] = "Fri, 01 May 2026 10:02:04 +0100"
    one["Message-ID"] = "<1@example.org>"
    for name, value in extra.items():
        one[name] = value
    one.set_content("see attached\n--not a boundary\nFrom here on\n")
    return one


def full() -> EmailMessage:
    one = message()
    one.add_alternative("<img src='cid:x'>", subtype="html")
    html = one.get_payload()[1]  # type: ignore[index] # (a list, as it has parts)
    html.add_related(SMALL, "image", "png", cid="<x>")  # type: ignore[union-attr]
    one.add_attachment(PICTURE, maintype="image", subtype="jpeg", filename="holiday.jpg")
    one.add_attachment(b"x = 1\n" * 300, maintype="application", subtype="x", filename="ünï.bin")
    one.add_attachment("named text\n", filename="notes.txt")
    return one


def names(listing: object) -> list[bytes]:
    return [one.ref.path.partition(b"/a.bin/")[2] for one in listing.entries]  # type: ignore[attr-defined]


def test_attachments_and_pictures_within_come_out(tmp_path: Path) -> None:
    data = full().as_bytes()
    assert detect(data, b"a.eml", len(data)).mime == "message/rfc822"
    assert detect(data, b"a.eml", len(data)).extension_agrees is True
    files, entry = carried(tmp_path, data)
    listing = lawful(files, entry)
    assert not listing.problems
    assert contents(files, listing) == {
        b"part-1.png": SMALL,
        b"holiday.jpg": PICTURE,
        "ünï.bin".encode(): b"x = 1\n" * 300,
        b"notes.txt": b"named text\n",
    }
    assert {one.times.modified_ns for one in listing.entries} == {1_777_626_124_000_000_000}


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit", "x-uuencode"])
def test_every_encoding_is_undone(tmp_path: Path, encoding: str, ends: bytes) -> None:
    import binascii  # noqa: PLC0415  (of this test alone)
    import quopri  # noqa: PLC0415  (of this test alone)

    body = b"line one = \xe9\nline two\n" * 4000
    coded = {
        "base64": base64.encodebytes(body),
        "quoted-printable": quopri.encodestring(body),
        "8bit": body,
        "x-uuencode": b"begin 644 x\n"
        + b"".join(binascii.b2a_uu(body[at : at + 45]) for at in range(0, len(body), 45))
        + b"`\nend\n",
    }[encoding]
    text = b"From: a\nDate: b\nSubject: c\nContent-Type: multipart/mixed; boundary=xx\n\n--xx\n"
    text += b"Content-Type: image/jpeg; name=p.jpg\nContent-Transfer-Encoding: "
    text += encoding.encode() + b"\n\n" + coded + b"\n--xx--\n"
    files, entry = carried(tmp_path, text.replace(b"\n", ends))
    (found,) = contents(files, lawful(files, entry)).values()
    if encoding in ("8bit", "quoted-printable"):
        body = body.replace(b"\n", ends)
    assert found == body or found == body + ends * (encoding == "8bit")


def test_messages_within_messages_are_entered(tmp_path: Path) -> None:
    outer = message()
    outer.add_attachment(full())
    files, entry = carried(tmp_path, outer.as_bytes())
    assert PICTURE in contents(files, lawful(files, entry)).values()


def test_what_python_puts_into_an_mbox_comes_out(tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "box")
    for number in range(7):
        one = message()
        body = PICTURE[:4] + bytes([number]) * (1 + number * 70_000)
        one.add_attachment(body, maintype="image", subtype="jpeg", filename="p.jpg")
        kept = mailbox.mboxMessage(one)
        kept.set_from("a@example.org", True)
        box.add(kept)
    box.flush()
    box.close()
    data = (tmp_path / "box").read_bytes()
    assert detect(data, b"box", len(data)).mime == "application/mbox"
    files, entry = carried(tmp_path, data)
    listing = lawful(files, entry)
    assert not listing.problems
    assert contents(files, listing) == {
        b"%06d/p.jpg" % (number + 1): PICTURE[:4] + bytes([number]) * (1 + number * 70_000)
        for number in range(7)
    }


def test_a_message_of_apple_mail_is_opened_as_far_as_it_says(tmp_path: Path) -> None:
    inner = full().as_bytes()
    data = b"%d      \n" % len(inner) + inner + b"<?xml version='1.0'?><plist></plist>\n"
    assert detect(data, b"1.emlx", len(data)).mime == "message/x-emlx"
    files, entry = carried(tmp_path, data)
    assert contents(files, lawful(files, entry))[b"holiday.jpg"] == PICTURE


def test_a_saved_page_shows_its_pictures(tmp_path: Path) -> None:
    page = MIMEMultipart("related")
    page["From"], page["Subject"] = "<Saved by Blink>", "a page"
    page["Date"] = "Fri, 1 May 2026 10:00:00 -0000"
    page.attach(MIMEText("<img>", "html"))
    part = EmailMessage()
    part.set_content(SMALL, "image", "png")
    part["Content-Location"] = "https://example.org/a/photo.png?size=large"
    page.attach(part)
    files, entry = carried(tmp_path, page.as_bytes())
    assert contents(files, lawful(files, entry)) == {b"photo.png": SMALL}


def test_a_zip_in_a_message_goes_on_as_an_archive(tmp_path: Path) -> None:
    one = message()
    inner = zipped({"p.jpg": PICTURE})
    one.add_attachment(inner, maintype="application", subtype="zip", filename="p.zip")
    files, entry = carried(tmp_path, one.as_bytes())
    (member,) = list_members(files, entry).entries
    (picture,) = lawful(files, member).entries
    assert picture.ref.path == b"/a.bin/p.zip/p.jpg"
    assert contents(files, lawful(files, member)) == {b"p.zip/p.jpg": PICTURE}


def test_what_is_cut_off_sealed_or_taken_out_is_named(tmp_path: Path) -> None:
    data = full().as_bytes()
    files, entry = carried(tmp_path, data[: data.find(b"holiday.jpg") + 5000])
    assert "cut off" in lawful(files, entry).problems[0].detail
    sealed = message()
    sealed.add_attachment(b"0\x82", maintype="application", subtype="pkcs7-mime", filename="s.p7m")
    files, entry = carried(tmp_path, sealed.as_bytes())
    assert "S/MIME" in lawful(files, entry).problems[0].detail


def test_limits_are_kept(tmp_path: Path) -> None:
    files, entry = carried(tmp_path, full().as_bytes())
    listing = lawful(files, entry, ArchiveLimits(max_members=1))
    assert len(listing.entries) == 1
    assert "stopped after 1 parts" in listing.problems[0].detail
    listing = lawful(files, entry, ArchiveLimits(max_member_bytes=10_000))
    assert SkipReason.TOO_LARGE in {one.no_content for one in listing.entries}


TEXTS = (
    b"From the beginning of the story on Monday 2 May 2020\n\nthere was\n",
    b"Subject: a memo\n\nwith one field only\n",
    b"Metadata-Version: 2.1\nName: x\nVersion: 1\n\ntext\n",
    b"HTTP/1.1 200 OK\nDate: x\nContent-Type: text/html\n\n<html>",
    b"Package: x\nVersion: 1\nDepends: y\n\n",
    b"from: usd\nvalue: 3\n\n",
    b"Chapter one: it begins\nand: goes on\nDate: never\nFrom: nobody\n\n",
    b"1234\nnot a message: at all\n\n",
    b"key: value\n" * 400,
)


@pytest.mark.parametrize("text", TEXTS)
def test_other_texts_are_texts(text: bytes) -> None:
    assert family(detect(text, b"x.txt", len(text)).mime) == "document"
    assert detect(text, b"x.txt", len(text)).mime == "text/plain"


def test_no_file_of_the_interpreter_is_a_message() -> None:
    folder = Path(os.__file__).parent
    paths = [*sorted(folder.glob("*.py")), *sorted(folder.rglob("METADATA"))[:200]]
    for path in paths:
        head = path.read_bytes()[: 64 * 1024]
        if head:
            mime = detect(head, path.name.encode(), path.stat().st_size).mime
            assert mime not in {"message/rfc822", "application/mbox"}, path


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32))
def test_whatever_is_damaged_the_contract_holds(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  (a seed, no secret)
    data = bytearray(full().as_bytes()[:8000])
    for _ in range(8):
        at = chance.randrange(len(data))
        data[at : at + chance.randrange(4)] = chance.choice(
            (b"", b"\n", b"--", b'"', b"=", b"\xff")
        )
    files, entry = carried(tmp_path_factory.mktemp("mail"), bytes(data))
    if data[:1].isalpha() and b":" in data[:70]:
        lawful(files, entry)


def test_parts_nested_without_end_cost_no_more_than_their_bytes(tmp_path: Path) -> None:
    data = b"From: a\nDate: b\nSubject: c\n"
    for number in range(400):
        kind = b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (number, number)
        data += kind
    data += b"Content-Type: image/png\n\nx\n" + b"Content-Type: message/rfc822\n\n" * 400
    files, entry = carried(tmp_path, data)
    listing = lawful(files, entry)
    assert len(listing.entries) <= 1
    assert "nested too deep" in listing.problems[0].detail
