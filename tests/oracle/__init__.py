"""A second, independent implementation of the sourcing and stockpile model, and random problems to compare on."""
