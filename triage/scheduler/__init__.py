"""The one room for processes: runs items on workers, and gives every item back exactly once."""

from triage.scheduler.batch import Batch, Finished, LossKind, Lost, Pool, Result
from triage.scheduler.beat import Heartbeat
from triage.scheduler.errands import Errands, Untaken
from triage.scheduler.inline import InlinePool
from triage.scheduler.interrupts import StopRequests, terminate_as_interrupt
from triage.scheduler.pool import ProcessPool
from triage.scheduler.turns import turn
from triage.scheduler.worker import leave_no_dump

__all__ = [
    "Batch",
    "Errands",
    "Finished",
    "Heartbeat",
    "InlinePool",
    "LossKind",
    "Lost",
    "Pool",
    "ProcessPool",
    "Result",
    "StopRequests",
    "Untaken",
    "leave_no_dump",
    "terminate_as_interrupt",
    "turn",
]
