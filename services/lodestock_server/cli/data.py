"""The commands ``lodestock-server data …``: list, check, import, use and compare versions of datasets.

They need no server.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from lodestock_server.cli.common import ConfigFile, complaint, print_table, settings_or_exit

if TYPE_CHECKING:
    from lodestock_server.catalog import Package, PackageCatalog
    from lodestock_server.catalog.checking import Violation
    from lodestock_server.catalog.comparison import Change
    from lodestock_server.settings import Settings
    from lodestock_server.store.datasets import DatasetStore

data = typer.Typer(
    no_args_is_help=True, help="Lists, checks, imports, chooses and compares the data that the server answers from."
)

MOST_LISTED = 20
"""Revisions, series and violations that are printed; all are counted."""
EVERY_VERSION = 1_000_000
IN_MEMORY = "sqlite://"

Source = Annotated[
    Path, typer.Argument(help="Folder of a data package; with --dataset a CSV file of one of its tables.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")]
Dataset = Annotated[
    str | None, typer.Option(help="Dataset, such as us-minerals, one table of which the file replaces.")
]
Resource = Annotated[str | None, typer.Option(help="That table, such as us_statistics.")]
SourceId = Annotated[str | None, typer.Option(help="Identifier of the new edition, such as USGS_MCS2027.")]
Title = Annotated[str | None, typer.Option(help="Publisher and title of the new edition.")]
Licence = Annotated[str, typer.Option(help="Licence of the new edition.")]
Most = Annotated[int, typer.Option("--most", min=0, help="Most changes to print.")]


@data.command("list")
def list_versions(config: ConfigFile = None) -> None:
    """List the versions of all datasets, and which of each is in use."""
    with database(config) as (store, _):
        held, in_use = store.list_datasets(0, EVERY_VERSION), store.in_use()
    rows = [
        (
            dataset.name,
            dataset.version,
            "yes" if in_use[dataset.name] == dataset.dataset_id else "",
            f"{dataset.loaded_at:%Y-%m-%d %H:%M}",
            str(len(dataset.resources)),
            f"{sum(resource['rows'] for resource in dataset.resources):,}",
        )
        for dataset in held
    ]
    print_table(("dataset", "version", "in use", "taken in, UTC", "tables", "rows"), rows)


@data.command("compare")
def compare_versions(
    dataset: str, earlier: str, later: str, config: ConfigFile = None, most: Most = MOST_LISTED
) -> None:
    """Say what changed from one version of a dataset to another."""
    from lodestock_server.errors import NotFound

    with database(config) as (store, _):
        try:
            print_changes(store.package(dataset, earlier), store.package(dataset, later), most)
        except NotFound as error:
            raise complaint(error.message) from error


@data.command("use")
def use_version(dataset: str, version: str, config: ConfigFile = None, most: Most = MOST_LISTED) -> None:
    """Put a version that was taken in before in use again, and say what changes with it.

    A server that runs on the database answers from it with the next call.
    """
    from lodestock_server.catalog.checking import lost
    from lodestock_server.errors import NotFound

    with database(config) as (store, catalog):
        shipped, in_use = shipped_as(dataset), in_use_of(catalog, dataset)
        try:
            chosen = shipped if shipped and shipped.version == version else store.package(dataset, version)
        except NotFound as error:
            raise complaint(error.message) from error
        what = f"datasets/{dataset}/versions/{version}"
        # What the code reads is in what ships with it; the version in use may have more, and is to be left.
        refuse(list(lost(chosen, shipped, "the version that ships with the server")), f"{what} is not put in use")
        if in_use is not None and in_use.version == version:
            typer.echo(f"{what} is in use already")
            return
        if in_use is not None:
            print_changes(in_use, chosen, most)
        put_in_use(store, chosen)
        typer.echo(f"{what} is in use from now on")


@data.command("check")
def check_versions(config: ConfigFile = None) -> None:
    """Look whether every version in the database is still what was taken in; exit 1 where one is not."""
    with database(config) as (store, _):
        held = store.list_datasets(0, EVERY_VERSION)
        damage = [
            f"datasets/{one.name}/versions/{one.version}: {fault}"
            for one in held
            for fault in store.package(one.name, one.version).damage()
        ]
    for fault in damage:
        typer.echo(fault, err=True)
    if damage:
        raise complaint(f"{len(damage)} tables are damaged")
    typer.echo(f"{len(held)} versions are as they were taken in")


@data.command("import")
def import_data(
    source: Source,
    config: ConfigFile = None,
    dry_run: DryRun = False,
    dataset: Dataset = None,
    resource: Resource = None,
    source_id: SourceId = None,
    title: Title = None,
    licence: Licence = "",
    most: Most = MOST_LISTED,
) -> None:
    """Take in a data package, or a new edition of one table; whole or not at all. Exit 1 where something is wrong.

    A version that was taken in before is put in use again.

    A server that runs on the database answers from it with the next call.
    """
    edition = {"--dataset": dataset, "--resource": resource, "--source-id": source_id, "--title": title}
    missing = [name for name, value in edition.items() if value is None]
    with database(config, dry_run) as (store, catalog):
        if len(missing) == len(edition):
            take_in(store, catalog, source, dry_run, most)
        elif missing:
            raise complaint(f"a table's new edition needs {', '.join(missing)} too", 2)
        else:
            with TemporaryDirectory() as folder:
                with_edition(catalog, source, edition, licence, Path(folder))
                take_in(store, catalog, Path(folder), dry_run, most)


@contextmanager
def database(config: Path | None, as_it_is: bool = False) -> Iterator[tuple[DatasetStore, PackageCatalog]]:
    """The datasets in the database that the settings name, and the catalog in use.

    Args:
        config: configuration file.
        as_it_is: whether to leave the database as it is: neither made nor brought up to date.
    """
    settings = settings_or_exit(config)
    # Imported here, so that other commands do not wait for it.
    from lodestock_server.catalog import bundled_packages
    from lodestock_server.store.catalogs import CatalogSource
    from lodestock_server.store.database import database_url, faults_named, open_database
    from lodestock_server.store.datasets import DatasetStore

    try:
        url = url_as_it_is(settings) if as_it_is else database_url(settings.database_url, settings.data_dir)
        engine = open_database(url)
    except OSError as error:
        raise complaint(str(error)) from error
    try:
        with faults_named(engine, "fails"):
            yield DatasetStore(engine), CatalogSource(engine, bundled_packages()).current()
    except OSError as error:
        raise complaint(str(error)) from error
    finally:
        engine.dispose()


def url_as_it_is(settings: Settings) -> str:
    """The URL of the database if it is there and up to date; of an empty one in memory where there is none yet.

    Raises:
        OSError: It cannot be reached.
    """
    from lodestock_server.store.database import DATABASE_FILE, database_url
    from lodestock_server.store.revisions import schema_of

    if settings.database_url is None and not (settings.data_dir / DATABASE_FILE).exists():
        return IN_MEMORY
    url = database_url(settings.database_url, settings.data_dir)
    state = schema_of(url)
    if state.held is None:
        return IN_MEMORY
    if state.held != state.known[-1]:
        other = f"the database's schema {state.held} is not {state.known[-1]}, the one of this version of the server"
        raise complaint(f"{other}: a dry run leaves it so and cannot read it; starting the server mends it")
    return url


def with_edition(
    catalog: PackageCatalog, file: Path, edition: dict[str, str | None], licence: str, folder: Path
) -> None:
    """Write the package in use with a table's rows replaced by those of a file."""
    from lodestock_server.catalog.edition import Edition, WrongColumns, rows_of_edition, write_edition

    dataset, resource, source_id, title = (str(value) for value in edition.values())
    in_use = in_use_of(catalog, dataset)
    if in_use is None:
        raise complaint(f"no dataset '{dataset}' is in use; 'lodestock-server data list' names those that are")
    if resource not in in_use.tables:
        raise complaint(f"'{dataset}' has no table '{resource}', only {', '.join(in_use.tables)}")
    today = datetime.now(UTC)
    made = Edition(source_id, title, f"{today.year}.{today.month}.{today.day}", licence)
    try:
        rows = rows_of_edition(in_use.tables[resource].columns, file.read_bytes(), source_id)
    except (OSError, UnicodeDecodeError, WrongColumns) as error:
        raise complaint(f"{file}: {error}") from error
    write_edition(in_use, resource, rows, made, folder)


