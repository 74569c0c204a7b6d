"""Calls with bytes that atheris mutated, led by what the reading of a request reaches. Not every system has atheris."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from tests.fuzz.calls import STREAM_S, Call
from tests.fuzz.methods import Method

LENGTH_BYTES, METHOD_BYTES = 4, 1
"""As in reading_path.py, which cannot be imported where atheris is not installed."""
LONGEST_INPUT = 64 * 1024


def is_offered() -> bool:
    """Whether atheris is installed; it has no wheels for macOS."""
    return find_spec("atheris") is not None


def guided_calls(
    methods: Sequence[Method], examples: Mapping[str, Sequence[bytes]], seed: int, count: int
) -> Iterator[Call]:
    """Have a process mutate valid requests, and make calls of all that it tries, until there are `count`."""
    with tempfile.TemporaryDirectory(prefix="lodestock-fuzz-") as folder:
        corpus, listed = Path(folder, "corpus"), Path(folder, "methods.json")
        corpus.mkdir()
        listed.write_text(json.dumps([method.request.full_name for method in methods]), encoding="utf-8")
        for name, data in enumerate(seeds(methods, examples)):
            (corpus / str(name)).write_bytes(data)
        options = [f"-seed={1 + seed % 2**31}", f"-max_len={LONGEST_INPUT}", "-rss_limit_mb=0", "-verbosity=0"]
        line = [sys.executable, "-m", "tests.fuzz.reading_path", str(listed), *options, str(corpus)]
        with Path(folder, "log").open("w+") as log:
            mutating = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=log, cwd=folder_of_tests())
            try:
                assert mutating.stdout is not None
                for data in itertools.islice(inputs(mutating.stdout), count):
                    yield call_of(methods, data)
            finally:
                mutating.kill()
                mutating.wait()
            if mutating.returncode > 0:
                log.seek(0)
                raise AssertionError(f"atheris ended by itself: {log.read()[-2000:]}")


def folder_of_tests() -> Path:
    """Where `tests` can be imported from."""
    return Path(__file__).resolve().parents[2]


def seeds(methods: Sequence[Method], examples: Mapping[str, Sequence[bytes]]) -> Iterator[bytes]:
    """What mutating starts from: of every method an empty request and the known ones."""
    for i, method in enumerate(methods):
        for wire in (b"", *examples.get(method.request.full_name, ())):
            yield i.to_bytes(METHOD_BYTES, "little") + wire


def inputs(stream: IO[bytes]) -> Iterator[bytes]:
    """The inputs that the process tries, as it tries them."""
    while len(length := stream.read(LENGTH_BYTES)) == LENGTH_BYTES:
        yield stream.read(int.from_bytes(length, "little"))


def call_of(methods: Sequence[Method], data: bytes) -> Call:
    """The call that an input stands for."""
    method, wire = methods[data[0] % len(methods)], data[METHOD_BYTES:]
    if method.streams_responses:
        return Call(method.path, method, (wire,), deadline_s=STREAM_S)
    return Call(method.path, method, (wire,))
