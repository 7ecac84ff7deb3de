"""What an extraction tells of its device, by files that every such file system has."""

from __future__ import annotations

import plistlib
from collections.abc import Mapping
from xml.parsers.expat import ExpatError

from triage.ingest.archives.source import guarded
from triage.ingest.reading import ContentError
from triage.model.display import printable

CLUE_BYTES = 1024 * 1024
"""Larger files of these names are none of the kind."""

REPORT = "report"
"""The report of a UFDR; it may have gigabytes, and is streamed."""

CLUES: Mapping[bytes, str] = {
    b"system/build.prop": "android",
    b"system/system/build.prop": "android-root",
    b"vendor/build.prop": "android-vendor",
    b"System/Library/CoreServices/SystemVersion.plist": "ios",
    b"report.xml": REPORT,
    b"Report.xml": REPORT,
}
"""Paths, without what a tool put around them, and what the file there is."""

_VALUE = 200
_SOURCES = ("", "system.", "vendor.", "product.", "odm.")


def device_header(clues: Mapping[str, bytes]) -> tuple[tuple[str, str], ...]:
    """Give what the files tell, under the names of ``DEVICE_HEADERS``.

    Args:
        clues: contents of files by the names that :data:`CLUES` gives.
    """
    found: dict[str, str] = {}
    if "ios" in clues:
        found |= _apple(clues["ios"])
    for name in ("android", "android-root", "android-vendor"):
        if name in clues:
            found = _android(clues[name]) | found
    return tuple(sorted((name, printable(value)[:_VALUE]) for name, value in found.items()))


def _apple(data: bytes) -> dict[str, str]:
    try:
        with guarded("property list"):
            told = plistlib.loads(data)
    except (ContentError, ExpatError):
        return {}
    if not isinstance(told, dict):
        return {}
    system, version = told.get("ProductName"), told.get("ProductVersion")
    if not isinstance(system, str) or not isinstance(version, str):
        return {}
    return {"device_make": "Apple", "device_os": f"{system} {version}"}


def _android(data: bytes) -> dict[str, str]:
    """Read the lines ``key=value`` of a property file of Android."""
    lines = (line.partition("=") for line in data.decode("utf-8", "replace").splitlines())
    told = {key.strip(): value.strip() for key, equals, value in lines if equals}
    found = {}
    for name, key in (("device_make", "manufacturer"), ("device_model", "model")):
        values = (told.get(f"ro.product.{source}{key}", "") for source in _SOURCES)
        value = next(filter(None, values), "")
        if value:
            found[name] = value
    if told.get("ro.build.version.release"):
        found["device_os"] = f"Android {told['ro.build.version.release']}"
    return found
