"""``make test-faults``: many jobs on three workers, everything killed ten times and more; tables of what came of it.

First on PostgreSQL, where worker, server and database are killed, then on SQLite, where server and workers are; on both
a few computing processes are killed, too, and a few workers frozen until others have taken their jobs. The exit code is
1 where a job is lost, doubled, failed, or ended in another result than undisturbed, or a process was left.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.faults.campaign import Report, run_with_faults
from tests.faults.cluster import SERVER, Cluster, filled_sqlite
from tests.faults.killer import DATABASE, FROZEN, PROCESS, WORKER, Plan
from tests.faults.work import undisturbed, works
from tests.mortal_postgresql import mortal_postgresql

JOBS = 300
WORKERS = ("mine-1", "mine-2", "mine-3")
SIZE = 60
KILLS = 12
LEAST_KILLS = 10
FEW = {FROZEN: 3, PROCESS: 6}
LEAST_OF_FEW = 2
MEAN_PAUSE_S = 5.0
SEED = 20_260_102
SETTINGS = {"": {"LODESTOCK_MAX_ATTEMPTS": "25", "LODESTOCK_LOG_LEVEL": "warning"}}
"""Where something is killed every few seconds, a job may well be begun more often than a job of good conscience is."""


def main() -> int:
    """Run on both databases; the exit code is 1 where one fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--kills", type=int, default=KILLS, help="kills of server, workers and database, each")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", choices=["postgresql", "sqlite"])
    given = parser.parse_args()
    console = Console(width=max(120, Console().width))
    jobs = works(given.jobs, given.seed, SIZE)
    began = time.monotonic()
    answers = undisturbed(jobs)
    console.print(f"{len(jobs)} jobs computed undisturbed in {time.monotonic() - began:.0f} s; seed {given.seed}")
    wrong: list[str] = []
    if given.only != "sqlite":
        kills = {WORKER: given.kills, SERVER: given.kills, DATABASE: given.kills, **FEW}
        with (
            mortal_postgresql() as database,
            tempfile.TemporaryDirectory() as folder,
            Cluster({"LODESTOCK_DATABASE_URL": database.new_database()}, WORKERS, Path(folder), SETTINGS) as cluster,
        ):
            report = run_with_faults(cluster, database, jobs, answers, Plan(kills, MEAN_PAUSE_S, given.seed))
        wrong += told(console, "PostgreSQL", report, kills)
    if given.only != "postgresql":
        kills = {WORKER: given.kills, SERVER: given.kills, **FEW}
        with (
            tempfile.TemporaryDirectory() as folder,
            Cluster(filled_sqlite(Path(folder)), WORKERS, Path(folder), SETTINGS) as cluster,
        ):
            report = run_with_faults(cluster, None, jobs, answers, Plan(kills, MEAN_PAUSE_S, given.seed))
        wrong += told(console, "SQLite", report, kills)
    verdict = "; ".join(wrong) if wrong else "every job ended once, in its undisturbed result"
    console.print(f"faults: {time.monotonic() - began:.0f} s, seed {given.seed}: {verdict}", highlight=False)
    return 1 if wrong else 0


def told(console: Console, database: str, report: Report, kills: dict[str, int]) -> list[str]:
    """Print what a run came to, and return what is wrong with it."""
    console.print(kill_table(database, report, kills), job_table(database, report))
    for error, count in Counter(report.failed).most_common(5):
        console.print(f"  {count} × {error}", markup=False)
    return [f"{database}: {fault}" for fault in faults_of(report, kills)]


def faults_of(report: Report, kills: dict[str, int]) -> list[str]:
    """What must not be."""
    found = [
        f"only {len(report.kills_of(target))} × {target} while jobs were under way"
        for target in kills
        if len(report.kills_of(target)) < min(LEAST_OF_FEW if target in FEW else LEAST_KILLS, kills[target])
    ]
    counts = {
        "failed": len(report.failed),
        "lost": report.lost,
        "doubled": report.doubled,
        "in another result": report.equal.count(False),
        "processes left over": report.orphans,
    }
    return found + [f"{count} {what}" for what, count in counts.items() if count]


def kill_table(database: str, report: Report, kills: dict[str, int]) -> Table:
    """What was killed and how long it was away."""
    table = Table(title=f"{database}: killed with SIGKILL and started again, while jobs were under way")
    columns = ("what", "times", "jobs under way, least", "ready again after, median", "longest", "first at", "last at")
    for column in columns:
        table.add_column(column, justify="left" if column == "what" else "right")
    for target in kills:
        found = report.kills_of(target)
        down = [kill.down_s for kill in found] or [0.0]
        times = [kill.at_s for kill in found] or [0.0]
        figures = (statistics.median(down), max(down), min(times), max(times))
        least = min((report.under_way(kill.at) for kill in found), default=0)
        table.add_row(target, str(len(found)), str(least), *(f"{figure:.1f} s" for figure in figures))
    return table


def job_table(database: str, report: Report) -> Table:
    """What became of the jobs, by method."""
    table = Table(title=f"{database}: {len(report.jobs)} jobs on {len(WORKERS)} workers, {report.took_s:.0f} s")
    counts = ("accepted", "succeeded", "equal to undisturbed", "begun more than once")
    for column in ("method", *counts, "longest to accept", "longest in all"):
        table.add_column(column, justify="left" if column == "method" else "right")
    equal = report.equal
    for method in (*dict.fromkeys(job.method for job in report.jobs), "all"):
        rows = [i for i, job in enumerate(report.jobs) if method in (job.method, "all")]
        ended = [report.ended[i] for i in rows]
        table.add_row(
            method,
            str(len(ended)),
            str(sum(not one.error for one in ended)),
            str(sum(equal[i] for i in rows)),
            str(sum(one.attempts > 1 for one in ended)),
            f"{max(one.accepted_s for one in ended):.1f} s",
            f"{max(one.took_s for one in ended):.0f} s",
        )
    table.caption = f"lost {report.lost}, doubled {report.doubled}, processes left over {report.orphans}"
    return table


if __name__ == "__main__":
    sys.exit(main())
