"""``triage serve``: the pages for officers, examiners and managers."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from triage.cli.givensecrets import given_secrets, secret_options
from triage.cli.packwords import examples
from triage.config import database_url, home
from triage.model.account import Role
from triage.model.display import printable
from triage.scheduler import StopRequests, leave_no_dump
from triage.store.accounts import Accounts

if TYPE_CHECKING:
    from triage.web.serving import Place
    from triage.web.suite import Suite

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(
    epilog=examples(
        "triage serve",
        "triage serve --host 10.0.0.5 --name triage.force.example "
        "--tls-cert cert.pem --tls-key key.pem",
        "triage serve --behind-proxy --name triage.force.example",
        "triage serve --secrets passwords.txt",
    )
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65_535))
@click.option(
    "--name", "names", multiple=True, metavar="NAME", help="Browsers reach it so; repeatable."
)
@click.option("--tls-cert", type=_FILE, help="Certificate with its chain, PEM; with --tls-key.")
@click.option("--tls-key", type=_FILE, help="Its private key, PEM.")
@click.option("--behind-proxy", is_flag=True, help="A proxy on this machine encrypts.")
@click.option("--db", metavar="URL", help="Case database; made where there is none.")
@secret_options
def serve(  # noqa: PLR0913  (click hands over each option by its name)
    *,
    host: str,
    port: int,
    names: tuple[str, ...],
    tls_cert: Path | None,
    tls_key: Path | None,
    behind_proxy: bool,
    db: str | None,
    secrets_file: Path | None,
    ask_secrets: bool,
) -> None:
    """Serve the pages: submitting, grading, the manager's morning, accounts and settings.

    Only this machine can reach them, unless the connection is encrypted. Ctrl-C or a request to
    terminate ends it: what is being answered is answered first. Pictures of evidence that is locked
    are shown with the secrets that are given.
    """
    serving = importlib.import_module("triage.web.serving")
    place = serving.Place(
        host=host,
        port=port,
        names=names,
        certificate=tls_cert,
        key=tls_key,
        proxied=behind_proxy,
    ).checked()
    leave_no_dump()
    secrets = given_secrets(secrets_file, ask=ask_secrets)
    with serving.opened(place, url=database_url(db), home=home(), secrets=secrets) as suite:
        _say_who(suite)
        with StopRequests() as stop:
            serving.serve(suite, place, stop=lambda: bool(stop.asked), ready=_say_where)
    click.echo("stopped", err=True)


def _say_where(place: Place) -> None:
    click.echo(f"triage: the pages are at {printable(place.address)}", err=True)
    if place.proxied:
        click.echo(f"  asked by the proxy at http://{place.host}:{place.port}/", err=True)
    click.echo("  Ctrl-C stops it.", err=True)


def _say_who(suite: Suite) -> None:
    """Say how the first administrator is made, as long as there is none."""
    with suite.stores.open() as store:
        accounts = Accounts(store.connection).all()
    if not any(one.active and Role.ADMINISTRATOR in one.roles for one in accounts):
        click.echo("triage: there is no administrator yet; nobody can add accounts.", err=True)
        click.echo('  triage user add a.admin --shown "Ada Admin" --role administrator', err=True)
    if suite.provider is not None:
        click.echo(f"triage: people also sign in at {printable(suite.provider.issuer)}", err=True)
