"""Results in real databases of both kinds: published once, listed page by page, seen by their own caller alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from lodestock_server.errors import InvalidRequest, NotFound
from lodestock_server.store.payloads import PayloadStore
from lodestock_server.store.results import ResultStore
from tests.stored_results import publish

DAY = timedelta(days=1)


def put(
    engine: Engine, name: str, caller: str = "ministry", answer: bytes = b"answer", keep: timedelta | None = None
) -> bool:
    payloads = PayloadStore(engine)
    return publish(engine, name, payloads.put(b"request"), payloads.put(answer), caller, keep)


def names(engine: Engine, kind: str, caller: str, page_size: int) -> list[list[str]]:
    """Names of the results in a list, page by page."""
    pages, token = [], ""
    while True:
        found, token = ResultStore(engine).list(kind, caller, page_size, token)
        pages.append([one.name for one in found])
        if not token:
            return pages


def test_a_result_comes_back_as_it_was_published(engine: Engine) -> None:
    assert put(engine, "plans/1", answer=b"the answer", keep=3 * DAY)
    stored = ResultStore(engine).get("plans/1", "ministry")
    assert (stored.name, stored.kind, stored.caller) == ("plans/1", "plans", "ministry")
    assert (stored.display_name, stored.operation) == ("the plans/1", "operations/1")
    assert stored.summary == {"expected_cost_usd": 1.5, "material_ids": ["cobalt"]}
    assert (stored.request_bytes, stored.answer_bytes) == (7, 10)
    payloads = PayloadStore(engine)
    assert payloads.get(stored.request_digest) == b"request"
    assert payloads.get(stored.answer_digest) == b"the answer"
    assert stored.expires_at == stored.created_at + 3 * DAY
    assert stored.created_at.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - stored.created_at) < DAY


def test_a_name_is_published_once_and_the_first_one_stays(engine: Engine) -> None:
    assert put(engine, "plans/1", answer=b"first")
    before = ResultStore(engine).get("plans/1", "ministry")
    assert not put(engine, "plans/1", answer=b"second")
    assert not put(engine, "plans/1", caller="another")
    assert ResultStore(engine).get("plans/1", "ministry") == before


def test_a_result_without_its_payloads_is_refused(engine: Engine) -> None:
    with pytest.raises(NotFound, match="no payload gone"):
        ResultStore(engine).publish(
            "plans/1",
            kind="plans",
            caller="ministry",
            display_name="",
            operation="",
            request_digest=PayloadStore(engine).put(b"request"),
            answer_digest="gone",
            summary={},
            keep=None,
        )
    assert names(engine, "plans", "ministry", 10) == [[]]


def test_a_list_is_newest_first_page_by_page_and_stays_so_while_results_come_and_go(engine: Engine) -> None:
    for number in range(7):
        put(engine, f"plans/{number}")
    put(engine, "forecasts/1")
    put(engine, "plans/other", caller="another")
    assert names(engine, "plans", "ministry", 3) == [
        ["plans/6", "plans/5", "plans/4"],
        ["plans/3", "plans/2", "plans/1"],
        ["plans/0"],
    ]
    assert names(engine, "plans", "ministry", 7) == [[f"plans/{number}" for number in range(6, -1, -1)]]
    assert names(engine, "forecasts", "ministry", 10) == [["forecasts/1"]]
    assert names(engine, "plans", "nobody", 10) == [[]]
    store = ResultStore(engine)
    _, token = store.list("plans", "ministry", 3)
    put(engine, "plans/newer")
    store.delete("plans/4", "ministry")
    store.delete("plans/3", "ministry")
    assert [one.name for one in store.list("plans", "ministry", 3, token)[0]] == ["plans/2", "plans/1", "plans/0"]


def test_results_of_one_moment_are_listed_once_each(engine: Engine) -> None:
    for number in range(5):
        put(engine, f"plans/{number}")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE result SET created_at = (SELECT min(created_at) FROM result)")
    assert names(engine, "plans", "ministry", 2) == [["plans/4", "plans/3"], ["plans/2", "plans/1"], ["plans/0"]]


@pytest.mark.parametrize("token", ["nonsense", "AAAA", "LzE=", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTkvcGxhbnM=", "é"])
def test_a_token_that_no_list_gave_out_is_refused_by_its_field(engine: Engine, token: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        ResultStore(engine).list("plans", "ministry", 10, token)
    assert [violation.field_path for violation in refused.value.violations] == ["page_token"]


def test_another_callers_result_is_not_there(engine: Engine) -> None:
    put(engine, "plans/1")
    store = ResultStore(engine)
    for ask in (store.get, store.delete):
        with pytest.raises(NotFound, match="there is no 'plans/1'"):
            ask("plans/1", "another")
    assert store.get("plans/1", "ministry")


def test_a_deleted_result_is_gone(engine: Engine) -> None:
    put(engine, "plans/1")
    store = ResultStore(engine)
    store.delete("plans/1", "ministry")
    for ask in (store.get, store.delete):
        with pytest.raises(NotFound):
            ask("plans/1", "ministry")


def test_what_has_expired_is_not_shown_and_is_swept(engine: Engine) -> None:
    put(engine, "plans/old", keep=-DAY)
    put(engine, "plans/young", keep=DAY)
    put(engine, "plans/kept")
    store = ResultStore(engine)
    with pytest.raises(NotFound):
        store.get("plans/old", "ministry")
    assert names(engine, "plans", "ministry", 10) == [["plans/kept", "plans/young"]]
    assert (store.sweep(), store.sweep()) == (1, 0)
    assert names(engine, "plans", "ministry", 10) == [["plans/kept", "plans/young"]]
