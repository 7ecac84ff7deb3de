"""Options about the evidence itself: passwords and keys, never on the line; whether it is live."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from triage.errors import UsageFault
from triage.model.display import printable
from triage.model.secret import MOST, Secrets

if TYPE_CHECKING:
    from triage.cli.cluster import ClusterWish

_Command = TypeVar("_Command", bound=Callable[..., Any])
_FILE_BYTES = 64 * 1024
_EXPOSED = 0o077

_OPTIONS = (
    click.option(
        "--secrets",
        "secrets_file",
        type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
        metavar="FILE",
        help="Passwords and recovery keys to try on what is locked, one a line, UTF-8; - for "
        "standard input. They are held in memory only.",
    ),
    click.option(
        "--ask-secrets",
        is_flag=True,
        help="Ask for passwords and recovery keys at a prompt that does not show them.",
    ),
)

live_option = click.option(
    "--live",
    is_flag=True,
    help="The folders named are in use, a mounted device for instance: they are read without "
    "changing access times where the system allows that, and the result says so. A mount point is "
    "taken for one without being told.",
)


def secret_options(command: _Command) -> _Command:
    """Give a command the options; their values go by name, for :func:`given_secrets`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def given_secrets(file: Path | None, *, ask: bool) -> Secrets:
    """Read what may be tried, each text once, those of the file first.

    Args:
        file: one secret a line; nothing is cut off a line but its end, for a password may begin
            or end with anything. Empty lines say nothing.

    Raises:
        UsageFault: the file cannot be read, is no text, or there are too many.
    """
    texts = _of_file(file) if file is not None else []
    if ask:
        texts += _asked()
    found = tuple(dict.fromkeys(texts))
    if len(found) > MOST:
        raise UsageFault(
            f"{len(found)} secrets are given; at most {MOST} are tried on each lock",
            hint="Give those that belong to this exhibit.",
        )
    return Secrets(texts=found)


def check_road(secrets: Secrets, wish: ClusterWish | None) -> None:
    """Refuse to send secrets over a network in clear.

    Raises:
        UsageFault: a cluster without TLS is asked to work with secrets.
    """
    if secrets and wish is not None and not wish.address.startswith("tls://"):
        raise UsageFault(
            "secrets would travel to the hosts of the cluster in clear",
            hint="Use a tls:// cluster, or work on this machine.",
        )


def _of_file(file: Path) -> list[str]:
    shown = printable(str(file))
    try:
        if str(file) == "-":
            octets = sys.stdin.buffer.read(_FILE_BYTES + 1)
        else:
            with file.open("rb") as lines:
                _warn(shown, os.fstat(lines.fileno()).st_mode)
                octets = lines.read(_FILE_BYTES + 1)
    except OSError as error:
        raise UsageFault(f"{shown}: {error.strerror}") from error
    if len(octets) > _FILE_BYTES:
        raise UsageFault(f"{shown}: more than {_FILE_BYTES} bytes, no list of secrets")
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        # the cause would hold the text of the file, and with it secrets
        raise UsageFault(f"{shown}: no UTF-8 text") from None
    return [line for line in text.replace("\r\n", "\n").split("\n") if line]


def _warn(shown: str, mode: int) -> None:
    """Say that others may read the file; sticks keep no permissions, so it is only told."""
    if os.name != "nt" and stat.S_ISREG(mode) and mode & _EXPOSED:
        words = f"other accounts of this machine can read it (mode {stat.S_IMODE(mode):04o})"
        click.echo(f"warning: secrets file {shown}: {words}", err=True)


def _asked() -> list[str]:
    """Ask until nothing is typed."""
    texts: list[str] = []
    while len(texts) <= MOST:
        text = click.prompt(
            "Password or recovery key (empty: no more)",
            default="",
            hide_input=True,
            show_default=False,
            err=True,
        )
        if not text:
            return texts
        texts.append(str(text))
    return texts