def take_in(store: DatasetStore, catalog: PackageCatalog, folder: Path, dry_run: bool, most: int) -> None:
    """Check a folder, say what it changes, and take it in."""
    from lodestock_server.catalog import DataPackage
    from lodestock_server.catalog.cell_rules import known_codes
    from lodestock_server.catalog.checking import known_units, violations

    in_use, packages = in_use_of(catalog, name_in(folder)), catalog.packages()
    refuse(violations(folder, in_use, known_units(packages), known_codes(packages)), "not taken in")
    package = DataPackage(folder)
    what = f"datasets/{package.name}/versions/{package.version}"
    held = next((one for one in (in_use, stored(store, package)) if one and one.version == package.version), None)
    if held is not None and held.digest != package.digest:
        raise complaint(f"not taken in: {what} is there with other content, and never changes; name another version")
    if in_use is not None and in_use.version == package.version:
        typer.echo(f"{what} is in use already")
        return
    if in_use is not None:
        print_changes(in_use, package, most)
    if dry_run:
        could = "was taken in before, and could be put in use again" if held else "could be taken in"
        typer.echo(f"{what} {could}; nothing was changed")
        return
    put_in_use(store, package)
    typer.echo(f"{what} {'was taken in before, and is' if held else 'is taken in, and'} in use from now on")


