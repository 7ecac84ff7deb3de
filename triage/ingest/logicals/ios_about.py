"""The property lists of an iOS backup: whether it is encrypted, whole, and of which device."""

from __future__ import annotations

import plistlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from triage.ingest.archives.source import guarded
from triage.ingest.reading import ContentError
from triage.model.display import printable

MOST_BYTES = 256 * 1024 * 1024
_VALUE = 200

_INFO = {
    "Device Name": "device_name",
    "Product Type": "device_model",
    "Product Name": "device_model",
    "Product Version": "device_os",
    "Serial Number": "device_serial",
    "IMEI": "device_imei",
    "Phone Number": "device_number",
    "Unique Identifier": "udid",
    "Last Backup Date": "last_backup",
}
"""Names in ``Info.plist``; of two for one thing the later is the plainer."""

_LOCKDOWN = {
    "DeviceName": "device_name",
    "ProductType": "device_model",
    "ProductVersion": "device_os",
    "SerialNumber": "device_serial",
    "UniqueDeviceID": "udid",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the lists say.

    Attributes:
        readable: ``Manifest.plist`` reads; without it, whether the backup is encrypted is told by
            its database alone.
        keybag: as it stands there, ``b""`` without one.
        manifest_key: class and wrapped key of the database, ``b""`` where that is not encrypted.
        header: as :class:`triage.model.evidence.EvidenceInfo` has it.
        unfinished: what the backup says of itself where it was not finished, ``""`` else.
    """

    readable: bool
    encrypted: bool = False
    keybag: bytes = field(default=b"", repr=False)
    manifest_key: bytes = field(default=b"", repr=False)
    header: tuple[tuple[str, str], ...] = ()
    unfinished: str = ""


def about(folder: Path) -> About:
    """Read the lists; one that is absent or damaged says nothing."""
    manifest = _read(folder / "Manifest.plist")
    lockdown = manifest.get("Lockdown")
    told = _named(lockdown, _LOCKDOWN) if isinstance(lockdown, dict) else {}
    told |= _named(_read(folder / "Info.plist"), _INFO)
    if told.get("device_os"):
        told["device_os"] = f"iOS {told['device_os']}"
    if told:
        told["device_make"] = "Apple"
    state = _read(folder / "Status.plist").get("SnapshotState", "finished")
    unfinished = "" if state == "finished" else printable(str(state))[:_VALUE]
    return About(
        readable=bool(manifest),
        encrypted=bool(manifest.get("IsEncrypted")),
        keybag=_octets(manifest.get("BackupKeyBag")),
        manifest_key=_octets(manifest.get("ManifestKey")),
        header=tuple(sorted(told.items())),
        unfinished=unfinished,
    )


def _read(path: Path) -> dict[str, Any]:
    """Read a property list; entities in one are refused by the library."""
    try:
        with guarded("property list"), path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
            told = plistlib.loads(data) if len(data) <= MOST_BYTES else {}
    except (ContentError, ExpatError):
        return {}
    return told if isinstance(told, dict) else {}


def _named(told: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    return {
        ours: printable(str(told[theirs]))[:_VALUE]
        for theirs, ours in names.items()
        if told.get(theirs)
    }


def _octets(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""
