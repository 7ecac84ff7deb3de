"""Words of the bench's pages for what the program names shortly."""

from __future__ import annotations

from triage.bench.sieve import Queue
from triage.model.grade import Standing

QUEUES = (
    (Queue.FIRST.value, "Not graded yet"),
    (Queue.SECOND.value, "Needs a second look"),
    (Queue.DIP.value, "Quality sample"),
    (Queue.DISPUTES.value, "In dispute"),
    (Queue.ALL.value, "Everything"),
)
STANDINGS = (
    (Standing.UNKNOWN.value, "In no reference set"),
    (Standing.KNOWN_BAD.value, "Known bad"),
    (Standing.NOTABLE.value, "Notable"),
    (Standing.VISUAL.value, "Looks like known bad"),
    (Standing.UNMAPPED.value, "Code without a meaning"),
    (Standing.KNOWN_GOOD.value, "Known good"),
)
TAGS = (
    ("victim-identified", "Victim identified"),
    ("offender-identified", "Offender identified"),
    ("first-generation", "Possible first-generation material"),
)
