"""What all commands share: reading the settings, and saying what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from lodestock_server.settings import Settings, read_settings

ConfigFile = Annotated[Path | None, typer.Option("--config", help="TOML file with settings.")]


def settings_or_exit(config: Path | None, **overrides: object) -> Settings:
    """Read the settings; say what is wrong with them and exit 2 otherwise."""
    try:
        return read_settings(config, **overrides)
    except ValidationError as error:
        for fault in faults_of(error):
            typer.echo(fault, err=True)
    except (FileNotFoundError, ValueError) as error:
        typer.echo(str(error), err=True)
    raise typer.Exit(2)


def faults_of(error: ValidationError) -> list[str]:
    """What is wrong, setting by setting."""
    return [f"{'.'.join(map(str, fault['loc'])) or 'settings'}: {fault['msg']}" for fault in error.errors()]


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a table."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(*columns)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    Console().print(table)


def complaint(text: str, code: int = 1) -> typer.Exit:
    """Say what is wrong, and the exit that ends the command."""
    typer.echo(text, err=True)
    return typer.Exit(code)
