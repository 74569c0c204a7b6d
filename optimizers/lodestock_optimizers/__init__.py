"""Lodestock's optimisers: a sourcing and stockpile problem in, an explained plan out; and supply-risk measures.

Pure numeric code: no gRPC, no storage, no environment. Usable alone:

    from lodestock_optimizers.planner import optimize
    plan = optimize(problem)

Nothing is imported here, since Pyomo and HiGHS cost half a second and not every user of a risk measure needs them.
"""
