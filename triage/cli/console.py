"""The console that all commands print to when they print more than plain lines."""

from __future__ import annotations

from rich.console import Console

from triage.cli.streams import settle


class PipeConsole(Console):
    """A console whose reader may go; rich's own ends the program with exit code 1 then.

    Without a reader of the result there is nothing left to do. Without one of the talk on standard
    error the work goes on in silence.
    """

    def on_broken_pipe(self) -> None:
        """Take the place of rich's own."""
        self.quiet = True
        if not self.stderr:
            raise BrokenPipeError
        settle()
