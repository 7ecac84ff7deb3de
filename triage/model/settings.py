"""What a unit decides about its pages; every field has a default that works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSettings:
    """Settings as they stand.

    Attributes:
        unit_name: as it stands at the head of pages.
        unit_contact: whom an officer asks, in words.
        bands: risk bands that a submission may have, gravest first; ``offences`` and
            ``device_types`` likewise its words, ``legal_powers`` too.
        intake_folders: folders on this machine from which evidence may be picked.
        grading_scheme: id of the category scheme whose codes the bench offers; the default names
            the categories themselves and needs nobody to confirm numbers.
        trusted_votes: independent votes that are asked for before a content is left alone.
        dip_rate: share of graded contents that is drawn for a second look, as ``5%``.
        pictures_soft: pictures shown to a grader in a day after which the page reminds;
            ``pictures_hard``: after which a supervisor has to allow more; 0 for no limit.
        minutes_soft, minutes_hard: the same in minutes of looking.
        break_after_minutes: of looking without a break; ``break_minutes``: how long it then takes.
        idle_minutes, session_hours: after which a session ends.
        lock_failures: failed sign-ins in a row that lock an account for ``lock_minutes``.
        upload_max_gb: of one submission; ``upload_free_gb``: what stays free on the disk.
    """

    unit_name: str = "Digital Forensics Unit"
    unit_contact: str = "the Digital Forensics Unit"
    bands: tuple[str, ...] = ("Very high", "High", "Medium", "Low")
    offences: tuple[str, ...] = (
        "Indecent images of children",
        "Sexual communication with a child",
        "Other sexual offence",
        "Other offence",
    )
    device_types: tuple[str, ...] = (
        "Mobile phone",
        "Tablet",
        "Laptop",
        "Desktop computer",
        "External drive",
        "USB stick or memory card",
        "CCTV or body-worn video",
        "Other device",
    )
    legal_powers: tuple[str, ...] = (
        "Police and Criminal Evidence Act 1984, section 19",
        "Police and Criminal Evidence Act 1984, section 32",
        "Search warrant",
        "Police, Crime, Sentencing and Courts Act 2022, section 37 (agreement)",
        "Other power",
    )
    intake_folders: tuple[str, ...] = ()
    grading_scheme: str = "uk-names"
    trusted_votes: int = 1
    dip_rate: str = "5%"
    pictures_soft: int = 1_500
    pictures_hard: int = 4_000
    minutes_soft: int = 90
    minutes_hard: int = 240
    break_after_minutes: int = 50
    break_minutes: int = 10
    idle_minutes: int = 30
    session_hours: int = 10
    lock_failures: int = 5
    lock_minutes: int = 15
    upload_max_gb: int = 64
    upload_free_gb: int = 10
