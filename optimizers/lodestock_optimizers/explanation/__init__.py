"""A plan explained: what limits it, what that is worth, why suppliers are not in it, how firm it is; in words too."""
