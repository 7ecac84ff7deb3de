"""Brings together what volumes an earlier run found and what this one does, by other secrets."""

from __future__ import annotations

from dataclasses import replace

from triage.errors import UsageFault
from triage.model.display import printable
from triage.model.problem import ProblemKind
from triage.model.volume import UNEXAMINED_VOLUME_STATES, VolumeInfo, VolumeState
from triage.pipeline.items import Surveyed
from triage.store.database import Store
from triage.store.volumestates import VolumeStates


def settle(
    store: Store, exhibit_id: int, evidence_id: int, location: str, one: Surveyed
) -> Surveyed:
    """Renew the volumes that had not opened; give the survey as it is to be recorded.

    What an earlier run has listed stays. A lock that it had opened is not told as a gap, as long
    as there is nothing left to do behind it.

    Raises:
        UsageFault: something is left to do behind a lock that an earlier run had opened: to go on
            without its secret would settle as unreadable what is not.
    """
    states = VolumeStates(store.connection, evidence_id)
    stored = states.stored()
    now = {volume.key: volume for volume in one.volumes}
    opened = {volume.key: listed for volume, listed in stored if _is_open(volume)}
    closed = [volume for volume, _ in stored if volume.state in UNEXAMINED_VOLUME_STATES]
    states.forget(old.key for old in closed if _is_locked(old) and old.key not in now)
    states.renew(now[old.key] for old in closed if now.get(old.key, old) != old)
    behind = {key: _behind(key, opened) for key, volume in now.items() if _is_locked(volume)}
    again = {key for key, keys in behind.items() if keys}
    if not again:
        return one
    keys = tuple(sorted({key for some in behind.values() for key in some}))
    left = not all(opened[key] for key in keys) or states.has_waiting(keys)
    left = left or bool(store.waiting_archives(evidence_id, location, one.opened_archives))
    if left or store.waiting_picture_totals(exhibit_id)[0]:
        raise UsageFault(
            f"{printable(one.info.name)}: {', '.join(keys)} was opened by a secret in an earlier "
            "run that was not finished, and none that is given now opens it",
            hint="Give the secret again: --secrets FILE or --ask-secrets.",
        )
    return _without(one, again)


def _is_open(volume: VolumeInfo) -> bool:
    return volume.state is VolumeState.OPENED


def _is_locked(volume: VolumeInfo) -> bool:
    return volume.state is VolumeState.LOCKED


def _behind(key: str, opened: dict[str, bool]) -> tuple[str, ...]:
    """Give the volumes that were opened behind a lock: the volume itself, or parts of it."""
    return tuple(one for one in opened if one == key or one.startswith(f"{key}."))


def _without(one: Surveyed, keys: set[str]) -> Surveyed:
    return replace(
        one,
        volumes=tuple(volume for volume in one.volumes if volume.key not in keys),
        problems=tuple(
            problem
            for problem in one.problems
            if problem.kind is not ProblemKind.VOLUME_LOCKED or problem.volume not in keys
        ),
    )
