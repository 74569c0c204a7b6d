"""sourcing.proto, the other questions on the model: frontier, alternatives, what-ifs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lodestock.v1 import sourcing_pb2
from lodestock_optimizers.questions.changes import Change, ChangeKind, WhatIf
from lodestock_server.converters.plan import STATUSES, conflicting_rule_to_proto, costs_to_proto, relaxation_to_proto
from lodestock_server.converters.sourcing import KINDS, TIERS

if TYPE_CHECKING:
    from lodestock_optimizers.questions.alternatives import Alternative, Alternatives
    from lodestock_optimizers.questions.frontier_values import Frontier, FrontierPoint
    from lodestock_optimizers.questions.what_if import WhatIfAnswer, WhatIfAnswers
    from lodestock_optimizers.reading.suppliers import SupplierTonnes


def change_from_proto(message: sourcing_pb2.Change) -> Change:
    """Read a change."""
    kind = ChangeKind(message.WhichOneof("change"))
    return Change(
        kind=kind,
        value=getattr(message, kind.value),
        countries=tuple(message.countries),
        material_ids=tuple(message.material_ids),
        source_ids=tuple(message.source_ids),
        periods=tuple(message.periods),
    )


def questions_from_proto(messages: Iterable[sourcing_pb2.WhatIf]) -> list[WhatIf]:
    """Read questions."""
    return [WhatIf(m.question_id, tuple(change_from_proto(change) for change in m.changes)) for m in messages]


def frontier_to_proto(frontier: Frontier) -> sourcing_pb2.TraceFrontierResponse:
    """Write a frontier."""
    return sourcing_pb2.TraceFrontierResponse(
        status=STATUSES.to_proto(frontier.status),
        points=[point_to_proto(point) for point in frontier.points],
        relaxations=[relaxation_to_proto(relaxation) for relaxation in frontier.relaxations],
        conflict=[conflicting_rule_to_proto(rule) for rule in frontier.conflict],
    )


def point_to_proto(point: FrontierPoint) -> sourcing_pb2.FrontierPoint:
    """Write a plan on the frontier."""
    return sourcing_pb2.FrontierPoint(
        max_risk_charge_usd=point.max_risk_charge_usd,
        costs=costs_to_proto(point.costs),
        price_of_risk=point.price_of_risk,
        cost_increase=point.cost_increase,
        suppliers=suppliers_to_proto(point.suppliers),
    )


def suppliers_to_proto(suppliers: Iterable[SupplierTonnes]) -> list[sourcing_pb2.SupplierTonnes]:
    """Write who supplies."""
    return [supplier_to_proto(supplier) for supplier in suppliers]


def supplier_to_proto(supplier: SupplierTonnes) -> sourcing_pb2.SupplierTonnes:
    """Write a supplier."""
    return sourcing_pb2.SupplierTonnes(
        material_id=supplier.material_id,
        country=supplier.country,
        kind=KINDS.to_proto(supplier.kind),
        tonnes=supplier.tonnes,
        share=supplier.share,
    )


def alternatives_to_proto(found: Alternatives) -> sourcing_pb2.FindAlternativesResponse:
    """Write the best plan and those that differ."""
    return sourcing_pb2.FindAlternativesResponse(
        status=STATUSES.to_proto(found.status),
        costs=costs_to_proto(found.costs) if found.costs is not None else None,
        suppliers=suppliers_to_proto(found.suppliers),
        alternatives=[alternative_to_proto(alternative) for alternative in found.alternatives],
        relaxations=[relaxation_to_proto(relaxation) for relaxation in found.relaxations],
        conflict=[conflicting_rule_to_proto(rule) for rule in found.conflict],
    )


def alternative_to_proto(alternative: Alternative) -> sourcing_pb2.Alternative:
    """Write a plan that differs."""
    return sourcing_pb2.Alternative(
        costs=costs_to_proto(alternative.costs),
        increase=alternative.increase,
        difference=alternative.difference,
        novelty=alternative.novelty,
        suppliers=suppliers_to_proto(alternative.suppliers),
    )


def what_ifs_to_proto(found: WhatIfAnswers) -> sourcing_pb2.AskWhatIfResponse:
    """Write the base and the answers."""
    return sourcing_pb2.AskWhatIfResponse(
        status=STATUSES.to_proto(found.status),
        costs=costs_to_proto(found.costs) if found.costs is not None else None,
        answers=[what_if_to_proto(answer) for answer in found.answers],
        relaxations=[relaxation_to_proto(relaxation) for relaxation in found.relaxations],
        conflict=[conflicting_rule_to_proto(rule) for rule in found.conflict],
    )


def what_if_to_proto(answer: WhatIfAnswer) -> sourcing_pb2.WhatIfAnswer:
    """Write what a question came to."""
    return sourcing_pb2.WhatIfAnswer(
        question_id=answer.question_id,
        status=STATUSES.to_proto(answer.status),
        costs=costs_to_proto(answer.costs) if answer.costs is not None else None,
        objective_difference_usd=answer.objective_difference_usd,
        suppliers=[
            sourcing_pb2.SupplierDifference(
                supplier=supplier_to_proto(difference.supplier), more_tonnes=difference.more_tonnes
            )
            for difference in answer.suppliers
        ],
        shortages=[
            sourcing_pb2.ShortageDifference(
                material_id=difference.material_id,
                tier=TIERS.to_proto(difference.tier),
                tonnes=difference.tonnes,
                more_tonnes=difference.more_tonnes,
            )
            for difference in answer.shortages
        ],
        relaxations=[relaxation_to_proto(relaxation) for relaxation in answer.relaxations],
        conflict=[conflicting_rule_to_proto(rule) for rule in answer.conflict],
    )
