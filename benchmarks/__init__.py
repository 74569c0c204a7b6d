"""Measurements against bars: each module is run with ``python -m`` and ends with one summary line."""
