"""What a server and the processes below it hold: memory, open files and sockets."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import psutil

from tests.server_process import ServerProcess

MIB = 1024 * 1024


@dataclass(frozen=True)
class Held:
    """What is held at one moment.

    Attributes:
        memory_mib: Resident memory of the server and of all processes below it.
        descriptors: Open files and sockets of the server itself.
    """

    memory_mib: float
    descriptors: int

    @classmethod
    def most(cls, moments: Sequence[Self]) -> Self:
        """The most of each over some moments."""
        return cls(max(one.memory_mib for one in moments), max(one.descriptors for one in moments))


def held_by(server: ServerProcess) -> Held:
    """What a server holds now."""
    process = psutil.Process(server.process.pid)
    return Held(memory_mib([process, *process.children(recursive=True)]), process.num_fds())


def memory_mib(processes: Iterable[psutil.Process]) -> float:
    """Resident memory of processes in MiB; one that ends meanwhile holds nothing."""
    held = 0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            held += process.memory_info().rss
    return held / MIB
