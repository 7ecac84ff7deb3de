"""Known answers of the libraries that open and recognise evidence."""

from __future__ import annotations

import zlib
from importlib import import_module

from triage.model.knownanswer import KnownAnswer

_CONTENT = bytes(range(256)) * 128
# The first bytes of a picture: signature and header of a PNG of 1x1 pixels.
_PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de")


def known_answers() -> tuple[KnownAnswer, ...]:
    """Give the checks of this room."""
    return (
        KnownAnswer(name="libmagic", expected="image/png", check=_check_magic),
        KnownAnswer(name="filetype", expected="image/png", check=_check_filetype),
        KnownAnswer(name="isal inflate", expected="what zlib deflated", check=_check_inflate),
        KnownAnswer(name="The Sleuth Kit", expected="loads", check=_check_sleuthkit),
        KnownAnswer(name="libfsapfs", expected="loads", check=_check_libfsapfs),
    )


# A missing library must fail its own check and no other, so each is imported inside its check.


def _check_magic() -> str | None:
    from triage.ingest.filetype import libmagic  # noqa: PLC0415  (it imports filetype, see above)

    magic, _ = libmagic()
    told = str(magic.from_buffer(_PNG))
    return None if told == "image/png" else told


def _check_filetype() -> str | None:
    told = str(import_module("filetype").guess_mime(_PNG))
    return None if told == "image/png" else told


def _check_inflate() -> str | None:
    inflated = import_module("isal.isal_zlib").decompress(zlib.compress(_CONTENT))
    return None if inflated == _CONTENT else "other bytes"


def _check_sleuthkit() -> str | None:
    return None if import_module("pytsk3").TSK_VERSION_STR else "no version"


def _check_libfsapfs() -> str | None:
    return None if import_module("pyfsapfs").get_version() else "no version"
