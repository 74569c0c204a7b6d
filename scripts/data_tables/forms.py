"""Forms in which minerals are traded: how much of the mineral's basis a tonne of each holds.

A factor is the mass fraction of the basis in a compound by the standard atomic weights, times a stated grade where the
form is no pure compound. The formula, the grade and where it is from stand in the reason of each row.
"""

from __future__ import annotations

from collections.abc import Iterator

from data_tables.naming import material_id
from data_tables.raw import MAPPING, Minerals, RawTables, Row, number, read_rows
from data_tables.stoichiometry import mass_fraction


def forms(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    declared = read_rows(MAPPING / "forms.csv")
    unknown = {row["mineral"] for row in declared} - set(minerals)
    if unknown:
        raise SystemExit(f"forms.csv names unknown minerals: {sorted(unknown)}")
    for mineral, spec in minerals.items():
        yield {
            "mineral": mineral,
            "form": spec["content"],
            "content_factor": "1",
            "hs_code": "",
            "reason": "the basis of every tonnage of this mineral",
            "source_id": "LODESTOCK",
        }
        for row in (row for row in declared if row["mineral"] == mineral):
            named = form(row, spec["symbol"])
            yield named
            if row["formula"] and not row["grade"]:  # a pure compound goes by its formula too
                yield {**named, "form": row["formula"], "reason": f"{row['form']}; {named['reason']}"}


def form(row: Row, symbol: str) -> Row:
    basis = row["basis"] or symbol
    factor, reasons = 1.0, []
    if row["formula"]:
        fraction = mass_fraction(basis, row["formula"])
        factor *= fraction.value
        reasons.append(fraction.reason)
    if row["grade"] not in ("", "1"):
        factor *= float(row["grade"])
        reasons.append(f"{100 * float(row['grade']):g} % {row['formula'] or basis}")
    return {
        "mineral": row["mineral"],
        "form": row["form"],
        "content_factor": number(round(factor, 5)),
        "hs_code": row["hs_code"],
        "reason": "; ".join((*reasons, *filter(None, (row["note"],)))),
        "source_id": row["source_id"],
    }


def hs_codes(raw: RawTables, minerals: Minerals) -> Iterator[Row]:
    """Six-digit headings of each mineral: of its main form, its other forms, and those the sources use for it."""
    found: dict[tuple[str, str, str], Row] = {}

    def add(mineral: str, code: str, description: str, source_id: str) -> None:
        if mineral in minerals and code.isdigit():
            row = {"mineral": mineral, "hs_code": code, "description": " ".join(description.split())}
            found.setdefault((mineral, code, source_id), {**row, "source_id": source_id})

    for mineral, spec in minerals.items():
        add(mineral, spec["hs6"], spec["form"], "LODESTOCK")
    for row in forms(raw, minerals):
        add(row["mineral"], row["hs_code"], row["form"], "LODESTOCK")
    for row in raw["recycling"]:
        mineral = material_id(row["material"])
        add(mineral, row["hs_code"], row["hs_description"], row["source_id"])
        for code in row["hs_code_complementary"].split(";"):
            add(mineral, code.strip(), "complementary heading", row["source_id"])
    for table in ("trade", "trade_windows"):
        for row in raw[table]:
            add(material_id(row["mineral"]), row["hs6"], row["product"], row["source"])
    yield from (found[key] for key in sorted(found))