def refuse(found: Sequence[Violation], what: str) -> None:
    """Say all that is wrong and exit, if anything is."""
    if not found:
        return
    for violation in found[:MOST_LISTED]:
        typer.echo(str(violation), err=True)
    more = f", {len(found) - MOST_LISTED} of them not listed" if len(found) > MOST_LISTED else ""
    raise complaint(f"{what}: {len(found)} violations{more}")


def put_in_use(store: DatasetStore, package: Package) -> None:
    """Put a version in use, taken in where it is not in the database."""
    # So that the server, when it starts, does not take in what ships with it after this, and use that.
    if shipped := shipped_as(package.name):
        store.load(shipped)
    store.load(package)
    store.use(package.name, package.version)


def shipped_as(dataset: str) -> Package | None:
    """The version of a dataset that ships with the server."""
    from lodestock_server.catalog import bundled_packages

    return next((package for package in bundled_packages() if package.name == dataset), None)


def stored(store: DatasetStore, package: Package) -> Package | None:
    """The version in the database that bears the name of a package's."""
    from lodestock_server.errors import NotFound

    try:
        return store.package(package.name, package.version)
    except NotFound:
        return None


def in_use_of(catalog: PackageCatalog, dataset: str) -> Package | None:
    """The version of a dataset that is in use."""
    return next((package for package in catalog.packages() if package.name == dataset), None)


def name_in(folder: Path) -> str:
    """The name that a folder's description gives, if it can be read; what is wrong with it is said elsewhere."""
    try:
        described = json.loads(folder.joinpath("datapackage.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return str(described.get("name", "")) if isinstance(described, dict) else ""


def print_changes(earlier: Package, later: Package, most: int) -> None:
    """Print how much changed by table and measure, the largest changes, and which series are new and gone."""
    from lodestock_server.catalog.comparison import compare, new_and_gone_series

    found = compare(earlier, later, most)
    typer.echo(f"{later.name}: from {earlier.version} to {later.version}")
    columns = ("table", "measure", "unchanged", "revised", "new", "gone", "last period")
    print_table(
        columns,
        [
            (
                one.resource,
                one.measure,
                *(f"{count:,}" for count in (one.unchanged, one.revised, one.added, one.removed)),
                one.later_last_period
                if one.earlier_last_period == one.later_last_period
                else f"{one.earlier_last_period or '-'} to {one.later_last_period or '-'}",
            )
            for one in found.summaries
        ],
    )
    if found.changes:
        print_table(("figure", "period", "earlier", "later", "change"), [in_words(change) for change in found.changes])
    for title, series in zip(("new series", "series gone"), new_and_gone_series(earlier, later), strict=True):
        if series:
            typer.echo(f"{title}: {len(series)}")
            for one in islice(series, most):
                typer.echo(f"  {one}")


def in_words(change: Change) -> tuple[str, ...]:
    """A change as a row."""
    figure = change.later or change.earlier
    assert figure is not None
    values = [f"{one.value:,.8g} {one.unit}" if one else "-" for one in (change.earlier, change.later)]
    relative = "" if change.relative is None else f"{change.relative:+.1%}"
    keys = ", ".join(value for value in figure.keys.values() if value)
    return f"{figure.resource}.{figure.measure}: {keys}", figure.period, *values, relative
