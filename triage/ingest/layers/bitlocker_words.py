"""Says what a locked BitLocker volume is protected by, and what would open it."""

from __future__ import annotations

from collections.abc import Iterable

from triage.model.display import printable

CLEAR, RECOVERY, PASSWORD = 0x0000, 0x0800, 0x2000

_PROTECTORS = {
    CLEAR: "clear key (suspended)",
    0x0100: "TPM",
    0x0200: "startup key",
    0x0400: "TPM and startup key",
    0x0500: "TPM and PIN",
    0x0700: "TPM, PIN and startup key",
    RECOVERY: "recovery password",
    0x1000: "smart card or other key",
    PASSWORD: "password",
}


def locked_words(name: str, identifier: str, protectors: Iterable[tuple[int, str]]) -> str:
    """Say by what it is protected; a recovery password is looked up by its identifier.

    Args:
        protectors: of each its kind, as libbde's documentation numbers them, and its identifier.
    """
    told = []
    for kind, own in protectors:
        words = _PROTECTORS.get(kind, f"a protector of kind 0x{kind:04x}")
        if kind == RECOVERY:
            words += f" (key identifier {printable(own).upper()})"
        told.append(words)
    by = "; ".join(told) or "nothing that is left"
    return (
        f"encrypted: {name}, volume {printable(identifier)}, protected by {by}: "
        "a recovery password or password opens it"
    )
