"""Jobs over a real server: accepted once, followed, stopped, and their results stored, listed and compared."""

from __future__ import annotations

import io
import json
import shutil
import signal
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, redirect_stderr
from pathlib import Path

import grpc
import pytest
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import code_pb2

from lodestock import (
    AlreadyExists,
    Client,
    InvalidRequest,
    Job,
    JobCancelled,
    NotFound,
    StillRunning,
    Unavailable,
    operations,
)
from lodestock.v1 import operations_pb2 as v1
from lodestock.v1 import operations_pb2_grpc as v1_grpc
from tests.server_process import filled_database, running_server, until_true
from tests.toy_problem import OPTIMUM_USD, supplier, toy_problem

TOKENS = {"alice": "a token of alice's, long enough", "bob": "a token of bob's, long enough"}
# Its worker does not step back behind whatever else the machine does.
SETTINGS = {
    "LODESTOCK_WORKER_NICE": "0",
    "LODESTOCK_JOB_WORKERS": "1",
    "LODESTOCK_DRAIN_S": "1",
    "LODESTOCK_TOKENS": json.dumps(TOKENS),
}
PATIENCE_S = 120.0
TIMES = {"compute_s", "build_s", "compile_s", "solve_s", "convert_s", "created_at"}


class Served:
    """A server with two callers and one worker, which can be started again: at the same address, with the same data."""

    def __init__(self, folder: Path) -> None:
        shutil.copy(filled_database(), folder)
        self._environment = {**SETTINGS, "LODESTOCK_DATA_DIR": str(folder)}
        self._running = ExitStack()
        self.process = self._running.enter_context(running_server(environment=self._environment))
        self.address = self.process.address

    def stop(self, how: signal.Signals) -> None:
        """Have it stop, or kill it."""
        self.process.signal(how)

    def start_again(self) -> None:
        """Start it once the last one is gone."""
        self._running.close()
        port = int(self.address.rpartition(":")[2])
        self.process = self._running.enter_context(running_server(environment=self._environment, port=port))

    def close(self) -> None:
        """Stop it for good."""
        self._running.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all tests here."""
    server = Served(tmp_path_factory.mktemp("jobs"))
    yield server
    server.close()


@pytest.fixture
def alice(served: Served) -> Iterator[Client]:
    """A caller."""
    with Client(served.address, token=TOKENS["alice"]) as client:
        yield client


@pytest.fixture
def bob(served: Served) -> Iterator[Client]:
    """Another caller."""
    with Client(served.address, token=TOKENS["bob"]) as client:
        yield client


def without_times(message: Message) -> Message:
    """A copy of an answer without what differs from run to run."""
    copy = type(message)()
    copy.CopyFrom(message)
    clear_times(copy)
    return copy


def clear_times(message: Message) -> None:
    """Clear the times in a message."""
    for field, value in message.ListFields():
        if field.name in TIMES:
            message.ClearField(field.name)
        elif field.message_type is not None and not field.message_type.GetOptions().map_entry:
            for part in value if field.is_repeated else (value,):
                clear_times(part)


def many_series(count: int) -> dict[str, dict[int, float]]:
    """Series that take the default combination some tenths of a second each."""
    return {f"s{i}": {1990 + year: 100.0 + i + (7 * year + i) % 11 for year in range(34)} for i in range(count)}


def begin_long_work(client: Client) -> Job[object]:
    """A job that would take minutes."""
    return client.run_backtest(many_series(40), horizon=3, display_name="minutes of work")


def is_running(job: Job[object]) -> bool:
    """Whether a worker is at a job."""
    return until_true(lambda: job.status().state == "RUNNING", PATIENCE_S)


def test_plan_of_a_job_is_the_plan_of_the_call(alice: Client) -> None:
    """Stored with what is known of it, and fetched by name it knows its problem."""
    job = alice.run_optimization(toy_problem(), time_limit_s=30, display_name="toy")
    plan = job.result(PATIENCE_S)
    called = alice.optimize_sourcing(toy_problem(), time_limit_s=30)
    assert without_times(plan.message) == without_times(called.message)
    name = job.status().result_name
    (listed,) = [stored for stored in alice.plans() if stored.info.name == name]
    assert (listed.info.display_name, listed.info.caller, listed.info.operation) == ("toy", "alice", job.name)
    assert listed.expected_cost_usd == pytest.approx(OPTIMUM_USD)
    assert listed.info.expire_time.ToSeconds() > listed.info.create_time.ToSeconds()
    fetched = alice.plan(name)
    assert fetched.message == plan.message
    assert fetched.built is not None
    assert fetched.built.problem == toy_problem()
    assert alice.trace(fetched, "costs.contract_usd")["costs.contract_usd"].rests_on_something


def test_batch_and_backtest_answer_as_the_calls_do(alice: Client) -> None:
    """A series that cannot be forecast fails for itself."""
    options = {"horizon": 2, "model": "drift", "seed": 3}
    job = alice.batch_forecast_demand(many_series(5), **options)  # type: ignore[arg-type]
    tested = alice.run_backtest(many_series(2), horizon=1, models=["naive", "drift"], most_origins=2)
    called = alice.forecast_demand(many_series(5), **options)  # type: ignore[arg-type]
    assert list(job.result(PATIENCE_S).message.forecasts) == list(called.message.forecasts)
    assert job.result().failures == {}
    scores = alice.backtest_models(many_series(2), horizon=1, models=["naive", "drift"], most_origins=2)
    assert without_times(tested.result(PATIENCE_S).message) == without_times(scores.message)
    (stored,) = [one for one in alice.forecasts() if one.info.operation == job.name]
    assert (stored.series, stored.failures, stored.horizon, stored.model) == (5, 0, 2, "drift")
    (stored_backtest,) = [one for one in alice.backtests() if one.info.operation == tested.name]
    assert list(stored_backtest.models) == ["naive", "drift"]
    assert alice.backtest(stored_backtest.info.name).rows() == tested.result().rows()


def test_problem_without_a_plan_is_a_result(alice: Client) -> None:
    problem = toy_problem()
    problem.materials[0].stock.floor_days = 3000
    problem.materials[0].stock.floor_is_hard = True
    job = alice.run_optimization(problem)
    plan = job.result(PATIENCE_S)
    assert (plan.status, job.state) == ("INFEASIBLE", "SUCCEEDED")
    assert plan.plan.relaxations


def test_request_id_gives_the_job_of_then(alice: Client, bob: Client) -> None:
    """With another request it is refused; another caller's is another job."""
    request_id = str(uuid.uuid4())
    first, again = (alice.run_optimization(toy_problem(), request_id=request_id) for _ in range(2))
    assert first.name == again.name
    first.wait(PATIENCE_S)
    ended = alice.run_optimization(toy_problem(), request_id=request_id)
    assert (ended.name, ended.state) == (first.name, "SUCCEEDED")
    assert len([job for job in alice.jobs() if job.metadata.request_id == request_id]) == 1
    with pytest.raises(AlreadyExists, match=request_id):
        alice.run_optimization(toy_problem(), request_id=request_id, time_limit_s=30)
    assert bob.run_optimization(toy_problem(), request_id=request_id).name != first.name


