"""Entry point of ``triage`` and of ``python -m triage``."""

from __future__ import annotations


def main() -> None:
    """Run the command line; imports stay inside so that workers can import this module cheaply."""
    from triage.cli.app import run  # noqa: PLC0415  (spawned workers import __main__)

    run()


if __name__ == "__main__":
    main()
