"""The answers to what is asked first in the morning, in words, from a unit's figures."""

from __future__ import annotations

from dataclasses import dataclass

from triage.export.forecastwords import clearing_words
from triage.export.wording import day_words, days_words, many, month_words, share, tenth, whole
from triage.model.forecast import Clearing, Forecast, Outlook
from triage.model.kpi import Kpis
from triage.model.night import NightSummary

SAME = 0.02
"""A backlog that changed by less than this part is about the same."""
RECENT_WEEKS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A question, its answer in a few words, and what stands behind it."""

    question: str
    answer: str
    detail: str = ""


def how_many(kpis: Kpis, night: NightSummary) -> Answer:
    """Say how many exhibits wait."""
    backlog = night.backlog
    parts = [f"{whole(backlog.waiting)} can be triaged now"]
    parts += [f"{whole(backlog.working)} being worked"] if backlog.working else []
    parts += [f"{whole(backlog.held)} held back"] if backlog.held else []
    return Answer(
        question="How many wait?",
        answer=many(kpis.open_end, "exhibit"),
        detail=f"Received and not released. In the queue: {', '.join(parts)}.",
    )


def how_old(kpis: Kpis) -> Answer:
    """Say how old what waits is."""
    days = kpis.ages.days
    if not days.n:
        return Answer(question="How old are they?", answer="Nothing waits")
    days_over, over = kpis.ages.older[1]
    detail = f"Half have waited {days_words(days.p50)} or more, the longest {days_words(days.max)}"
    return Answer(
        question="How old are they?",
        answer=f"Half over {days_words(days.p50)}",
        detail=f"{detail}. {share(over.part, over.whole)} are over {days_over} days old.",
    )


def is_it_better(kpis: Kpis) -> Answer:
    """Say whether fewer wait than at the start of the period, and how the last weeks went."""
    before, now = kpis.open_start, kpis.open_end
    change = (now - before) / before if before else float(now > 0)
    word = "About the same" if abs(change) < SAME else "No, it grows" if change > 0 else "Yes"
    weeks = [one for one in kpis.weeks if one.is_whole][-RECENT_WEEKS:]
    detail = f"{whole(before)} were open on {day_words(kpis.from_on)}, {whole(now)} are now."
    if weeks:
        came = tenth(sum(one.opened for one in weeks) / len(weeks))
        went = tenth(sum(one.closed for one in weeks) / len(weeks))
        last = "In the last week" if len(weeks) == 1 else f"In the last {len(weeks)} weeks"
        detail += f" {last} {came} a week came in and {went} were released."
    return Answer(question="Is it getting better?", answer=word, detail=detail)


def when_done(told: Forecast | None, untold: str) -> Answer:
    """Say when the backlog is cleared.

    Args:
        untold: why there is no forecast, where there is none.
    """
    question = "When is it done?"
    if told is None:
        return Answer(question=question, answer="No forecast yet", detail=untold)
    return Answer(question=question, answer=_by(told.clearing), detail=clearing_words(told)[0])


def _by(clearing: Clearing) -> str:
    if clearing.outlook is Outlook.CLEAR_NOW:
        return "It is done"
    if clearing.outlook is Outlook.NEVER:
        return "Not at this rate"
    return f"About {month_words(clearing.p50_on)}" if clearing.p50_on else "Not in sight"


def what_happened(night: NightSummary, last_start_s: int) -> Answer:
    """Say what the last night came to."""
    question = "What happened last night?"
    if last_start_s < 0 and not night.done:
        detail = "No batch process was ever started on this database."
        return Answer(question=question, answer="Nothing ran", detail=detail)
    colours = ", ".join(f"{number} {colour}" for colour, number in night.colours if number)
    trouble = [
        f"{len(found)} {words}"
        for found, words in (
            (night.failed, "failed attempts" if len(night.failed) > 1 else "failed attempt"),
            (night.set_aside, "set aside"),
            (night.away, "with the image away"),
            (night.not_started, "not started"),
        )
        if found
    ]
    detail = f"Since {night.since}. " + ". ".join(
        one for one in (colours.capitalize(), "; ".join(trouble).capitalize()) if one
    )
    return Answer(
        question=question,
        answer=f"{len(night.done)} finished",
        detail=detail if detail.endswith((". ", ".")) else f"{detail}.",
    )


def who_needs_me(words: tuple[str, ...]) -> Answer:
    """Say whether a person is needed, from the sentences of what needs one."""
    question = "Who needs me?"
    if not words:
        return Answer(question=question, answer="Nobody", detail="Nothing waits for a person.")
    more = f" And {whole(len(words) - 1)} more below." if len(words) > 1 else ""
    return Answer(question=question, answer=many(len(words), "thing"), detail=f"{words[0]}{more}")
