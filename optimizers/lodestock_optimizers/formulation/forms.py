"""What a rule of the formulation computes with while it runs over all its keys at once: numbers and linear forms.

A *frame* is the array of keys that an expression speaks of: that of the rule, or, within a loop, that of the keys with
each of the members. `up` says which key of the frame around it each belongs to. A sum over a loop adds up by `up`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from lodestock_optimizers.scenario_tree import Floats, Ints

LEAST, EXACT, MOST = 1, 0, -1
"""What a row's right-hand side is to it."""


class Frame:
    """An array of keys; `up` says which key of the frame around it each belongs to."""

    def __init__(self, size: int, around: Frame | None = None, up: Ints | None = None) -> None:
        self.size, self.around = size, around
        self.up: Ints = np.zeros(0, dtype=np.int64) if up is None else up

    def within(self, outer: Frame) -> list[Ints] | None:
        """The steps from this frame out to another; None where that is not around it."""
        steps, frame = [], self
        while frame is not outer:
            if frame.around is None:
                return None
            steps.append(frame.up)
            frame = frame.around
        return steps


class Ruling(Protocol):
    """A model while a rule of it runs."""

    @property
    def frame(self) -> Frame:
        """The keys that the rule speaks of at the moment."""


class Values:
    """A number for each key of a frame."""

    __slots__ = ("_array", "_frame", "_model")

    def __init__(self, model: Ruling, frame: Frame, array: Any) -> None:
        self._model, self._frame, self._array = model, frame, array

    def here(self) -> Any:
        """The numbers for the keys that the rule speaks of now."""
        steps = self._model.frame.within(self._frame)
        if steps is None:
            raise ValueError("a rule uses what it found in a loop outside of it")
        found = self._array
        for up in reversed(steps):
            found = found[up]
        return found

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Form):
            return other * self
        factor = other.here() if isinstance(other, Values) else other
        return Values(self._model, self._model.frame, self.here() * factor)

    __rmul__ = __mul__


class Form:
    """A linear form for each key of a frame: Σ value·column + constant."""

    __slots__ = ("_frame", "_model", "at", "column", "constant", "value")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, model: Ruling, frame: Frame, at: Ints, column: Ints, value: Floats, constant: Floats) -> None:
        self._model, self._frame = model, frame
        self.at, self.column, self.value, self.constant = at, column, value, constant

    def here(self) -> Form:
        """The form for the keys that the rule speaks of now: what a loop found is added up.

        Raises:
            ValueError: It stands outside of the loop that uses it.
        """
        model, outer = self._model, self._model.frame
        steps = self._frame.within(outer)
        if steps is None:
            raise ValueError("a rule uses a column from outside of a loop in it")
        if not steps:
            return self
        at, constant, frame = self.at, self.constant, self._frame
        for up in steps:
            assert frame.around is not None
            constant = np.bincount(up, constant, frame.around.size).astype(np.float64)
            at, frame = up[at], frame.around
        return Form(model, outer, at, self.column, self.value, constant)

    def __add__(self, other: Any) -> Form:
        one = self.here()
        if not isinstance(other, Form):
            return one._with(one.constant + _number(other))
        two = other.here()
        return Form(
            self._model,
            one._frame,
            np.concatenate([one.at, two.at]),
            np.concatenate([one.column, two.column]),
            np.concatenate([one.value, two.value]),
            one.constant + two.constant,
        )

    __radd__ = __add__

    def __mul__(self, other: Any) -> Form:
        one = self.here()
        factor = other.here() if isinstance(other, Values) else np.full(one._frame.size, float(other))
        return Form(self._model, one._frame, one.at, one.column, one.value * factor[one.at], one.constant * factor)

    __rmul__ = __mul__

    def __neg__(self) -> Form:
        one = self.here()
        return Form(self._model, one._frame, one.at, one.column, -one.value, -one.constant)

    def _with(self, constant: Floats) -> Form:
        return Form(self._model, self._frame, self.at, self.column, self.value, constant)

    def __sub__(self, other: Any) -> Form:
        if isinstance(other, Form):
            return self + -other
        one = self.here()
        return one._with(one.constant - _number(other))

    def __rsub__(self, other: Any) -> Form:
        found: Form = -self + other
        return found

    def __le__(self, other: Any) -> Relation:
        return Relation(self - other, MOST)

    def __ge__(self, other: Any) -> Relation:
        return Relation(self - other, LEAST)

    def __eq__(self, other: Any) -> Relation:  # type: ignore[override]
        return Relation(self - other, EXACT)


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """A form and what 0 is to it."""

    form: Form
    sense: int


def _number(found: Any) -> Any:
    """A number that stands in a rule, for the keys that it speaks of now."""
    return found.here() if isinstance(found, Values) else found


def form_of(model: Ruling, found: Any) -> Form:
    """Anything that stands in a rule as a form for the keys that it speaks of now."""
    if isinstance(found, Form):
        return found.here()
    none = np.zeros(0, dtype=np.int64)
    constant = found.here() if isinstance(found, Values) else found
    whole = np.broadcast_to(np.asarray(constant, dtype=np.float64), (model.frame.size,))
    return Form(model, model.frame, none, none, np.zeros(0), whole)
