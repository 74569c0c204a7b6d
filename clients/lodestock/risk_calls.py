"""The client's calls that measure supply risk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from lodestock.channel import Channel
from lodestock.inputs import OwnFigures, messages, names, own_figures, parsed
from lodestock.requests import SHORT_TIMEOUT_S, TIMEOUT_S
from lodestock.results import Assessment, Measures
from lodestock.risk_results import Dependence
from lodestock.short_forms import spelled_out
from lodestock.v1 import risk_pb2

COMPOSITE = risk_pb2.CompositeChoice.DESCRIPTOR
NETWORK = risk_pb2.DependenceNetwork.DESCRIPTOR
UNCERTAINTY = risk_pb2.RiskUncertainty.DESCRIPTOR

Options = TypeVar("Options", bound=Message)


class RiskCalls(Channel):
    """The calls of the RiskService."""

    def list_risk_measures(self, *, timeout_s: float = SHORT_TIMEOUT_S) -> Measures:
        """List the measures of supply risk with their scale and source."""
        return Measures(self._call(self._risk.ListRiskMeasures, risk_pb2.ListRiskMeasuresRequest(), timeout_s))

    def assess_supply_risk(
        self,
        buyer: str,
        materials: Sequence[str] = (),
        *,
        supplies: Iterable[risk_pb2.MaterialSupply | Mapping[str, Any]] | None = None,
        own_figures: OwnFigures = (),
        composite: risk_pb2.CompositeChoice | Mapping[str, Any] | None = None,
        uncertainty: risk_pb2.RiskUncertainty | Mapping[str, Any] | None = None,
        pressures: Iterable[risk_pb2.SourcePressure | Mapping[str, Any]] = (),
        yale_weights: Mapping[str, float] | None = None,
        history_from_year: int | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> Assessment:
        """Measure the supply risk of materials and of their sources.

        Args:
            buyer: Buyer, ISO 3166-1 alpha-3 or "EU27".
            materials: Materials that the server's data hold. Empty: all.
            supplies: Supplies of your own in place of the server's data: messages, or dicts in proto's JSON form.
            own_figures: The buyer's own figures, which go before the data: a CSV file (docs/data.md), or dicts.
            composite: What ranks the materials: measures and weights, as a message or a dict.
            uncertainty: Standard errors and ranges, as a message or a dict; scores then have intervals.
            pressures: Ecological figures of sources, as messages or dicts.
            yale_weights: Weights of the "geological", "social" and "geopolitical" component of the Yale method.
            history_from_year: First year of the history of world supply; of the server's data alone.
            timeout_s: Seconds to wait.

        Raises:
            ValueError: Own figures cannot be read, or a history is asked for of supplies of your own.
        """
        if supplies is not None and history_from_year is not None:
            raise ValueError("history_from_year goes with the server's data, and not with supplies of your own")
        request = risk_pb2.AssessSupplyRiskRequest(
            buyer=buyer,
            composite=_options(risk_pb2.CompositeChoice, COMPOSITE, composite, "composite"),
            uncertainty=_options(risk_pb2.RiskUncertainty, UNCERTAINTY, uncertainty, "uncertainty"),
            pressures=messages(risk_pb2.SourcePressure, pressures, "pressures"),
            yale_weights=parsed(risk_pb2.YaleWeights, yale_weights, "yale_weights") if yale_weights else None,
        )
        if supplies is None:
            request.stored.CopyFrom(_stored(materials, own_figures, history_from_year))
        else:
            listed = messages(risk_pb2.MaterialSupply, supplies, "inline.supplies")
            request.inline.CopyFrom(risk_pb2.MaterialSupplySet(supplies=listed))
        return Assessment(self._call(self._risk.AssessSupplyRisk, request, timeout_s))

    def map_dependence(
        self,
        buyer: str,
        material: str = "",
        *,
        network: risk_pb2.DependenceNetwork | Mapping[str, Any] | None = None,
        contents: Mapping[str, float] | None = None,
        stops: Iterable[Sequence[str]] = (),
        cut_loss: float | None = None,
        most_cut_countries: int | None = None,
        least_link_share: float | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> Dependence:
        """Say what is lost downstream when countries stop, from mine to user, and which stops cut a buyer off.

        Args:
            buyer: Buyer, ISO 3166-1 alpha-3 or "EU27".
            material: Material whose network the server's data make.
            network: A network of your own in its place, as a message or a dict.
            contents: Content of the material in traded products by heading, such as {"260500": 0.1}.
            stops: Countries that stop together, such as [["CHN"], ["COD", "ZMB"]]. Empty: every country alone.
            cut_loss: Share of the buyer's supply that a cut set costs at least. None: a half.
            most_cut_countries: Countries in the largest set that is tried, at most 4. None: 3.
            least_link_share: Share of a node's supply below which a link does not count for severing. None: 0.01.
            timeout_s: Seconds to wait.

        Raises:
            ValueError: Both or neither of `material` and `network` are given.
        """
        if bool(material) == (network is not None):
            raise ValueError("give either a material that the server's data hold, or a network of your own")
        stored = risk_pb2.StoredDependence(material_id=material, contents=contents or {}) if material else None
        request = risk_pb2.MapDependenceRequest(
            buyer=buyer,
            inline=_options(risk_pb2.DependenceNetwork, NETWORK, network, "inline"),
            stored=stored,
            stops=[risk_pb2.DependenceStop(countries=names(stop)) for stop in stops],
            cut_loss=cut_loss,
            most_cut_countries=most_cut_countries,
            least_link_share=least_link_share,
        )
        return Dependence(self._call(self._risk.MapDependence, request, timeout_s))


def _stored(materials: Sequence[str], figures: OwnFigures, history_from_year: int | None) -> risk_pb2.StoredSupply:
    """What is to be read of the server's data."""
    return risk_pb2.StoredSupply(
        material_ids=names(materials), own_figures=own_figures(figures), history_from_year=history_from_year
    )


def _options(
    kind: type[Options], form: Descriptor, given: Options | Mapping[str, Any] | None, field_path: str
) -> Options | None:
    """Options given as a message or as a dict, whose enums may be short."""
    if isinstance(given, Mapping):
        return parsed(kind, spelled_out(given, form), field_path)
    return given
