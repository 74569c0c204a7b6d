"""Start a server with a fresh store on a free loopback port, run the national plan, stop it: `make demo`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
SERVER = [sys.executable, "-m", "lodestock_server", "serve", "--port", "0"]
PATIENCE_S = 60.0


def main() -> int:
    """Run the demo; return its exit code."""
    with tempfile.TemporaryDirectory(prefix="lodestock-demo-") as folder:
        address_file, log_file = Path(folder) / "address", Path(folder) / "server.log"
        started = time.perf_counter()
        with log_file.open("w") as log:
            environment = {**os.environ, "LODESTOCK_DATA_DIR": str(Path(folder) / "store")}
            command = [*SERVER, "--port-file", str(address_file)]
            server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            address = wait_for(address_file, server)
            if address is None:
                print(log_file.read_text(), file=sys.stderr)
                return 1
            print(f"The server answers on {address} after {time.perf_counter() - started:.1f} s.")
            return subprocess.run([sys.executable, str(HERE / "national_plan.py"), address], check=False).returncode
        finally:
            server.terminate()
            server.wait()


def wait_for(address_file: Path, server: subprocess.Popen[bytes]) -> str | None:
    """The address, once the server has written it; None where it died or takes too long."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and server.poll() is None:
        if address_file.exists():
            return address_file.read_text().strip()
        time.sleep(0.02)
    return None


if __name__ == "__main__":
    sys.exit(main())
