"""Attends one attempt at a task: hands it to a compute process, passes on how far it is, and judges how it ended."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from dbos import error as dbos_errors

from lodestock_server.compute import ProcessDied, Task, TaskFault, TaskOverdue, TaskStopped
from lodestock_server.errors import DatabaseUnavailable, ServiceError
from lodestock_server.jobs.events import Report
from lodestock_server.jobs.failure import failure, failure_of, internal_failure
from lodestock_server.jobs.job import JobError, Progress
from lodestock_server.log import get_log
from lodestock_server.workers.attempts import Attempt
from lodestock_server.workers.engine import WorkEngine
from lodestock_server.workers.patience import Unwanted, patient
from lodestock_server.workers.slots import ComputeSlots

TRIES = 3
"""Processes that a task may cost in one attempt."""
LEAST_BETWEEN_REPORTS_S = 0.5


class Reporter:
    """Writes down how far an attempt is: each stage at once, else twice a second at most. For the attempt's thread.

    What cannot be written because the database is away is left out: the work does not wait for that.
    """

    def __init__(self, engine: WorkEngine, attempt: Attempt, number: int, began_at: datetime) -> None:
        """Take what reports say.

        Args:
            engine: where they go.
            attempt: of which they are.
            number: of the attempt.
            began_at: this moment, by the database's clock; later ones are counted from it, so that none is before it.
        """
        self._engine = engine
        self._attempt = attempt
        self._number = number
        self._began_at = began_at
        self._began_s = time.monotonic()
        self._stage = ""
        self._reported_s = 0.0

    def begin(self) -> None:
        """Say that the attempt has begun."""
        self._write(None)

    def progress(self, progress: Progress) -> None:
        """Say how far it is."""
        now_s = time.monotonic()
        if progress.stage != self._stage or now_s - self._reported_s >= LEAST_BETWEEN_REPORTS_S:
            if self._write(progress):
                self._stage = progress.stage
            self._reported_s = time.monotonic()

    def _write(self, progress: Progress | None) -> bool:
        at = self._began_at + timedelta(seconds=time.monotonic() - self._began_s)
        report = Report(at, self._number, self._engine.name, progress)
        try:
            if not self._engine.report(self._attempt.claim, json.dumps(report.to_json())):
                # The guard would say so in a moment; the task is to stop in good order.
                self._attempt.stopped.set()
        except DatabaseUnavailable:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Attendant:
    """Gets a task done in an attempt."""

    slots: ComputeSlots
    attempt: Attempt
    reporter: Reporter

    def answer(self, task: Task, request: bytes, limit_s: float) -> bytes:
        """The task's answer.

        Raises:
            PortableWorkflowError: The job has failed, for a reason that trying again does not remove.
            DBOSWorkflowCancelledError: The attempt is not wanted any more. DBOS records nothing then, and waits for
                what others make of the job.
        """
        compute = patient(self.attempt, self._compute)
        for tried in range(1, TRIES + 1):
            try:
                return compute(task, request, limit_s)
            except ProcessDied:
                get_log().error("compute process lost", task=task.__name__, tried=tried)
            except (TaskStopped, Unwanted) as error:
                raise not_wanted() from error
        message = f"the process that computed it died {TRIES} times; it may need more memory than there is"
        raise failure(JobError("ABORTED", "WORKER_LOST", message))

    def _compute(self, task: Task, request: bytes, limit_s: float) -> bytes:
        try:
            return self.slots.run(task, request, limit_s, self.attempt.wanted, self.reporter.progress)
        except TaskOverdue as error:
            raise failure(JobError("DEADLINE_EXCEEDED", "OUT_OF_TIME", str(error))) from error
        except TaskFault as fault:
            get_log().error("task failed", task=task.__name__, trace=str(fault))
            raise internal_failure(self.attempt.job_id) from fault
        except DatabaseUnavailable:
            raise
        except ServiceError as error:
            raise failure_of(error) from error


def not_wanted() -> dbos_errors.DBOSWorkflowCancelledError:
    """What ends an attempt without an outcome."""
    return dbos_errors.DBOSWorkflowCancelledError("the attempt is not wanted any more")
