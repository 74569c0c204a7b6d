"""The commands lodestock and lodestock-server, as users type them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToJson

from tests.server_process import ServerProcess
from tests.toy_problem import toy_problem

BIN = Path(sys.executable).parent


def lodestock(server: ServerProcess, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the client's command against a server."""
    environment = {**os.environ, "LODESTOCK_ADDRESS": server.address, "COLUMNS": "200"}
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
        (["forecast", "cobalt", "--horizon", "3"], "cobalt/USA"),
        (["risk", "cobalt"], "eu_supply_risk"),
        (["problem", "cobalt", "--years", "3"], "cobalt/"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_calls_print_tables(server: ServerProcess, arguments: list[str], expected: str) -> None:
    """Each call prints a table that a person can read."""
    done = lodestock(server, *arguments)
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout


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
