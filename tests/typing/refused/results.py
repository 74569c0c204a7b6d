"""Uses of results that a type checker refuses. Each line that must fail says so; every other line must pass."""

from lodestock import BuiltProblem, Forecasts, InvalidRequest, Plan, Validation


def use(plan: Plan, built: BuiltProblem, forecasts: Forecasts, validation: Validation, error: InvalidRequest) -> None:
    """What a caller might write."""
    cost: float = plan.costs.expected_cost_usd
    path: str = error.violations[0].field_path
    median: float = forecasts["cobalt/USA"].message.steps[0].median
    print(cost, path, median)

    plan.status = "OPTIMAL"  # error: [misc] Property "status" defined in "Plan" is read-only
    plan.message = plan.message  # error: [misc] Property "message" defined in "Plan" is read-only
    plan.rows(0)  # error: [arg-type] expected "str"
    plan.cost  # noqa: B018  # error: [attr-defined] "Plan" has no attribute "cost"
    plan.costs.expected_cost  # noqa: B018  # error: [attr-defined] maybe "expected_cost_usd"
    forecasts[0]  # error: [index] expected type "str"
    forecasts["cobalt/USA"].message.steps[0].p50  # noqa: B018  # error: [attr-defined] has no attribute "p50"
    validation.size.columns  # noqa: B018  # error: [union-attr] Item "None"
    Plan(built.message)  # error: [arg-type] expected "OptimizeSourcingResponse"
    error.violations[0].field_path = ""  # error: [misc] read-only
