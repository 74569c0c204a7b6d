"""The workflows: which steps a job takes, so that whoever goes on with it knows which are done.

A job that is computed whole takes two: `compute` leaves the answer under its digest, `publish` makes it a result under
the job's name. Only the digest that the first recorded is published, and only a job whose result is stored succeeds.
A job in parts is split, its parts are computed by workflows of their own, on whichever workers are free, and what they
leave is merged and published.

To change a step so that it cannot go on after an old one, raise `jobs.database.PROTOCOL`.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

from dbos import DBOS, PortableWorkflowError, SetEnqueueOptions, SetWorkflowID
from dbos import error as dbos_errors

from lodestock_server import identity, log, tasks, tracing
from lodestock_server.compute import Task
from lodestock_server.converters.results import summary_of
from lodestock_server.errors import AlreadyExists, AnswerTooLarge, DatabaseUnavailable, NotFound
from lodestock_server.jobs import database
from lodestock_server.jobs.failure import failure_of, internal_failure
from lodestock_server.jobs.job import JobState
from lodestock_server.jobs.kinds import BATCH_FORECAST, KINDS, RUN_BACKTEST, RUN_OPTIMIZATION
from lodestock_server.jobs.ticket import Ticket
from lodestock_server.log import get_log
from lodestock_server.metrics import JOB_ATTEMPTS, JOB_COMPUTE_SECONDS, JOB_QUEUE_SECONDS, JOBS_ENDED
from lodestock_server.store.faults import is_transient
from lodestock_server.store.results import NotAllowed
from lodestock_server.workers import batch
from lodestock_server.workers.attempts import Attempt, Attempts
from lodestock_server.workers.attending import Attendant, Reporter, not_wanted
from lodestock_server.workers.engine import current_claim
from lodestock_server.workers.gathering import Gathering, Part
from lodestock_server.workers.patience import Unwanted, patient
from lodestock_server.workers.workshop import Workshop

Json: TypeAlias = dict[str, Any]
Step = Callable[[Ticket, Attempt], Json]

FORECAST_PART = "ForecastPart"
PART_FAILED = "the part of the batch that it was in failed; the worker's log has the reason"
SPLIT_LIMIT_S = 600.0
MERGE_LIMIT_S = 600.0
AROUND_ANSWER_BYTES = 64 * 1024
"""What goes around an answer when it is fetched: its name, its summary."""

TASKS: Mapping[str, Task] = {
    RUN_OPTIMIZATION.name: tasks.optimize_sourcing,
    RUN_BACKTEST.name: tasks.backtest_models,
    FORECAST_PART: batch.forecast_part,
}
"""What is computed, by the workflow's name."""


