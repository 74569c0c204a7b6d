"""The check of every request before any work: is it a message, do its fields keep the rules, do they go together.

Rules on single fields stand in the contract; checks across fields are functions that the composition root gives, by
request. All violations of both kinds are reported at once. gRPC's own deserializing is not used, since it answers bytes
that are no message with UNKNOWN and an internal class name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from google.protobuf.message import Message

from lodestock_server.contract import Contract
from lodestock_server.errors import FieldViolation, InvalidRequest, MalformedRequest

CrossFieldCheck = Callable[[Any], Sequence[FieldViolation]]
"""From a message, however broken, to what is wrong across its fields."""

CHECKED_INLINE_BYTES = 64 * 1024
"""Larger requests are checked in a thread, so that other calls go on meanwhile."""


class RequestReader:
    """Turns bytes into a request that keeps all rules."""

    def __init__(self, contract: Contract, cross_field_checks: Mapping[type[Message], CrossFieldCheck]) -> None:
        self._contract = contract
        self._cross_field_checks = cross_field_checks

    async def read(self, wire: bytes, deserialize: Callable[[bytes], Message]) -> Message:
        """Read a request.

        Raises:
            MalformedRequest: The bytes are no message of the method.
            InvalidRequest: Rules are broken; all of them are listed.
        """
        if len(wire) > CHECKED_INLINE_BYTES:
            return await asyncio.to_thread(self.read_now, wire, deserialize)
        return self.read_now(wire, deserialize)

    def read_now(self, wire: bytes, deserialize: Callable[[bytes], Message]) -> Message:
        """Read a request in this thread; see `read`."""
        try:
            request = deserialize(wire)
        except Exception as error:  # The decoder's error type differs by protobuf runtime.
            raise MalformedRequest("the request's bytes are no message of this method") from error
        violations = self.violations(request, wire)
        if violations:
            raise InvalidRequest(violations)
        return request

    def violations(self, request: Message, wire: bytes) -> list[FieldViolation]:
        """All that is wrong with a request."""
        rules = self._contract.rule_violations(request, wire)
        check = self._cross_field_checks.get(type(request))
        return merged(rules, check(request) if check else ())


def merged(rules: Sequence[FieldViolation], across: Sequence[FieldViolation]) -> list[FieldViolation]:
    """Both lists in one; where both speak of a field, what the check across fields says is kept, since it says more."""
    said = {violation.field_path for violation in across}
    return [*(violation for violation in rules if violation.field_path not in said), *across]
