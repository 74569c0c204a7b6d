"""The seed of a fuzz: fixed by default, so that a run can be repeated; another one or a random one on demand."""

from __future__ import annotations

import os
import secrets

VARIABLE = "LODESTOCK_FUZZ_SEED"
DEFAULT_SEED = 20_260_101


def seed_from_environment() -> int:
    """The seed that LODESTOCK_FUZZ_SEED gives: a number, or "random"; the default where it is not set."""
    given = os.environ.get(VARIABLE, "")
    if given == "random":
        return secrets.randbits(32)
    return int(given) if given else DEFAULT_SEED
