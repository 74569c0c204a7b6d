"""Project demand where there is no history to learn from: from sectors, from a table of inputs, from a stock in use."""
