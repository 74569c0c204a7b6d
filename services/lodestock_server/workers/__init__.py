"""What does jobs: `lodestock-server worker`, any number of them, on any number of machines, against one database.

DBOS hands out jobs, sees to it that what an attempt has lost it cannot write any more (fencing), and remembers which
steps are done; `engine` alone knows its inside. A thread of the worker attends a job (`attending`), whose task runs in
a compute process. Threads beside them stop what is not wanted any more (`guard`) and take over from workers that are
gone (`liveness`).
"""
