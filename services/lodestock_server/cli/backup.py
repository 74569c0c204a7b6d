"""The commands ``lodestock-server backup`` and ``restore``: the whole database, jobs and all, in one file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from lodestock_server.cli.common import ConfigFile, complaint, settings_or_exit

NewFile = Annotated[Path, typer.Argument(help="File to write; must not be there yet.")]
BackupFile = Annotated[Path, typer.Argument(help="File that 'lodestock-server backup' has written.")]
Replace = Annotated[bool, typer.Option("--replace", help="Replace all that the database holds.")]


def backup(file: NewFile, config: ConfigFile = None) -> None:
    """Write the whole database into a file, while servers and workers go on. Exit 1 where that fails.

    The file holds data, results and jobs of one moment, waiting and running ones among them, and is checked.
    """
    from lodestock_server.store.backup import back_up

    with named_faults():
        manifest = back_up(url_of(config), file)
    size = file.stat().st_size
    typer.echo(f"{file}: {size:,} bytes, {manifest.kind}, schema {manifest.revision}, sha256 {manifest.sha256}")


def restore(file: BackupFile, config: ConfigFile = None, replace: Replace = False) -> None:
    """Put a backup back, whole or not at all. Servers and workers must be stopped. Exit 1 where that fails.

    Jobs that waited or ran when the backup was made run once workers are started.
    """
    from lodestock_server.store.backup import restore as put_back

    with named_faults():
        manifest = put_back(url_of(config), file, replace)
    typer.echo(f"restored what was there at {manifest.made_at}: {manifest.kind}, schema {manifest.revision}")


def url_of(config: Path | None) -> str:
    """The URL of the database that the settings name."""
    from lodestock_server.store.database import database_url

    settings = settings_or_exit(config)
    return database_url(settings.database_url, settings.data_dir)


@contextmanager
def named_faults() -> Iterator[None]:
    """Say in one line what went wrong, and exit 1."""
    from lodestock_server.store.copying import CopyFault
    from lodestock_server.store.revisions import UnknownRevision

    try:
        yield
    except (CopyFault, UnknownRevision, OSError) as error:
        raise complaint(str(error)) from error
