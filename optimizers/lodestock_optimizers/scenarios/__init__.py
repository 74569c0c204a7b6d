"""Scenarios from hazards: futures sampled, put into words of the model, reduced to a few."""
