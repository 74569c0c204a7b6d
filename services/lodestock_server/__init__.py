"""The Lodestock server: gRPC servicers over use cases over the numeric cores and the bundled data.

Layers, imports going down only: ``servicers`` and ``tasks`` → ``converters`` and ``usecases`` → ``catalog`` and the
cores ``lodestock_forecasters`` and ``lodestock_optimizers``. ``app`` is the composition root. Importing this package
loads none of the heavy libraries; workers import them when a task needs them.
"""
