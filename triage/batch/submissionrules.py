"""What is wrong with an officer's answers, by field, in words for the page that asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from triage.batch.submitting import NO_TERM
from triage.errors import UsageFault
from triage.export.wording import day_words
from triage.store.ledgerrows import words

REFERENCE_MOST = 60
LINE_MOST = 120
SCOPE_MOST = 2_000
_REFERENCES = ("case", "exhibit")


def misfits(answers: Mapping[str, str], now_s: int) -> Mapping[str, str]:
    """Give what is wrong, the first fault of each field; nothing of what is not there.

    Args:
        answers: of one page.
        now_s: seconds since 1970 UTC; days are those of this machine.
    """
    found: dict[str, str] = {}
    for name, fault in (*_characters(answers), *_days(answers, now_s)):
        found.setdefault(name, fault)
    return found


def _characters(answers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in answers.items():
        try:
            words(name, " ".join(value.split()), hidden=name not in _REFERENCES)
        except UsageFault:
            yield name, "Type this in again: it holds a character that cannot be seen"


def _days(answers: Mapping[str, str], now_s: int) -> Iterator[tuple[str, str]]:
    today = dt.datetime.fromtimestamp(now_s).date().isoformat()  # noqa: DTZ006  (the local day is meant)
    seized, ends = answers.get("seized_on", ""), answers.get("statutory_on", "")
    if seized > today:
        yield "seized_on", "The day of the seizure must be today or earlier"
    if answers.get("statutory_kind", NO_TERM) == NO_TERM or not ends:
        return
    if seized and ends < seized:
        yield "statutory_on", f"This must be {day_words(seized)}, the day of the seizure, or later"
