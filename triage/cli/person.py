"""Who says so: ``--by NAME``, by default the name of the account that calls."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from typing import Any, TypeVar

import click

from triage.errors import UsageFault

Command = TypeVar("Command", bound=Callable[..., Any])


def with_by(command: Command) -> Command:
    """Add ``--by``, whose value arrives as ``by``; :func:`person` completes it."""
    words = "Who says so; by default the account that calls."
    return click.option("--by", metavar="NAME", default="", help=words)(command)


def person(by: str) -> str:
    """Give the name that was told, or else that of the account.

    Raises:
        UsageFault: none was told and the account has none.
    """
    if by.strip():
        return by.strip()
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError) as error:
        raise UsageFault("this account has no name", hint="Say who you are by --by.") from error
