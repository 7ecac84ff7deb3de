"""Which pictures were taken at one place; pure."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from itertools import product
from typing import TypeVar

PLACE_M = 100.0
"""Radius of a place: a house with its garden, and what a satellite receiver is off by."""

EARTH_M = 6_371_008.8
"""Mean radius of the earth (International Union of Geodesy and Geophysics)."""

Name = TypeVar("Name", bound=Hashable)
_Point = tuple[float, float, float]
_NEAR = tuple(product((-1, 0, 1), repeat=3))


def places(
    points: Mapping[Name, tuple[float, float]], *, radius_m: float = PLACE_M
) -> tuple[tuple[Name, ...], ...]:
    """Group points into places: each lies within the radius of the first point of its place.

    First points lie further apart than that, so a road along which somebody took pictures is no
    single place. What belongs together does not depend on the order in which points come.

    Args:
        points: degrees, north and east positive, by name. Names have to be sortable where two
            points are the same.

    Returns:
        The names of each place, sorted by where they are; the largest place first.
    """
    ordered = sorted(points.items(), key=lambda item: (item[1], str(item[0])))
    found: list[list[Name]] = []
    firsts: dict[tuple[int, int, int], list[tuple[_Point, list[Name]]]] = {}
    for name, (latitude, longitude) in ordered:
        point = _on_earth(latitude, longitude)
        cell = tuple(math.floor(one / radius_m) for one in point)
        near = (
            one
            for step in _NEAR
            for one in firsts.get((cell[0] + step[0], cell[1] + step[1], cell[2] + step[2]), ())
        )
        best = min(
            ((math.dist(point, first), names) for first, names in near), key=_distance, default=None
        )
        if best is not None and best[0] <= radius_m:
            best[1].append(name)
            continue
        names = [name]
        found.append(names)
        firsts.setdefault((cell[0], cell[1], cell[2]), []).append((point, names))
    found.sort(key=len, reverse=True)
    return tuple(map(tuple, found))


def crowded(groups: Iterable[tuple[Name, ...]], least: int) -> dict[Name, int]:
    """Give how many points a place has, for each point of a place that has enough."""
    return {name: len(one) for one in groups if len(one) >= least for name in one}


def _on_earth(latitude: float, longitude: float) -> _Point:
    """Give a point of the sphere in metres: no seam at the date line, none at the poles."""
    north, east = math.radians(latitude), math.radians(longitude)
    flat = EARTH_M * math.cos(north)
    return flat * math.cos(east), flat * math.sin(east), EARTH_M * math.sin(north)


def _distance(one: tuple[float, list[Name]]) -> float:
    return one[0]
