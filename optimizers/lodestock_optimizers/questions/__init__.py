"""Other questions on the same model: less risk, other suppliers, other figures, without a rule."""
