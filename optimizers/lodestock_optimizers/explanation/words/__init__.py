"""The sentences of each language, and the numbers in them."""
