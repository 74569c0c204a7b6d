"""The commands lodestock and lodestock-server, as users type them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToJson

from lodestock.printing import PLAN_COLUMNS
from lodestock.results import PLAN_TABLES
from lodestock.v1 import sourcing_pb2
from tests.server_process import ServerProcess
from tests.toy_problem import toy_problem

BIN = Path(sys.executable).parent


def lodestock(server: ServerProcess, *arguments: str, columns: int = 200) -> subprocess.CompletedProcess[str]:
    """Run the client's command against a server."""
    environment = {**os.environ, "LODESTOCK_ADDRESS": server.address, "COLUMNS": str(columns)}
    command = [str(BIN / "lodestock"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def toy_file(tmp_path: Path) -> Path:
    """The toy problem in a file."""
    path = tmp_path / "toy.json"
    path.write_text(MessageToJson(toy_problem()), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["health"], "SERVING"),
        (["models"], "theta_log"),
        (["datasets"], "us-minerals"),
        (["observations", "us-minerals", "cobalt", "--resource", "us_statistics"], "USGS_MCS2026"),
        (["forecast", "cobalt", "--horizon", "3"], "cobalt/USA"),
        (["risk", "cobalt"], "eu_supply_risk"),
        (["problem", "cobalt", "--years", "3"], "cobalt/"),
        (["materials"], "cobalt content"),
        (["backtest", "cobalt", "--model", "naive", "--model", "drift", "--most-origins", "2"], "drift"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_calls_print_tables(server: ServerProcess, arguments: list[str], expected: str) -> None:
    """Each call prints a table that a person can read."""
    done = lodestock(server, *arguments)
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout


def test_a_buyer_without_data_plans_with_figures_of_its_own(server: ServerProcess, tmp_path: Path) -> None:
    """The figures come from a file; a line that cannot be read is named."""
    file = tmp_path / "poland.csv"
    header = "material,kind,country,year,value,unit\n"
    used = "".join(f"cobalt,consumption,,{2016 + i},{900 + 20 * i},t\n" for i in range(8))
    file.write_text(f"{header}{used}cobalt,imports,,2023,1.2,kt\ncobalt,imports_by_country,FIN,2023,70,%\n")
    done = lodestock(server, "problem", "cobalt", "--buyer", "POL", "--figures", str(file), "--years", "2")
    assert done.returncode == 0, done.stderr
    assert "cobalt/FIN" in done.stdout
    file.write_text(f"{header}cobalt,imports,,2023,much,t\n")
    refused = lodestock(server, "problem", "cobalt", "--buyer", "POL", "--figures", str(file), "--years", "2")
    assert refused.returncode == 1
    assert "line 2, column 'value': 'much' is no number" in refused.stderr.replace("\n", " ")
    missing = lodestock(server, "forecast", "cobalt", "--buyer", "POL", "--figures", str(tmp_path / "none.csv"))
    assert missing.returncode == 1
    assert "FileNotFoundError" in missing.stderr


def test_changes_between_versions_are_counted_and_listed(server: ServerProcess) -> None:
    listed = json.loads(lodestock(server, "datasets", "--json").stdout)["datasets"]
    version = next(one["version"] for one in listed if one["dataset"] == "prices")
    done = lodestock(server, "changes", "prices", version, version, "--material", "cobalt")
    assert done.returncode == 0, done.stderr
    assert "usd_per_tonne" in done.stdout
    unknown = lodestock(server, "changes", "prices", version, "0.0.0")
    assert unknown.returncode == 1
    assert "NotFound" in unknown.stderr


def test_problem_goes_from_file_to_plan(server: ServerProcess, toy_file: Path) -> None:
    """validate and plan read the JSON that problem --json writes."""
    assert "sound" in lodestock(server, "validate", str(toy_file)).stdout
    table = lodestock(server, "plan", str(toy_file))
    assert table.returncode == 0, table.stderr
    assert "OPTIMAL: expected cost 13,943,637 USD" in table.stdout
    answer = json.loads(lodestock(server, "plan", str(toy_file), "--json").stdout)
    assert answer["plan"]["costs"]["objective_usd"] == pytest.approx(13_943_637, rel=1e-6)
    built = lodestock(server, "problem", "cobalt", "--years", "2", "--json").stdout
    toy_file.write_text(built, encoding="utf-8")
    assert lodestock(server, "plan", str(toy_file), "--table", "contracts").returncode == 0


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("contracts", "│ cobalt/COD │      0 │"),
        ("deliveries", "│ cobalt/COD │    1 │"),
        ("balances", "│ cobalt   │    0 │"),
        ("nodes", "│    0 │     -1 │"),
        ("materials", "│ cobalt   │    13.94 │"),
        ("binding_rules", "binding_rules: none"),
        ("breaches", "breaches: none"),
        ("relaxations", "relaxations: none"),
        ("conflict", "conflict: none"),
    ],
)
def test_tables_of_a_plan_fit_a_terminal(server: ServerProcess, toy_file: Path, table: str, expected: str) -> None:
    """At 80 columns no line is longer and no name is folded, money in millions where it is large."""
    done = lodestock(server, "plan", str(toy_file), "--table", table, columns=80)
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


def test_every_table_of_a_plan_has_its_columns() -> None:
    """The columns shown are fields of the table's rows."""
    assert set(PLAN_COLUMNS) == set(PLAN_TABLES)
    plan = sourcing_pb2.Plan()
    for table in PLAN_TABLES:
        getattr(plan, table).add()
    for table, rows in PLAN_TABLES.items():
        assert set(PLAN_COLUMNS[table]) <= set(rows(plan)[0]), table


def test_unknown_table_is_refused_before_anything_is_solved(tmp_path: Path) -> None:
    """A misspelt table is a fault of usage, with no server and no file needed to see it."""
    nobody = ServerProcess(process=None, address="127.0.0.1:1", log=tmp_path)  # type: ignore[arg-type]
    done = lodestock(nobody, "plan", str(tmp_path / "absent.json"), "--table", "nonsense")
    assert done.returncode == 2
    assert "no table 'nonsense', must be one of contracts, deliveries" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_plan_is_told_in_words(server: ServerProcess, toy_file: Path) -> None:
    """Where nothing meets the hard limits no cost is printed, but what contradicts what, and what would help."""
    problem = toy_problem()
    problem.materials[0].stock.floor_days = 3000
    problem.materials[0].stock.floor_is_hard = True
    toy_file.write_text(MessageToJson(problem), encoding="utf-8")
    done = lodestock(server, "plan", str(toy_file), columns=80)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[:2] == ["INFEASIBLE: no plan meets all hard limits", "These contradict each other:"]
    told = lines.index("A plan is possible where these give way:")
    # By default there is room for two years' demand.
    assert any(line.startswith("  materials[0].stock.capacity_tonnes: ") for line in lines[2:told])
    assert lines[told + 1].startswith("  materials[0].stock.floor_days: ")
    assert "USD" not in done.stdout
    assert "Traceback" not in done.stderr


def test_faults_are_told_in_words(server: ServerProcess, toy_file: Path, tmp_path: Path) -> None:
    """Violations come as a table and a server that is not there as a sentence, never as a stack trace."""
    problem = toy_problem()
    problem.sources[0].risk = 7
    toy_file.write_text(MessageToJson(problem), encoding="utf-8")
    refused = lodestock(server, "plan", str(toy_file))
    assert refused.returncode == 1
    assert "problem.sources[0].risk" in refused.stderr
    assert "Traceback" not in refused.stderr
    nobody = lodestock(server, "models", "--address", "127.0.0.1:1")
    assert nobody.returncode == 1
    assert "Unavailable" in nobody.stderr
    assert "Traceback" not in nobody.stderr
    assert lodestock(server, "plan", str(tmp_path / "absent.json")).returncode == 2


@pytest.mark.parametrize("absent", ["typer", "rich"])
def test_command_without_its_extra_says_how_to_install(absent: str) -> None:
    """Where typer or rich is missing, the command says so and exits 2."""
    code = f"import sys; sys.modules[{absent!r}] = None; from lodestock.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert 'pip install "lodestock[cli]"' in done.stderr


def test_data_frames_without_pandas_say_how_to_install(server: ServerProcess) -> None:
    """The client works without pandas; to_frame says what is missing."""
    code = (
        "import sys; sys.modules['pandas'] = None\n"
        "from lodestock import Client\n"
        f"with Client({server.address!r}) as client:\n"
        "    models = client.list_models()\n"
        "print(len(models.rows()))\n"
        "models.to_frame()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert int(done.stdout) > 1
    assert 'pip install "lodestock[pandas]"' in done.stderr


def server_command(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the server's command."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LODESTOCK_")}
    command = [str(BIN / "lodestock-server"), *arguments]
    return subprocess.run(command, env={**clean, **variables}, capture_output=True, text=True, timeout=60, check=False)


def test_check_config_shows_what_holds(tmp_path: Path) -> None:
    """A file, overridden by the environment; secrets stay hidden."""
    config = tmp_path / "lodestock.toml"
    config.write_text('port = 6000\ncompute_workers = 3\ntoken = "sixteen characters"\n', encoding="utf-8")
    done = server_command("check-config", "--config", str(config), LODESTOCK_PORT="7000")
    assert done.returncode == 0, done.stderr
    assert "port = 7000" in done.stdout
    assert "compute_workers = 3" in done.stdout
    assert "sixteen characters" not in done.stdout


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({"LODESTOCK_HOST": "0.0.0.0"}, "not a loopback address"),
        ({"LODESTOCK_HOST": "0.0.0.0", "LODESTOCK_TOKEN": "sixteen characters"}, "not a loopback address"),
        ({"LODESTOCK_TLS_KEY_FILE": "key.pem"}, "go together"),
        ({"LODESTOCK_PORT": "many"}, "port"),
    ],
    ids=["open address", "open address with a token alone", "key without certificate", "port that is no number"],
)
def test_settings_that_do_not_hold_are_refused(variables: dict[str, str], complaint: str) -> None:
    """The server does not start, and says why."""
    for command in ("serve", "check-config"):
        done = server_command(command, **variables)
        assert done.returncode == 2
        assert complaint in done.stderr
        assert "Traceback" not in done.stderr


def test_unknown_name_in_the_file_is_refused(tmp_path: Path) -> None:
    """A misspelt name would otherwise be a setting that silently does nothing."""
    config = tmp_path / "lodestock.toml"
    config.write_text("prot = 6000\n", encoding="utf-8")
    done = server_command("check-config", "--config", str(config))
    assert done.returncode == 2
    assert "prot" in done.stderr


def test_port_that_is_taken_is_named(server: ServerProcess) -> None:
    """A second server on the same port ends with the address in its complaint."""
    done = server_command("serve", "--port", server.address.rpartition(":")[2])
    assert done.returncode == 1
    assert server.address in done.stderr
    assert "Traceback" not in done.stderr
