"""The commands ``lodestock-server database …``: where the database stands, and its schema up and down."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lodestock_server.cli.backup import named_faults, url_of
from lodestock_server.cli.common import ConfigFile, complaint, print_table, settings_or_exit

if TYPE_CHECKING:
    from sqlalchemy import Engine

database = typer.Typer(no_args_is_help=True, help="Shows the database, and takes its schema up and down.")

Revision = Annotated[str, typer.Argument(help="Revision to go back to, such as 0003; 'base' for no schema at all.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@database.command()
def status(config: ConfigFile = None) -> None:
    """Say what the database is, how its schema stands, what it holds and who works on it. Changes nothing."""
    from lodestock_server.store.database import connect, faults_named
    from lodestock_server.store.revisions import differences, schema_of

    if (url := url_if_there(config)) is None:
        typer.echo("none yet: the first start makes it")
        return
    with named_faults():
        state = schema_of(url)
        engine = connect(url)
        typer.echo(f"{state.product}: {engine.url.render_as_string(hide_password=True)}")
        typer.echo(f"schema {state.held or 'none'}; this version of the server knows {state.known[-1]}")
        if state.held != state.known[-1]:
            return
        with faults_named(engine, "fails"):
            with engine.connect() as connection:
                for difference in differences(connection):
                    typer.echo(f"differs from what the server expects: {difference}")
            print_content(engine)
    engine.dispose()


def url_if_there(config: Path | None) -> str | None:
    """The URL of the database that the settings name; None where it is a file that is not there yet."""
    from lodestock_server.store.database import DATABASE_FILE

    settings = settings_or_exit(config)
    if settings.database_url is None and not (settings.data_dir / DATABASE_FILE).exists():
        return None
    return url_of(config)


def print_content(engine: Engine) -> None:
    """Print how much there is, who works, and what has not been done."""
    from lodestock_server.jobs.unfinished import unfinished_by_protocol
    from lodestock_server.store.content import content_of
    from lodestock_server.store.workers import WorkerStore

    content = content_of(engine)
    print_table(
        ("what", "number", "MB"),
        [
            ("versions of datasets", f"{content.datasets:,}", ""),
            ("results", f"{content.results:,}", ""),
            ("payloads", f"{content.payloads:,}", f"{content.payload_bytes / 1e6:,.1f}"),
            ("the whole database", "", f"{content.all_bytes / 1e6:,.1f}"),
        ],
    )
    workers = [
        (one.name, one.host, str(one.pid), one.version, str(one.slots), f"{one.beat:,}", f"{one.seen_at:%F %T}")
        for one in WorkerStore(engine).list()
    ]
    print_table(("worker", "host", "process", "version", "slots", "beats", "last seen, UTC"), workers)
    jobs = [
        (protocol, state, f"{count:,}") for (protocol, state), count in sorted(unfinished_by_protocol(engine).items())
    ]
    print_table(("jobs of protocol", "state", "number"), jobs)


@database.command()
def upgrade(config: ConfigFile = None) -> None:
    """Bring the schema to this version of the server, as starting a server does, too."""
    from lodestock_server.store.database import open_database
    from lodestock_server.store.revisions import known_revisions

    with named_faults():
        open_database(url_of(config)).dispose()
    typer.echo(f"schema {known_revisions()[-1]}")


@database.command()
def downgrade(revision: Revision, config: ConfigFile = None, yes: Yes = False) -> None:
    """Take the schema back to an earlier revision, for an earlier version of the server; what later ones hold is lost.

    Run it with the newer version, after a backup. Servers and workers must be stopped.
    """
    from lodestock_server.store import revisions
    from lodestock_server.store.backup import open_elsewhere
    from lodestock_server.store.database import connect, faults_named

    url = url_of(config)
    with named_faults():
        held = revisions.schema_of(url).held
        if others := open_elsewhere(url):
            raise complaint(f"the database is open elsewhere, end this first: {'; '.join(others)}")
        for name, about in revisions.undone(held, revision):
            typer.echo(f"undone with what it holds: {name}, {about}")
        if not yes:
            typer.confirm("Go on?", abort=True)
        engine = connect(url)
        with faults_named(engine, "cannot be taken back"):
            revisions.downgrade(engine, revision)
        engine.dispose()
    typer.echo(f"schema {revision}")
