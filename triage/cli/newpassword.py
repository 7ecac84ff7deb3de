"""Asks for a new password at a prompt or reads it from a file, never from the command line."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from triage.access.passwords import CHARACTERS_MAX, check_new, encode
from triage.errors import UsageFault
from triage.model.display import printable

password_option = click.option(
    "--password-file",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="Read the password from the first line of FILE, - for standard input; else it is asked.",
)
_BYTES_MAX = 4 * CHARACTERS_MAX + 2


def new_password(file: Path | None, *names: str) -> str:
    """Give a new password, encoded.

    Args:
        file: whose first line it is; without one it is asked for twice and not shown.
        names: that it must not be.

    Raises:
        UsageFault: the file cannot be read, or the password is too easy to guess.
    """
    if file is None:
        asked = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        password = str(asked)
    else:
        password = _first_line(file)
    check_new(password, *names)
    return encode(password)


def _first_line(file: Path) -> str:
    try:
        if str(file) == "-":
            octets = sys.stdin.buffer.readline(_BYTES_MAX)
        else:
            with file.open("rb") as lines:
                octets = lines.readline(_BYTES_MAX)
        return octets.rstrip(b"\r\n").decode("utf-8-sig")
    except OSError as error:
        raise UsageFault(f"{printable(str(file))}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageFault(f"{printable(str(file))}: its first line is no UTF-8 text") from error
