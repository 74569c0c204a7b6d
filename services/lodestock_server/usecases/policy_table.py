"""Policies on stocks and trade by name: a table that can be read, each with the law or plan that it stands in.

A row says what was read in a source and what is from memory. How a policy becomes rules and floors of a problem is in
`policies`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lodestock_server.catalog import Stage


class PolicyKind(Enum):
    """What a policy demands of a plan."""

    SHARE_CAP = "SHARE_CAP"
    DOMESTIC_FLOOR = "DOMESTIC_FLOOR"
    RECYCLED_FLOOR = "RECYCLED_FLOOR"
    STOCK_FLOOR = "STOCK_FLOOR"


class PolicyDenominator(Enum):
    """What a policy's share or days are of."""

    CONSUMPTION = "CONSUMPTION"
    NET_IMPORTS = "NET_IMPORTS"
    DEFENCE_AND_ESSENTIAL = "DEFENCE_AND_ESSENTIAL"


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy; mirrors `lodestock.v1.Policy`.

    Attributes:
        value: A share, 0 to 1; or days, for a stock floor.
        stage: Stage that the law speaks of. None: any.
        from_year: First year in which it binds. 0: now.
        country: Whose it is. "": several countries'.
        material_ids: Minerals that it names, as far as the data know them. Empty: none named.
        limits: What the model cannot say of it, and what is simplified.
        certainty: What was read in a source, and what is from memory.
    """

    policy_id: str
    name: str
    law: str
    description: str
    kind: PolicyKind
    value: float
    denominator: PolicyDenominator
    url: str
    limits: str
    certainty: str
    stage: Stage | None = None
    from_year: int = 0
    country: str = ""
    material_ids: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """Unit of the value."""
        return "d" if self.kind is PolicyKind.STOCK_FLOOR else "1"


CRMA = "Regulation (EU) 2024/1252 of 11 April 2024 (Critical Raw Materials Act), Article 5(1)"
CRMA_URL = "http://data.europa.eu/eli/reg/2024/1252/oj"
CRMA_CERTAINTY = (
    "Figures and year as publications on the regulation give them; point of the article, the wording and the list of "
    "Annex I, Section 1, from memory"
)
STRATEGIC_RAW_MATERIALS = (
    *("alumina", "aluminium", "bauxite", "bismuth", "cobalt", "copper", "gallium", "germanium", "graphite", "lithium"),
    *("magnesium", "manganese", "nickel", "palladium", "platinum", "rare-earths", "rhodium", "silicon"),
    *("titanium-sponge", "tungsten"),
)
"""Annex I, Section 1, as far as the data have them; there some in a grade, such as "battery grade", or for magnets."""
JAPAN = "International Resource Strategy of March 2020, on the stockpile of the Act on JOGMEC, Article III.11(xiii)"
JAPAN_URL = "https://www.iea.org/policies/16639-international-resource-strategy-national-stockpiling-system"
JAPAN_CERTAINTY = (
    "Days, year and law as the IEA's policy database gives them; of the 34 rare metals the first twelve were read "
    "there, the others are from memory"
)
JAPAN_LIMITS = "Targets of single metals are not published; which of them have more than 60 days is the caller's choice"
RARE_METALS_OF_JAPAN = (
    *("antimony", "barite", "beryllium", "bismuth", "chromium", "cobalt", "fluorspar", "gallium", "germanium"),
    *("graphite", "indium", "lithium", "magnesium", "manganese", "molybdenum", "nickel", "niobium", "palladium"),
    *("platinum", "rare-earths", "rhenium", "selenium", "silicon", "strontium", "tantalum", "tellurium"),
    *("titanium", "titanium-sponge", "tungsten", "vanadium", "zircon"),
)
KOREA = "National Program for Metal (Nonferrous and Rare) Stockpiling, December 2022"
KOREA_URL = "https://www.iea.org/policies/17940-the-national-program-for-metal-nonferrous-and-rare-stockpiling"
KOREA_CERTAINTY = (
    "Days and times of release as the IEA's policy database gives them, the month as the press of the day; which "
    "metals are the Public Procurement Service's is from memory, the others are the 33 critical minerals of 2023"
)
KOREA_LIMITS = (
    "The time of release (30 days, 8 in an emergency, after 60 before) is shorter than a period of a year, so that "
    "stock is there when it is needed; with shorter periods give max_out_tonnes"
)

POLICIES: tuple[Policy, ...] = (
    Policy(
        policy_id="eu-crma-single-country",
        name="European Union: at most 65 % from one third country",
        law=f"{CRMA}(b)",
        description="By 2030 no third country supplies more than 65 % of the Union's annual consumption of a strategic "
        "raw material at any relevant stage of processing",
        kind=PolicyKind.SHARE_CAP,
        value=0.65,
        denominator=PolicyDenominator.CONSUMPTION,
        url=CRMA_URL,
        limits="Holds for the one traded form that is planned, not for each stage. Suppliers that the data do not name "
        "are several countries and are not capped",
        certainty=CRMA_CERTAINTY,
        from_year=2030,
        country="EU27",
        material_ids=STRATEGIC_RAW_MATERIALS,
    ),
    Policy(
        policy_id="eu-crma-extraction",
        name="European Union: 10 % mined in the Union",
        law=f"{CRMA}(a)(i)",
        description="By 2030 the Union's mines can extract what 10 % of its annual consumption of strategic raw "
        "materials needs, as far as its reserves allow",
        kind=PolicyKind.DOMESTIC_FLOOR,
        value=0.10,
        denominator=PolicyDenominator.CONSUMPTION,
        url=CRMA_URL,
        limits="A benchmark for capacity over all materials together, taken as a least share of deliveries of each; "
        "where the planned form is refined, sources at home are refineries and not mines",
        certainty=CRMA_CERTAINTY,
        stage=Stage.MINING,
        from_year=2030,
        country="EU27",
        material_ids=STRATEGIC_RAW_MATERIALS,
    ),
    Policy(
        policy_id="eu-crma-processing",
        name="European Union: 40 % processed in the Union",
        law=f"{CRMA}(a)(ii)",
        description="By 2030 the Union's plants can process 40 % of its annual consumption of strategic raw materials, "
        "all intermediate steps included",
        kind=PolicyKind.DOMESTIC_FLOOR,
        value=0.40,
        denominator=PolicyDenominator.CONSUMPTION,
        url=CRMA_URL,
        limits="A benchmark for capacity over all materials together, taken as a least share of deliveries of each; "
        "where the planned form is mined, sources at home are mines and not plants",
        certainty=CRMA_CERTAINTY,
        stage=Stage.REFINING,
        from_year=2030,
        country="EU27",
        material_ids=STRATEGIC_RAW_MATERIALS,
    ),
    Policy(
        policy_id="eu-crma-recycling",
        name="European Union: 25 % recycled in the Union",
        law=f"{CRMA}(a)(iii)",
        description="By 2030 the Union's plants can recycle 25 % of its annual consumption of strategic raw materials",
        kind=PolicyKind.RECYCLED_FLOOR,
        value=0.25,
        denominator=PolicyDenominator.CONSUMPTION,
        url=CRMA_URL,
        limits="A benchmark for capacity over all materials together, taken as a least share of deliveries of each",
        certainty=CRMA_CERTAINTY,
        from_year=2030,
        country="EU27",
        material_ids=STRATEGIC_RAW_MATERIALS,
    ),
    Policy(
        policy_id="net-imports-90-days",
        name="Ninety days of net imports, as for oil",
        law="Agreement on an International Energy Program (1974), Article 2; Council Directive 2009/119/EC, Article 3",
        description="Emergency stocks of oil cover at least ninety days of average daily net imports; taken over for a "
        "mineral, for which no law demands it",
        kind=PolicyKind.STOCK_FLOOR,
        value=90.0,
        denominator=PolicyDenominator.NET_IMPORTS,
        url="http://data.europa.eu/eli/dir/2009/119/oj",
        limits="The directive takes the larger of 90 days of net imports and 61 days of use, of the year before; "
        "here net imports are the demand beyond the capacity at home, in the year in which that part is largest",
        certainty="The days as the Union's summary of the directive gives them; the agreement's article from memory",
    ),
    Policy(
        policy_id="jpn-rare-metals-60-days",
        name="Japan: sixty days of rare metals",
        law=JAPAN,
        description="National stocks of rare metals of sixty days of consumption as a rule, held by JOGMEC",
        kind=PolicyKind.STOCK_FLOOR,
        value=60.0,
        denominator=PolicyDenominator.CONSUMPTION,
        url=JAPAN_URL,
        limits=JAPAN_LIMITS,
        certainty=JAPAN_CERTAINTY,
        country="JPN",
        material_ids=RARE_METALS_OF_JAPAN,
    ),
    Policy(
        policy_id="jpn-rare-metals-180-days",
        name="Japan: 180 days of rare metals of high geopolitical risk",
        law=JAPAN,
        description="Where the geopolitical risk is high the target is a larger one, such as 180 days of consumption",
        kind=PolicyKind.STOCK_FLOOR,
        value=180.0,
        denominator=PolicyDenominator.CONSUMPTION,
        url=JAPAN_URL,
        limits=JAPAN_LIMITS,
        certainty=JAPAN_CERTAINTY,
        country="JPN",
        material_ids=RARE_METALS_OF_JAPAN,
    ),
    Policy(
        policy_id="kor-nonferrous-60-days",
        name="Korea: sixty days of non-ferrous metals",
        law=KOREA,
        description="Stocks of non-ferrous metals at the Public Procurement Service grow from 50 to 60 days of use",
        kind=PolicyKind.STOCK_FLOOR,
        value=60.0,
        denominator=PolicyDenominator.CONSUMPTION,
        url=KOREA_URL,
        limits=KOREA_LIMITS,
        certainty=KOREA_CERTAINTY,
        country="KOR",
        material_ids=("aluminium", "copper", "lead", "nickel", "tin", "zinc"),
    ),
    Policy(
        policy_id="kor-rare-metals-100-days",
        name="Korea: a hundred days of rare metals",
        law=KOREA,
        description="Stocks of rare metals at KOMIR grow from 54 to 100 days of use; released within 30 days, within 8 "
        "in an emergency",
        kind=PolicyKind.STOCK_FLOOR,
        value=100.0,
        denominator=PolicyDenominator.CONSUMPTION,
        url=KOREA_URL,
        limits=KOREA_LIMITS,
        certainty=KOREA_CERTAINTY,
        country="KOR",
        material_ids=(
            *("antimony", "bismuth", "chromium", "cobalt", "gallium", "graphite", "indium", "lithium", "magnesium"),
            *("manganese", "molybdenum", "niobium", "palladium", "platinum", "rare-earths", "selenium", "silicon"),
            *("strontium", "tantalum", "titanium", "titanium-sponge", "tungsten", "vanadium", "zircon"),
        ),
    ),
    Policy(
        policy_id="usa-defence-stockpile-one-year",
        name="United States: defence and essential use through a year of conflict",
        law="Strategic and Critical Materials Stock Piling Act, section 14 (50 U.S.C. 98h-5)",
        description="Requirements of the National Defense Stockpile rest on a military conflict and on military, "
        "industrial and essential civilian needs; taken as a year of demand of the tiers DEFENCE and ESSENTIAL",
        kind=PolicyKind.STOCK_FLOOR,
        value=365.0,
        denominator=PolicyDenominator.DEFENCE_AND_ESSENTIAL,
        url="https://www.everycrsreport.com/reports/R47833.html",
        limits="The reports to Congress count what is missing after the supply that is left, and replacement within "
        "three years; a floor counts all of the need, an upper bound. What supply is left is for scenarios to say",
        certainty="The needs as the section has them; a year of conflict as the base case is from memory of the "
        "reports, the law leaves its length to the Secretary of Defense",
        country="USA",
    ),
)

_BY_ID = {policy.policy_id: policy for policy in POLICIES}


def find_policy(policy_id: str) -> Policy | None:
    """The policy of that name, if there is one."""
    return _BY_ID.get(policy_id)
