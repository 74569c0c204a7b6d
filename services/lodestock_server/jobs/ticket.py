"""What a workflow is given: small, and JSON. The request itself is a payload, which the ticket names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Ticket:
    """What is to be done for whom.

    Attributes:
        kind: name of the kind of job.
        request: digest of the request's bytes.
        caller: who asks.
        limit_s: most seconds of computing.
        request_id: the caller's own, or "".
        display_name: the caller's own, or "".
        correlation_id: of the call that asked, under which the log has it.
        trace: the trace of the call that asked, as W3C's headers.
        whole: id of the job that this is a part of, or "". The limit is that one's, too.
    """

    kind: str
    request: str
    caller: str
    limit_s: float
    request_id: str = ""
    display_name: str = ""
    correlation_id: str = ""
    trace: Mapping[str, str] = field(default_factory=dict)
    whole: str = ""

    def to_json(self) -> dict[str, Any]:
        """As a workflow's argument."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """From a workflow's argument. What a newer server has added is left out."""
        return cls(**{name: value[name] for name in cls.__slots__ if name in value})
