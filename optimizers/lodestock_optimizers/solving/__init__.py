"""From a stated model to a checked solution: arrays, HiGHS, whole numbers, and what is known at a limit."""
