"""The passwords and recovery keys that this process may try on what is locked."""

from __future__ import annotations

from triage.model.secret import MOST, Secrets

_given: list[Secrets] = []


def take_secrets(secrets: Secrets) -> None:
    """Keep secrets for what is opened from now on, instead of those of before."""
    _given[:] = [Secrets(texts=secrets.texts[:MOST])]


def given_secrets() -> tuple[str, ...]:
    """Give what may be tried, in order."""
    return _given[0].texts if _given else ()
