"""What a task raises reaches the server, whatever it is."""

from __future__ import annotations

import pickle

import pytest

from lodestock_forecasters import DemandSeries, Frequency, InvalidInput
from lodestock_server.compute import TaskFault, run_task
from lodestock_server.errors import NotFound


def raise_what_cannot_be_unpickled(request: bytes, limit_s: float) -> bytes:
    """A core's error, which takes violations and keeps a text."""
    DemandSeries("", Frequency.YEARLY, [], [], "")
    return b""


def find_nothing(request: bytes, limit_s: float) -> bytes:
    """An error that a caller may see."""
    raise NotFound("nothing")


def test_errors_that_cannot_cross_the_process_boundary_cross_it_in_words() -> None:
    """Unread on the far side, they would pass for the death of the worker."""
    with pytest.raises(InvalidInput) as original:
        raise_what_cannot_be_unpickled(b"", 1.0)
    with pytest.raises(AttributeError):
        pickle.loads(pickle.dumps(original.value))
    with pytest.raises(TaskFault) as caught:
        run_task(raise_what_cannot_be_unpickled, b"", 1.0)
    back = pickle.loads(pickle.dumps(caught.value))
    assert isinstance(back, TaskFault)
    assert "raise_what_cannot_be_unpickled" in str(back)
    assert "InvalidInput" in str(back)


def test_errors_for_the_caller_cross_it_as_they_are() -> None:
    """So does an answer."""
    with pytest.raises(NotFound, match="nothing"):
        run_task(find_nothing, b"", 1.0)
    assert run_task(lambda request, limit_s: request, b"same", 1.0) == b"same"
