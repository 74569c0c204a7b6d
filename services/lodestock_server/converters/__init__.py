"""Between messages and values: one module per proto file, ``…_from_proto`` and ``…_to_proto``.

What comes from a message may be broken: converters of requests turn any message into a value, so that the checks across
fields can read it. Where a message cannot say what is meant (an enum out of range), the contract's own rules complain.
"""
