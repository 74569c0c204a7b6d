"""Long work on the server as the caller holds it: how it stands, waiting for it, stopping it, its result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from google.rpc.status_pb2 import Status

from lodestock.answers import Listing
from lodestock.errors import DeadlineExceeded, JobCancelled, JobFailed, LodestockError, reason_of, violations_of
from lodestock.operations import Operations
from lodestock.progress import shown
from lodestock.tables import Row, row_of
from lodestock.v1 import operations_pb2 as v1

Result_co = TypeVar("Result_co", covariant=True)


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job as it stood when the server was asked; `message` is the google.longrunning.Operation."""

    message: Any

    @property
    def name(self) -> str:
        """Name of the operation, such as "operations/…"."""
        return str(self.message.name)

    @property
    def metadata(self) -> v1.OperationMetadata:
        """What is known of it: method, times, attempts, worker, caller, request_id, display_name."""
        metadata = v1.OperationMetadata()
        self.message.metadata.Unpack(metadata)
        return metadata

    @property
    def state(self) -> str:
        """QUEUED, RUNNING, SUCCEEDED, FAILED or CANCELLED."""
        return str(row_of(self.metadata)["state"])

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return bool(self.message.done)

    @property
    def progress(self) -> v1.OperationProgress:
        """How far it is."""
        return self.metadata.progress

    @property
    def result_name(self) -> str:
        """Name of the stored result, such as "plans/…"; empty until it has succeeded."""
        return self.metadata.result

    @property
    def error(self) -> LodestockError | None:
        """Why there is no result; None while there may be one."""
        return error_of(self.message.error) if self.message.HasField("error") else None

    def row(self) -> Row:
        """As a row of a table."""
        metadata = self.metadata
        times = {
            name: getattr(metadata, name).ToDatetime() if metadata.HasField(name) else None
            for name in ("create_time", "start_time", "end_time")
        }
        return {"name": self.name, **row_of(metadata), **times, **row_of(metadata.progress)}


@dataclass(frozen=True, slots=True)
class JobList(Listing[Any]):
    """The caller's jobs, the newest first; `message` is the google.longrunning.ListOperationsResponse."""

    def __iter__(self) -> Iterator[JobStatus]:
        return (JobStatus(operation) for operation in self.message.operations)

    def __len__(self) -> int:
        return len(self.message.operations)

    def rows(self) -> list[Row]:
        """One row a job."""
        return [status.row() for status in self]


class Job(Generic[Result_co]):
    """Long work on the server. It goes on whether or not anybody waits for it, and outlasts both sides' restarts.

        with client.run_optimization(problem) as job:
            plan = job.result(progress=True)

    In a `with` statement the job is cancelled where the block ends with an exception. Methods that wait go on where
    they were when the server goes away and comes back.
    """

    def __init__(self, operations: Operations, operation: Any, fetch: Callable[[str], Result_co]) -> None:
        """Take what the methods need.

        Args:
            operations: Calls about operations.
            operation: The operation as it stands.
            fetch: Gets a stored result by its name.
        """
        self._operations = operations
        self._fetch = fetch
        self._last = JobStatus(operation)

    def __repr__(self) -> str:
        return f"<Job {self.name} {self._last.metadata.method} {self.state}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or self._last.done:
            return
        try:
            self.cancel()
        except LodestockError as failed:
            error.add_note(f"{self.name} could not be cancelled: {failed}")

    @property
    def name(self) -> str:
        """Name of the operation, such as "operations/…"; `client.job(name)` finds it again."""
        return self._last.name

    @property
    def state(self) -> str:
        """How it stood when the server was last asked: QUEUED, RUNNING, SUCCEEDED, FAILED or CANCELLED."""
        return self._last.state

    @property
    def progress(self) -> v1.OperationProgress:
        """How far it was when the server was last asked."""
        return self._last.progress

    def status(self) -> JobStatus:
        """Ask the server how it stands."""
        self._last = JobStatus(self._operations.get(self.name))
        return self._last

    def wait(
        self, timeout_s: float | None = None, *, progress: bool | Callable[[JobStatus], None] = False
    ) -> JobStatus:
        """Wait until it has ended, however it ends.

        Args:
            timeout_s: Seconds to wait. None: until the end.
            progress: Show how far it is on stderr: a bar on a terminal, else a line now and then. Or a function that is
                called with each status that is heard of.

        Returns:
            How it ended, or how it stands when the time is over.

        Raises:
            Unavailable: No server has answered for minutes, or for the time given. The job goes on.
        """
        if self._last.done:
            return self._last
        if progress is False:
            self._last = JobStatus(self._operations.wait(self.name, timeout_s))
            return self._last
        try:
            if callable(progress):
                self._tell(progress, timeout_s)
            else:
                with shown(self._last.metadata.display_name or self._last.metadata.method) as show:
                    self._tell(lambda status: show(status.state, status.progress), timeout_s)
        except DeadlineExceeded:
            pass
        return self._last if self._last.done else self.status()

    def _tell(self, heard: Callable[[JobStatus], None], timeout_s: float | None) -> None:
        heard(self._last)
        for _ in self.watch(timeout_s=timeout_s):
            heard(self._last)

    def watch(self, after: int = 0, *, timeout_s: float | None = None) -> Iterator[v1.WatchOperationResponse]:
        """What happens to it, each event once and in order of its `sequence`, until it has ended.

        Args:
            after: Number of the last event that is known already. 0: from the start.
            timeout_s: Seconds to wait. None: until the end.

        Raises:
            DeadlineExceeded: The time is over.
            Unavailable: No server has answered for minutes, or for the time given. The job goes on.
        """
        for event in self._operations.events(self.name, after, timeout_s):
            self._last = JobStatus(event.operation) if event.HasField("operation") else later(self._last, event)
            yield event

    def result(
        self, timeout_s: float | None = None, *, progress: bool | Callable[[JobStatus], None] = False
    ) -> Result_co:
        """Wait for the result and fetch it: what the call of the same work that waits for the answer returns.

        Args:
            timeout_s: Seconds to wait. None: until the end.
            progress: As `wait` takes it.

        Raises:
            JobFailed: It ended with an error; `violations` says which fields are to blame, if any are.
            JobCancelled: It was cancelled.
            DeadlineExceeded: It has not ended in time; it goes on.
            Unavailable: No server has answered for minutes, or for the time given. The job goes on.
        """
        status = self.wait(timeout_s, progress=progress)
        if status.error is not None:
            raise status.error
        if not status.done:
            raise DeadlineExceeded(f"{self.name} is {status.state} after {timeout_s:g} s; it goes on")
        return self._fetch(status.result_name)

    def cancel(self) -> None:
        """Stop it; no effect where it has ended."""
        self._operations.cancel(self.name)

    def delete(self) -> None:
        """Have the server forget it, once it has ended. Its result stays.

        Raises:
            StillRunning: It has not ended.
        """
        self._operations.delete(self.name)


def later(status: JobStatus, event: v1.WatchOperationResponse) -> JobStatus:
    """A status with what an event says."""
    metadata = status.metadata
    metadata.state = event.state
    metadata.attempts = max(metadata.attempts, event.attempt)
    if event.HasField("progress"):
        metadata.progress.CopyFrom(event.progress)
    operation = type(status.message)(name=status.name)
    operation.metadata.Pack(metadata)
    return JobStatus(operation)


def error_of(status: Status) -> LodestockError:
    """The error that an operation ended with."""
    if reason_of(status) == "CANCELLED":
        return JobCancelled(status.message)
    return JobFailed(status.message, reason_of(status), violations_of(status))
