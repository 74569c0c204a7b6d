"""Parts of a problem that nothing ties together, each on a tree of its own, and the way back to the whole.

`split` says what the parts are, `lifting` makes the whole's model and its solution from theirs, `solving` solves them
side by side. Optimum, duals and check are the whole's, to the digits that the whole would have.
"""

from .part import Part, split

__all__ = ["Part", "split"]
