"""The command ``lodestock-server``."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from lodestock_server.cli.backup import backup, restore
from lodestock_server.cli.common import ConfigFile, complaint, faults_of, settings_or_exit
from lodestock_server.cli.data import data
from lodestock_server.cli.database import database
from lodestock_server.cli.worker import worker
from lodestock_server.settings import Settings, read_settings, unknown_variables

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Serves forecasts and sourcing plans over gRPC.")

app.add_typer(data, name="data")
app.add_typer(database, name="database")
app.command()(backup)
app.command()(restore)
app.command()(worker)

Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")]
PortFile = Annotated[Path | None, typer.Option(help="File to write the bound address to, once calls are answered.")]


@app.command()
def serve(config: ConfigFile = None, host: Host = None, port: Port = None, port_file: PortFile = None) -> None:
    """Serve until SIGTERM or Ctrl-C, then let running calls end."""
    settings = settings_or_exit(config, host=host, port=port)
    # Imported here, so that check-config does not wait for gRPC.
    from lodestock_server.app import serve as serve_forever
    from lodestock_server.log import configure_logs, get_log

    configure_logs(settings.log_level, settings.log_format)
    for wrong in unknown_variables():
        get_log().warning("unknown variable", what=wrong)

    def announce(address: str) -> None:
        typer.echo(f"lodestock-server listens on {address}")
        if port_file is not None:
            write_whole(port_file, f"{address}\n")

    try:
        asyncio.run(serve_forever(settings, announce, config))
    except OSError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


@app.command("check-config")
def check_config(config: ConfigFile = None) -> None:
    """Print the effective settings, secrets masked; exit 2 where they do not hold. Asks no database."""
    settings = settings_or_exit(config)
    for name, value in settings.model_dump().items():
        typer.echo(f"{name} = {value}")
    for wrong in unknown_variables():
        typer.echo(f"warning: {wrong}", err=True)
    if settings.database_url is not None:
        from lodestock_server.store.database import connect

        try:
            connect(settings.database_url.get_secret_value()).dispose()
        except OSError as error:
            raise complaint(str(error), 2) from error


@app.command()
def doctor(config: ConfigFile = None, host: Host = None, port: Port = None) -> None:
    """Look whether this installation is sound; exit 1 where something is broken."""
    # Imported here, since the server itself needs none of it.
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from lodestock_server.doctor import Unsound, examinations

    def read() -> Settings:
        try:
            return read_settings(config, host=host, port=port)
        except ValidationError as error:
            raise Unsound("; ".join(faults_of(error))) from error

    # Some libraries complain when they are imported about what they can do without.
    logging.disable()
    findings = list(examinations(read))
    table = Table("what", "is", "found")
    for finding in findings:
        table.add_row(escape(finding.subject), "sound" if finding.sound else "[bold]BROKEN[/]", escape(finding.detail))
    Console().print(table)
    broken = [finding.subject for finding in findings if not finding.sound]
    typer.echo(
        f"{len(findings) - len(broken)} of {len(findings)} sound" + "".join(f", {name} broken" for name in broken)
    )
    if broken:
        raise typer.Exit(1)


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader never sees half of it."""
    half = path.with_name(f"{path.name}.{os.getpid()}")
    half.write_text(text, encoding="utf-8")
    half.replace(path)
