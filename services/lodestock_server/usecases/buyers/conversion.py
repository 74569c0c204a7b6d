"""From the caller's units and forms to tonnes, shares and USD per tonne of what a material's tonnes count."""

from __future__ import annotations

from lodestock_server import units
from lodestock_server.catalog import Catalog
from lodestock_server.usecases.buyers.values import OwnFigure, OwnFigureKind
from lodestock_server.usecases.origins import Traced

TONNES, FRACTION, USD_PER_TONNE = "t", "1", "USD/t"


def as_counted(figure: OwnFigure, content_factor: float) -> tuple[float, bool]:
    """The figure's value in tonnes of content, USD per tonne of content or as a fraction, and whether it is a fraction.

    Raises:
        ValueError: The unit is none, or of another kind of quantity; the text says what would be right.
    """
    if figure.kind is OwnFigureKind.PRICE:
        return _usd_per_tonne(figure) / content_factor, False
    if figure.kind is not OwnFigureKind.IMPORTS_BY_COUNTRY:
        return _tonnes(figure) * content_factor, False
    if figure.unit in ("", FRACTION):
        return figure.value, True
    try:
        return units.share(figure.value, figure.unit), True
    except ValueError:
        pass
    try:
        return _tonnes(figure) * content_factor, False
    except ValueError:
        text = f"'{figure.unit}' is neither a share nor a mass, must be such as '1', '%', 't' or 'kt'"
        raise ValueError(text) from None


def content_factor_of(catalog: Catalog, mineral: str, form: str) -> Traced:
    """Tonnes of content in a tonne of a form, with the row that says so; 1 from nowhere where no form is named.

    Raises:
        ValueError: The mineral has no such form; the text lists those that it has.
    """
    if not form:
        return Traced(1.0, ())
    forms = catalog.forms(mineral)
    for known in forms:
        if known.form.casefold() == form.casefold():
            return Traced.read(known.content_factor)
    listed = ", ".join(f"'{known.form}'" for known in forms) or "none, so leave it empty"
    content = catalog.mineral(mineral).content
    raise ValueError(f"'{form}' is no form of {mineral}, whose tonnes count {content}; known forms: {listed}")


def _tonnes(figure: OwnFigure) -> float:
    # What needs no conversion does not load the library of units.
    return figure.value if figure.unit in ("", TONNES) else units.tonnes(figure.value, figure.unit)


def _usd_per_tonne(figure: OwnFigure) -> float:
    return figure.value if figure.unit in ("", USD_PER_TONNE) else units.usd_per_tonne(figure.value, figure.unit)
