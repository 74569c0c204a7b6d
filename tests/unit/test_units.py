"""Units are brought to tonnes, USD per tonne and fractions by factors known by hand; what is ambiguous is refused."""

import subprocess
import sys

import pytest

from lodestock_server.units import share, tonnes, usd_per_tonne


@pytest.mark.parametrize(
    ("unit", "grams"),
    [
        ("t", 1_000_000),
        ("kt", 1e9),
        ("Mt", 1e12),
        ("kg", 1000),
        ("g", 1),
        ("lb", 453.59237),
        ("short ton", 2000 * 453.59237),
        ("long ton", 2240 * 453.59237),
        ("troy oz", 31.1034768),
        ("flask", 76 * 453.59237),
        ("mtu", 10_000),
        ("metric ton unit", 10_000),
        ("stu", 20 * 453.59237),
        ("dry metric ton", 1_000_000),
        ("carat", 0.2),
    ],
)
def test_a_mass_has_its_size_by_hand(unit: str, grams: float) -> None:
    assert tonnes(1, unit) == pytest.approx(grams / 1e6, rel=1e-12)


def test_a_flask_of_mercury_is_34_and_a_half_kilograms() -> None:
    assert 1000 * tonnes(1, "flask") == pytest.approx(34.47, abs=0.005)


@pytest.mark.parametrize("spelling", ["metric tons", "Metric Ton", "tonnes", "dry metric tons", "T"])
def test_spellings_of_a_tonne(spelling: str) -> None:
    assert tonnes(2.5, spelling) == 2.5


@pytest.mark.parametrize(
    ("spelling", "usual"), [("pounds", "lb"), ("lbs", "lb"), ("short tons", "short ton"), ("KG", "kg")]
)
def test_plurals_and_capitals_do_not_matter(spelling: str, usual: str) -> None:
    assert tonnes(1, spelling) == tonnes(1, usual)


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (2500, "USD/t", 2500),
        (25, "USD/kg", 25_000),
        (4.5, "USD/lb", 4.5 / 0.00045359237),
        (450, "US cents/lb", 4.5 / 0.00045359237),
        (450, "cents per pound", 4.5 / 0.00045359237),
        (900, "USD/troy oz", 900 / 31.1034768e-6),
        (4.4, "USD/metric ton unit", 440),
        (380, "dollars per dry metric ton unit", 38_000),
        (380, "USD/mtu", 38_000),
        (1000, "USD/flask", 1000 / (76 * 0.00045359237)),
        (100, "USD/short ton", 100 / 0.90718474),
    ],
)
def test_a_price_per_tonne_by_hand(value: float, unit: str, expected: float) -> None:
    assert usd_per_tonne(value, unit) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("value", "unit", "expected"), [(97, "%", 0.97), (97, "percent", 0.97), (0.97, "1", 0.97), (0.5, "", 0.5)]
)
def test_a_share_is_a_fraction(value: float, unit: str, expected: float) -> None:
    assert share(value, unit) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("unit", "right"),
    [
        ("ton", "short ton"),
        ("tons", "long ton"),
        ("MT", "million tonnes"),
        ("mt", "metric tons"),
        ("oz", "troy oz"),
        ("unit", "mtu"),
    ],
)
def test_a_unit_that_may_mean_several_is_refused_with_what_to_write(unit: str, right: str) -> None:
    with pytest.raises(ValueError, match=right) as refused:
        tonnes(1, unit)
    assert repr(unit) in str(refused.value)


@pytest.mark.parametrize("unit", ["m3", "USD", "barrels", "", "kg/kWh", "lb)", "1e9"])
def test_what_is_no_mass_is_refused(unit: str) -> None:
    with pytest.raises(ValueError, match="is no unit of mass: write t, kt"):
        tonnes(1, unit)


@pytest.mark.parametrize("unit", ["USD", "t", "EUR/t", "USD/", "/t", "index", ""])
def test_what_is_no_price_is_refused(unit: str) -> None:
    with pytest.raises(ValueError, match="is no unit of a price: write USD/t"):
        usd_per_tonne(1, unit)


def test_a_price_by_an_ambiguous_ounce_is_refused() -> None:
    with pytest.raises(ValueError, match="troy oz"):
        usd_per_tonne(1, "USD/oz")


def test_what_is_no_share_is_refused() -> None:
    with pytest.raises(ValueError, match="write % or 1"):
        share(1, "t")


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1e308])
def test_what_is_no_finite_figure_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="is no finite figure"):
        tonnes(value, "Mt")


def test_pint_is_imported_only_when_a_unit_is_asked_for() -> None:
    code = (
        "import sys, lodestock_server.units as units; before = 'pint' in sys.modules; "
        "units.tonnes(1, 'kg'); print(before, 'pint' in sys.modules)"
    )
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert asked.stdout.split() == ["False", "True"]
