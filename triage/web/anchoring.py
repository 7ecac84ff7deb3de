"""Notes outside the database how far the audit has come, so that its end cannot be cut off."""

from __future__ import annotations

from triage.errors import StoreError
from triage.model.account import AuditRow
from triage.model.auditchain import Anchor
from triage.store import anchors
from triage.store.audit import Audit
from triage.web.faults import LOG
from triage.web.suite import Suite


def note_row(suite: Suite, row: AuditRow) -> None:
    """Note a row.

    Raises:
        StoreError: the note cannot be written.
    """
    anchor = Anchor(number=row.number, link=row.link, at_s=suite.now_s())
    anchors.add_anchor(suite.home / anchors.NAME, anchor)


def note_after(suite: Suite, row: AuditRow, appended: int) -> None:
    """Note a row where one of those appended with it has a round number.

    What was done is committed by then: a note that fails is no reason to say that it was not.
    """
    if row.number // anchors.ROWS != (row.number - appended) // anchors.ROWS:
        try:
            note_row(suite, row)
        except StoreError as error:
            LOG.error("the audit could not be noted: %s", error.message)


def note_head(suite: Suite) -> None:
    """Note the last row that there is, when the server starts and when it stops."""
    with suite.stores.open() as store:
        row = Audit(store.connection).head()
    if row is not None:
        note_row(suite, row)
