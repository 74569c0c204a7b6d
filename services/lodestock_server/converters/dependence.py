"""risk.proto: dependence networks and questions from messages, what is wrong with them, and answers to messages."""

from __future__ import annotations

from collections.abc import Iterator

from lodestock.v1 import common_pb2, risk_pb2
from lodestock_optimizers.dependence import Link, Network, Node, Role, network_violations
from lodestock_server.converters.enums import EnumMap
from lodestock_server.converters.risk import STAGES
from lodestock_server.converters.sourcing import given
from lodestock_server.errors import FieldViolation
from lodestock_server.usecases import map_dependence as domain
from lodestock_server.usecases.assess_supply_risk import LifeCycleStage
from lodestock_server.usecases.dependence_network import USED, NetworkStep

ROLES = EnumMap(Role, risk_pb2.TradeRole, "TRADE_ROLE_")


def question_from_proto(request: risk_pb2.MapDependenceRequest) -> domain.DependenceQuestion:
    """Read what is asked of a network."""
    loss = given(request, "cut_loss", request.cut_loss)
    share = given(request, "least_link_share", request.least_link_share)
    return domain.DependenceQuestion(
        stops=tuple(tuple(stop.countries) for stop in request.stops),
        cut_loss=domain.DEFAULT_CUT_LOSS if loss is None else loss,
        most_countries=request.most_cut_countries or domain.DEFAULT_MOST_COUNTRIES,
        least_link_share=domain.DEFAULT_LEAST_LINK_SHARE if share is None else share,
    )


def network_from_proto(message: risk_pb2.DependenceNetwork) -> Network:
    """Read a network."""
    return Network(dict(_outputs(message)), tuple(_links(message)))


def _outputs(message: risk_pb2.DependenceNetwork) -> list[tuple[Node, float]]:
    return [(_node(output.stage, output.country), output.tonnes) for output in message.outputs]


def _links(message: risk_pb2.DependenceNetwork) -> list[Link]:
    return [
        Link(
            _node(link.from_stage, link.from_country), _node(link.to_stage, link.to_country), link.tonnes, link.product
        )
        for link in message.links
    ]


def _node(stage: common_pb2.LifeCycleStage.ValueType, country: str) -> Node:
    return Node(STAGES.from_proto(stage).name, country)


def network_message_violations(message: risk_pb2.DependenceNetwork, buyer: str) -> Iterator[FieldViolation]:
    """What is wrong across the fields of a network: doubles, links to themselves, none that comes to the buyer."""
    links = _links(message)
    for found in network_violations(_outputs(message), links, "inline"):
        yield FieldViolation(found.field_path, found.description)
    if not any(link.target == Node(USED, buyer) for link in links):
        yield FieldViolation("inline.links", f"none comes to {buyer} at the stage of use; one must")


def dependence_to_proto(found: domain.Dependence) -> risk_pb2.MapDependenceResponse:
    """Write what a network says."""
    return risk_pb2.MapDependenceResponse(
        countries=[
            risk_pb2.DependenceCountry(
                country=one.country,
                role=ROLES.to_proto(one.role),
                re_export_share=one.re_export_share,
                buyer_loss=one.buyer_loss,
            )
            for one in found.countries
        ],
        stops=[stop_to_proto(stop) for stop in found.stops],
        cuts=[risk_pb2.DependenceCut(countries=cut.countries, buyer_loss=cut.loss) for cut in found.cuts],
        severing=found.severing or (),
        can_be_severed=bool(found.severing),
    )


def stop_to_proto(stop: domain.StopOutcome) -> risk_pb2.StopOutcome:
    """Write what a stop costs."""
    return risk_pb2.StopOutcome(
        countries=stop.countries,
        buyer_loss=stop.buyer_loss,
        losses=[
            risk_pb2.NodeLoss(stage=STAGES.to_proto(LifeCycleStage[node.stage]), country=node.country, loss=loss)
            for node, loss in stop.losses
        ],
    )


def step_to_proto(step: NetworkStep) -> risk_pb2.NetworkStep:
    """Write a step of a stored network."""
    return risk_pb2.NetworkStep(
        from_stage=STAGES.to_proto(LifeCycleStage[step.origin]),
        to_stage=STAGES.to_proto(LifeCycleStage[step.target]),
        has_flows=step.has_flows,
        basis=step.basis,
    )