def test_what_is_invalid_is_refused_before_anything_is_accepted(alice: Client) -> None:
    """Rules of the contract and checks across fields, by their place in the request."""
    accepted = len(alice.jobs())
    problem = toy_problem()
    problem.sources[0].risk = 7
    problem.sources.append(supplier("AUS", 1, 1))
    with pytest.raises(InvalidRequest) as caught:
        alice.run_optimization(problem, request_id="no identifier")
    assert {"request_id", "problem.sources[0].risk", "problem.sources[2].source_id"} <= {
        found.field_path for found in caught.value.violations
    }
    with pytest.raises(InvalidRequest) as caught:
        alice.batch_forecast_demand({"a": {2020: 1.0, 2021: -1.0}}, horizon=0, display_name="x" * 201)
    assert {"display_name", "forecast.horizon"} <= {found.field_path for found in caught.value.violations}
    with pytest.raises(InvalidRequest) as caught:
        alice.run_backtest(buyer="XYZ", horizon=1, models=["oracle"], display_name="two\nlines")
    assert {"backtest.stored.buyer", "backtest.models[0]", "display_name"} <= {
        found.field_path for found in caught.value.violations
    }
    assert len(alice.jobs()) == accepted


def test_running_job_is_cancelled_and_gone(alice: Client) -> None:
    """The state turns at once, the work is gone, and there is no result; until then it cannot be deleted."""
    job = begin_long_work(alice)
    assert is_running(job)
    with pytest.raises(StillRunning):
        job.delete()
    job.cancel()
    assert job.wait(PATIENCE_S).state == "CANCELLED"
    with pytest.raises(JobCancelled):
        job.result()
    operation = job.status().message
    assert operation.error.code == code_pb2.CANCELLED
    # The one process of the one worker is free for others.
    assert alice.run_optimization(toy_problem()).result(PATIENCE_S)
    job.cancel()
    job.delete()
    with pytest.raises(NotFound):
        job.status()


