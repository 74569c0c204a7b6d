# Lodestock: `make` alone lists the targets. Needs python3 (3.11 or later), make and a package index; all else is fetched.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed.stamp
STUBS_INSTALLED := .venv-stubs/installed.stamp
LOCK_INSTALLED := .venv-lock/installed.stamp
ROOTS := forecasters/lodestock_forecasters optimizers/lodestock_optimizers services/lodestock_server clients/lodestock
CHECKED := $(ROOTS) tests scripts benchmarks $(wildcard examples)
CONTRACT := services/lodestock_server/contract/lodestock.binpb
COMPILE_LOCK := .venv-lock/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

.DEFAULT_GOAL := help
.PHONY: help install lint format test test-slow test-packaging test-faults test-load bench-startup \
	bench-forecast-accuracy bench-forecast-neighbours bench-forecast-speed bench-scaling bench-cancel bench-limits \
	bench-optimizer bench-laws bench-scenarios scoreboard fuzz demo stubs samples lock clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-25s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Make .venv and install the locked packages, the client and the server into it.

lint: $(INSTALLED) ## Check style, types, the contract and the direction of imports.
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/mypy $(CHECKED)
	$(BIN)/python scripts/contract.py lint
	$(BIN)/pytest tests/unit/test_layers.py

format: $(INSTALLED) ## Format the code and mend what ruff can mend.
	$(BIN)/ruff check --fix $(CHECKED)
	$(BIN)/ruff format $(CHECKED)

test: lint ## Lint, then run every test, as many files at once as there are processors.
	$(BIN)/pytest -n logical --maxprocesses=4 --dist loadfile

test-slow: $(INSTALLED) ## Run the tests that take long: backup, take-over, faults of the database, all random problems.
	$(BIN)/pytest -m slow -n logical --maxprocesses=4 --dist loadfile tests/e2e tests/faults tests/integration tests/unit
	LODESTOCK_TEST_EXAMPLES=2 $(BIN)/pytest -n logical --maxprocesses=4 --dist loadfile tests/integration tests/unit/optimizers

test-packaging: $(INSTALLED) ## Install the wheels in empty environments, once with every locked package.
	$(BIN)/pytest -m "slow or not slow" tests/packaging

test-faults: $(INSTALLED) ## Kill server, workers and PostgreSQL under 300 jobs; print what became of every one.
	GRPC_ENABLE_FORK_SUPPORT=0 $(BIN)/python -m tests.faults

test-load: $(INSTALLED) ## Offer four times the load that the server carries for a minute, and measure what it does.
	$(BIN)/python -m benchmarks.load

bench-startup: $(INSTALLED) ## Measure import and start against their bars.
	$(BIN)/python -m benchmarks.startup

bench-forecast-accuracy: $(INSTALLED) ## Forecast M1, M3, Tourism, mineral series and prices beside the peers; half an hour.
	$(BIN)/python -m benchmarks.forecast_accuracy

bench-forecast-neighbours: $(INSTALLED) ## Forecast series cut to a few values, with growth lent by longer ones and without.
	$(BIN)/python -m benchmarks.forecast_neighbours

bench-forecast-speed: $(INSTALLED) ## Forecast 10,000 series, and samples of them by the peers.
	$(BIN)/python -m benchmarks.forecast_speed

bench-laws: $(INSTALLED) ## Backtest the demand laws beside the statistical models on long series of the bundled data.
	$(BIN)/python -m benchmarks.demand_laws

bench-scenarios: $(INSTALLED) ## Measure the error of reduced scenarios, and 10,000 scenarios reduced to a few.
	$(BIN)/python -m benchmarks.scenarios

scoreboard: $(INSTALLED) ## Replay published forecasts from their vintage, and draw the plots of docs/scoreboard.md.
	$(BIN)/python -m benchmarks.scoreboard

bench-scaling: $(INSTALLED) ## Measure 1, 2 and 4 workers on PostgreSQL, and what an operation costs the database.
	GRPC_ENABLE_FORK_SUPPORT=0 $(BIN)/python -m benchmarks.scaling

bench-cancel: $(INSTALLED) ## Cancel work that would take minutes and measure how soon it is gone.
	$(BIN)/python -m benchmarks.cancelling

bench-limits: $(INSTALLED) ## Measure how solves keep their time limits, and with what gap.
	$(BIN)/python -m benchmarks.limits

bench-optimizer: $(INSTALLED) ## Measure whole answers against HiGHS alone, Pyomo and linopy; MATERIALS=20 for the lowest rungs.
	$(BIN)/python -m benchmarks.optimizer $(MATERIALS)

fuzz: $(INSTALLED) ## Send 100,000 hostile calls to a server and print what they came to; LODESTOCK_FUZZ_SEED=random.
	$(BIN)/python -m tests.fuzz

demo: $(INSTALLED) ## Start a server, run the national plan through the client, stop the server.
	$(BIN)/python examples/run_demo.py

stubs: $(STUBS_INSTALLED) ## Generate the client's stubs and the server's contract from proto/.
	.venv-stubs/bin/python scripts/contract.py stubs

samples: $(INSTALLED) ## Record the sample answers of lodestock.testing from a server of this tree.
	$(BIN)/python scripts/record_samples.py

lock: $(LOCK_INSTALLED) ## Resolve the requirements*.lock files anew.
	$(COMPILE_LOCK) pyproject.toml clients/pyproject.toml --extra cli --extra pandas --group dev \
		--no-emit-package lodestock --output-file requirements.lock
	$(COMPILE_LOCK) pyproject.toml clients/pyproject.toml --extra cli \
		--no-emit-package lodestock --output-file requirements-server.lock
	$(COMPILE_LOCK) --group build --output-file requirements-build.lock
	$(COMPILE_LOCK) --group stubs --output-file requirements-stubs.lock

clean: ## Remove environments, caches and builds.
	rm -rf .venv .venv-stubs .venv-lock dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp holds until a lock or a project file changes; a half-made environment leaves no stamp.
$(INSTALLED): requirements.lock pyproject.toml clients/pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e ./clients -e .
	@touch $@

$(STUBS_INSTALLED): requirements-stubs.lock
	$(PYTHON) -m venv .venv-stubs
	.venv-stubs/bin/python -m pip install --quiet --require-hashes -r requirements-stubs.lock
	@touch $@

$(LOCK_INSTALLED):
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet uv
	@touch $@
