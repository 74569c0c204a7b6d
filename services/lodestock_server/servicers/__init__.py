"""The services of the contract: each method hands a checked request on and returns the answer."""
