"""The command group: commands load lazily so that ``triage --help`` stays instant."""

from __future__ import annotations

import contextlib
import importlib
import sys
import traceback
from typing import Any

import click

import triage
from triage.cli.streams import ReaderGone, reader_may_go, settle
from triage.errors import TriageError
from triage.model.display import printable

COMMANDS: tuple[tuple[str, str, str], ...] = (
    ("run", "triage.cli.commands.run:run", "Open, walk, hash, match and grade a seized image."),
    ("quick", "triage.cli.commands.quick:quick", "Find known-bad files only, fast, at a door."),
    ("report", "triage.cli.commands.report:report", "Show the result page of a case."),
    ("show", "triage.cli.commands.show:show", "Show one entry, or all places of one content."),
    ("files", "triage.cli.commands.files:files", "List entries of a case, with filters."),
    ("hits", "triage.cli.commands.hits:hits", "List what matched a reference set."),
    ("video", "triage.cli.commands.video:video", "Frames of videos, and working copies."),
    ("stacks", "triage.cli.commands.stacks:stacks", "Group near-duplicate pictures of a case."),
    ("grade", "triage.cli.commands.grade:grade", "Grade contents by people, vote by vote."),
    ("export", "triage.cli.commands.export:export", "Write VICS, CSV or JSON Lines."),
    ("hashset", "triage.cli.commands.hashset:hashset", "Import and look after reference packs."),
    ("scheme", "triage.cli.commands.scheme:scheme", "Look at, edit and confirm category schemes."),
    ("rematch", "triage.cli.commands.rematch:rematch", "Apply reference packs to a stored case."),
    ("exhibit", "triage.cli.commands.exhibit:exhibit", "Keep the ledger of a unit's exhibits."),
    ("queue", "triage.cli.commands.queue:queue", "See and steer the order of what waits."),
    ("batch", "triage.cli.commands.batch:batch", "Work through the queue, unattended."),
    ("metrics", "triage.cli.commands.metrics:metrics", "Backlog, ages, throughput, forecast."),
    ("counts", "triage.cli.commands.counts:counts", "Enter what is counted by people."),
    ("serve", "triage.cli.commands.serve:serve", "Serve the pages to browsers."),
    ("user", "triage.cli.commands.user:user", "Keep the accounts of those who use the pages."),
    ("audit", "triage.cli.commands.audit:audit", "Verify and read what was written down."),
    ("database", "triage.cli.commands.database:database", "Show, upgrade and copy the database."),
    ("verify", "triage.cli.commands.verify:verify", "Check an image against its stored digests."),
    ("selftest", "triage.cli.commands.selftest:selftest", "Check all known answers."),
)
"""Name, where it lives, one line of help; in the order of the road."""

_HELP = """Device triage for Digital Forensics Units.

A seized image goes in; a graded, explainable, repeatable result comes out.

\b
Examples:
  triage hashset import set.json --name caid --polarity by-category --scheme uk
  triage run ABC1.E01 --case OP-X --exhibit ABC/1
  triage report --case OP-X
  triage export vics --case OP-X --out OP-X.json
"""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, not when they are listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """Give the names in the order of the road."""
        return [name for name, _, _ in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the one command asked for."""
        for name, where, _ in COMMANDS:
            if name == cmd_name:
                module, _, attribute = where.partition(":")
                command = getattr(importlib.import_module(module), attribute)
                if isinstance(command, click.Command):
                    _take_db(command)
                    return command
        return None

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401  (click's signature)
    ) -> click.Context:
        """Parse the command line; help may be read by somebody who soon has read enough."""
        with reader_may_go():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  (click's signature)
        """Run the command, whose result may be read by somebody who soon has read enough."""
        with reader_may_go():
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands from the table, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, _, line in COMMANDS])


def _take_db(command: click.Command) -> None:
    """Let every command take ``--db``, so that one set of options serves a whole script."""
    if isinstance(command, click.Group):
        for one in command.commands.values():
            _take_db(one)
    elif not any("--db" in option.opts for option in command.params):
        words = "Taken by every command; this one does not use the case database."
        command.params.append(click.Option(["--db"], metavar="URL", expose_value=False, help=words))


@click.command(cls=LazyGroup, help=_HELP)
@click.version_option(triage.__version__, prog_name="triage")
def cli() -> None:
    """Root of the command tree."""


def run() -> None:
    """Run the command line and turn errors into one clear line and an exit code.

    A reader who goes before the end has seen enough: that is 0, and no words on standard error.
    """
    code = _exit_code()
    settle()
    sys.exit(code)


def _exit_code() -> int:
    try:
        code = cli.main(standalone_mode=False)
    except SystemExit:
        settle()
        raise
    except ReaderGone:
        code = 0
    except (click.ClickException, click.Abort, KeyboardInterrupt, TriageError) as error:
        return _told(error)
    except Exception:  # noqa: BLE001  (the border of the program: our bug, said as one)
        return _told(None)
    return code if isinstance(code, int) else 0


def _harmless(words: str) -> str:
    """Escape what a name in a message could do to a terminal; what is escaped already stays so."""
    return "\\".join(map(printable, words.split("\\")))


def _told(error: BaseException | None) -> int:
    """Say what went wrong, where anybody listens, and give its exit code."""
    with contextlib.suppress(BrokenPipeError):
        if error is None:
            traceback.print_exc()
            click.echo("triage: internal error: this is a defect of triage; see above", err=True)
        elif isinstance(error, click.ClickException):
            error.show()
        elif isinstance(error, TriageError):
            click.echo(f"triage: {error.title}: {_harmless(error.message)}", err=True)
            if error.hint:
                click.echo(f"  {_harmless(error.hint)}", err=True)
        else:
            click.echo("triage: interrupted", err=True)
    if isinstance(error, TriageError):
        return error.exit_code
    return 1 if error is None else 2 if isinstance(error, click.ClickException) else 130
