"""The check of every request before any work: is it a message, do its fields keep the rules, do they go together.

Rules on single fields stand in the contract, but for the one on all texts (`contract.texts`); checks across fields are
functions that the composition root gives, by request. All violations of all kinds are reported at once. gRPC's own
deserializing is not used, since it answers bytes that are no message with UNKNOWN and an internal class name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from google.protobuf.message import Message

from lodestock_server.contract import Contract
from lodestock_server.contract.texts import text_violations
from lodestock_server.errors import FieldViolation, InvalidRequest, MalformedRequest, Overloaded
from lodestock_server.metrics import REFUSED

CrossFieldCheck = Callable[[Any], Sequence[FieldViolation]]
"""From a message, however broken, to what is wrong across its fields."""

CHECKED_INLINE_BYTES = 64 * 1024
"""Larger requests, whose check takes more than some milliseconds, have a thread of their own."""
SMALL_CHECKS = 4
"""Small requests that are checked at once; more would only take turns with the event loop more often."""
MOST_BYTES_IN_LINE = 256 * 1024 * 1024
"""Of large requests that wait for that thread."""
RETRY_AFTER_S = 5.0


class RequestReader:
    """Turns bytes into a request that keeps all rules."""

    def __init__(self, contract: Contract, cross_field_checks: Mapping[type[Message], CrossFieldCheck]) -> None:
        self._contract = contract
        self._cross_field_checks = cross_field_checks
        self._small = ThreadPoolExecutor(SMALL_CHECKS, thread_name_prefix="check-small-requests")
        # One thread: several would take turns with the event loop and keep it from its calls for longer.
        self._large = ThreadPoolExecutor(1, thread_name_prefix="read-large-requests")
        self._bytes_in_line = 0

    async def read(self, wire: bytes, deserialize: Callable[[bytes], Message]) -> Message:
        """Read a request.

        Raises:
            MalformedRequest: The bytes are no message of the method.
            InvalidRequest: Rules are broken; all of them are listed.
            Overloaded: Too many large requests wait to be checked.
        """
        if len(wire) > CHECKED_INLINE_BYTES:
            return await self._read_large(wire, deserialize)
        request = parsed(wire, deserialize)
        if type(request) in self._cross_field_checks:
            # These ask the database, which may take its time.
            await asyncio.get_running_loop().run_in_executor(self._small, self.check, request, wire)
        else:
            self.check(request, wire)
        return request

    async def _read_large(self, wire: bytes, deserialize: Callable[[bytes], Message]) -> Message:
        if self._bytes_in_line and self._bytes_in_line + len(wire) > MOST_BYTES_IN_LINE:
            REFUSED.labels(reason="reading").inc()
            raise Overloaded("as many large requests wait to be checked as may", RETRY_AFTER_S)
        self._bytes_in_line += len(wire)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._large, self.read_now, wire, deserialize)
        finally:
            self._bytes_in_line -= len(wire)

    def read_now(self, wire: bytes, deserialize: Callable[[bytes], Message]) -> Message:
        """Read a request in this thread; see `read`."""
        request = parsed(wire, deserialize)
        self.check(request, wire)
        return request

    def check(self, request: Message, wire: bytes) -> None:
        """See whether a request keeps all rules.

        Raises:
            InvalidRequest: It does not.
        """
        violations = self.violations(request, wire)
        if violations:
            raise InvalidRequest(violations)

    def violations(self, request: Message, wire: bytes) -> list[FieldViolation]:
        """All that is wrong with a request."""
        rules = merged(self._contract.rule_violations(request, wire), text_violations(request, wire))
        check = self._cross_field_checks.get(type(request))
        return merged(rules, check(request) if check else ())


def parsed(wire: bytes, deserialize: Callable[[bytes], Message]) -> Message:
    """The message that bytes are.

    Raises:
        MalformedRequest: They are none of the method.
    """
    try:
        return deserialize(wire)
    except Exception as error:  # The decoder's error type differs by protobuf runtime.
        raise MalformedRequest("the request's bytes are no message of this method") from error


def merged(rules: Sequence[FieldViolation], across: Sequence[FieldViolation]) -> list[FieldViolation]:
    """Both lists in one; where both speak of a field, what the check across fields says is kept, since it says more."""
    said = {violation.field_path for violation in across}
    return [*(violation for violation in rules if violation.field_path not in said), *across]
