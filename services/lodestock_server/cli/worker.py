"""``lodestock-server worker``: does jobs."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from lodestock_server.cli.common import ConfigFile, settings_or_exit

Name = Annotated[
    str | None,
    typer.Option(help="Name, which no living worker has; its next one goes on with its jobs. Else one is chosen."),
]
Processes = Annotated[int | None, typer.Option(min=1, help="Jobs to do at once, each in a process of its own.")]
ReadyFile = Annotated[Path | None, typer.Option(help="File to write the worker's name to, once it takes jobs.")]
Embedded = Annotated[bool, typer.Option("--embedded", hidden=True, help="End with standard input; no metrics.")]


def worker(
    config: ConfigFile = None,
    name: Name = None,
    processes: Processes = None,
    ready_file: ReadyFile = None,
    embedded: Embedded = False,
) -> None:
    """Do jobs until SIGTERM or Ctrl-C, then let running ones end and hand back the rest."""
    settings = settings_or_exit(config, worker_name=name, job_processes=processes)
    os.nice(settings.worker_nice)
    stop, deserted = threading.Event(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if embedded:
        threading.Thread(target=stop_with_input, args=(stop, deserted), name="end-with-server", daemon=True).start()
    # Imported here, so that other commands do not wait for it.
    from lodestock_server.cli import write_whole
    from lodestock_server.errors import DatabaseUnavailable
    from lodestock_server.log import configure_logs
    from lodestock_server.metrics import serve_worker_metrics
    from lodestock_server.store.workers import NameTaken
    from lodestock_server.tracing import configure_traces, stop_traces
    from lodestock_server.workers.supervise import host_name, numbered
    from lodestock_server.workers.worker import Worker, end_process

    configure_logs(settings.log_level, settings.log_format)
    configure_traces(settings.otlp_endpoint, "lodestock-worker")
    # A server gives its workers the first part of their names alone.
    given = settings.worker_name
    names = [given] if given and not embedded else numbered(given or host_name())

    def end(code: int) -> NoReturn:
        sys.stdout.flush()
        sys.stderr.flush()
        end_process(code)

    def announce() -> None:
        typer.echo(f"worker {work.name} takes jobs")
        if ready_file is not None:
            write_whole(ready_file, f"{work.name}\n")

    try:
        if settings.worker_metrics_port is not None and not embedded:
            serve_worker_metrics(settings.metrics_host, settings.worker_metrics_port)
        work = Worker(settings, names, settings.job_processes)
        work.run(stop, lambda: 0.0 if deserted.is_set() else settings.drain_s, announce)
    except NameTaken as error:
        typer.echo(str(error), err=True)
        # Its threads may be at jobs that are another worker's by now.
        end(1)
    except (OSError, DatabaseUnavailable) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    stop_traces()
    end(0)


def stop_with_input(stop: threading.Event, deserted: threading.Event) -> None:
    """Stop at once when the server is gone, which holds the other end of standard input."""
    sys.stdin.buffer.read()
    deserted.set()
    stop.set()
