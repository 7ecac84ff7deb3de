"""Pictures for graders: read from the evidence when asked for, made anew elsewhere, never kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

from triage.model.display import printable
from triage.model.picturefacts import PictureTag
from triage.model.rendition import (
    OF_THE_PLACE,
    NotShown,
    NotShownReason,
    Rendition,
    View,
)
from triage.model.secret import NO_SECRETS, Secrets
from triage.pipeline.calls import read_tags, show_picture, take_secrets
from triage.pipeline.items import ViewItem
from triage.scheduler import Errands, Finished, LossKind, Untaken
from triage.store.database import Stores
from triage.store.viewing import ReadablePlace, readable_places

MEMORY_LIMIT_BYTES = 2 * 1024**3
TIME_LIMIT_S = 30.0
"""For one content of one place, opening its evidence included."""
SECRET_LIMIT_S = 20.0
"""More for each secret that may have to be tried on a lock first."""
WAIT_LIMIT_S = 20.0
MOST_PLACES = 4
"""Of a content that are tried."""

_LOSSES = {
    LossKind.CRASH: NotShownReason.CRASH,
    LossKind.TIME_LIMIT: NotShownReason.TIME_LIMIT,
    LossKind.MEMORY_LIMIT: NotShownReason.MEMORY_LIMIT,
    LossKind.ERROR: NotShownReason.UNREADABLE,
}
_NO_PICTURES = {"audio": NotShownReason.NOT_A_PICTURE}

WORDS = {
    NotShownReason.UNKNOWN: "This case has no such picture.",
    NotShownReason.VIDEO: "This is a video, and no frames of it can be shown.",
    NotShownReason.NOT_A_PICTURE: "This is not a picture.",
    NotShownReason.AWAY: "The evidence is not where it was read. Connect it, then try again.",
    NotShownReason.CHANGED: "What lies there now is not what was examined, so it is not shown.",
    NotShownReason.UNREADABLE: "The evidence cannot be read at this place.",
    NotShownReason.UNDECODABLE: "The file is damaged or is not a picture.",
    NotShownReason.UNSUPPORTED: "Pictures of this format cannot be shown.",
    NotShownReason.TOO_LARGE: "The picture is larger than may be opened here.",
    NotShownReason.TIME_LIMIT: "It took too long to open the picture.",
    NotShownReason.MEMORY_LIMIT: "Opening the picture needs more memory than is allowed.",
    NotShownReason.CRASH: "The picture broke the program that opens pictures. Only it was lost.",
    NotShownReason.BUSY: "Too many pictures are being opened at once. Try again in a moment.",
}
"""One sentence for a person, for each reason."""

_Value = TypeVar("_Value")


class Size(StrEnum):
    """How large a picture is asked for."""

    SMALL = "small"
    LARGE = "large"


PIXELS = {Size.SMALL: 256, Size.LARGE: 1_600}
"""Along the longer side, at most."""


class Viewer:
    """Shows pictures of cases to many threads at once, by a few processes.

    No picture is kept: each is read from the evidence anew, its SHA-256 is compared with the
    database, and what is made of it is handed over and forgotten. The processes keep evidence
    open, until nobody has looked at anything for ten minutes.

    Args:
        workers: processes; 0 does everything in this one, without protection.
        time_limit_s: for one content of one place.
        secrets: what may open the evidence that pictures lie in; to try one takes time.
    """

    def __init__(
        self,
        stores: Stores,
        *,
        workers: int | None = None,
        memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
        time_limit_s: float = TIME_LIMIT_S,
        secrets: Secrets = NO_SECRETS,
    ) -> None:
        self._stores = stores
        count = min(max(os.cpu_count() or 2, 2), 4) if workers is None else workers
        given = ((take_secrets, secrets),) if secrets else ()
        self._errands = Errands(count, memory_limit_bytes, preparations=given)
        self._time_limit_s = time_limit_s + SECRET_LIMIT_S * len(secrets.texts)

    def rendition(
        self, case_id: int, sha256: bytes, *, size: Size, grey: bool, blur: bool
    ) -> Rendition | NotShown:
        """Make a picture for the screen, or say why there is none."""
        view = View(longest_pixels=PIXELS[size], grey=grey, blur=blur)
        return self._from_any_place(show_picture, case_id, sha256, view)

    def tags(self, case_id: int, sha256: bytes) -> tuple[PictureTag, ...] | NotShown:
        """Tell all that a picture says of itself; it is read again for that."""
        view = View(longest_pixels=1, grey=True, blur=True)
        return self._from_any_place(read_tags, case_id, sha256, view)

    def close(self) -> None:
        """End the processes, and let go of the evidence."""
        self._errands.close()

    def _from_any_place(
        self,
        call: Callable[[ViewItem], _Value | NotShown],
        case_id: int,
        sha256: bytes,
        view: View,
    ) -> _Value | NotShown:
        with self._stores.open() as store:  # given back before anything is read or decoded
            places = readable_places(store, case_id, sha256, MOST_PLACES)
        why = NotShown(reason=NotShownReason.UNKNOWN)
        for place in places:
            if place.family in _NO_PICTURES:
                return NotShown(reason=_NO_PICTURES[place.family])
            told = self._from(call, place, sha256, view)
            if not isinstance(told, NotShown):
                return told
            why = told
            if told.reason not in OF_THE_PLACE:
                break
        return why

    def _from(
        self,
        call: Callable[[ViewItem], _Value | NotShown],
        place: ReadablePlace,
        sha256: bytes,
        view: View,
    ) -> _Value | NotShown:
        item = ViewItem(
            sha256=sha256,
            location=place.location,
            entry=place.entry,
            mime=place.mime,
            view=view,
        )
        result = self._errands.do(call, item, self._time_limit_s, wait_limit_s=WAIT_LIMIT_S)
        if isinstance(result, Finished):
            value: Any = result.value
            return value  # type: ignore[no-any-return]  # what ``call`` gives
        if isinstance(result, Untaken):
            return NotShown(reason=NotShownReason.BUSY, detail=printable(result.detail))
        return NotShown(reason=_LOSSES[result.kind], detail=printable(result.detail))
