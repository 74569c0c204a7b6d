"""The long-running operations that a campaign begins: most get time to end, their ends are judged, none stays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import grpc
from google.longrunning import operations_pb2, operations_pb2_grpc

from tests.fuzz.calls import GENEROUS_S, Call, Outcome
from tests.fuzz.verdict import ALLOWED

KEPT = 40
"""The newest ones; later calls of the campaign wait behind few."""
OPERATION = operations_pb2.Operation.DESCRIPTOR.full_name
CODES = {code.value[0]: code.name for code in grpc.StatusCode}
ALLOWED_ENDS = ALLOWED | {"CANCELLED"}
"""Codes that an operation may end with; calls of the campaign cancel some."""
CORRELATION_ID = re.compile(r"correlation id (\S+)")


@dataclass(frozen=True)
class BadEnd:
    """An operation that ended as none should.

    Attributes:
        call: What began it.
        outcome: What the call brought back, with the operation's end in place of the call's.
        wrong: What is wrong with it.
    """

    call: Call
    outcome: Outcome
    wrong: str


class JobsBegun:
    """Notes the operations that calls begin; judges and deletes all but the newest, in the end those, too."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._operations = operations_pb2_grpc.OperationsStub(channel)
        self._begun: dict[str, tuple[Call, Outcome]] = {}
        self.ended = 0
        """How many had ended when they were judged."""

    def add(self, call: Call, outcome: Outcome) -> None:
        """Note the operation that a call begot, if it did."""
        if call.method is None or call.method.response.full_name != OPERATION:
            return
        for answer in outcome.answers:
            if name := operations_pb2.Operation.FromString(answer).name:
                self._begun.setdefault(name, (call, outcome))

    def end_old_ones(self, kept: int = KEPT) -> Iterator[BadEnd]:
        """Judge, cancel and delete the oldest; one that a call of the campaign deleted before is no loss."""
        while len(self._begun) > kept:
            name = next(iter(self._begun))
            call, outcome = self._begun.pop(name)
            try:
                operation = self._operations.GetOperation(
                    operations_pb2.GetOperationRequest(name=name), timeout=GENEROUS_S
                )
                self._operations.CancelOperation(operations_pb2.CancelOperationRequest(name=name), timeout=GENEROUS_S)
                self._operations.DeleteOperation(operations_pb2.DeleteOperationRequest(name=name), timeout=GENEROUS_S)
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.NOT_FOUND:
                    raise
                continue
            self.ended += operation.done
            yield from bad_end(call, outcome, operation)


def bad_end(call: Call, outcome: Outcome, operation: operations_pb2.Operation) -> Iterator[BadEnd]:
    """What is wrong with the end of an operation, if it has ended."""
    error = operation.error
    code = CODES.get(error.code, str(error.code))
    if not operation.done or code in ALLOWED_ENDS:
        return
    found = CORRELATION_ID.search(error.message)
    correlation_id = found.group(1) if found else outcome.correlation_id
    end = replace(outcome, code=code, text=error.message, correlation_id=correlation_id)
    yield BadEnd(call, end, f"the operation ended with {code}: {error.message[:200]}")
