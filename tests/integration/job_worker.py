"""A real worker with the scripted task: python -m tests.integration.job_worker NAME READY_FILE."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path


def main() -> None:
    """Be a worker until SIGTERM."""
    # Imported here: compute processes import this module, too, and need none of it.
    from lodestock_server.jobs.kinds import RUN_OPTIMIZATION
    from lodestock_server.log import configure_logs
    from lodestock_server.settings import read_settings
    from lodestock_server.workers.worker import Worker, end_process
    from tests.integration.job_tasks import scripted

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    settings = read_settings()
    configure_logs(settings.log_level, settings.log_format)
    worker = Worker(settings, [sys.argv[1]], settings.job_processes, {RUN_OPTIMIZATION.name: scripted}, ())
    worker.run(stop, lambda: settings.drain_s, lambda: Path(sys.argv[2]).touch())
    end_process()


if __name__ == "__main__":
    main()
