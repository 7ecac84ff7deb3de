"""The weights of the queue's order: one TOML file, in which every key must be there."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from triage.config import home
from triage.errors import UsageFault
from triage.model.display import printable
from triage.model.ledger import OwnerRole

FILE_NAME = "queue.toml"
_PACKAGED = Path(__file__).with_name(FILE_NAME)
_MOST_POINTS = 1_000_000
_KEYS: dict[str, tuple[str, ...]] = {
    "risk": ("bands", "unknown", "none"),
    "statutory": ("horizon_days", "bail", "custody"),
    "owner": tuple(str(role) for role in OwnerRole),
    "age": ("per_week", "most"),
    "case": ("per_further_exhibit", "most_exhibits"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Points for each reason.

    Attributes:
        bands: the force's list as it is written in the file, and the points of each.
        band_unknown: for a band that is not in the list; ``band_none``: where none was given.
        horizon_days: how long before the statutory date points begin.
        bail: points on the day on which bail ends; ``custody``: the same for custody.
        owner: points by whose device it is, for every role.
        age_per_week: points a week since arrival; ``age_most``: not more than these, 0 = no limit.
        per_further_exhibit: points for each further exhibit of the case, which may be below 0;
            ``most_further_exhibits``: how many of them count.
        source: the file that they come from; ``sha256``: of its bytes, lower hex.
    """

    bands: tuple[tuple[str, float], ...]
    band_unknown: float
    band_none: float
    horizon_days: int
    bail: float
    custody: float
    owner: tuple[tuple[OwnerRole, float], ...]
    age_per_week: float
    age_most: float
    per_further_exhibit: float
    most_further_exhibits: int
    source: str = ""
    sha256: str = ""

    def band(self, words: str) -> tuple[str, float] | None:
        """Give a band as the file writes it, with its points; ``None`` where it has no such."""
        asked = _folded(words)
        return next((one for one in self.bands if _folded(one[0]) == asked), None)

    def of_role(self, role: OwnerRole) -> float:
        """Give the points for whose device it is."""
        return next(points for one, points in self.owner if one is role)


def default_bytes() -> bytes:
    """Give the packaged weights as they are written, comments and all."""
    return _PACKAGED.read_bytes()


def load_weights(path: Path | None = None) -> Weights:
    """Read weights.

    Args:
        path: the file; ``None`` for ``TRIAGE_HOME/queue.toml`` or, without one, the packaged file.

    Raises:
        UsageFault: the file cannot be read, is no TOML, or has a key too many, too few or with a
            value that cannot be; it names file and key.
    """
    if path is None:
        own = home() / FILE_NAME
        path = own if own.exists() else _PACKAGED
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageFault(f"{printable(str(path))}: {error.strerror or error}") from error
    try:
        return _weights(_Keys(_parsed(raw)), str(path), hashlib.sha256(raw).hexdigest())
    except ValueError as error:
        raise UsageFault(
            f"{printable(str(path))}: {error}",
            hint="'triage queue weights --print-default' prints a file that is right.",
        ) from error


def _parsed(raw: bytes) -> dict[str, Any]:
    """Parse TOML; Windows' editors write a byte order mark, which TOML does not know."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line}: not UTF-8") from error
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


class _Keys:
    """The parsed file, whose keys are just those that there have to be."""

    def __init__(self, parsed: dict[str, Any]) -> None:
        _expect(parsed, tuple(_KEYS), "")
        for table, keys in _KEYS.items():
            if not isinstance(parsed[table], dict):
                raise ValueError(f"{table}: has to be a table, [{table}]")  # noqa: TRY004  (told as one)
            _expect(parsed[table], keys, f"{table}.")
        self._parsed = parsed

    def points(self, table: str, key: str, *, least: float = 0) -> float:
        """Give a number of points."""
        return _number(self._parsed[table][key], f"{table}.{key}", least)

    def whole(self, table: str, key: str, *, least: int) -> int:
        """Give a whole number."""
        value = self._parsed[table][key]
        if isinstance(value, float):
            raise ValueError(f"{table}.{key}: has to be a whole number, is {value}")  # noqa: TRY004  (told as one)
        return int(_number(value, f"{table}.{key}", least))

    def bands(self) -> tuple[tuple[str, float], ...]:
        """Give the list of bands, in which no two read alike."""
        found = self._parsed["risk"]["bands"]
        if not isinstance(found, dict):
            raise ValueError("risk.bands: has to be a table of bands and points")  # noqa: TRY004  (told as one)
        seen: set[str] = set()
        for name in found:
            if not _folded(name) or _folded(name) in seen:
                raise ValueError(f"risk.bands.{printable(name)}: is empty or stands there twice")
            seen.add(_folded(name))
        return tuple(
            (name, _number(value, f"risk.bands.{printable(name)}", 0))
            for name, value in found.items()
        )


def _weights(keys: _Keys, source: str, sha256: str) -> Weights:
    owner = tuple((role, keys.points("owner", role)) for role in OwnerRole)
    weights = Weights(
        bands=keys.bands(),
        band_unknown=keys.points("risk", "unknown"),
        band_none=keys.points("risk", "none"),
        horizon_days=keys.whole("statutory", "horizon_days", least=1),
        bail=keys.points("statutory", "bail"),
        custody=keys.points("statutory", "custody"),
        owner=owner,
        age_per_week=keys.points("age", "per_week"),
        age_most=keys.points("age", "most"),
        per_further_exhibit=keys.points("case", "per_further_exhibit", least=-_MOST_POINTS),
        most_further_exhibits=keys.whole("case", "most_exhibits", least=0),
        source=source,
        sha256=sha256,
    )
    if weights.custody < weights.bail:
        raise ValueError("statutory.custody: must not be less than statutory.bail")
    if weights.of_role(OwnerRole.VICTIM) < max(points for _, points in owner):
        raise ValueError("owner.victim: must not be less than any other: victims' devices go first")
    return weights


def _expect(found: dict[str, Any], keys: tuple[str, ...], inside: str) -> None:
    for key in found:
        if key not in keys:
            known = ", ".join(keys)
            raise ValueError(f"{inside}{printable(key)}: no such key; there are {known}")
    for key in keys:
        if key not in found:
            raise ValueError(f"{inside}{key}: is missing")


def _number(value: object, key: str, least: float) -> float:
    """Take a number within bounds; TOML has ``inf``, ``nan`` and truth values too."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124  (nan)
        raise ValueError(f"{key}: has to be a number, is {printable(str(value)[:40])}")
    if not least <= value <= _MOST_POINTS:
        raise ValueError(f"{key}: has to be from {least:,} to {_MOST_POINTS:,}, is {value}")
    return float(value)


def _folded(words: str) -> str:
    return " ".join(words.casefold().split())
