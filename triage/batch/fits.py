"""Whether an exhibit fits, before a deadline and on the disk, reckoned from what others took."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from triage.store.figures import Effort, Remaining

GIGABYTE = 1_000_000_000
OVERHEAD_S = 5.0
"""Start of workers, opening, look at the packs: what an exhibit takes that holds nothing."""
DEFAULT_S_A_GIGABYTE = (20.0, 60.0)
"""Median and P90 where a unit has no history yet: 50 and 17 MB a second, on the slow side."""
DEFAULT_BYTES = 64 * GIGABYTE
"""Size of an image of which nothing is known."""
ENOUGH = 5
"""A device type has a rate of its own with so many results."""
LISTING_SHARE = 0.1
"""Part of the time of a run in which it lists; it is begun anew where it was cut off."""
LEAST_S = 300.0
"""What is to be continued another night is not begun for less than this."""
DEFAULT_GROWTH = 0.01
"""Bytes of the database for a byte of image, where fewer than :data:`ENOUGH` are done."""
DISK_FLOOR_BYTES = 500_000_000
"""So much stays free whatever the forecast says: logs, the write-ahead log, other programs."""
_NUMBERED = re.compile(r"\.[A-Za-z]{0,2}[0-9]{2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeForecast:
    """How long an exhibit will take, in seconds; ``basis`` says from what that was reckoned."""

    median_s: float
    p90_s: float
    listing_s: float
    basis: str

    def words(self) -> str:
        """Say it for a person."""
        return f"{minutes(self.median_s)}, up to {minutes(self.p90_s)} ({self.basis})"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskForecast:
    """What an exhibit needs on the disk, and what is free there."""

    need_bytes: int
    free_bytes: int
    where: str

    @property
    def fits(self) -> bool:
        """Tell whether it fits."""
        return self.free_bytes >= self.need_bytes

    def words(self) -> str:
        """Say it for a person."""
        need, free = self.need_bytes / GIGABYTE, self.free_bytes / GIGABYTE
        return f"{need:.1f} GB needed at {self.where}, {free:.1f} GB free"


def forecast(
    efforts: Sequence[Effort],
    device_type: str,
    image_bytes: int,
    remaining: Remaining | None = None,
) -> TimeForecast:
    """Reckon from the seconds a gigabyte of finished exhibits, of the same device type if it can.

    Args:
        efforts: of the unit's last results.
        image_bytes: -1 where it is not known.
        remaining: what is left of it, where it was begun before.
    """
    rates, basis = _rates(efforts, device_type)
    if rates:
        median, p90 = statistics.median(rates), quantile(rates, 0.9)
    else:
        median, p90 = DEFAULT_S_A_GIGABYTE
    size = image_bytes if image_bytes >= 0 else DEFAULT_BYTES
    if image_bytes < 0:
        basis += f"; size not known, taken as {DEFAULT_BYTES // GIGABYTE} GB"
    gigabytes = size / GIGABYTE
    share = _share(remaining)
    if remaining is not None and remaining.listed:
        basis += f"; {share:.0%} of it left"
    listed = remaining is not None and remaining.listed
    whole = OVERHEAD_S + p90 * gigabytes
    return TimeForecast(
        median_s=OVERHEAD_S + median * gigabytes * share,
        p90_s=OVERHEAD_S + p90 * gigabytes * share,
        listing_s=OVERHEAD_S if listed else whole * LISTING_SHARE,
        basis=basis,
    )


def left_out(time: TimeForecast, left_s: float) -> str:
    """Say why an exhibit is not begun with so much time left; ``""`` where it is.

    It is begun where it fits, and where it does not but its listing does and a while is left: it
    is then stopped at the deadline and continued another night.
    """
    if time.p90_s <= left_s or (left_s >= LEAST_S and time.listing_s <= left_s):
        return ""
    words = f"forecast {time.words()}, {minutes(left_s)} left"
    if left_s < LEAST_S:
        return (
            f"{words}: less than the {minutes(LEAST_S)} for which one is begun that goes on later"
        )
    return f"{words}: its listing alone, which cannot be cut, takes {minutes(time.listing_s)}"


def disk_need(image_bytes: int, done: int, done_bytes: int, database_bytes: int) -> int:
    """Reckon what an exhibit will add to the database, from how it has grown so far.

    Args:
        done: finished exhibits of known size, together of ``done_bytes`` of images.
        database_bytes: size of its file now.
    """
    growth = DEFAULT_GROWTH
    if done >= ENOUGH and done_bytes > 0:
        growth = database_bytes / done_bytes
    size = image_bytes if image_bytes >= 0 else DEFAULT_BYTES
    return DISK_FLOOR_BYTES + round(min(growth, 1.0) * size)


def quantile(values: Sequence[float], share: float) -> float:
    """Give the value below which a share of the values lies, between two by proportion."""
    found = sorted(values)
    at = (len(found) - 1) * share
    low = int(at)
    high = min(low + 1, len(found) - 1)
    return found[low] + (found[high] - found[low]) * (at - low)


def image_size(path: Path, known_bytes: int) -> int:
    """Give the size of an image as the ledger says, else of its files; -1 if unknown."""
    if known_bytes > 0:
        return known_bytes
    try:
        if not path.is_file():
            return -1
        family = [path]
        if _NUMBERED.fullmatch(path.suffix):
            family = [one for one in path.parent.iterdir() if same_set(one, path)]
        return sum(one.stat().st_size for one in family)
    except OSError:
        return -1


def minutes(seconds: float) -> str:
    """Give a length of time for a person."""
    if seconds == float("inf"):
        return "no end"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, rest = divmod(round(whole / 60), 60)
    return f"{hours} h {rest:02d} min" if hours else f"{rest} min"


def same_set(one: Path, first: Path) -> bool:
    """Tell whether a file is of the set of the first one: .E01 and .E02, .001 and .002, .EAA."""
    if one.stem != first.stem or len(one.suffix) != len(first.suffix):
        return False
    after_99 = one.suffix[:2] == first.suffix[:2] and one.suffix[1:].isalpha()
    return bool(_NUMBERED.fullmatch(one.suffix) or after_99)


def _rates(efforts: Sequence[Effort], device_type: str) -> tuple[list[float], str]:
    """Give seconds a gigabyte, without what every exhibit takes, and of what they are."""
    own = _of(one for one in efforts if one.device_type == device_type)
    if device_type and len(own) >= ENOUGH:
        return own, f"from {len(own)} finished of type {device_type!r}"
    every = _of(efforts)
    if len(every) >= ENOUGH:
        return every, f"from {len(every)} finished of all types"
    return [], f"no history of {ENOUGH} yet, {DEFAULT_S_A_GIGABYTE[0]:g} s a GB taken"


def _of(efforts: Iterable[Effort]) -> list[float]:
    return [
        max(0.0, one.seconds - OVERHEAD_S) * GIGABYTE / one.image_bytes
        for one in efforts
        if one.image_bytes > 0
    ]


def _share(remaining: Remaining | None) -> float:
    if remaining is None or not remaining.listed or not remaining.entry_bytes:
        return 1.0
    return remaining.pending_bytes / remaining.entry_bytes
