"""Faults: many jobs while processes are killed and started again; every job must end once, in the undisturbed result.

`work` makes the jobs and computes what they come to undisturbed, `cluster` holds the processes, `killer` kills and
freezes them, `caller` hands in jobs and waits for them as a client would, `campaign` does all that at once and looks
afterwards at what there is. ``make test-faults`` runs many jobs (`__main__`), the tests beside it a few.
"""