class Workflows:
    """The workflows, with the steps that they are made of."""

    def __init__(self, shop: Workshop, gathering: Gathering, work: Mapping[str, Task] = TASKS) -> None:
        """Take what the steps use.

        Args:
            shop: tools.
            gathering: asks for parts.
            work: what is computed, by the workflow's name.
        """
        self._shop = shop
        self._gathering = gathering
        self._work = work
        self._part_workflow: Callable[[Json], Json]

    def register(self, max_attempts: int) -> None:
        """Make them known to DBOS.

        Args:
            max_attempts: how often a job is begun before it fails.
        """
        # DBOS counts the attempts that come after the first.
        workflow, shop = partial(DBOS.workflow, max_recovery_attempts=max_attempts - 1), self._shop

        @workflow(name=RUN_OPTIMIZATION.name)
        def run_optimization(ticket: Json) -> Json:
            return counted(ticket, self._whole, shop)

        @workflow(name=RUN_BACKTEST.name)
        def run_backtest(ticket: Json) -> Json:
            return counted(ticket, self._whole, shop)

        @workflow(name=BATCH_FORECAST.name)
        def batch_forecast(ticket: Json) -> Json:
            return counted(ticket, self._in_parts, shop)

        @workflow(name=FORECAST_PART)
        def forecast_part(ticket: Json) -> Json:
            return outlived(Ticket.from_json(ticket), lambda given: self._step("compute", given, self._compute), shop)

        self._part_workflow = forecast_part

    def _whole(self, ticket: Ticket) -> Json:
        computed = self._step("compute", ticket, self._compute)
        return self._step("publish", ticket, partial(self._publish, computed))

    def _in_parts(self, ticket: Ticket) -> Json:
        split = self._step("split", ticket, self._split)
        parts = [
            Part(f"{DBOS.workflow_id}-{number}", request, series)
            for number, (request, series) in enumerate(split["parts"], start=1)
        ]
        for part in parts:
            # The ids say whose part it is: an attempt that comes after this one finds those that are there already.
            with SetWorkflowID(part.job_id), SetEnqueueOptions(queue_partition_key=ticket.caller):
                of_part = replace(ticket, kind=FORECAST_PART, request=part.request, whole=str(DBOS.workflow_id))
                DBOS.enqueue_workflow(database.COMPUTE_QUEUE, self._part_workflow, of_part.to_json())
        gathered = self._step("gather", ticket, partial(self._gather, parts))
        merged = self._step("merge", ticket, partial(self._merge, gathered["answers"]))
        return self._step("publish", ticket, partial(self._publish, merged))

    def _step(self, name: str, ticket: Ticket, work: Step) -> Json:
        """Do a step, unless it is recorded as done."""

        def done() -> Json:
            claim = current_claim()
            with (
                self._shop.attempts.begin(claim.job_id, claim.owner) as attempt,
                identity.acting_as(ticket.caller),
                log.bound({"job": claim.job_id, "kind": ticket.kind, "correlation_id": ticket.correlation_id}),
                tracing.continued(ticket.trace),
                tracing.span(name, job=claim.job_id, kind=ticket.kind),
            ):
                outcome = judged(attempt, partial(work, ticket, attempt), self._shop.attempts)
                get_log().info("step done", step=name)
                return outcome

        recorded: Json = DBOS.run_step({"name": name}, done)
        return recorded

    def _compute(self, ticket: Ticket, attempt: Attempt) -> Json:
        request = patient(attempt, self._shop.payloads.get)(ticket.request)
        limit_s = ticket.limit_s
        if ticket.whole:
            # The limit is that of the whole job, which waits for all of its parts.
            limit_s = max(0.0, limit_s - patient(attempt, self._shop.engine.ran_s)(ticket.whole))
        answer = self._begun(ticket, attempt).answer(self._work[ticket.kind], request, limit_s)
        if ticket.kind not in KINDS:
            return {"answer": patient(attempt, self._shop.payloads.put)(answer)}
        return self._kept(ticket, attempt, request, answer)

    def _kept(self, ticket: Ticket, attempt: Attempt, request: bytes, answer: bytes) -> Json:
        """What is recorded of an answer, once it is stored.

        Raises:
            PortableWorkflowError: It is larger than what a caller can fetch.
        """
        refuse_oversize(len(answer), self._shop.max_message_bytes)
        digest = patient(attempt, self._shop.payloads.put)(answer)
        return {"answer": digest, "summary": summary_of(ticket.kind, request, answer)}

    def _publish(self, computed: Json, ticket: Ticket, attempt: Attempt) -> Json:
        kind = KINDS[ticket.kind].result_kind
        name = f"{kind}/{attempt.job_id}"
        publish = patient(attempt, self._shop.results.publish)
        stored = partial(
            publish,
            name,
            kind=kind,
            caller=ticket.caller,
            display_name=ticket.display_name,
            operation=f"operations/{attempt.job_id}",
            request_digest=ticket.request,
            answer_digest=computed["answer"],
            summary=computed["summary"],
            keep=self._shop.keep_results,
            allowed=lambda connection: self._shop.engine.holds(connection, attempt.claim),
        )
        try:
            stored()
        except NotAllowed as error:
            raise not_wanted() from error
        except AlreadyExists as error:
            raise failure_of(error) from error
        return {"result": name, "summary": computed["summary"]}

    def _split(self, ticket: Ticket, attempt: Attempt) -> Json:
        request = patient(attempt, self._shop.payloads.get)(ticket.request)
        split = self._begun(ticket, attempt).answer(batch.split_batch, request, SPLIT_LIMIT_S)
        put = patient(attempt, self._shop.payloads.put)
        parts = batch.read(batch.Request, io.BytesIO(split))
        return {"parts": [[put(part.SerializeToString()), len(batch.series_of(part))] for part in parts]}

    def _gather(self, parts: Sequence[Part], ticket: Ticket, attempt: Attempt) -> Json:
        answers = self._gathering.answers(parts, attempt, self._reporter(attempt))
        return {"answers": [[part.request, answers[part.job_id]] for part in parts]}

    def _merge(self, answers: Sequence[tuple[str, str | None]], ticket: Ticket, attempt: Attempt) -> Json:
        request = patient(attempt, self._shop.payloads.get)(ticket.request)
        responses = (self._part(part, answer, ticket, attempt) for part, answer in answers)
        pieces = batch.written((batch.Request.FromString(request), *responses))
        answer = self._attendant(attempt).answer(batch.merge_batch, pieces, MERGE_LIMIT_S)
        return self._kept(ticket, attempt, request, answer)

    def _part(self, part: str, answer: str | None, ticket: Ticket, attempt: Attempt) -> batch.Response:
        """What a part has come to; computed again where it is gone, as after a restore from a backup."""
        get = patient(attempt, self._shop.payloads.get)
        if not answer:
            return batch.failed(batch.Request.FromString(get(part)), PART_FAILED)
        try:
            return batch.Response.FromString(get(answer))
        except NotFound:
            get_log().warning("answer of a part gone; computed again", part=part)
            again = self._attendant(attempt).answer(self._work[FORECAST_PART], get(part), ticket.limit_s)
            return batch.Response.FromString(again)

    def _begun(self, ticket: Ticket, attempt: Attempt) -> Attendant:
        """The attendant of a job's first step."""
        JOB_ATTEMPTS.labels(kind=ticket.kind).inc()
        attendant = self._attendant(attempt)
        if ticket.kind in KINDS:
            queue_s = patient(attempt, self._shop.engine.queued_s)(attempt.job_id)
            if queue_s is not None:
                JOB_QUEUE_SECONDS.labels(kind=ticket.kind).observe(queue_s)
        attendant.reporter.begin()
        return attendant

    def _attendant(self, attempt: Attempt) -> Attendant:
        return Attendant(self._shop.slots, attempt, self._reporter(attempt))

    def _reporter(self, attempt: Attempt) -> Reporter:
        number = patient(attempt, self._shop.engine.attempt_number)(attempt.job_id)
        return Reporter(self._shop.engine, attempt, number, patient(attempt, self._shop.engine.now)())


