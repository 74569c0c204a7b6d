"""Callers with tokens of their own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import grpc
import pytest
from google.longrunning import operations_pb2, operations_pb2_grpc

from lodestock import Client, Unauthenticated
from lodestock.v1 import sourcing_pb2, sourcing_pb2_grpc
from tests.server_process import COMMAND, running_server, until_true
from tests.toy_problem import toy_problem

TOKENS = {"ministry": "the ministry's long secret", "agency": "the agency's long secret"}


def checked(tmp_path: Path, toml: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What check-config says to a file."""
    file = tmp_path / "lodestock.toml"
    file.write_text(toml)
    line = [str(COMMAND), "check-config", "--config", str(file)]
    return subprocess.run(line, env=environment, capture_output=True, text=True, check=False)


def test_each_caller_has_a_token_and_is_known_by_it() -> None:
    """The single token's caller is "default"; the log names callers and never a token."""
    environment = {"LODESTOCK_TOKENS": json.dumps(TOKENS), "LODESTOCK_TOKEN": "the default's long secret"}
    with running_server(environment=environment) as server:
        for token in (*TOKENS.values(), environment["LODESTOCK_TOKEN"]):
            with Client(server.address, token=token) as client:
                assert client.list_models()
        for wrong in (None, "the ministry's long secreT", "ministry", ""):
            with Client(server.address, token=wrong) as stranger, pytest.raises(Unauthenticated):
                stranger.list_models()
        with Client(server.address) as anyone:
            assert anyone.health() == "SERVING"
        assert until_true(lambda: all(f'"caller": "{name}"' in server.log() for name in (*TOKENS, "default")))
        assert "secret" not in server.log()


def test_callers_do_not_see_each_others_operations() -> None:
    """To another caller an operation is not there: neither to look at, nor to cancel or delete, nor in the list."""
    with (
        running_server(environment={"LODESTOCK_TOKENS": json.dumps(TOKENS)}) as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        ours, theirs = ((("authorization", f"Bearer {token}"),) for token in TOKENS.values())
        sourcing = sourcing_pb2_grpc.SourcingServiceStub(channel)
        asked = sourcing_pb2.RunOptimizationRequest(problem=toy_problem())
        name = sourcing.RunOptimization(asked, timeout=30, metadata=ours).name
        operations = operations_pb2_grpc.OperationsStub(channel)
        for method, request in (
            (operations.GetOperation, operations_pb2.GetOperationRequest(name=name)),
            (operations.CancelOperation, operations_pb2.CancelOperationRequest(name=name)),
            (operations.DeleteOperation, operations_pb2.DeleteOperationRequest(name=name)),
        ):
            with pytest.raises(grpc.RpcError) as caught:
                method(request, timeout=30, metadata=theirs)
            assert caught.value.code() is grpc.StatusCode.NOT_FOUND
        listing = operations_pb2.ListOperationsRequest(name="operations")
        assert not operations.ListOperations(listing, timeout=30, metadata=theirs).operations
        (listed,) = operations.ListOperations(listing, timeout=30, metadata=ours).operations
        assert listed.name == name


def test_tokens_are_a_table_in_the_file_and_are_masked(tmp_path: Path) -> None:
    told = checked(tmp_path, '[tokens]\nministry = "the ministry\'s long secret"\n')
    assert told.returncode == 0, told.stderr
    assert "ministry" in told.stdout
    assert "secret" not in told.stdout.replace("SecretStr", "")


@pytest.mark.parametrize(
    ("toml", "fault"),
    [
        ('[tokens]\na = "short"', "tokens.a"),
        ('[tokens]\n"a b" = "long enough to be a secret"', "tokens.a b"),
        ('[tokens]\na = "long enough to be a secret"\nb = "long enough to be a secret"', "two callers have the same"),
        ('token = "long enough to be a secret"\n[tokens]\ndefault = "another that is long"', 'caller "default"'),
    ],
    ids=["short", "name with a space", "shared", "default twice"],
)
def test_tokens_that_do_not_hold_are_refused_unquoted(tmp_path: Path, toml: str, fault: str) -> None:
    told = checked(tmp_path, toml)
    assert told.returncode == 2
    assert fault in told.stderr
    assert "long enough" not in told.stderr


def test_broken_json_in_the_environment_is_not_repeated(tmp_path: Path) -> None:
    told = checked(tmp_path, "", LODESTOCK_TOKENS='{"a": "long enough to be a secret"')
    assert told.returncode == 2
    assert "tokens" in told.stderr
    assert "long enough" not in told.stderr
    assert "Traceback" not in told.stderr
