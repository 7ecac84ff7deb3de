"""Recorders' own formats of video, by their marks and their names, and the players that open them.

There are some thousands of such formats and no list of all. Those here are met often; the players
are named as their makers name them. A name alone proves nothing: what decodes is looked into, and
what does not is named as not examined, with the player that is likely to show it.
"""

from __future__ import annotations

from typing import Final

_DAHUA = "Dahua Smart Player"
_HIKVISION = "Hikvision VSPlayer"

_OF_RECORDER = "of the recorder it comes from"

PLAYERS: Final[dict[str, str]] = {
    **dict.fromkeys(("dav", "dhav"), _DAHUA),
    "hik": _HIKVISION,
    **dict.fromkeys(("264", "h264", "265", "h265", "ifv", "dvr", "nvr"), _OF_RECORDER),
    "ddf": "Dedicated Micros DM Playback",
    "ssf": "Samsung SSF Viewer",
    **dict.fromkeys(("g64", "g64x"), "Genetec Video Player"),
    "ave": "Avigilon Player",
    "n3r": "Panasonic N3R viewer",
    "cbf": "IDIS ClipPlayer",
    "gbf": "Geutebrueck GSCView",
}
"""Extension, small letters, to player."""

_BY_MIME: Final[dict[str, str]] = {
    "video/x-dhav": _DAHUA,
    "video/x-hikvision": _HIKVISION,
}

EXTENSIONS: Final[tuple[str, ...]] = tuple(sorted(PLAYERS))


def player_of(name: bytes, mime: str) -> str:
    """Give the player of a recorder's own format, by the mark of a content, then by its name.

    Args:
        name: last part of the path, raw.
        mime: type by content.

    Returns:
        ``""`` where neither says anything.
    """
    if mime in _BY_MIME:
        return _BY_MIME[mime]
    extension = name.rpartition(b".")[2] if b"." in name else b""
    return PLAYERS.get(extension.decode("ascii", "replace").lower(), "")
