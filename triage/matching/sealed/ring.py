"""The keys that a person has given, and which sealed pack each of them opens."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from triage.errors import HashSetError
from triage.matching.manifest import PackDocument, folder_name
from triage.matching.sealed.key import SealKey
from triage.matching.sealed.keyed import KeyedDigests
from triage.model.hashset import PackManifest

KEY_CHECK = "key_check"
"""Name of the setting of a sealed pack that proves a key to be the right one."""


class KeyRing:
    """Keys by their public ids; an empty ring opens packs in the clear."""

    def __init__(self, keys: Sequence[SealKey] = ()) -> None:
        self._keys = {key.key_id: key for key in keys}
        self._keyed: dict[str, KeyedDigests] = {}

    def check(self, document: PackDocument) -> None:
        """Refuse a sealed pack that no key here opens: left out, it would be a silent miss.

        Raises:
            HashSetError: no key was given, or another one, or the pack was changed.
        """
        manifest = document.manifest
        if not manifest.is_sealed:
            return
        where = f"reference set {folder_name(manifest)}"
        key = self._keys.get(manifest.key_id)
        if key is None:
            given = ", ".join(sorted(self._keys))
            raise HashSetError(
                f"{where} is sealed under key {manifest.key_id}, "
                + (f"and the key given is another: {given}" if given else "and no key was given"),
                hint="give its key with --key FILE or TRIAGE_SEAL_KEY_FILE, or name with --set the "
                "sets that are to be used instead",
            )
        stated = dict(document.settings).get(KEY_CHECK, "")
        right = key.check_value(folder_name(manifest), manifest.pack_sha256)
        if not hmac.compare_digest(stated.encode(), right.encode()):
            raise HashSetError(
                f"{where}: was changed after it was sealed",
                hint=f"remove it and seal it again: {folder_name(manifest)}",
            )

    def key_of(self, manifest: PackManifest) -> SealKey | None:
        """Give the key of a pack that was checked; ``None`` where it is in the clear."""
        return self._keys[manifest.key_id] if manifest.is_sealed else None

    def keyed_of(self, manifest: PackManifest) -> KeyedDigests | None:
        """Give what keys digests for a pack that was checked; ``None`` where it is in the clear.

        It is one object for all packs of a key, so that a digest is keyed once for all of them.
        """
        key = self.key_of(manifest)
        if key is None:
            return None
        if key.key_id not in self._keyed:
            self._keyed[key.key_id] = KeyedDigests(key)
        return self._keyed[key.key_id]
