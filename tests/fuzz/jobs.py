"""The long-running operations that a campaign begins: most get time to end, none stays."""

from __future__ import annotations

from collections import deque

import grpc
from google.longrunning import operations_pb2, operations_pb2_grpc

from tests.fuzz.calls import GENEROUS_S, Call, Outcome

KEPT = 40
"""The newest ones; later calls of the campaign wait behind few."""
OPERATION = operations_pb2.Operation.DESCRIPTOR.full_name


class JobsBegun:
    """Notes the operations that calls begin, and deletes all but the newest."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._operations = operations_pb2_grpc.OperationsStub(channel)
        self._names: deque[str] = deque()

    def add(self, call: Call, outcome: Outcome) -> None:
        """Note the operation that a call begot, if it did."""
        if call.method is None or call.method.response.full_name != OPERATION:
            return
        for answer in outcome.answers:
            name = operations_pb2.Operation.FromString(answer).name
            if name and name not in self._names:
                self._names.append(name)

    def delete_old_ones(self) -> None:
        """Cancel and delete the oldest; one that a call of the campaign deleted before is no loss."""
        while len(self._names) > KEPT:
            name = self._names.popleft()
            try:
                self._operations.CancelOperation(operations_pb2.CancelOperationRequest(name=name), timeout=GENEROUS_S)
                self._operations.DeleteOperation(operations_pb2.DeleteOperationRequest(name=name), timeout=GENEROUS_S)
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.NOT_FOUND:
                    raise
