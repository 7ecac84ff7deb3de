"""What is declared is imported, what is imported is declared, and every version is pinned."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PINS = {
    re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower(): line.partition("==")[2]
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
}


def name_of(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def needed(requirements: list[str]) -> set[str]:
    """Give the names of all packages, those needed by others included, as far as installed."""
    todo, seen = [name_of(one) for one in requirements], set[str]()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            more = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        todo += [name_of(one) for one in more if "extra ==" not in one and ";" not in one]
    return seen


def test_every_package_is_pinned() -> None:
    extras = PROJECT["optional-dependencies"]
    requirements = [*PROJECT["dependencies"], *(one for extra in extras.values() for one in extra)]
    assert needed(requirements) - set(PINS) - {name_of(PROJECT["name"])} == set()
    assert all(re.fullmatch(r"[0-9][0-9A-Za-z.]*", version) for version in PINS.values())


def test_every_dependency_is_imported() -> None:
    distributions = metadata.packages_distributions()
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "triage").rglob("*.py"))
    unused = []
    for name in {name_of(one) for one in PROJECT["dependencies"]}:
        modules = [
            module
            for module, owners in distributions.items()
            if name in {name_of(owner) for owner in owners}
        ]
        used = [one for one in modules if re.search(rf"(import|from|\(\") ?{one}\b", source)]
        if modules and not used:
            unused.append(name)
    assert unused == []
