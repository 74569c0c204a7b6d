"""Calls that a type checker refuses. Each line that must fail says so; every other line must pass."""

from pathlib import Path

from lodestock import Client, Plan

client = Client("127.0.0.1:50051", token="a token of more than sixteen", ca_file="ca.pem")
problem = client.build_problem("USA", ["cobalt"], horizon_years=3, floor_days=90, scenarios=[{"scenario_id": "s"}])
plan: Plan = client.optimize_sourcing(problem, time_limit_s=30)
forecasts = client.forecast_demand({"mine": {2024: 1.0, 2025: 2.0}}, horizon=3, quantile_levels=[0.5])

Client(50051)  # error: [arg-type] incompatible type "int"; expected "str | None"
Client(port=50051)  # error: [call-arg] Unexpected keyword argument "port"
Client("127.0.0.1:50051", "a token")  # error: [call-arg] Too many positional arguments
Client(key_file="key.pem", certificate_file=Path("certificate.pem"))  # error: [arg-type] "key_file" to "Client"
Client(channel="127.0.0.1:50051")  # error: [arg-type] expected "Channel | None"

client.forecast_demand(buyer="USA")  # error: [call-arg] Missing named argument "horizon"
client.forecast_demand(buyer="USA", horizon="three")  # error: [arg-type] "horizon" to "forecast_demand"
client.forecast_demand(buyer="USA", horizon=3, quantile_levels=0.5)  # error: [arg-type] "Sequence[float]"
client.forecast_demand(buyer="USA", horizon=3, seed=None)  # error: [arg-type] expected "int"
client.forecast_demand("USA", horizon=3)  # error: [arg-type] "forecast_demand" of "Client" has incompatible type "str"

client.assess_supply_risk(["cobalt"])  # error: [arg-type] expected "str"
client.assess_supply_risk("USA", supplies={"material_id": "cobalt"})  # error: [dict-item] expected "MaterialSupply

client.build_problem("USA", ["cobalt"])  # error: [call-arg] Missing named argument "horizon_years"
client.build_problem("USA", ["cobalt"], 3)  # error: [call-arg] Too many positional arguments
client.build_problem("USA", ["cobalt"], horizon_years=3.5)  # error: [arg-type] expected "int"
client.build_problem("USA", [27], horizon_years=3)  # error: [list-item] expected "str"
client.build_problem("USA", horizon_years=3, demand={"cobalt": 100.0})  # error: [dict-item] "Sequence[float]"
client.build_problem("USA", horizon_years=3, budget=1e9)  # error: [arg-type] expected "Budget | None"

client.optimize_sourcing("problem.json")  # error: [arg-type] argument 1 to "optimize_sourcing"
client.optimize_sourcing(plan)  # error: [arg-type] has incompatible type "Plan"
client.optimize_sourcing(problem, 30)  # error: [call-arg] Too many positional arguments
client.validate_problem(problem, timeout=5)  # error: [call-arg] Unexpected keyword argument "timeout"
client.list_models(15)  # error: [call-arg] Too many positional arguments
client.optimise_sourcing(problem)  # error: [attr-defined] maybe "optimize_sourcing"

job = client.run_optimization(problem, time_limit_s=600, display_name="by night")
with job:
    planned: Plan = job.result(timeout_s=60, progress=True)
client.run_optimization(problem, 600)  # error: [call-arg] Too many positional arguments
stored: Plan = client.run_optimization(problem)  # error: [assignment] expression has type "Job[Plan]"
forecast: Plan = client.batch_forecast_demand(buyer="USA", horizon=3).result()  # error: [assignment] type "Forecasts"
client.batch_forecast_demand(buyer="USA")  # error: [call-arg] Missing named argument "horizon"
client.batch_forecast_demand(buyer="USA", horizon=3, models=["drift"])  # error: [call-arg] Unexpected keyword argument
client.run_backtest(buyer="USA", horizon="three")  # error: [arg-type] expected "int"
job.wait(progress="bar")  # error: [arg-type] "progress" to "wait" of "Job"
client.jobs(most="all")  # error: [arg-type] expected "int | None"
