"""What hosts have to agree in before they work at one exhibit together."""

from __future__ import annotations

import hashlib
import stat
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import triage
from triage.model.display import printable

HEAD_BYTES = 64 * 1024

PACKAGES = (
    "av",
    "deflate",
    "distributed",
    "filetype",
    "imagehash",
    "isal",
    "libewf-python",
    "libfsapfs-python",
    "numpy",
    "pillow",
    "pillow-heif",
    "pylibmagic",
    "pytsk3",
    "python-magic",
    "python-magic-bin",
)
"""What reads evidence, or carries it: another version may give another result."""


def facts(locations: tuple[str, ...]) -> Mapping[str, str]:
    """Say what is installed on this host, and what it sees of the evidence at some places."""
    found = {
        "triage": triage.__version__,
        "Python": f"{sys.implementation.name} {sys.version_info.major}.{sys.version_info.minor}",
        **{name: _version(name) for name in PACKAGES},
    }
    return found | {printable(place): seen(Path(place)) for place in locations}


def facts_of_worker(locations: tuple[str, ...]) -> Mapping[str, str]:
    """Say what :func:`facts` says, and which libmagic tells types in this process."""
    from triage.ingest.filetype import magic_identity  # noqa: PLC0415  (in the worker only)

    return {**facts(locations), "libmagic": magic_identity()}


def seen(path: Path) -> str:
    """Say what lies at a place, as far as a glance tells.

    A folder is told by its number: that of an empty mount point is another.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            return f"a folder (number {status.st_ino})"
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError:
        return "nothing"
    except OSError as error:
        return f"nothing that can be read ({error.strerror})"
    begin = hashlib.sha256(head).hexdigest()[:12]
    return f"{status.st_size} bytes that begin with SHA-256 {begin}"


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