def outlived(ticket: Ticket, work: Callable[[Ticket], Json], shop: Workshop) -> Json:
    """Do a job, and leave it to the next attempt where DBOS could not write down a step of it.

    Raises:
        DBOSWorkflowCancelledError: That is so.
    """
    try:
        return work(ticket)
    except Exception as error:
        if not is_transient(error):
            raise
        shop.attempts.interrupt(current_claim())
        get_log().warning("attempt ended by the database", error=type(error).__name__)
        raise not_wanted() from error


def counted(given: Json, work: Callable[[Ticket], Json], shop: Workshop) -> Json:
    """Do a job, and count how it ends and the seconds of this attempt."""
    ticket, began_s = Ticket.from_json(given), time.monotonic()

    def ended(state: JobState) -> None:
        JOBS_ENDED.labels(kind=ticket.kind, state=state.name).inc()
        JOB_COMPUTE_SECONDS.labels(kind=ticket.kind).observe(time.monotonic() - began_s)

    try:
        outcome = outlived(ticket, work, shop)
    except PortableWorkflowError:
        ended(JobState.FAILED)
        raise
    ended(JobState.SUCCEEDED)
    return outcome


def refuse_oversize(answer_bytes: int, most_bytes: int) -> None:
    """See to it that what a caller could never fetch is no success.

    Raises:
        PortableWorkflowError: The answer is too large.
    """
    if answer_bytes + AROUND_ANSWER_BYTES > most_bytes:
        message = (
            f"the answer has {answer_bytes} bytes, and max_message_bytes is {most_bytes}: ask for less, "
            "such as fewer series, sample paths or scenarios"
        )
        raise failure_of(AnswerTooLarge(message))


def judged(attempt: Attempt, work: Callable[[], Json], attempts: Attempts) -> Json:
    """Do a step's work, and see to it that only what is final ends the job.

    Raises:
        PortableWorkflowError: The job has failed.
        DBOSWorkflowCancelledError: The attempt has ended, and the job has not, or not by this attempt.
    """
    try:
        return work()
    except Unwanted as error:
        raise not_wanted() from error
    except (PortableWorkflowError, dbos_errors.DBOSWorkflowCancelledError):
        raise
    except Exception as error:
        if is_transient(error) or isinstance(error, DatabaseUnavailable):
            # The guard puts the job back into its queue.
            attempts.interrupt(attempt.claim)
            get_log().warning("attempt ended by the database", exc_info=error)
            raise not_wanted() from error
        get_log().error("job failed", exc_info=error)
        raise internal_failure(attempt.job_id) from error
