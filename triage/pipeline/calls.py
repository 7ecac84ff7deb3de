"""The names under which a run calls its workers, light to import for who only calls.

The parent never parses evidence: what does is imported by the worker, when it is first called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from triage.model.carving import FreeStretches
    from triage.model.entry import DirectoryRef
    from triage.model.picturefacts import PictureTag
    from triage.model.problem import Problem
    from triage.model.rendition import NotShown, Rendition
    from triage.model.secret import Secrets
    from triage.pipeline.carveitems import GivenSpace, PartItem, SearchedPart, SpaceItem
    from triage.pipeline.items import (
        Decoded,
        Digested,
        FoldersItem,
        Listed,
        ListedFolders,
        PictureItem,
        PlacedDone,
        PlacedItem,
        ReadItem,
        RootsItem,
        RowItem,
        Surveyed,
        SurveyItem,
        TypesItem,
        Unopened,
        ViewItem,
        Visited,
    )


def survey(item: SurveyItem) -> Surveyed | Unopened:
    """Open evidence and find its volumes."""
    from triage.pipeline import tasks  # noqa: PLC0415  (in the worker only)

    return tasks.survey(item)


def take_handover(found: tuple[str, bytes]) -> None:
    """Remember what another worker found in an image, for when it is opened here."""
    from triage.pipeline import tasks  # noqa: PLC0415  (in the worker only)

    tasks.take_handover(found)


def take_secrets(secrets: Secrets) -> None:
    """Keep what may open locked volumes and backups, for as long as the worker lives."""
    from triage.pipeline import tasks  # noqa: PLC0415  (in the worker only)

    tasks.take_secrets(secrets)


def learn_types(item: TypesItem) -> bytes:
    """Read what telling types needs, packed for other workers."""
    from triage.pipeline import tasks  # noqa: PLC0415  (in the worker only)

    return tasks.learn_types(item)


def take_types(packed: bytes) -> None:
    """Remember what another worker has read for telling types."""
    from triage.pipeline import tasks  # noqa: PLC0415  (in the worker only)

    tasks.take_silence(packed)


def find_roots(item: RootsItem) -> tuple[DirectoryRef, ...] | Problem:
    """Open a volume; the roots of its listing, or why there are none."""
    from triage.pipeline import tasks  # noqa: PLC0415  (in the worker only)

    return tasks.find_roots(item)


def list_folders(item: FoldersItem) -> ListedFolders:
    """List folders, the first of them at least."""
    from triage.pipeline import tasks  # noqa: PLC0415  (in the worker only)

    return tasks.list_folders(item)


def list_archive(item: ReadItem) -> Listed:
    """List the members of an archive."""
    from triage.pipeline import tasks  # noqa: PLC0415  (in the worker only)

    return tasks.list_archive(item)


def visit_archive(item: ReadItem) -> Visited:
    """List the members of an archive, and digest them while it is open."""
    from triage.pipeline import tasks  # noqa: PLC0415  (in the worker only)

    return tasks.visit_archive(item)


def digest_entry(item: RowItem) -> PlacedDone | Digested:
    """Read an entry once: digests and type."""
    from triage.pipeline import tasks  # noqa: PLC0415  (in the worker only)

    return tasks.digest_entry(item)


def digest_placed(item: PlacedItem) -> PlacedDone | Digested:
    """Read a content once by its place: digests and type."""
    from triage.pipeline import tasks  # noqa: PLC0415  (in the worker only)

    return tasks.digest_placed(item)


def find_space(item: SpaceItem) -> FreeStretches | None:
    """Give what no file of a volume holds."""
    from triage.pipeline import carvetasks  # noqa: PLC0415  (in the worker only)

    return carvetasks.find_space(item)


def take_space(given: GivenSpace) -> None:
    """Remember the stretches that are looked through next."""
    from triage.pipeline import carvetasks  # noqa: PLC0415  (in the worker only)

    carvetasks.take_space(given)


def search_part(item: PartItem) -> SearchedPart:
    """Find the files that begin in a part of a space, and digest them."""
    from triage.pipeline import carvetasks  # noqa: PLC0415  (in the worker only)

    return carvetasks.search_part(item)


def decode_picture(item: PictureItem) -> Decoded:
    """Read a content again and hash it as a picture."""
    from triage.pipeline import tasks  # noqa: PLC0415  (in the worker only)

    return tasks.decode_picture(item)


def show_picture(item: ViewItem) -> Rendition | NotShown:
    """Read a content again and make a picture of it for the screen."""
    from triage.pipeline import viewing  # noqa: PLC0415  (in the worker only)

    return viewing.show_picture(item)


def read_tags(item: ViewItem) -> tuple[PictureTag, ...] | NotShown:
    """Read a content again and tell all that it says of itself."""
    from triage.pipeline import viewing  # noqa: PLC0415  (in the worker only)

    return viewing.read_tags(item)
