"""Durable jobs as the server sees them: accepted once, done once, whatever dies meanwhile.

A job *is* a workflow of DBOS, in the same database as everything else; no other table says the same. Who accepts jobs
and tells of them uses `client`; the values are in `job`, the kinds in `kinds`, DBOS's tables in `database`. What does
jobs is in `workers`.
"""
