"""The command that projects demand by a law."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from lodestock.printing import Address, AsJson, complaints, connected, show

LawFile = Annotated[
    Path,
    typer.Argument(help="JSON file with one law: sectors, input_output or stock, as docs/demand_laws.md shows them."),
]
First = Annotated[int, typer.Option("--first", help="First year.")]
Last = Annotated[int, typer.Option("--last", help="Last year.")]
ByUse = Annotated[bool, typer.Option("--by-use", help="Every use or sector, in place of the sum.")]

FLOWS = ("stock_tonnes", "outflow_tonnes", "recovered_tonnes", "primary_tonnes")


def project(
    file: LawFile,
    first: First,
    last: Last,
    by_use: ByUse = False,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Say what demand follows from sectors, from a table of inputs, or from a stock in use."""
    law = read_law(file)
    with connected(address) as client:
        result = client.project_demand(first, last, **law)
    rows = result.part_rows() if by_use else result.rows()
    columns = ("material_id", "year", "use_id", "tonnes") if by_use else ("material_id", "year", "demand_tonnes")
    if not by_use and rows and FLOWS[0] in rows[0]:
        columns = (*columns, *FLOWS)
    show(result.message, rows, columns, as_json)
    for remark in result.remarks:
        complaints.print(remark, highlight=False)


def read_law(file: Path) -> dict[str, Any]:
    """Read a law, exit 2 where the file holds none."""
    try:
        law = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(law, dict) and set(law) <= {"sectors", "input_output", "stock"}:
            return law
        text = "must be an object with one of sectors, input_output and stock"
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        text = str(error)
    complaints.print(f"{file}: {text}")
    raise typer.Exit(2)
