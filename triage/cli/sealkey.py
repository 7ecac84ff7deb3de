"""The option by which a command is given the keys of sealed sets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from triage.config import home
from triage.errors import HashSetError
from triage.model.display import printable

if TYPE_CHECKING:
    from triage.matching.sealed.key import SealKey

key_option = click.option(
    "--key",
    "key_files",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="TRIAGE_SEAL_KEY_FILE",
    metavar="FILE",
    help="Key of sealed sets; repeatable. Default: the file named by TRIAGE_SEAL_KEY_FILE.",
)


def seal_keys(paths: Sequence[Path]) -> tuple[SealKey, ...]:
    """Read the keys that a person gave, and say what is unwise about them.

    Raises:
        HashSetError: a file is no key, or lies where the packs lie and others may read it.
    """
    if not paths:
        return ()
    keys = tuple(private_key(path) for path in paths)
    if not _any_sealed():
        click.echo("note: no sealed reference set is here; the key has nothing to open", err=True)
    return keys


def private_key(path: Path) -> SealKey:
    """Read a key that nobody but its owner should be able to read.

    Sticks often keep no permissions, so there it is only told; on the disk of the packs a key that
    other accounts may read is refused.

    Raises:
        HashSetError: it is no key, or lies where the packs lie and others may read it.
    """
    from triage.matching.sealed.key import exposed_to, read_key  # noqa: PLC0415  (start-up time)

    key, others = read_key(path), exposed_to(path)
    if others:
        words = f"key file {printable(str(path))}: can be read by {others}"
        if _same_disk(path):
            raise HashSetError(words, hint=f"chmod 600 {printable(str(path))}")
        click.echo(f"warning: {words}", err=True)
    return key


def _same_disk(path: Path) -> bool:
    try:
        return path.stat().st_dev == home().stat().st_dev
    except OSError:
        return True


def _any_sealed() -> bool:
    from triage.matching.manifest import read_document  # noqa: PLC0415  (start-up time)
    from triage.matching.shelf import folder_of_packs, pack_folders  # noqa: PLC0415  (likewise)

    try:
        folders = pack_folders(folder_of_packs(home()))
        return any(read_document(folder).manifest.is_sealed for folder in folders)
    except HashSetError:
        return True  # the run itself says what is wrong with a set that it uses
