"""Names, forms and headings of the minerals: factors by hand, names that stand for one mineral each."""

from collections import defaultdict

import pytest

from lodestock_server.catalog import bundled_package
from lodestock_server.units import share

PACKAGE = bundled_package("minerals")
MINERALS = {row["mineral"]: row for row in PACKAGE.table("minerals")}
FORMS = {(row["mineral"], row["form"]): row for row in PACKAGE.table("forms")}


@pytest.mark.parametrize(
    ("mineral", "form", "factor"),
    [
        # Oxides as SOURCES of the raw data and textbooks print them.
        ("niobium", "niobium pentoxide", 0.69904),
        ("tantalum", "tantalum pentoxide", 0.81897),
        ("chromium", "chromium(III) oxide", 0.68420),
        ("vanadium", "vanadium pentoxide", 0.56017),
        ("lithium", "lithium oxide", 0.46454),  # 13.88 / 29.879; printed 0.46457, with 6.941 for lithium
        ("lithium", "lithium carbonate", 0.18785),
        ("lithium", "lithium hydroxide monohydrate", 0.16538),  # 6.94 / 41.962
        ("lithium", "spodumene concentrate of 6 % Li2O", 0.06 * 0.46457),
        ("tungsten", "tungsten trioxide", 0.79297),
        ("tungsten", "ammonium paratungstate tetrahydrate", 0.70425),  # 12 x 183.84 / 3132.5
        ("potash", "muriate of potash, pure KCl", 0.63177),
        ("rare-earths", "neodymium metal", 1.16639),  # 336.477 / 288.484
        ("nickel", "nickel sulphate hexahydrate", 0.22330),  # 58.693 / 262.84
        ("cobalt", "cobalt sulphate heptahydrate", 0.20966),
        ("fluorspar", "hydrogen fluoride, as fluorspar used", 1.95126),  # 78.074 / (2 x 20.006)
        ("titanium", "ilmenite, pure FeTiO3", 0.52643),  # 79.865 / 151.709
        ("niobium", "ferroniobium of 65 % Nb", 0.65),
        ("rare-earths", "cerium oxide", 1.0),
    ],
)
def test_content_factors_by_hand(mineral: str, form: str, factor: float) -> None:
    assert FORMS[mineral, form].figure("content_factor").value == pytest.approx(factor, abs=2e-5)


def test_factors_that_prices_and_output_were_converted_by_agree_with_the_forms() -> None:
    prices = {(row["mineral"], float(row["content"])) for row in bundled_package("prices").table("prices")}
    for mineral, form in (
        ("vanadium", "vanadium pentoxide"),
        ("tantalum", "tantalum pentoxide"),
        ("tungsten", "tungsten trioxide"),
        ("lithium", "lithium carbonate"),
        ("niobium", "ferroniobium of 65 % Nb"),
        ("titanium", "rutile of 95 % TiO2"),
        ("iron-ore", "fines of 62 % Fe"),
        ("strontium", "celestite of 92 % SrSO4"),
    ):
        used = [content for name, content in prices if name == mineral]
        assert used == [pytest.approx(FORMS[mineral, form].figure("content_factor").value, abs=5e-5)]


def test_every_mineral_has_its_own_basis_among_its_forms() -> None:
    for mineral, row in MINERALS.items():
        basis = FORMS[mineral, row["content"]]
        assert basis.figure("content_factor").value == 1


def test_every_form_has_a_reason_and_a_factor_that_can_be() -> None:
    for (mineral, form), row in FORMS.items():
        assert mineral in MINERALS
        assert row["reason"], form
        assert 0 < row.figure("content_factor").value < 2.5
        assert row["hs_code"] == "" or (len(row["hs_code"]) == 6 and row["hs_code"].isdigit())


@pytest.mark.parametrize(
    ("mineral", "formula", "name"),
    [
        ("lithium", "Li2CO3", "lithium carbonate"),
        ("vanadium", "V2O5", "vanadium pentoxide"),
        ("cobalt", "Co(OH)2", "cobalt hydroxide"),
    ],
)
def test_a_compound_goes_by_its_name_and_its_formula(mineral: str, formula: str, name: str) -> None:
    assert FORMS[mineral, formula].figure("content_factor").value == FORMS[mineral, name].figure("content_factor").value
    assert FORMS[mineral, formula]["reason"].startswith(name)


def test_forms_are_told_apart_without_regard_to_case() -> None:
    assert len({(mineral, form.casefold()) for mineral, form in FORMS}) == len(FORMS)


def test_no_name_stands_for_two_minerals() -> None:
    owners = defaultdict(set)
    for row in PACKAGE.table("names"):
        owners[row["name"].lower()].add(row["mineral"])
    assert {name: found for name, found in owners.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("name", "mineral"),
    [
        ("Aluminum", "aluminium"),
        ("ANTIMONY, metal and oxide", "antimony"),
        ("Natural Graphite", "graphite"),
        ("Rare Earth Elements", "rare-earths"),
        ("niobium (columbium)", "niobium"),
        ("wolfram", "tungsten"),
        ("Iron ore, cfr spot", "iron-ore"),
        ("Sulphur", "sulfur"),
        ("Li", "lithium"),
        ("Titanium metal", "titanium-sponge"),
    ],
)
def test_names_of_the_sources_are_known(name: str, mineral: str) -> None:
    assert mineral in {row["mineral"] for row in PACKAGE.table("names") if row["name"] == name}


def test_every_mineral_has_a_heading_and_knows_its_own_id() -> None:
    headings = {row["mineral"] for row in PACKAGE.table("hs_codes")}
    named = {row["mineral"] for row in PACKAGE.table("names") if row["name"] == row["mineral"]}
    assert headings == named == set(MINERALS)


def test_minerals_without_us_demand_say_so() -> None:
    with_demand = {mineral for mineral, row in MINERALS.items() if row["consumption_kind"]}
    stored = {row["mineral"] for row in bundled_package("us_minerals").table("us_statistics")}
    assert with_demand == stored
    assert len(with_demand) == 27
    assert {"lithium", "tungsten", "germanium", "titanium", "titanium-sponge"} <= set(MINERALS) - with_demand
    missing = {row["mineral"].replace(" ", "-"): row["missing"] for row in PACKAGE.table("excluded")}
    for mineral in set(MINERALS) - with_demand:
        assert missing[mineral] == "US demand"
    assert not {name for name, what in missing.items() if what == "mineral"} & set(MINERALS)


def test_every_mineral_has_world_output_and_a_price() -> None:
    produced = {(row["mineral"], row["stage"]) for row in bundled_package("world_supply").table("production")}
    priced = {row["mineral"] for row in bundled_package("prices").table("prices")}
    assert priced == set(MINERALS)
    assert {(mineral, row["supply_stage"]) for mineral, row in MINERALS.items()} <= produced


def test_a_grade_in_a_name_is_the_factor() -> None:
    row = FORMS["copper", "concentrate of 25 % Cu"]
    assert row.figure("content_factor").value == share(25, "%")
    assert "judgement" in row["reason"]