def test_block_that_fails_cancels_its_job(alice: Client) -> None:
    with pytest.raises(RuntimeError), begin_long_work(alice) as job:
        raise RuntimeError
    assert job.wait(PATIENCE_S).state == "CANCELLED"


def test_wait_ends_with_its_time(served: Served, alice: Client) -> None:
    """And with the call's own deadline, shortly before it, so that the answer still arrives."""
    with begin_long_work(alice) as job:
        assert not job.wait(0.2).done
        with grpc.insecure_channel(served.address) as channel:
            request = operations_pb2.WaitOperationRequest(name=job.name, timeout=Duration(seconds=10**9))
            carried = (("authorization", f"Bearer {TOKENS['alice']}"),)
            answer = operations_pb2_grpc.OperationsStub(channel).WaitOperation(request, timeout=2, metadata=carried)
        assert not answer.done
        job.cancel()


def test_another_callers_jobs_and_results_are_not_there(alice: Client, bob: Client) -> None:
    job = alice.run_optimization(toy_problem())
    job.wait(PATIENCE_S)
    name = job.status().result_name
    theirs = Job(bob._operations, job.status().message, lambda _: None)
    for attempt in (theirs.status, theirs.cancel, theirs.delete, lambda: list(theirs.watch())):
        with pytest.raises(NotFound):
            attempt()
    for fetch in (bob.plan, bob.delete_plan, lambda plan: bob.compare_plans(plan, "plans/other")):
        with pytest.raises(NotFound):
            fetch(name)
    assert job.name not in {one.name for one in bob.jobs()}
    assert name not in {one.info.name for one in bob.plans()}
    assert alice.plan(name)


def test_jobs_are_listed_by_page_and_state(served: Served, bob: Client) -> None:
    """The newest first, each once, whatever the pages' size. SQLite tells times to the second."""
    for _ in range(3):
        bob.run_optimization(toy_problem()).wait(PATIENCE_S)
    stopped = begin_long_work(bob)
    stopped.cancel()
    stopped.wait(PATIENCE_S)
    whole = [job.name for job in bob.jobs()]
    assert stopped.name in whole
    times = [job.metadata.create_time.ToSeconds() for job in bob.jobs()]
    assert times == sorted(times, reverse=True)
    with grpc.insecure_channel(served.address) as channel:
        listing = operations_pb2_grpc.OperationsStub(channel).ListOperations
        carried = (("authorization", f"Bearer {TOKENS['bob']}"),)
        found, token = [], ""
        while True:
            request = operations_pb2.ListOperationsRequest(name="operations", page_size=2, page_token=token)
            page = listing(request, metadata=carried)
            assert len(page.operations) <= 2
            found += [operation.name for operation in page.operations]
            token = page.next_page_token
            if not token:
                break
        forged = operations_pb2.ListOperationsRequest(page_token="Mw==")
        with pytest.raises(grpc.RpcError, match="page_token: is none that this server gave out"):
            listing(forged, metadata=carried)
    assert found == whole
    assert {job.state for job in bob.jobs(["SUCCEEDED"])} == {"SUCCEEDED"}
    assert [job.name for job in bob.jobs(["CANCELLED"])] == [stopped.name]
    assert len(bob.jobs(["SUCCEEDED", "CANCELLED"])) == len(whole)
    with pytest.raises(InvalidRequest) as caught:
        bob.jobs(["SLEEPING"])
    assert caught.value.violations[0].field_path == "filter"


