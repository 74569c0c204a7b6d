"""What is kept long enough is forgotten, and nothing that somebody still needs; on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from lodestock_server.errors import NotFound
from lodestock_server.jobs import database
from lodestock_server.jobs.job import Job
from lodestock_server.store.payloads import PayloadStore
from lodestock_server.store.results import ResultStore
from lodestock_server.store.schema import payload
from lodestock_server.workers.retention import Retention
from tests.integration.job_site import Site, site
from tests.stored_results import publish

LONG_AGO = timedelta(days=40)


@pytest.fixture(params=["sqlite", "postgresql"])
def bare(request: pytest.FixtureRequest, postgresql: Callable[[], str], tmp_path: Path) -> Iterator[Site]:
    """A database without workers."""
    url = f"sqlite:///{tmp_path}/lodestock.db" if request.param == "sqlite" else postgresql()
    with site(url, tmp_path) as opened:
        yield opened


@pytest.fixture
def engine(bare: Site) -> Iterator[Engine]:
    """Of that database."""
    opened = database.open_engine(bare.url)
    yield database.with_schema(opened)
    opened.dispose()


def sweep(engine: Engine, keep_operations: timedelta | None = timedelta(days=30)) -> None:
    """Forget once."""
    client = database.open_client(engine)
    Retention(engine, client, PayloadStore(engine), ResultStore(engine), keep_operations).sweep()


def end(engine: Engine, job: Job, ago: timedelta) -> None:
    """Make a job one that ended some time ago."""
    at_ms = int((datetime.now(UTC) - ago).timestamp() * 1000)
    change = update(database.statuses).where(database.statuses.c.workflow_uuid == job.job_id)
    with engine.begin() as connection:
        connection.execute(change.values(status="CANCELLED", completed_at=at_ms))


def age_payloads(engine: Engine) -> None:
    """Make all payloads ones that nobody has touched for long."""
    with engine.begin() as connection:
        connection.execute(update(payload).values(touched_at=datetime.now(UTC) - LONG_AGO))


def test_operations_are_forgotten_some_time_after_their_end(bare: Site, engine: Engine) -> None:
    """Not before, not those that have not ended, and none where they are kept for ever."""
    old, recent, living = bare.submit(), bare.submit(), bare.submit()
    end(engine, old, LONG_AGO)
    end(engine, recent, timedelta(days=20))
    sweep(engine, None)
    assert bare.jobs.get(old.job_id, "a")
    sweep(engine)
    with pytest.raises(NotFound):
        bare.jobs.get(old.job_id, "a")
    assert bare.jobs.get(recent.job_id, "a")
    assert bare.jobs.get(living.job_id, "a")


def test_payloads_live_as_long_as_somebody_needs_them(bare: Site, engine: Engine) -> None:
    """Jobs that have not ended need their requests and what their steps have left; results theirs; nobody else any."""
    payloads = PayloadStore(engine)
    living, ended = bare.submit(seconds=1.0), bare.submit(seconds=2.0)
    end(engine, ended, timedelta())
    recorded, lost = payloads.put(b"what a step has left"), payloads.put(b"what nobody names")
    step = {
        "workflow_uuid": living.job_id,
        "function_id": 1,
        "function_name": "compute",
        "output": f'{{"answer":"{recorded}"}}',
        "retention_timestamp": 0,
    }
    with engine.begin() as connection:
        connection.execute(database.steps.insert().values(step))
    kept, expired = payloads.put(b"a result"), payloads.put(b"an expired one")
    for name, digest, keep in (("kept", kept, None), ("expired", expired, timedelta())):
        publish(engine, f"plans/{name}", digest, digest, caller="a", keep=keep)
    age_payloads(engine)
    sweep(engine)
    with engine.connect() as connection:
        left = set(connection.execute(select(payload.c.digest)).scalars())
    assert left == {living.request_digest, recorded, kept}
    assert lost not in left


def test_what_the_parts_of_a_job_have_left_is_needed_until_the_job_has_ended(bare: Site, engine: Engine) -> None:
    """However long ago the parts ended, as where nobody goes on with the job over a weekend."""
    payloads = PayloadStore(engine)
    whole, part = bare.submit(seconds=1.0), bare.submit(seconds=2.0)
    answer = payloads.put(b"the answer of a part")
    end(engine, part, timedelta(days=2))
    child = update(database.statuses).where(database.statuses.c.workflow_uuid == part.job_id)
    output = {
        "workflow_uuid": part.job_id,
        "output": f'{{"answer":"{answer}"}}',
        "retention_timestamp": 0,
    }
    with engine.begin() as connection:
        connection.execute(child.values(parent_workflow_id=whole.job_id, status="SUCCESS"))
        connection.execute(database.outputs.insert().values(output))
    age_payloads(engine)
    sweep(engine)
    assert payloads.get(answer)
    end(engine, whole, timedelta())
    age_payloads(engine)
    sweep(engine)
    with pytest.raises(NotFound):
        payloads.get(answer)
