"""``make fuzz``: many calls, a table of what they came to and one line for each database; exit code 1 on any fault."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from tests.fuzz.campaign import GROWTH_DESCRIPTORS, GROWTH_MIB, Fault, Tally, logged_fault, minimised, run_campaign
from tests.fuzz.guided import is_offered
from tests.fuzz.held import Held
from tests.fuzz.seeds import seed_from_environment
from tests.mortal_postgresql import mortal_postgresql
from tests.server_process import ServerProcess, running_server

CALLS = 100_000
GUIDED_SHARE = 0.6
"""Of the calls, those whose bytes atheris mutates: most are refused, so they cost less than those drawn."""
POSTGRESQL_SHARE = 0.25
"""Of the calls, those of a server on PostgreSQL: it refuses texts and numbers that SQLite takes."""
REPORT_EVERY_S = 20.0


def main() -> int:
    """Run a campaign on each database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=CALLS, help="calls to make")
    calls: int = parser.parse_args().calls
    console, seed = Console(width=max(120, Console().width)), seed_from_environment()
    if not is_offered():
        console.print("atheris is not installed here, so the mutation of bytes led by what it reaches is left out")
    on_postgresql = int(POSTGRESQL_SHARE * calls)
    sound = campaign(console, "SQLite", {}, calls - on_postgresql, seed)
    with mortal_postgresql() as postgresql:
        environment = {"LODESTOCK_DATABASE_URL": postgresql.new_database()}
        # Another seed, since the same one would begin with the same calls.
        sound &= campaign(console, "PostgreSQL", environment, on_postgresql, seed + 1)
    return 0 if sound else 1


def campaign(console: Console, database: str, environment: Mapping[str, str], calls: int, seed: int) -> bool:
    """Make calls of a server on a database, say what they came to, and return whether there was no fault."""
    guided = int(GUIDED_SHARE * calls) if is_offered() else 0
    console.print(
        f"{database}: {calls:,} calls from seed {seed}: {calls - guided:,} drawn from the descriptors, {guided:,} by "
        "atheris"
    )
    began = time.monotonic()
    with running_server(environment=environment, job_workers=1) as server:
        tally = run_campaign(server, calls - guided, seed, Progress(console), guided)
        console.print(outcome_table(tally))
        console.print(held_table(tally))
        for faults in tally.kinds().values():
            explain(console, faults, server)
    leaks = tally.leaks()
    for leak in leaks:
        console.print(leak)
    verdict = "FAULTS" if tally.faults or leaks else "no fault"
    console.print(
        f"fuzz on {database}: {tally.calls:,} calls, {tally.operations:,} operations ended, {len(tally.faults)} faults "
        f"of {len(tally.kinds())} kinds, slowest {tally.slowest_s:.1f} s, "
        f"memory {tally.end.memory_mib - tally.warm.memory_mib:+.0f} MiB, "
        f"{time.monotonic() - began:.0f} s, seed {seed}: {verdict}",
        highlight=False,
    )
    return not tally.faults and not leaks


class Progress:
    """Says now and then how far the campaign is."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = self._told = time.monotonic()

    def __call__(self, tally: Tally) -> None:
        """Tell, if it is time."""
        now = time.monotonic()
        if now - self._told < REPORT_EVERY_S:
            return
        self._told = now
        self._console.print(
            f"  {tally.calls:>7,} calls, {len(tally.faults)} faults, {tally.held[-1].memory_mib:.0f} MiB, "
            f"{now - self._began:.0f} s"
        )


def held_table(tally: Tally) -> Table:
    """What server and workers held when, and the bounds."""
    table = Table(title="Held by the server and the processes below it")
    table.add_column("when")
    table.add_column("memory", justify="right")
    table.add_column("open files and sockets of the server", justify="right")
    rows: dict[str, Held] = {
        "before the first call": tally.held[0],
        "most in the first quarter, while it warms up": Held.most(tally.held[: 1 + len(tally.held) // 4]),
        "most in the third quarter": tally.warm,
        "most in the last quarter": tally.end,
        "after the last call": tally.held[-1],
    }
    for when, held in rows.items():
        table.add_row(when, f"{held.memory_mib:.0f} MiB", str(held.descriptors))
    table.add_row("bound, last quarter over third", f"+{GROWTH_MIB:.0f} MiB", f"+{GROWTH_DESCRIPTORS}")
    return table


def outcome_table(tally: Tally) -> Table:
    """Outcomes by method and code."""
    codes = sorted({code for _, code in tally.outcomes}, key=lambda code: (code != "OK", code))
    table = Table(title="Outcomes by method and code")
    table.add_column("method", no_wrap=True)
    for heading in (*codes, "all"):
        table.add_column(heading.replace("_", "\n"), justify="right")
    for method in sorted({method for method, _ in tally.outcomes}):
        counts = [tally.outcomes[method, code] for code in codes]
        table.add_row(method.rpartition(".")[2], *(f"{n:,}" if n else "" for n in counts), f"{sum(counts):,}")
    totals = [sum(n for (_, one), n in tally.outcomes.items() if one == code) for code in codes]
    table.add_section()
    table.add_row("all", *(f"{n:,}" for n in totals), f"{tally.calls:,}")
    return table


def explain(console: Console, faults: list[Fault], server: ServerProcess) -> None:
    """Show one kind of fault with its smallest request and the server's own words on it."""
    fault = faults[0]
    console.print(f"\n{len(faults)} × {fault.call.path}: {'; '.join(fault.wrong[:3])}", markup=False)
    console.print(f"  metadata {str(fault.call.metadata)[:100]}, deadline {fault.call.deadline_s:g} s", markup=False)
    console.print(f"  smallest: {minimised(fault, server)}", markup=False)
    for cause, count in Counter(last_words(server, found) for found in faults).most_common():
        console.print(f"  {count} × log: {cause}", markup=False)


def last_words(server: ServerProcess, fault: Fault) -> str:
    """The end of the stack trace in the server's log."""
    lines = logged_fault(server, fault.outcome.correlation_id).strip().splitlines()
    return " | ".join(line.strip() for line in lines[-6:] if not set(line) <= set(" ^~")) or "nothing"


if __name__ == "__main__":
    sys.exit(main())
