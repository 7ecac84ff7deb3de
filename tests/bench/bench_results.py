"""What was measured, kept as plain values, and the figures that are drawn from it."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bench_plan import DEFLATED, RAW

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Median and range of one figure over the rounds."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread | None:
        """Give the spread of values, None of none."""
        found = list(values)
        if not found:
            return None
        return cls(median=statistics.median(found), low=min(found), high=max(found))

    def text(self, digits: int = 2, unit: str = "") -> str:
        """Give ``median [low-high]``."""
        middle = f"{self.median:.{digits}f}{unit}"
        if self.low == self.high:
            return middle
        return f"{middle} [{self.low:.{digits}f}-{self.high:.{digits}f}]"


@dataclass(frozen=True, slots=True)
class Results:
    """All raw figures of one benchmark, as they stand in the JSON file.

    ``runs``: one row a command and round; ``rates`` and ``parts``: one a round; ``profiles``:
    seconds by stage; ``entries``: one row an image; ``content``: what the image holds.
    """

    raw: dict[str, Any]

    def runs(self, tool: str, image: str, workers: int, *, warm: bool) -> dict[int, Row]:
        """Give the runs of one case by round; those that failed are left out."""
        return {
            row["round"]: row
            for row in self.raw["runs"]
            if (row["tool"], row["image"], row["workers"], row["warm"])
            == (tool, image, workers, warm)
            and row["good"]
        }

    def ratio(
        self, upper: dict[int, Row], lower: dict[int, Row], field: str = "wall_s"
    ) -> Spread | None:
        """Give upper / lower, round by round."""
        return Spread.of(upper[nth][field] / lower[nth][field] for nth in upper if nth in lower)

    def rates(self, name: str) -> Spread | None:
        """Give the spread of a rate of one core."""
        return Spread.of(row[name] for row in self.raw["rates"])

    def limit_s(self, tool: str, image: str, workers: int) -> float:
        """Give the wall time that the bare work needs, by the medians of the rates."""
        content = self.raw["content"]
        rates = {
            name: statistics.median(row[name] for row in self.raw["rates"])
            for name in ("digest_mb_s", "inflate_chunk_s", "picture_s")
        }
        packing = self.raw["packing"]
        need = content["digested_bytes"] / 1e6 / rates["digest_mb_s"]
        if image == DEFLATED:
            need += content["chunks"] * rates["inflate_chunk_s"]
        elif image != RAW:
            need += content["chunks"] * packing["stored_chunk_s"]
        if tool == "full":
            need += content["hashed_pictures"] * rates["picture_s"]
        return float(need / min(workers, self.raw["machine"]["cores"]))

    def of_limit(self, tool: str, image: str, workers: int, *, warm: bool = True) -> Spread | None:
        """Give limit / wall: the share of the machine's own limit that was reached."""
        found = self.runs(tool, image, workers, warm=warm)
        if not found:
            return None
        limit = self.limit_s(tool, image, workers)
        return Spread.of(limit / row["wall_s"] for row in found.values())

    def part(self, *keys: str) -> Spread | None:
        """Give the spread of a figure of the parts, named by the keys that lead to it."""
        found = [_at(row, keys) for row in self.raw["parts"]]
        return Spread.of(one for one in found if one is not None)

    def part_ratio(self, upper: tuple[str, ...], lower: tuple[str, ...]) -> Spread | None:
        """Give one figure of the parts over another, round by round."""
        pairs = [(_at(row, upper), _at(row, lower)) for row in self.raw["parts"]]
        return Spread.of(one / other for one, other in pairs if one and other)


def _at(row: Row, keys: tuple[str, ...]) -> float | None:
    found: Any = row
    for key in keys:
        if not isinstance(found, dict) or key not in found:
            return None
        found = found[key]
    return float(found)
