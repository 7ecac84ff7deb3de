"""What is asked for and is not there, or not any more."""

from __future__ import annotations

from triage.errors import UsageFault


class NotHere(UsageFault):
    """There is no such case, content or stack."""

    title = "not found"


class Restacked(UsageFault):
    """The pictures of the case were stacked anew: what was looked at is not there any more."""

    title = "stacks"
