"""The error tree: every failure that a person can act on, with its exit code and a hint.

Errors of the *evidence* never end a run: they become :class:`triage.model.problem.Problem`
rows. What is raised as a :class:`TriageError` is an error of ours, of the set-up or of the
call, and carries the exit code that the command line ends with.
"""

from __future__ import annotations


class TriageError(Exception):
    """A failure with an exit code and, where one is known, a way out.

    Args:
        message: what went wrong, naming the file and the place in it.
        hint: what the user can do about it; empty when nothing better than the message is known.
    """

    exit_code = 1
    title = "internal error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageFault(TriageError):  # noqa: N818  (a fault of the call, not of the program)
    """The call contradicts itself or names something that does not exist."""

    exit_code = 2
    title = "usage"


class EvidenceError(TriageError):
    """No evidence could be opened at all."""

    exit_code = 4
    title = "evidence"


class EvidenceGone(EvidenceError):  # noqa: N818  (a state, from which the same command goes on)
    """Evidence that had opened is not there any more, or is no longer what it was."""

    title = "evidence is gone"


class HashSetError(TriageError):
    """A reference pack or a hash-set file is missing, damaged or malformed."""

    exit_code = 5
    title = "hash set"


class StoreError(TriageError):
    """The case database cannot be opened, read or written."""

    exit_code = 6
    title = "case database"


class LeaseLost(StoreError):  # noqa: N818  (the lease is lost, nothing is in error)
    """Another process works at the exhibit by now: nothing more may be written for it here."""

    title = "lease"


class ExportError(TriageError):
    """An export was refused or could not be written."""

    exit_code = 7
    title = "export"


class SelfTestError(TriageError):
    """A known answer came out wrong: nothing that this installation says may be relied on."""

    exit_code = 8
    title = "self-test"


class Interrupted(TriageError):  # noqa: N818  (stopping is no error)
    """The run was stopped by the user and can be continued by the same command."""

    exit_code = 130
    title = "interrupted"


class ClusterError(UsageFault):
    """The cluster that was named does not answer, has no worker, or its hosts differ."""

    title = "cluster"


class ClusterLost(Interrupted):
    """The cluster went away in the middle of a run, which the same command continues."""

    title = "cluster is gone"
