"""``make fuzz``: many calls, a table of what they came to, and one line at the end; exit code 1 on any fault."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from rich.console import Console
from rich.table import Table

from tests.fuzz.campaign import GROWTH_MIB, Fault, Tally, logged_fault, minimised, run_campaign
from tests.fuzz.seeds import seed_from_environment
from tests.server_process import ServerProcess, running_server

CALLS = 20_000
REPORT_EVERY = 1000


def main() -> int:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=CALLS, help="calls to make")
    calls: int = parser.parse_args().calls
    console, seed = Console(width=max(120, Console().width)), seed_from_environment()
    began = time.monotonic()
    console.print(f"{calls:,} calls from seed {seed}")
    with running_server() as server:
        tally = run_campaign(server, calls, seed, lambda tally: report(console, tally, began))
        console.print(outcome_table(tally))
        console.print(f"server and workers: {tally.warm_mib:.0f} MiB when warm, {tally.end_mib:.0f} MiB at the end")
        for faults in tally.kinds().values():
            explain(console, faults, server)
    grown = tally.grew_mib > GROWTH_MIB
    if grown:
        console.print(f"memory grew by {tally.grew_mib:.0f} MiB, more than {GROWTH_MIB:.0f} MiB")
    verdict = "FAULTS" if tally.faults or grown else "no fault"
    console.print(
        f"fuzz: {tally.calls:,} calls, {len(tally.faults)} faults of {len(tally.kinds())} kinds, slowest "
        f"{tally.slowest_s:.1f} s, memory {tally.grew_mib:+.0f} MiB, {time.monotonic() - began:.0f} s, seed {seed}: "
        f"{verdict}",
        highlight=False,
    )
    return 1 if tally.faults or grown else 0


def report(console: Console, tally: Tally, began: float) -> None:
    """Say now and then how far the campaign is."""
    if tally.calls % REPORT_EVERY == 0:
        seconds = time.monotonic() - began
        console.print(
            f"  {tally.calls:>6,} calls, {len(tally.faults)} faults, {tally.memory_mib[-1]:.0f} MiB, {seconds:.0f} s"
        )


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
