"""How a result was made: enough to make it again."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from typing import Protocol


class Dataset(Protocol):
    """A dataset as far as a record names it."""

    @property
    def name(self) -> str:
        """Name of the dataset."""

    @property
    def version(self) -> str:
        """Its version."""

    @property
    def digest(self) -> str:
        """SHA-256 of its content, hexadecimal."""


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """A dataset that a result rests on."""

    dataset: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Digest of the request, seed, package versions by name, datasets, time (UTC) and seconds of computing."""

    input_digest: str
    seed: int
    versions: dict[str, str]
    datasets: tuple[DatasetVersion, ...]
    created_at: datetime
    compute_s: float


@cache
def _installed(name: str) -> str:
    """Version of a distribution: looking it up reads a file, and a process has one for all its life."""
    return metadata.version(name)


class Recorder:
    """Starts when the work starts, and writes its record when it ends."""

    def __init__(self, canonical_request: bytes) -> None:
        """Start the clock.

        Args:
            canonical_request: The request's bytes in their deterministic form.
        """
        self._digest = hashlib.sha256(canonical_request).hexdigest()
        self._started = time.perf_counter()

    def record(self, packages: Sequence[str], datasets: Iterable[Dataset] = (), seed: int = 0) -> RunRecord:
        """Write the record.

        Args:
            packages: Distributions that can move the figures, beside the server's own.
            datasets: What was read.
            seed: Seed of all randomness; 0 where there is none.
        """
        return RunRecord(
            input_digest=self._digest,
            seed=seed,
            versions={name: _installed(name) for name in ("lodestock-server", *packages)},
            datasets=tuple(DatasetVersion(dataset.name, dataset.version, dataset.digest) for dataset in datasets),
            created_at=datetime.now(UTC),
            compute_s=time.perf_counter() - self._started,
        )
