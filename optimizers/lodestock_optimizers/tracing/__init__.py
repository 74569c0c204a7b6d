"""Where each number of a plan comes from, and the same number made again."""
