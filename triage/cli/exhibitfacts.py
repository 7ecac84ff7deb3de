"""The options that say facts of an exhibit, and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from triage.batch import factwords
from triage.batch.fits import image_size
from triage.errors import TriageError, UsageFault
from triage.model.ledger import OwnerRole, StatutoryKind

Command = TypeVar("Command", bound=Callable[..., Any])

_WORDS = (
    ("device_type", "--device-type", "phone, laptop ... as your unit names them."),
    ("offence", "--offence", "Offence type."),
    ("risk_band", "--band", "Risk band, as your force says it; it is never computed."),
    ("legal_power", "--power", "Legal power of the seizure."),
    ("dpn_reference", "--dpn", "Reference of the Digital Processing Notice."),
    ("scope_limits", "--scope", "What may be looked at."),
    ("officer", "--officer", "Officer in the case."),
    ("device_make", "--make", "Make of the device."),
    ("device_model", "--model", "Model of the device."),
    ("device_serial", "--serial", "Serial number or IMEI of the device."),
)
_OTHERS = (
    click.option(
        "--owner", type=click.Choice([one.value for one in OwnerRole]), help="Whose device it is."
    ),
    click.option("--bail", metavar="DAY", help="Day on which bail ends: 2026-11-22 or 22/11/2026."),
    click.option("--custody", metavar="DAY", help="Day on which custody ends."),
    click.option("--seized", metavar="DAY", help="Day of the seizure."),
    click.option("--received", metavar="WHEN", help="Day or moment at which the unit received it."),
    click.option("--image", metavar="PATH", help="Its image, the first segment of it."),
    click.option(
        "--image-bytes", metavar="SIZE", help="512 GB ...; by default looked up at the image."
    ),
    click.option("--outsourced/--in-house", default=None, help="Who examines it."),
)


def with_facts(command: Command) -> Command:
    """Add the options of all facts but the references, each ``None`` where it is not said."""
    for option in reversed(_OTHERS):
        command = option(command)
    for name, switch, words in reversed(_WORDS):
        command = click.option(switch, name, metavar="TEXT", help=words)(command)
    return command


def said(options: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Give the facts that options say, and words on what was looked up for them.

    Raises:
        UsageFault: an option is not what it should be, or two contradict each other.
    """
    facts = {name: options[name].strip() for name, _, _ in _WORDS if options[name] is not None}
    notes: list[str] = []
    if options["owner"] is not None:
        facts["owner_role"] = OwnerRole(options["owner"])
    if options["outsourced"] is not None:
        facts["outsourced"] = options["outsourced"]
    facts |= _statutory(options["bail"], options["custody"])
    if options["seized"] is not None:
        facts["seized_on"] = _day("--seized", options["seized"])
    if options["received"] is not None:
        facts["received_s"] = as_option("--received", factwords.as_moment, options["received"])
    if options["image"] is not None:
        facts["image_path"], facts["image_bytes"] = "", -1
        if options["image"].strip():
            path = Path(options["image"]).expanduser().absolute()
            facts["image_path"] = str(path)
            if options["image_bytes"] is None:
                facts["image_bytes"], note = size_of(path)
                notes.append(note)
    if options["image_bytes"] is not None:
        facts["image_bytes"] = as_option("--image-bytes", factwords.as_size, options["image_bytes"])
    return facts, notes


def as_option(name: str, take: Callable[[str], Any], text: str) -> Any:  # noqa: ANN401  (any fact)
    """Take the text of an option, which an error then names.

    Raises:
        UsageFault: it has no meaning.
    """
    try:
        return take(text)
    except UsageFault as error:
        raise UsageFault(f"{name}: {error.message}", hint=error.hint) from error


def _statutory(bail: str | None, custody: str | None) -> dict[str, Any]:
    """Give the statutory date; an empty one takes it away."""
    if bail and custody:
        raise UsageFault("--bail and --custody: say the one that ends first")
    for name, text, kind in (
        ("--bail", bail, StatutoryKind.BAIL),
        ("--custody", custody, StatutoryKind.CUSTODY),
    ):
        if text:
            return {"statutory_kind": kind, "statutory_on": _day(name, text)}
    if bail is None and custody is None:
        return {}
    return {"statutory_kind": StatutoryKind.NONE, "statutory_on": ""}


def _day(name: str, text: str) -> str:
    return str(as_option(name, factwords.as_day, text)) if text.strip() else ""


def size_of(path: Path) -> tuple[int, str]:
    """Give the size of a medium as its image says, else of the files, and how it was found.

    An image that cannot be reached now is no reason to keep its exhibit out of the ledger.
    """
    from triage.pipeline.opened import (  # noqa: PLC0415  (imports all parsers; seldom needed)
        close_evidence,
        evidence_at,
    )

    try:
        size = evidence_at(str(path)).info.size_bytes
    except (TriageError, OSError):
        size = 0
    finally:
        close_evidence()
    if size > 0:
        return size, f"size of the medium: {size:,} bytes"
    size = image_size(path, -1)
    if size > 0:
        return size, f"not opened as an image; size of the files: {size:,} bytes"
    if path.is_dir():
        return -1, "the image is a folder: its size is not known"
    return -1, "the image cannot be reached now: its size is not known"
