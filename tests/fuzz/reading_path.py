"""What atheris runs: the way of a request's bytes through reading, rules and checks, without a server around it.

python -m tests.fuzz.reading_path METHODS [options of libFuzzer] CORPUS

Each input is a method's number in METHODS, a file of JSON, in its first byte, and the request's bytes. Before an input
is tried it is written to the standard output with its length in front, so that another process can send it to a server;
what it comes to here only guides the mutations, by the lines that it reaches.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from pathlib import Path

import atheris
from google.protobuf.descriptor_pool import Default
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

LENGTH_BYTES = 4
METHOD_BYTES = 1
MESSAGES = (
    *(f"lodestock.v1.{name}_pb2" for name in ("audit", "catalog", "forecast", "operations", "risk", "sourcing")),
    "google.longrunning.operations_pb2",
    "grpc_health.v1.health_pb2",
    "grpc_reflection.v1alpha.reflection_pb2",
)
WATCHED = ["lodestock_server", "lodestock_optimizers", "lodestock_forecasters"]


def main(methods: Path, options: list[str]) -> None:
    """Mutate until killed."""
    with atheris.instrument_imports(include=WATCHED):
        from lodestock_server.catalog import BundledCatalog
        from lodestock_server.checks import CrossFieldChecks
        from lodestock_server.contract import Contract
        from lodestock_server.errors import ServiceError
        from lodestock_server.status import LEAST_ERROR_BYTES, error_status
        from lodestock_server.validation import RequestReader
    contract = Contract()
    reader = RequestReader(contract, CrossFieldChecks(contract, lru_cache(maxsize=1)(BundledCatalog)).by_request())
    deserializers = [deserializer(name) for name in json.loads(methods.read_text(encoding="utf-8"))]

    def read(data: bytes) -> None:
        if len(data) < METHOD_BYTES:
            return
        sys.stdout.buffer.write(len(data).to_bytes(LENGTH_BYTES, "little") + data)
        sys.stdout.buffer.flush()
        # A fault is no matter here: the server that is sent the same bytes shows it to the caller.
        with contextlib.suppress(Exception):
            try:
                reader.read_now(data[METHOD_BYTES:], deserializers[data[0] % len(deserializers)])
            except ServiceError as error:
                error_status(error, "fuzz", LEAST_ERROR_BYTES)

    atheris.Setup([sys.argv[0], *options], read)
    atheris.Fuzz()


def deserializer(request: str) -> Callable[[bytes], Message]:
    """From bytes to a message, by the message's full name."""
    for module in MESSAGES:
        import_module(module)
    return GetMessageClass(Default().FindMessageTypeByName(request)).FromString


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
