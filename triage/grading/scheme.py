"""The schemes of an installation: those that are shipped, and the force's own beside them."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from pathlib import Path

from triage.errors import UsageFault
from triage.grading import scheme_file
from triage.grading.table import Scheme
from triage.model.display import printable

__all__ = ["SHIPPED", "Scheme", "SchemeBook"]

SHIPPED = ("uk", "uk-names", "uk-sap", "us-vics-current", "us-vics-old")
"""Ids of the tables that come with the program, as package data."""


class SchemeBook:
    """All schemes by id; a table under ``home/schemes`` stands in front of a shipped one.

    Args:
        home: folder of the installation's own data; need not exist.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / "schemes"

    def ids(self) -> tuple[str, ...]:
        """Give all ids in alphabetical order."""
        own = {path.stem for path in self._folder.glob("*.json")} if self._exists() else set()
        return tuple(sorted(own | set(SHIPPED)))

    def get(self, scheme_id: str) -> Scheme:
        """Give the current version of one scheme.

        Raises:
            UsageFault: where there is none of that id, or its file is not as it should be.
        """
        known = self.ids()
        if scheme_id not in known:
            raise UsageFault(
                f"there is no category scheme {printable(scheme_id)!r}",
                hint="Schemes are: " + ", ".join(known),
            )
        own = self._folder / f"{scheme_id}.json"
        if not own.is_file():
            return _shipped(scheme_id)
        scheme = scheme_file.read(own)
        if scheme.id != scheme_id:
            raise UsageFault(f"{own.name}: holds the scheme {scheme.id!r}")
        return replace(scheme, needs_confirmation=True)

    def all(self) -> tuple[Scheme, ...]:
        """Give the current version of every scheme, by id.

        Raises:
            UsageFault: where a file is not as it should be.
        """
        return tuple(self.get(scheme_id) for scheme_id in self.ids())

    def by_id(self) -> dict[str, Scheme]:
        """Give what :func:`triage.grading.policy.propose` asks for.

        Raises:
            UsageFault: where a file is not as it should be.
        """
        return {scheme.id: scheme for scheme in self.all()}

    def load(self, path: Path) -> Scheme:
        """Take a table from a file as the force's own.

        A table that says something new becomes a new version and waits to be confirmed. One that
        says what the current one says changes nothing. Earlier versions are kept under
        ``home/schemes/history``, so that what a report cites can be found.

        Raises:
            UsageFault: where the file is no scheme or cannot be kept.
        """
        given = scheme_file.read(path)
        version = int(given.version)
        if given.id in self.ids():
            current = self.get(given.id)
            if _says_the_same(given, current):
                return current
            version = max(version, int(current.version) + 1)
            scheme_file.write(current, self._history(current))
        scheme = replace(
            given,
            version=str(version),
            needs_confirmation=True,
            confirmed_by="",
            confirmed_at="",
            confirmed_source="",
        )
        scheme_file.write(scheme, self._folder / f"{scheme.id}.json")
        return scheme

    def confirm(self, scheme_id: str, *, by: str, source: str, at: str) -> Scheme:
        """Write down that a person checked the current version against the force's own data.

        Args:
            by: name of the person.
            source: what it was checked against, in words.
            at: ISO 8601 UTC.

        Raises:
            UsageFault: where the scheme is unknown, a word is missing or it cannot be kept.
        """
        scheme = scheme_file.confirmed(
            replace(self.get(scheme_id), needs_confirmation=True),
            by=scheme_file.checked_text(by, "name", "confirm"),
            at=scheme_file.checked_text(at, "time", "confirm"),
            source=scheme_file.checked_text(source, "source", "confirm"),
        )
        scheme_file.write(scheme, self._folder / f"{scheme.id}.json")
        return scheme

    def copy(self, scheme_id: str, path: Path) -> Scheme:
        """Write the current version to a file that a person can edit and load again.

        Raises:
            UsageFault: where the scheme is unknown or the file exists or cannot be written.
        """
        scheme = self.get(scheme_id)
        if path.exists():
            raise UsageFault(f"{printable(path.name)}: exists already and is not overwritten")
        scheme_file.write(scheme, path)
        return scheme

    def _exists(self) -> bool:
        return self._folder.is_dir()

    def _history(self, scheme: Scheme) -> Path:
        return self._folder / "history" / f"{scheme.id}-{scheme.version}.json"


def _shipped(scheme_id: str) -> Scheme:
    name = f"{scheme_id}.json"
    text = resources.files("triage.grading").joinpath("schemes", name).read_text(encoding="utf-8")
    return scheme_file.parse(text, name)


def _says_the_same(one: Scheme, other: Scheme) -> bool:
    return (one.title, one.region, one.codes, one.notes) == (
        other.title,
        other.region,
        other.codes,
        other.notes,
    )