def test_stored_plans_are_compared_and_deleted(alice: Client) -> None:
    """Costs first, each value under its plan's name; the path can be traced."""
    dearer = toy_problem()
    dearer.sources[0].unit_price_usd_per_tonne[0] *= 1.1
    jobs = [alice.run_optimization(problem) for problem in (toy_problem(), dearer)]
    plans = [job.result(PATIENCE_S) for job in jobs]
    first, second = (job.status().result_name for job in jobs)
    comparison = alice.compare_plans(first, second, most_figures=10)
    assert comparison.names == (first, second)
    rows = {row["path"]: row for row in comparison.rows()}
    assert [rows["costs.expected_cost_usd"][name] for name in (first, second)] == [
        plan.costs.expected_cost_usd for plan in plans
    ]
    assert [row["unit"] for row in comparison.rows()] == ["USD"] * len(rows)
    assert comparison.message.differing_figures > len(comparison)
    differences = [abs(row[second] - row[first]) for row in comparison.rows()]
    assert differences == sorted(differences, reverse=True)
    assert alice.trace(plans[0], *rows)
    with pytest.raises(InvalidRequest):
        alice.compare_plans(first, first)
    alice.delete_plan(second)
    with pytest.raises(NotFound):
        alice.plan(second)
    # The operation still says that it came to a result.
    assert jobs[1].status().state == "SUCCEEDED"


def test_progress_is_shown_line_by_line(alice: Client) -> None:
    """Parts are counted, and where no terminal is each stage has its line."""
    shown = io.StringIO()
    with redirect_stderr(shown):
        status = alice.batch_forecast_demand(many_series(30), horizon=1, display_name="thirty").wait(
            PATIENCE_S, progress=True
        )
    assert status.state == "SUCCEEDED"
    lines = shown.getvalue().splitlines()
    assert lines[-1] == "thirty: SUCCEEDED"
    assert any(" of 30" in line for line in lines)


def test_watch_goes_on_after_the_server_was_killed(served: Served, alice: Client) -> None:
    """Events keep their numbers: none is missing and none comes twice; the job ends as if nothing had been."""
    heard: list[v1.WatchOperationResponse] = []
    job = alice.run_backtest(many_series(2), horizon=1, models=["default"], most_origins=2)
    watching = threading.Thread(target=lambda: heard.extend(job.watch()))
    watching.start()
    assert until_true(lambda: heard, PATIENCE_S)
    served.stop(signal.SIGKILL)
    served.start_again()
    watching.join(PATIENCE_S)
    assert not watching.is_alive()
    assert [event.sequence for event in heard] == list(range(1, len(heard) + 1))
    assert [event.sequence for event in job.watch()] == [event.sequence for event in heard]
    assert heard[-1].operation.done
    assert len(job.result()) == 2


def test_server_that_goes_down_lets_those_who_wait_go(served: Served, alice: Client) -> None:
    """Who waits hears how the job stands, who watches is told to ask again; the job is there after the next start."""
    job = begin_long_work(alice)
    carried = (("authorization", f"Bearer {TOKENS['alice']}"),)
    with grpc.insecure_channel(served.address) as channel:
        waiting = operations_pb2_grpc.OperationsStub(channel).WaitOperation.future(
            operations_pb2.WaitOperationRequest(name=job.name), timeout=PATIENCE_S, metadata=carried
        )
        watching = v1_grpc.OperationServiceStub(channel).WatchOperation(
            v1.WatchOperationRequest(name=job.name), timeout=PATIENCE_S, metadata=carried
        )
        # One event: a worker has begun.
        assert next(watching).sequence == 1
        served.stop(signal.SIGTERM)
        assert not waiting.result().done
        with pytest.raises(grpc.RpcError) as caught:
            list(watching)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    served.start_again()
    found = alice.job(job.name)
    assert found.state in ("QUEUED", "RUNNING")
    found.cancel()
    assert found.wait(PATIENCE_S).state == "CANCELLED"


def test_who_watches_hears_that_the_server_is_gone_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by waiting for ever: gRPC by itself may never tell how a stream ended that it tried again."""
    monkeypatch.setattr(operations, "MOST_SILENCE_S", 3.0)
    with ThreadPoolExecutor(1) as watching, running_server() as gone, Client(gone.address) as client:
        job = client.run_optimization(toy_problem())
        heard = watching.submit(lambda: list(job.watch()))
        threading.Timer(1.0, gone.signal, [signal.SIGKILL]).start()
        assert isinstance(heard.exception(timeout=60), Unavailable)
