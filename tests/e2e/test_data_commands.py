"""The commands that import data, beside a server that runs on the same database."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest

from lodestock import Client
from lodestock_server.catalog import bundled_package
from tests.server_process import COMMAND, filled_database, running_server
from tests.small_packages import small_package

STATISTICS = files("lodestock_server").joinpath("data", "us_minerals", "us_statistics.csv")
SOURCE = ("--source-id", "USGS_MCS2027", "--title", "Mineral Commodity Summaries 2027")
FIRST_START_S = 120.0
TABLE = ("--dataset", "us-minerals", "--resource", "us_statistics")


@dataclass(frozen=True)
class Data:
    """The commands, on one database."""

    folder: Path

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"LODESTOCK_DATA_DIR": str(self.folder), "COLUMNS": "200"}
        line = [str(COMMAND), "data", *arguments]
        return subprocess.run(line, capture_output=True, text=True, env=environment, check=False, timeout=120)


@pytest.fixture
def data(tmp_path: Path) -> Data:
    folder = tmp_path / "store"
    folder.mkdir()
    shutil.copy(filled_database(), folder)
    return Data(folder)


@pytest.fixture
def next_year(tmp_path: Path) -> Path:
    """Next year's table of the United States: one revised figure, one new year of cobalt, one figure gone."""
    rows = list(csv.DictReader(STATISTICS.read_text(encoding="utf-8").splitlines()))
    of_cobalt = [row for row in rows if (row["mineral"], row["statistic"]) == ("cobalt", "consumption")]
    of_cobalt[-1]["tonnes"] = "10560"  # 9,600 × 1.1
    rows.append({**of_cobalt[-1], "year": "2026", "tonnes": "11000", "source_id": ""})
    gone = next(row for row in rows if row["mineral"] == "zinc")
    rows.remove(gone)
    path = tmp_path / "us_statistics.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def server(data: Data) -> Iterator[Client]:
    environment = {"LODESTOCK_DATA_DIR": str(data.folder)}
    with running_server(environment=environment) as process, Client(process.address) as client:
        yield client


def consumption(client: Client) -> dict[int, float]:
    """The demand for cobalt that forecasts start from, by year."""
    points = client.observations("us-minerals", ["cobalt"], resource="us_statistics")
    return {int(p.period): p.value for p in points if p.keys["statistic"] == "consumption" and p.measure == "tonnes"}


def test_a_running_server_answers_from_what_was_imported_and_old_answers_still_trace(
    data: Data, server: Client, next_year: Path
) -> None:
    old = server.build_problem("USA", ["cobalt"], horizon_years=1).message
    in_use = bundled_package("us_minerals").version
    assert in_use in {dataset.version for dataset in old.record.datasets}

    done = data("import", str(next_year), *TABLE, *SOURCE)
    assert done.returncode == 0, done.stderr
    assert "in use from now on" in done.stdout

    new = server.build_problem("USA", ["cobalt"], horizon_years=1).message
    (version,) = {d.version for d in new.record.datasets if d.dataset == "us-minerals"}
    assert version != in_use
    assert consumption(server) == {**consumption_of(server, in_use), 2025: 10_560, 2026: 11_000}
    # The first year of the problem is the one after the last with data, which has moved on.
    assert [period.label for period in old.problem.periods] != [period.label for period in new.problem.periods]
    # The old answer names the version that it was made from, and its rows are still there.
    read = [o.dataset for f in old.figures for o in f.origins if o.dataset.dataset == "us-minerals"]
    assert read
    for origin in read[:5]:
        assert origin.version == in_use
        parent = f"datasets/us-minerals/versions/{in_use}"
        assert list(server.observations(parent, resource=origin.resource, row=origin.row))


def consumption_of(client: Client, version: str) -> dict[int, float]:
    parent = f"datasets/us-minerals/versions/{version}"
    points = client.observations(parent, ["cobalt"], resource="us_statistics")
    return {int(p.period): p.value for p in points if p.keys["statistic"] == "consumption" and p.measure == "tonnes"}


