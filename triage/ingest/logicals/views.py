"""The several paths under which a phone shows one file, and which of them is its own.

Android mounts the data of apps and the shared storage at several places, and links others to
them; an extraction copies what it finds below each. The rules say under which path the file
itself lies: Android's own mount tables (vold, zygote) since version 6, and Apple's links from
``/var``, ``/tmp`` and ``/etc`` into ``/private``. docs/phones.md has them as a table.
"""

from __future__ import annotations

import re
from collections.abc import Callable

WRAPPERS = (b"dump/", b"filesystem1/", b"filesystem/")
"""Folders that tools put around the file system of the device, lower case."""

Rule = tuple[re.Pattern[bytes], Callable[[re.Match[bytes]], bytes]]


def _user_data(match: re.Match[bytes]) -> bytes:
    user = match["user"]
    return b"data/data/" if int(user) == 0 else b"data/user/" + user + b"/"


def _mirror(match: re.Match[bytes]) -> bytes:
    area = b"user" if match["area"] == b"ce" else b"user_de"
    if match["volume"] != b"null":
        return b"mnt/expand/" + match["volume"] + b"/" + area + b"/" + match["user"] + b"/"
    return _user_data(match) if area == b"user" else b"data/user_de/" + match["user"] + b"/"


def _shared(match: re.Match[bytes]) -> bytes:
    return b"data/media/" + match["user"] + b"/"


def _first_shared(_match: re.Match[bytes]) -> bytes:
    return b"data/media/0/"


def _card(match: re.Match[bytes]) -> bytes:
    return b"mnt/media_rw/" + match["card"] + b"/"


def _private(match: re.Match[bytes]) -> bytes:
    return b"private/" + match[0]


RULES: tuple[Rule, ...] = (
    (re.compile(rb"data/user/(?P<user>\d+)/"), _user_data),
    (
        re.compile(rb"data_mirror/data_(?P<area>ce|de)/(?P<volume>[^/]+)/(?P<user>\d+)/"),
        _mirror,
    ),
    (re.compile(rb"storage/emulated/(?P<user>\d+)/"), _shared),
    (re.compile(rb"mnt/runtime/(?:default|read|write|full)/emulated/(?P<user>\d+)/"), _shared),
    (
        re.compile(
            rb"mnt/(?:user|pass_through|installer|androidwritable)/\d+/emulated/(?P<user>\d+)/"
        ),
        _shared,
    ),
    (re.compile(rb"mnt/user/(?P<user>\d+)/primary/"), _shared),
    (re.compile(rb"(?:sdcard|mnt/sdcard|storage/self/primary)/"), _first_shared),
    (re.compile(rb"storage/(?P<card>[0-9A-F]{4}-[0-9A-F]{4})/"), _card),
    (
        re.compile(
            rb"mnt/(?:runtime/(?:default|read|write|full)|(?:user|pass_through)/\d+)/"
            rb"(?P<card>[0-9A-F]{4}-[0-9A-F]{4})/"
        ),
        _card,
    ),
    (re.compile(rb"(?:var|tmp|etc)/"), _private),
)
"""In order of preference, where the path of the file itself is not in the extraction."""

_STARTS = frozenset(
    (b"data", b"data_mirror", b"storage", b"mnt", b"sdcard", b"var", b"tmp", b"etc")
)


def canonical(name: bytes) -> tuple[bytes, int]:
    """Give the path under which a file lies on the device, and how far from it the name is.

    Args:
        name: as it stands in the extraction, with or without a slash before it.

    Returns:
        The path without a slash before it, and 0 where the name is that path, else 1 for the
        first of :data:`RULES`, 2 for the second, …
    """
    whole = name.lstrip(b"/")
    path = unwrapped(whole)
    wrapper = whole[: len(whole) - len(path)]
    start, slash, _ = path.partition(b"/")
    if slash and start in _STARTS:
        for rank, (pattern, rewrite) in enumerate(RULES, 1):
            match = pattern.match(path)
            if match is not None:
                own = rewrite(match)
                return wrapper + own + path[match.end() :], rank
    return wrapper + path, 0


def unwrapped(path: bytes) -> bytes:
    """Give a path without the folder that a tool put around the file system."""
    for one in WRAPPERS:
        if path[: len(one)].lower() == one:
            return path[len(one) :]
    return path
