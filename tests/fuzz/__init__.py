"""Fuzzing: calls made from the descriptors of every method, sent to a real server, each answer judged.

`methods` finds the methods by reflection, `values` and `messages` make requests, `calls` makes calls of them, `guided`
has atheris mutate their bytes, led by what `reading_path` reaches, `verdict` judges what came back, `held` and `jobs`
see to it that nothing stays behind, `minimise` cuts a faulty request down, `campaign` runs many calls and counts. A
method that is added to a service is fuzzed without a change here; a valid request of it in `examples` lets the fuzz
reach deeper.
"""
