"""The peer of startup.py: a gRPC server with one method that does nothing, started as Lodestock is.

python -m benchmarks.bare_server ADDRESS_FILE
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

METHOD = "/bare.Bare/Answer"


async def answer(request: bytes, _context: Any) -> bytes:
    """Give back what came."""
    return request


async def serve(address_file: Path) -> None:
    """Serve until killed."""
    server = grpc.aio.server()
    service, method = METHOD.strip("/").split("/")
    handlers: dict[str, Any] = {method: grpc.unary_unary_rpc_method_handler(answer)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    half = address_file.with_suffix(".half")
    half.write_text(f"127.0.0.1:{port}\n", encoding="utf-8")
    half.replace(address_file)
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
