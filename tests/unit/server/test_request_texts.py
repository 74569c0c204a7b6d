"""The rule on all texts of requests: where a NUL stands is said, wherever it is, and numbers are not taken for it."""

from __future__ import annotations

import pytest
from google.longrunning import operations_pb2
from google.protobuf.message import Message

from lodestock.v1 import catalog_pb2, sourcing_pb2
from lodestock_server.contract import Contract
from lodestock_server.contract.texts import text_violations
from lodestock_server.errors import InvalidRequest
from lodestock_server.validation import RequestReader
from tests.toy_problem import toy_problem


def deep() -> Message:
    """A valid problem but for one text deep inside and one in a list."""
    problem = toy_problem()
    problem.sources[1].source_id = "a\0"
    problem.scenarios.add(scenario_id="s").disruptions.add(source_ids=["right", "wr\0ng"])
    return sourcing_pb2.OptimizeSourcingRequest(problem=problem)


@pytest.mark.parametrize(
    ("request_", "paths"),
    [
        (catalog_pb2.GetDatasetRequest(name="\0"), ["name"]),
        (catalog_pb2.QueryObservationsRequest(material_ids=["a", "\0"]), ["material_ids[1]"]),
        (operations_pb2.GetOperationRequest(name="operations/\0"), ["name"]),
        (operations_pb2.ListOperationsRequest(page_token="NSBhAGI="), ["page_token"]),
        (operations_pb2.ListOperationsRequest(page_token="Mw=="), []),
        (operations_pb2.ListOperationsRequest(page_token="ü no token"), []),
        (deep(), ["problem.sources[1].source_id", "problem.scenarios[0].disruptions[0].source_ids[1]"]),
        (catalog_pb2.DataPoint(keys={"a": "b", "c": "\0"}), ["keys"]),
        (sourcing_pb2.OptimizeSourcingRequest(problem=toy_problem()), []),
        (catalog_pb2.GetDatasetRequest(name="\\0 and \u2400"), []),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Message) else None,
)
def test_every_text_with_a_nul_is_named(request_: Message, paths: list[str]) -> None:
    found = text_violations(request_, request_.SerializeToString())
    assert sorted(violation.field_path for violation in found) == sorted(paths)


def test_a_request_with_a_nul_is_refused_whatever_its_rules() -> None:
    """A message of a standard service, which has no rules in the contract."""
    asked = operations_pb2.ListOperationsRequest(page_token="\0")
    with pytest.raises(InvalidRequest) as refused:
        RequestReader(Contract(), {}).check(asked, asked.SerializeToString())
    assert [violation.field_path for violation in refused.value.violations] == ["page_token"]
