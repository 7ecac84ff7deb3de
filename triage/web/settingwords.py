"""How the pages speak of settings: groups, labels and hints."""

from __future__ import annotations

from dataclasses import dataclass

from triage.model.settings import UnitSettings
from triage.store.settingrows import DEFAULTS, RANGES


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingGroup:
    """Settings that are changed together.

    Attributes:
        key: in the address of its page.
    """

    key: str
    title: str
    words: str
    names: tuple[str, ...]


GROUPS = (
    SettingGroup(
        key="unit",
        title="The unit",
        words="How pages name the unit, and whom people ask.",
        names=("unit_name", "unit_contact"),
    ),
    SettingGroup(
        key="answers",
        title="What officers choose from",
        words="The answers that a submission offers. What was submitted before stays as it is.",
        names=("bands", "offences", "device_types", "legal_powers"),
    ),
    SettingGroup(
        key="intake",
        title="Intake folders",
        words="Folders on this machine from which officers may pick evidence.",
        names=("intake_folders",),
    ),
    SettingGroup(
        key="uploads",
        title="Uploads",
        words="How much a submission may bring, and what stays free on the disk.",
        names=("upload_max_gb", "upload_free_gb"),
    ),
    SettingGroup(
        key="grading",
        title="Grading",
        words="Which codes the bench offers, and how grades are checked.",
        names=("grading_scheme", "trusted_votes", "dip_rate"),
    ),
    SettingGroup(
        key="welfare",
        title="Welfare of graders",
        words="After how much the bench reminds, and when a supervisor has to allow more. 0 is no "
        "limit.",
        names=(
            "pictures_soft",
            "pictures_hard",
            "minutes_soft",
            "minutes_hard",
            "break_after_minutes",
            "break_minutes",
        ),
    ),
    SettingGroup(
        key="signing-in",
        title="Signing in",
        words="When sessions end, and when failed sign-ins lock an account.",
        names=("idle_minutes", "session_hours", "lock_failures", "lock_minutes"),
    ),
)
"""In the order shown; every setting stands in one."""

LABELS = {
    "unit_name": ("Name of the unit", "It stands at the head of every page."),
    "unit_contact": ("Whom to ask for help", "For instance: the help desk, extension 1234"),
    "bands": ("Risk bands", "One a line, the gravest first."),
    "offences": ("Offences", "One a line."),
    "device_types": ("Types of device", "One a line."),
    "legal_powers": ("Legal powers", "One a line."),
    "intake_folders": (
        "Folders",
        "One a line, as whole paths, like /srv/intake. Not inside the folder of triage's own data.",
    ),
    "upload_max_gb": ("Largest submission, GB", ""),
    "upload_free_gb": ("Left free on the disk, GB", "An upload that would need more is refused."),
    "grading_scheme": ("Category scheme", "Whose codes the bench offers."),
    "trusted_votes": (
        "Independent votes",
        "How many are asked for before a picture is left alone. 3 is a trusted grade.",
    ),
    "dip_rate": ("Second look", "Share of graded pictures drawn for quality, like 5%."),
    "pictures_soft": ("Pictures a day: remind after", ""),
    "pictures_hard": ("Pictures a day: stop after", "A supervisor may allow more."),
    "minutes_soft": ("Minutes a day: remind after", ""),
    "minutes_hard": ("Minutes a day: stop after", "A supervisor may allow more."),
    "break_after_minutes": ("Minutes of looking until a break", ""),
    "break_minutes": ("Minutes that a break takes", ""),
    "idle_minutes": ("Minutes without use that end a session", ""),
    "session_hours": ("Hours after which a session ends in any case", ""),
    "lock_failures": ("Failed sign-ins in a row that lock an account", ""),
    "lock_minutes": ("Minutes that a lock lasts", ""),
}
"""Label and hint of each setting."""


def label_of(name: str) -> str:
    """Give the label of a setting."""
    return LABELS[name][0]


def hint_of(name: str) -> str:
    """Give the hint of a setting, with the range of a number."""
    hint = LABELS[name][1]
    if name in RANGES:
        least, most = RANGES[name]
        return f"{hint} From {least:,} to {most:,}.".strip()
    return hint


def value_words(value: object) -> str:
    """Give a value as it stands in a form: a list as lines."""
    return "\n".join(map(str, value)) if isinstance(value, tuple) else str(value)


def rows_of(group: SettingGroup, settings: UnitSettings) -> list[tuple[str, str]]:
    """Give label and value of each setting of a group, for reading."""
    found = []
    for name in group.names:
        value = getattr(settings, name)
        words = (
            "; ".join(value)
            if isinstance(value, tuple)
            else f"{value:,}"
            if isinstance(value, int)
            else value
        )
        found.append((label_of(name), words or "none"))
    return found


def is_list(name: str) -> bool:
    """Tell whether a setting is a list of lines."""
    return isinstance(DEFAULTS[name], tuple)


def is_number(name: str) -> bool:
    """Tell whether a setting is a whole number."""
    return isinstance(DEFAULTS[name], int)
