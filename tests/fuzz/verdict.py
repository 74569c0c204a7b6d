"""Whether what came back is an answer that a caller may be given, whatever was asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from google.protobuf.message import Message
from google.rpc import error_details_pb2

from tests.fuzz.calls import GENEROUS_S, Call, Outcome

WITH_DETAILS = frozenset(
    {"INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION", "RESOURCE_EXHAUSTED"}
)
ALLOWED = WITH_DETAILS | {"OK", "DEADLINE_EXCEEDED"}
SLACK_S = 3.0
"""By how much a call may outlast its deadline before it counts as hanging; other work shares the machine."""

INNER_WORDS = re.compile(
    r"Traceback|\bline \d+, in\b|\.pyx?\b|\w(?:Error|Exception|Warning)\b|<class |<module |object at 0x|"
    r"site-packages|/(?:usr|home|root|work|tmp|var|opt)/|lodestock_(?:server|optimizers|forecasters)|_pb2|google\.protobuf"
)
"""Stack traces, paths and names of classes and modules."""

Detail = TypeVar("Detail", bound=Message)

ELEMENT = re.compile(r"([A-Za-z_]\w*)(?:\[(\d+|\"[^\"]*\"|'[^']*')\])?")
PATH = re.compile(rf"{ELEMENT.pattern}(?:\.{ELEMENT.pattern})*")


def faults(call: Call, outcome: Outcome) -> list[str]:
    """Everything wrong with an outcome."""
    found = list(code_faults(call, outcome))
    found += [f"the text shows '{word}'" for text in texts(outcome) for word in inner_words(call, text)[:1]]
    if outcome.elapsed_s > call.deadline_s + SLACK_S:
        found.append(f"took {outcome.elapsed_s:.1f} s, the deadline was {call.deadline_s:g} s")
    if call.method is not None and outcome.code == "OK":
        found += answer_faults(call, outcome)
    if call.method is not None and call.method.is_ours and outcome.code in WITH_DETAILS:
        found += detail_faults(call, outcome)
    return found


def code_faults(call: Call, outcome: Outcome) -> Iterator[str]:
    """A code that no caller should see, or not here."""
    if call.method is None:
        if outcome.code != "UNIMPLEMENTED":
            yield f"a method that is not there gives {outcome.code}"
    elif outcome.code == "UNIMPLEMENTED" and not call.method.is_ours:
        # The standard services gain methods that the installed packages have in name only.
        return
    elif outcome.code not in ALLOWED:
        yield f"{outcome.code}: {outcome.text[:200]}"
    elif outcome.code == "DEADLINE_EXCEEDED" and call.deadline_s >= GENEROUS_S:
        yield f"no answer to a small request in {call.deadline_s:g} s"


def texts(outcome: Outcome) -> Iterator[str]:
    """Every text that the caller sees."""
    yield outcome.text
    for bad in bad_requests(outcome):
        for violation in bad.field_violations:
            yield violation.field
            yield violation.description


def answer_faults(call: Call, outcome: Outcome) -> Iterator[str]:
    """An answer that is no message of the method, or lists violations of what the request does not have."""
    assert call.method is not None
    for wire in outcome.answers:
        try:
            answer = call.method.read_response(wire)
        except Exception as error:  # The decoder's error type differs by protobuf runtime.
            yield f"the answer is no {call.method.response.full_name}: {error}"
        else:
            yield from listed_faults(call, getattr(answer, "violations", ()))


def inner_words(call: Call, text: str) -> list[str]:
    """Words of the server's inside in a text; those that the request itself holds are the caller's, quoted."""
    return [word for word in INNER_WORDS.findall(text) if not any(word.encode() in wire for wire in call.wires)]


def listed_faults(call: Call, violations: Iterable[Any]) -> Iterator[str]:
    """Violations that an answer lists, as ValidateProblem does, with paths that start at a message of the request."""
    request = call.request()
    parts = [] if request is None else [value for _, value in request.ListFields() if isinstance(value, Message)]
    for violation in violations:
        if parts and all(path_fault(part, violation.field_path) for part in parts):
            yield f"path '{violation.field_path[:100]}': {path_fault(parts[0], violation.field_path)}"
        if found := inner_words(call, violation.description):
            yield f"the answer shows '{found[0]}'"


def detail_faults(call: Call, outcome: Outcome) -> Iterator[str]:
    """Details that a caller needs and are not there, or are wrong."""
    if outcome.details is None:
        yield f"{outcome.code} without details: {outcome.text[:200]}"
        return
    reasons = [info.reason for info in unpacked(outcome, error_details_pb2.ErrorInfo)]
    if len(reasons) != 1 or not reasons[0]:
        yield f"{outcome.code} with {len(reasons)} ErrorInfo"
    if outcome.code == "RESOURCE_EXHAUSTED" and not list(unpacked(outcome, error_details_pb2.RetryInfo)):
        yield "RESOURCE_EXHAUSTED without RetryInfo"
    if "INVALID_REQUEST" in reasons:
        yield from violation_faults(call, outcome)


def violation_faults(call: Call, outcome: Outcome) -> Iterator[str]:
    """A broken rule without a field, or with one that the request does not have."""
    violations = [violation for bad in bad_requests(outcome) for violation in bad.field_violations]
    named = [violation for violation in violations if violation.field]
    if not named:
        yield f"no violation names a field: {[violation.description[:100] for violation in violations]}"
    for violation in violations:
        if not violation.description:
            yield f"{violation.field} is said to be wrong, but not how"
        if not violation.field and not violation.description.startswith("and "):
            yield f"a violation without a field: {violation.description[:100]}"
    request = call.request()
    for violation in named:
        if request is not None and (wrong := path_fault(request, violation.field)):
            yield f"path '{violation.field[:100]}': {wrong}"


def path_fault(request: Message, path: str) -> str | None:
    """Why a path leads nowhere in a request; None where it leads to a field, a oneof or an item that is there."""
    if not PATH.fullmatch(path):
        return "is no path"
    here: Any = request
    descriptor: Any = request.DESCRIPTOR
    for found in ELEMENT.finditer(path):
        name, subscript = found.groups()
        field = None if descriptor is None else descriptor.fields_by_name.get(name)
        if field is None:
            is_oneof = descriptor is not None and name in descriptor.oneofs_by_name and found.end() == len(path)
            return None if is_oneof else f"no field '{name}'"
        descriptor = field.message_type
        if subscript is not None:
            if not field.is_repeated:
                return f"'{name}' is not repeated"
            here = item_of(here, name, subscript)
            if here is MISSING:
                return f"no item {subscript} in '{name}'"
        elif here is not None:
            here = getattr(here, name) if descriptor is not None and not field.is_repeated else None
    return None


MISSING = object()
"""Stands for an item that is not there."""


def item_of(message: Message | None, name: str, subscript: str) -> object:
    """An item of a repeated field; MISSING where there is none, None where it is no message or cannot be looked up."""
    if message is None or not subscript.isdigit():
        return None
    items = getattr(message, name)
    if int(subscript) >= len(items):
        return MISSING
    item = items[int(subscript)]
    return item if isinstance(item, Message) else None


def bad_requests(outcome: Outcome) -> Iterator[error_details_pb2.BadRequest]:
    """The lists of violations of an outcome."""
    yield from unpacked(outcome, error_details_pb2.BadRequest)


def unpacked(outcome: Outcome, kind: type[Detail]) -> Iterator[Detail]:
    """The details of one kind."""
    for detail in outcome.details.details if outcome.details else ():
        if detail.Is(kind.DESCRIPTOR):
            message = kind()
            detail.Unpack(message)
            yield message
