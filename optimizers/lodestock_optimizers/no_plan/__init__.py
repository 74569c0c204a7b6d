"""Why there is no plan: the rules that contradict each other, and the cheapest way out."""
