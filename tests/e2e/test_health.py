"""Health tells the truth: NOT_SERVING while calls would fail, SERVING again once they would not."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from sqlalchemy import make_url

from lodestock import Client, LodestockError
from lodestock_server.compute import ComputePool
from lodestock_server.health import DatabaseWatch, HealthWatch
from lodestock_server.store.database import connect, sqlite_url
from tests.server_process import running_server, until_true
from tests.tcp_proxy import Proxy


def behind(url: str) -> Callable[[], socket.socket]:
    """Connects to the PostgreSQL server of a URL, by its socket file where it has one."""
    parsed = make_url(url)
    folder = parsed.query.get("host")
    if not isinstance(folder, str):
        return partial(socket.create_connection, (str(parsed.host), parsed.port or 5432))

    def connected() -> socket.socket:
        end = socket.socket(socket.AF_UNIX)
        end.connect(str(Path(folder, f".s.PGSQL.{parsed.query.get('port', parsed.port or 5432)}")))
        return end

    return connected


def test_database_that_is_away_is_told_and_its_return_too(postgresql: Callable[[], str]) -> None:
    """The server lives through it: while the line is cut health is not well, afterwards calls are answered again."""
    proxy, login = proxied(postgresql())
    with running_server(environment={"LODESTOCK_DATABASE_URL": login}) as server, Client(server.address) as client:
        assert client.health() == "SERVING"
        assert client.list_datasets()
        proxy.cut()
        assert until_true(lambda: client.health() == "NOT_SERVING")
        assert "the database does not answer" in server.log()
        proxy.mend()
        assert until_true(lambda: client.health() == "SERVING")
        assert until_true(lambda: bool(answers(client)))


@pytest.mark.slow
def test_database_that_hangs_does_not_hang_the_server(postgresql: Callable[[], str]) -> None:
    """While calls wait for it, health is answered, and says so; then they are answered, too."""
    proxy, login = proxied(postgresql())
    settings = {"LODESTOCK_DATABASE_URL": login, "LODESTOCK_JOB_WORKERS": "0"}
    with (
        running_server(environment=settings) as server,
        Client(server.address) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        assert client.assess_supply_risk("USA", ["cobalt"])
        proxy.hold()
        waiting = [pool.submit(client.assess_supply_risk, "USA", ["cobalt"]) for _ in range(8)]
        assert until_true(lambda: client.health(timeout_s=3) == "NOT_SERVING")
        assert not any(call.done() for call in waiting)
        proxy.flow()
        assert until_true(lambda: client.health(timeout_s=3) == "SERVING")
        assert all(call.result(timeout=60) for call in waiting)


def proxied(url: str) -> tuple[Proxy, str]:
    """A proxy before a PostgreSQL server, and the URL of the same database through it."""
    proxy = Proxy(behind(url))
    through = make_url(url).set(host="127.0.0.1", port=proxy.port, query={})
    return proxy, through.render_as_string(hide_password=False)


def answers(client: Client) -> bool:
    try:
        return bool(client.list_datasets())
    except LodestockError:
        return False


async def test_processes_that_cannot_be_started_are_told_and_their_return_too(tmp_path: Path) -> None:
    """What keeps them from starting may be gone a moment later; then health is well by itself."""
    obstacle = tmp_path / "obstacle"
    obstacle.touch()
    servicer = health.aio.HealthServicer()
    server = grpc.aio.server()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    engine = connect(sqlite_url(tmp_path))
    pool = ComputePool(1, 1, 10.0, prepare=partial(die_while, str(obstacle)))
    async with pool, grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        watch = HealthWatch(servicer, ("a.Service",), lambda: pool.can_work, DatabaseWatch(engine))
        watching = asyncio.create_task(watch.run())
        stub = health_pb2_grpc.HealthStub(channel)
        for wanted in (health_pb2.HealthCheckResponse.NOT_SERVING, health_pb2.HealthCheckResponse.SERVING):
            for service in ("", "a.Service"):
                async with asyncio.timeout(30):
                    request = health_pb2.HealthCheckRequest(service=service)
                    while (await stub.Check(request)).status != wanted:
                        await asyncio.sleep(0.05)
            obstacle.unlink(missing_ok=True)
        watching.cancel()
    await server.stop(None)
    engine.dispose()


def die_while(obstacle: str) -> None:
    """End the process that starts, for as long as a file is there."""
    if Path(obstacle).exists():
        os._exit(1)
