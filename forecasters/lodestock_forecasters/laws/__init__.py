"""The laws of demand for minerals as formulas: what is in use, what sectors ask for, how income and prices act."""
