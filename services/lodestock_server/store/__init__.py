"""What the server keeps: one database, SQLite unless another is named, its schema made by migrations.

`database` opens it and `revisions` brings it up to date; `datasets` keeps the catalog of data, `payloads` and `results`
what jobs are asked and leave behind, `workers` who does them; `backup` copies it all. `faults` says which faults pass.
The tables of the jobs' engine lie beside ours and are the matter of `jobs`.
"""
