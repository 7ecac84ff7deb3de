"""The evidence of a submission as its pages show it: what may be picked, and what was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from triage.batch.intakefolders import IntakeImage, list_images
from triage.batch.officergaps import size_words
from triage.batch.submitting import BROUGHT, INTAKE, UPLOAD
from triage.export.wording import moment_words
from triage.store.submissions import Submissions
from triage.store.uploads import Upload, Uploads
from triage.web.officerforms import WAYS
from triage.web.seat import Seat

FIND_MOST = 100
"""Characters of a search."""

OFFERED_MOST = 50
"""Images of the intake folders on one page; a search finds the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """Copies of devices that may be picked.

    Attributes:
        images: id, name and more about it, as radio buttons have them.
        left: how many more agree with the search; ``every``: how many there are.
        cut: the folders hold more than is listed; ``away``: one of them cannot be read now.
    """

    images: tuple[tuple[str, str, str], ...]
    left: int
    every: int
    cut: bool
    away: bool
    find: str


def free_images(seat: Seat) -> tuple[tuple[IntakeImage, ...], bool, bool]:
    """Give the images that no exhibit has yet, whether there are more, and whether one is away."""
    listing = list_images(seat.suite.settings().intake_folders)
    paths = [str(one.path) for one in listing.images]
    taken = Submissions(seat.store.connection).taken_images(paths)
    free = tuple(one for one in listing.images if str(one.path) not in taken)
    return free, listing.cut, bool(listing.away)


def offered(seat: Seat, chosen: str) -> Offered:
    """Give what may be picked; what was picked before stands first, whatever is searched for."""
    find = seat.request.query_params.get("find", "")[:FIND_MOST]
    images, cut, away = free_images(seat)
    wanted = find.casefold().split()
    found = [
        one
        for one in images
        if one.image_id == chosen or all(word in _place(one).casefold() for word in wanted)
    ]
    found.sort(key=lambda one: one.image_id != chosen)
    return Offered(
        images=tuple(map(_choice, found[:OFFERED_MOST])),
        left=max(0, len(found) - OFFERED_MOST),
        every=len(images),
        cut=cut,
        away=away,
        find=find,
    )


def _choice(image: IntakeImage) -> tuple[str, str, str]:
    size = size_words(image.size_bytes)
    more = f"{_where(image)}{size}, last changed {moment_words(image.changed_s)}"
    return image.image_id, image.name, more


def _where(image: IntakeImage) -> str:
    return f"In {', '.join(image.within)}. " if image.within else ""


def _place(image: IntakeImage) -> str:
    return " ".join((*image.within, image.name))


def upload_of(seat: Seat, key: str) -> Upload | None:
    """Give the upload of an answer, as far as it is there."""
    return Uploads(seat.store.connection).find(key, seat.account.user_id) if key else None


def evidence_rows(
    seat: Seat, answers: Mapping[str, str], *, answered: bool
) -> list[tuple[str, str, str]]:
    """Say how the evidence comes, with its digests before and after where it was uploaded."""
    how = answers.get("evidence", "")
    label = "Evidence"
    if how == BROUGHT or not answered:
        words = WAYS[how][0] if how in WAYS and answered else "Not answered"
        return [(label, words, "evidence")]
    if how == INTAKE:
        wanted = answers["image_id"]
        image = next((one for one in free_images(seat)[0] if one.image_id == wanted), None)
        words = (
            "This copy has changed or is gone"
            if image is None
            else (f"{image.name}, {size_words(image.size_bytes)}")
        )
        return [(label, WAYS[INTAKE][0], "evidence"), ("Copy of the device", words, "image")]
    upload = upload_of(seat, answers["upload_key"])
    rows = [(label, WAYS[UPLOAD][0], "evidence")]
    for one in upload.files if upload is not None else ():
        rows.append((f"File {one.nth + 1}", f"{one.name}, {size_words(one.size_bytes)}", "upload"))
        rows.append(("SHA-256 before upload", one.sha256_before, "upload"))
        rows.append(("SHA-256 after upload", one.sha256_after, "upload"))
    return rows
