"""The commands about jobs."""

from __future__ import annotations

from typing import Annotated

import typer

from lodestock.jobs import JobStatus
from lodestock.printing import Address, AsJson, connected, show, show_named, text_of
from lodestock.progress import in_words
from lodestock.tables import Row, row_of
from lodestock.v1 import operations_pb2 as v1

jobs_app = typer.Typer(no_args_is_help=True, help="Long work on the server: list, follow, wait for, cancel, delete.")

JobName = Annotated[str, typer.Argument(help="Name of the job, such as operations/…, or what follows the slash.")]


@jobs_app.command("list")
def list_jobs(
    state: Annotated[
        list[str] | None,
        typer.Option("--state", help="QUEUED, RUNNING, SUCCEEDED, FAILED or CANCELLED; repeatable; none: all."),
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="Most jobs to list, the newest ones.")] = 100,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """List your jobs, the newest first. What a terminal has no room for is in 'jobs show'."""
    with connected(address) as client:
        result = client.jobs([name.upper() for name in state or ()], most=most)
    show_named(result.message, [job_row(status) for status in result], as_json, "no jobs")


@jobs_app.command("show")
def show_job(name: JobName, address: Address = None, as_json: AsJson = False) -> None:
    """Say how a job stands; exit 1 where it ended without a result."""
    with connected(address) as client:
        print_status(client.job(operation_name(name)).status(), as_json)


@jobs_app.command("watch")
def watch_job(
    name: JobName,
    after: Annotated[int, typer.Option(help="Only events after this number.")] = 0,
    address: Address = None,
) -> None:
    """Print what happens to a job until it has ended, an event a line."""
    with connected(address) as client:
        for event in client.job(operation_name(name)).watch(after):
            print(event_line(event), flush=True)


@jobs_app.command("wait")
def wait_for_job(
    name: JobName,
    timeout_s: Annotated[float | None, typer.Option(help="Most seconds to wait; none: until the end.")] = None,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Wait until a job has ended, showing how far it is; exit 1 where it has no result."""
    with connected(address) as client:
        status = client.job(operation_name(name)).wait(timeout_s, progress=True)
        print_status(status, as_json)
    if not status.done:
        raise typer.Exit(1)


@jobs_app.command("cancel")
def cancel_job(name: JobName, address: Address = None) -> None:
    """Stop a job."""
    with connected(address) as client:
        client.job(operation_name(name)).cancel()


@jobs_app.command("delete")
def delete_job(name: JobName, address: Address = None) -> None:
    """Have the server forget a job that has ended. Its result stays."""
    with connected(address) as client:
        client.job(operation_name(name)).delete()


def operation_name(name: str) -> str:
    """The full name of a job."""
    return name if "/" in name else f"operations/{name}"


def job_row(status: JobStatus) -> Row:
    """A job as a row, what matters most first. Times are UTC."""
    metadata = status.metadata
    return {
        "job": status.name,
        "state": status.state,
        "what": metadata.display_name or metadata.method,
        "how far": in_words(status.state, status.progress) if status.state == "RUNNING" else "",
        "accepted": metadata.create_time.ToDatetime(),
        "began": metadata.start_time.ToDatetime() if metadata.HasField("start_time") else None,
        "ended": metadata.end_time.ToDatetime() if metadata.HasField("end_time") else None,
        "attempts": metadata.attempts,
        "result": status.result_name,
    }


def print_status(status: JobStatus, as_json: bool) -> None:
    """Print how a job stands, a line for each thing that is known.

    Raises:
        JobFailed, JobCancelled: It ended without a result.
    """
    if as_json:
        show(status.message, (), None, as_json)
    else:
        told = {name: text_of(value) for name, value in job_row(status).items()}
        print("\n".join(f"{name}: {text}" for name, text in told.items() if text))
    if status.error is not None:
        raise status.error


def event_line(event: v1.WatchOperationResponse) -> str:
    """An event as a line."""
    state = str(row_of(event)["state"])
    words = in_words(state, event.progress) if event.HasField("progress") else state
    at = event.time.ToDatetime().isoformat(" ", "milliseconds")
    return f"{event.sequence} {at} attempt {event.attempt}: {words}"
