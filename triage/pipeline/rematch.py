"""Applies reference packs and schemes to what is stored, without the evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from triage.errors import HashSetError
from triage.grading.scheme import SchemeBook
from triage.grading.table import Scheme
from triage.matching.library import PackLibrary
from triage.matching.loading import LoadedSets
from triage.model.hashset import PackManifest
from triage.pipeline.judging import Judge, Judged, picture_state
from triage.store.database import Store
from triage.store.judged import changed, judged_pages

HELD = 100_000
"""Contents that come out otherwise are kept up to this number: some hundred megabytes."""


def references_for(
    library: PackLibrary,
    names: Sequence[str] | None,
    applied: Sequence[PackManifest],
    *,
    only: bool = False,
) -> LoadedSets:
    """Load the packs for an exhibit: those asked for, and those it was matched with before.

    A pack once applied is not dropped by asking for another: that would lose its hits silently.

    Args:
        names: ``NAME`` or ``NAME@VERSION``; ``None`` for every pack there is.
        applied: what the exhibit's stored matches come from.
        only: leave out what was applied before and is not asked for.

    Raises:
        HashSetError: a pack is missing or damaged.
    """
    if names is None and not applied:
        return library.load(None)
    present = {pack.name for pack in library.list()}
    asked = list(names) if names is not None else sorted(present)
    bare = {name.partition("@")[0] for name in asked}
    missing = [] if only else [pack for pack in applied if pack.name not in bare]
    for pack in missing:
        if pack.name not in present:
            raise HashSetError(
                f"pack {pack.name}@{pack.version} was applied to this exhibit and is gone",
                hint="Import it again, or say 'triage rematch --only' to go on without it.",
            )
    return library.load([*asked, *(f"{pack.name}@{pack.version}" for pack in missing)])


def schemes_for(book: SchemeBook, sets: LoadedSets) -> dict[str, Scheme]:
    """Give the schemes that the loaded packs name, by id."""
    named = {pack.scheme for pack in sets.manifests if pack.scheme}
    return {scheme: book.get(scheme) for scheme in sorted(named)}


def is_current(
    store: Store, exhibit_id: int, sets: LoadedSets, schemes: Mapping[str, Scheme]
) -> bool:
    """Tell whether the stored matches come from just these packs and schemes."""
    packs = {(pack.name, pack.version, pack.pack_sha256) for pack in sets.manifests}
    before = {(p.name, p.version, p.pack_sha256) for p in store.packs_of(exhibit_id)}
    digests = {name: scheme.sha256() for name, scheme in schemes.items()}
    return packs == before and digests == store.schemes_of(exhibit_id)


def record_references(
    store: Store, exhibit_id: int, sets: LoadedSets, schemes: Mapping[str, Scheme]
) -> None:
    """Note which packs and schemes the exhibit's matches come from."""
    digests = {name: scheme.sha256() for name, scheme in schemes.items()}
    store.set_references(exhibit_id, sets.manifests, digests)


def rematch_exhibit(
    store: Store, exhibit_id: int, judge: Judge, on_done: Callable[[int], None]
) -> None:
    """Judge every stored content of an exhibit anew; nothing is committed before the end.

    Only what comes out otherwise than it is stored is written: most contents of a device are in no
    list, and stay so. It is kept until all are judged, as far as that is little: nobody else can
    write to the database from the first line written.
    """
    kept: list[tuple[list[Judged], dict[bytes, str]]] = []
    held = 0
    for page in judged_pages(store, exhibit_id):
        contents = page.contents
        judged = judge.judge([one.digests for one in contents], page, page.videos)
        fresh = changed(contents, judged)
        states = {}
        for one, (sha256, _, proposal) in zip(contents, judged, strict=True):
            state = picture_state(one.family, proposal.standing, one.decoded)
            if state != one.picture_state:
                states[sha256] = state
        kept.append((fresh, states))
        held += len(fresh) + len(states)
        if held > HELD:
            _write(store, exhibit_id, kept)
        on_done(len(contents))
    _write(store, exhibit_id, kept)


def _write(
    store: Store, exhibit_id: int, kept: list[tuple[list[Judged], dict[bytes, str]]]
) -> None:
    for fresh, states in kept:
        store.set_matches(exhibit_id, fresh)
        store.set_picture_states(exhibit_id, states)
    kept.clear()
