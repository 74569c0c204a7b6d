"""From a solution to the plan: quantities, costs, prices, what is broken."""