def test_a_dry_run_says_what_would_change_and_changes_nothing(data: Data, next_year: Path) -> None:
    before = data("list").stdout
    dry = data("import", str(next_year), *TABLE, *SOURCE, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "nothing was changed" in dry.stdout
    assert "2025 to 2026" in dry.stdout
    assert "+10.0%" in dry.stdout
    assert "9,600 t" in dry.stdout
    assert data("list").stdout == before
    # The same is printed when it is done, and when the versions are compared afterwards.
    done = data("import", str(next_year), *TABLE, *SOURCE)
    assert done.stdout.splitlines()[:-1] == dry.stdout.splitlines()[:-1]
    versions = [line.split()[3] for line in data("list").stdout.splitlines() if " us-minerals " in line]
    assert len(versions) == 2
    compared = data("compare", "us-minerals", *versions)
    assert compared.stdout.splitlines() == done.stdout.splitlines()[:-1]


def test_the_version_taken_in_last_is_in_use_and_a_start_of_the_server_leaves_it_so(
    data: Data, next_year: Path
) -> None:
    assert data("import", str(next_year), *TABLE, *SOURCE).returncode == 0
    listed = [line.split() for line in data("list").stdout.splitlines() if " us-minerals " in line]
    assert ["yes" in line for line in listed] == [False, True]
    again = data("import", str(next_year), *TABLE, *SOURCE)
    assert again.returncode == 0
    assert "in use already" in again.stdout
    with running_server(environment={"LODESTOCK_DATA_DIR": str(data.folder)}) as process, Client(process.address) as it:
        newest = [dataset.version for dataset in it.list_datasets() if dataset.dataset == "us-minerals"][-1]
        assert consumption(it)[2026] == 11_000
        assert newest == listed[1][3]


def test_an_import_before_the_first_start_is_in_use_after_it(tmp_path: Path, next_year: Path) -> None:
    data = Data(tmp_path / "new")
    assert data("import", str(next_year), *TABLE, *SOURCE).returncode == 0
    with running_server(environment={"LODESTOCK_DATA_DIR": str(data.folder)}) as process, Client(process.address) as it:
        # The first start takes in some hundred thousand rows, which may outlast the usual deadline on a busy machine.
        assert len(list(it.list_datasets(timeout_s=FIRST_START_S))) > 9
        assert consumption(it)[2026] == 11_000


def test_a_package_of_ones_own_is_taken_in_and_read(data: Data, server: Client, tmp_path: Path) -> None:
    package = small_package(tmp_path / "own", [("tin", "CHN", 2024, 70)])
    done = data("import", str(tmp_path / "own"))
    assert done.returncode == 0, done.stderr
    (point,) = server.observations("output")
    assert (point.value, point.unit, point.origin.version) == (70, "t", package.version)


def versions_in_use(data: Data, dataset: str) -> list[str]:
    listed = [line.split() for line in data("list").stdout.splitlines() if f" {dataset} " in line]
    return [line[3] for line in listed if "yes" in line]


@pytest.fixture
def two_versions(data: Data, tmp_path: Path) -> tuple[str, str]:
    """Two versions of a dataset, taken in one after the other from the folders "first" and "second"."""
    first = small_package(tmp_path / "first", [("tin", "CHN", 2024, 70)])
    second = small_package(tmp_path / "second", [("tin", "CHN", 2024, 77)])
    for folder in ("first", "second"):
        assert data("import", str(tmp_path / folder)).returncode == 0
    assert versions_in_use(data, "output") == [second.version]
    return first.version, second.version


def test_an_earlier_version_is_put_in_use_again_and_a_start_of_the_server_leaves_it_so(
    data: Data, two_versions: tuple[str, str]
) -> None:
    first, second = two_versions
    done = data("use", "output", first)
    assert done.returncode == 0, done.stderr
    assert "77 t" in done.stdout
    assert f"datasets/output/versions/{first} is in use from now on" in done.stdout
    assert versions_in_use(data, "output") == [first]
    assert "is in use already" in data("use", "output", first).stdout
    with running_server(environment={"LODESTOCK_DATA_DIR": str(data.folder)}) as process, Client(process.address) as it:
        assert [point.value for point in it.observations("output")] == [70]
        assert data("use", "output", second).returncode == 0
        assert [point.value for point in it.observations("output")] == [77]
    unknown = data("use", "output", "1")
    assert unknown.returncode == 1
    assert "no version '1' of dataset 'output'" in unknown.stderr


def test_a_version_that_was_taken_in_before_is_imported_into_use_again(
    data: Data, two_versions: tuple[str, str], tmp_path: Path
) -> None:
    first, second = two_versions
    dry = data("import", str(tmp_path / "first"), "--dry-run")
    assert "was taken in before, and could be put in use again; nothing was changed" in dry.stdout
    assert versions_in_use(data, "output") == [second]
    done = data("import", str(tmp_path / "first"))
    assert done.returncode == 0, done.stderr
    assert "was taken in before, and is in use from now on" in done.stdout
    assert versions_in_use(data, "output") == [first]


def test_other_content_under_a_version_that_is_there_is_refused_dry_or_not(
    data: Data, two_versions: tuple[str, str], tmp_path: Path
) -> None:
    small_package(tmp_path / "third", [("tin", "CHN", 2024, 99)])
    described = json.loads((tmp_path / "third" / "datapackage.json").read_text())
    for version in two_versions:  # The earlier one, and the one in use.
        content = {key: value for key, value in described.items() if key != "digest"}
        (tmp_path / "third" / "datapackage.json").write_text(json.dumps({**content, "version": version}))
        for dry in ((), ("--dry-run",)):
            refused = data("import", str(tmp_path / "third"), *dry)
            assert refused.returncode == 1
            assert f"{version} is there with other content" in refused.stderr
    assert versions_in_use(data, "output") == [two_versions[1]]


def test_a_version_without_what_the_server_reads_is_not_put_in_use(data: Data) -> None:
    shipped = bundled_package("recycling").version
    with sqlite3.connect(data.folder / "lodestock.db") as connection:
        connection.execute(
            "INSERT INTO dataset (name, version, digest, descriptor, row_digests, loaded_at) "
            "SELECT name, '1', digest, replace(descriptor, 'eol_rir', 'rate'), row_digests, loaded_at "
            "FROM dataset WHERE name = 'recycling'"
        )
    refused = data("use", "recycling", "1")
    assert refused.returncode == 1
    missing = "table 'recycling': the column is missing, which the version that ships with the server has"
    assert f"eol_rir: {missing}" in refused.stderr
    assert versions_in_use(data, "recycling") == [shipped]


def test_what_ships_can_be_put_in_use_again(data: Data, next_year: Path) -> None:
    assert data("import", str(next_year), *TABLE, *SOURCE).returncode == 0
    shipped = bundled_package("us_minerals").version
    assert versions_in_use(data, "us-minerals") != [shipped]
    assert data("use", "us-minerals", shipped).returncode == 0
    assert versions_in_use(data, "us-minerals") == [shipped]


def test_a_dry_run_makes_no_database(tmp_path: Path, next_year: Path) -> None:
    dry = Data(tmp_path / "none")("import", str(next_year), *TABLE, *SOURCE, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "could be taken in; nothing was changed" in dry.stdout
    assert "+10.0%" in dry.stdout
    assert not (tmp_path / "none").exists()


def test_a_dry_run_leaves_an_older_schema_as_it_is(data: Data, next_year: Path) -> None:
    database = data.folder / "lodestock.db"
    with sqlite3.connect(database) as connection:
        for table in ("in_use", "result", "payload", "worker"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("UPDATE alembic_version SET version_num = '0002'")
    dry = data("import", str(next_year), *TABLE, *SOURCE, "--dry-run")
    assert dry.returncode == 1
    assert "the database's schema 0002 is not 0005" in dry.stderr
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0002",)
    # What changes the database anyhow brings it up to date.
    assert data("import", str(next_year), *TABLE, *SOURCE).returncode == 0


def test_a_table_with_an_empty_figure_is_refused(data: Data, tmp_path: Path) -> None:
    """The server reads prices by year; one without a figure would keep it from answering about the mineral."""
    table = files("lodestock_server").joinpath("data", "prices", "prices.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(table.splitlines()))
    number, row = next((n, r) for n, r in enumerate(rows, 1) if (r["mineral"], r["year"]) == ("copper", "2025"))
    row["usd_per_tonne"] = ""
    with (tmp_path / "prices.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    refused = data("import", str(tmp_path / "prices.csv"), "--dataset", "prices", "--resource", "prices", *SOURCE)
    assert refused.returncode == 1
    assert f"prices.csv, row {number}, usd_per_tonne: is empty" in refused.stderr


@pytest.mark.parametrize(
    ("change", "named"),
    [
        pytest.param({"tonnes": "-100"}, "tonnes: '-100' must be 0 or more", id="negative"),
        pytest.param({"mineral": "unobtainium"}, "mineral: 'unobtainium' is not known", id="mineral"),
        pytest.param({"statistic": "nonsense"}, "statistic: 'nonsense' is not known", id="statistic"),
    ],
)
def test_figures_that_make_no_sense_are_refused_and_a_running_server_goes_on(
    change: dict[str, str], named: str, data: Data, server: Client, next_year: Path
) -> None:
    before = consumption(server)
    rows = list(csv.DictReader(next_year.read_text(encoding="utf-8").splitlines()))
    with next_year.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows([*rows[:-1], {**rows[-1], **change}])
    refused = data("import", str(next_year), *TABLE, *SOURCE)
    assert refused.returncode == 1
    assert f"us_statistics.csv, row {len(rows)}, {named}" in refused.stderr
    assert versions_in_use(data, "us-minerals") == [bundled_package("us_minerals").version]
    assert consumption(server) == before


def test_a_table_of_nothing_but_its_header_is_refused(data: Data, next_year: Path) -> None:
    next_year.write_text(next_year.read_text(encoding="utf-8").partition("\n")[0] + "\n", encoding="utf-8")
    refused = data("import", str(next_year), *TABLE, *SOURCE)
    assert refused.returncode == 1
    assert "us_statistics.csv: has no row; the version in use has 1015" in refused.stderr


def test_rows_that_were_changed_in_the_database_are_found(data: Data) -> None:
    sound = data("check")
    assert (sound.returncode, "are as they were taken in" in sound.stdout) == (0, True)
    with sqlite3.connect(data.folder / "lodestock.db") as connection:
        of_table = "resource = 'reserves' AND dataset_id = (SELECT id FROM dataset WHERE name = 'world-supply')"
        connection.execute(f"UPDATE record SET cells = replace(cells, 'CHN', 'PER') WHERE {of_table}")
    damaged = data("check")
    assert damaged.returncode == 1
    version = bundled_package("world_supply").version
    said = f"datasets/world-supply/versions/{version}: reserves: the rows are not those that were taken in"
    assert damaged.stderr.splitlines() == [said, "1 tables are damaged"]


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        pytest.param(lambda f: (f / "mined.csv").unlink(), "mined.csv: is not there", id="file"),
        pytest.param(
            lambda f: (f / "mined.csv").write_text("mineral,iso3,year,tonnes,source_id\ntin,CHN,2024,some,HAND\n"),
            "mined.csv, row 1, tonnes: 'some' is no number",
            id="number",
        ),
    ],
)
def test_what_is_damaged_is_refused_whole(
    damage: Callable[[Path], object], named: str, data: Data, tmp_path: Path
) -> None:
    small_package(tmp_path / "own", [("tin", "CHN", 2024, 70)])
    damage(tmp_path / "own")
    before = data("list").stdout
    refused = data("import", str(tmp_path / "own"))
    assert refused.returncode == 1
    assert named in refused.stderr
    assert "not taken in" in refused.stderr
    assert data("list").stdout == before


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (("--dataset", "us-minerals"), 2, "needs --resource, --source-id, --title too"),
        (("--dataset", "gold", "--resource", "x", *SOURCE), 1, "no dataset 'gold' is in use"),
        (("--dataset", "us-minerals", "--resource", "x", *SOURCE), 1, "only us_statistics, import_sources"),
        (("--dataset", "us-minerals", "--resource", "import_sources", *SOURCE), 1, "they must be mineral, form"),
    ],
)
def test_wrong_arguments_are_named(
    arguments: tuple[str, ...], code: int, named: str, data: Data, next_year: Path
) -> None:
    refused = data("import", str(next_year), *arguments)
    assert (refused.returncode, named in refused.stderr) == (code, True), refused.stderr
    missing = data("compare", "us-minerals", "1", "2")
    assert missing.returncode == 1
    assert "no version '1'" in missing.stderr
