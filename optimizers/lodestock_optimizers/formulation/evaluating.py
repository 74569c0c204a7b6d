"""The formulation's rules run once over all their keys at the same time, in numpy, straight to sparse arrays.

Pyomo calls or expands a rule once a key. Here a key is an array with one entry for each key there is, a look-up of a
number gives an array, one of a column a linear form with one row for each key, and a loop over a set inside a rule runs
once, over all its members for all keys. The rules are the very same ones; what they mean is none of this module's
matter.

The numbers and linear forms that rules compute with are the matter of `forms`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from scipy import sparse

from lodestock_optimizers.formulation.declaring import Binary, Declaration
from lodestock_optimizers.scenario_tree import Floats, Ints
from lodestock_optimizers.solving.arrays import Family, LinearArrays
from lodestock_optimizers.watch import Timekeeper

from .forms import LEAST, MOST, Form, Frame, Values, form_of

MISSING = -1


class Keys:
    """Tuples of integers, and where each stands.

    Args:
        members: The tuples, or plain integers.
    """

    def __init__(self, members: Iterable[Any]) -> None:
        self.members = list(members)
        are_tuples = bool(self.members) and isinstance(self.members[0], tuple)
        width, numbers = (len(self.members[0]), chain.from_iterable(self.members)) if are_tuples else (1, self.members)
        count = len(self.members)
        self.columns: Ints = np.fromiter(numbers, dtype=np.int64, count=count * width).reshape(count, width)

    def __len__(self) -> int:
        return len(self.members)

    @cached_property
    def _place(self) -> Ints:
        table = np.full(self.columns.max(axis=0, initial=-1) + 1, MISSING, dtype=np.int64)
        table[tuple(self.columns.T)] = np.arange(len(self.members))
        return table

    def places(self, key: tuple[Ints, ...]) -> Ints:
        """Where keys stand, given number by number.

        Raises:
            KeyError: One of them is none of these.
        """
        # No member says how many numbers one has.
        found: Ints = self._place[key] if self.members else np.full(np.broadcast(*key).shape, MISSING)
        if (found < 0).any():
            raise KeyError("a rule looks up what is not there")
        return found


def keys_of(index: Any) -> Keys:
    """The keys of a set or a list."""
    return index.keys if isinstance(index, ArraySet) else Keys(index)


class ArrayModel:
    """A model that turns what it is assigned into arrays at once.

    Args:
        keeper: Whom to ask whether to go on.
    """

    def __init__(self, keeper: Timekeeper) -> None:
        self._keeper = keeper
        self._frames: list[Frame] = []
        self._columns: list[Columns] = []
        self._rows: list[Rows] = []
        self._cost: Form | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Declaration):
            self._keeper.heed()
            value.realised = getattr(self, f"_{value.kind.lower()}")(name, value)
            value = value.realised
        object.__setattr__(self, name, value)

    @property
    def frame(self) -> Frame:
        """The keys that a rule speaks of at the moment."""
        innermost: Frame = self._frames[-1]
        return innermost

    @property
    def is_ruling(self) -> bool:
        """Whether a rule is running."""
        return bool(self._frames)

    def looping(self, up: Ints, members: Ints) -> Iterator[Any]:
        """The one turn of a loop: all members at the same time."""
        inner = Frame(len(up), self.frame, up)
        self._frames.append(inner)
        numbers = tuple(Values(self, inner, column) for column in members.T)
        yield numbers[0] if len(numbers) == 1 else numbers
        self._frames.pop()

    def arrays(self) -> LinearArrays:
        """The model as arrays."""
        columns, rows, cost = self._columns, self._rows, self._cost
        assert cost is not None
        count = sum(len(c.keys) for c in columns)
        starts = np.cumsum([0, *(len(r.keys) for r in rows)])
        at = np.concatenate([r.form.at + start for r, start in zip(rows, starts, strict=False)])
        across = np.concatenate([r.form.column for r in rows])
        values = np.concatenate([r.form.value for r in rows])
        matrix = sparse.csc_array((values, (at, across)), shape=(int(starts[-1]), count))
        matrix.eliminate_zeros()
        right = np.concatenate([-r.form.constant for r in rows])
        sense = np.repeat([r.sense for r in rows], [len(r.keys) for r in rows])
        return LinearArrays(
            matrix=matrix,
            cost=np.bincount(cost.column, cost.value, count).astype(np.float64),
            offset=float(cost.constant.sum()),
            lower=np.concatenate([c.lower for c in columns]),
            upper=np.concatenate([c.upper for c in columns]),
            row_lower=np.where(sense == MOST, -np.inf, right),
            row_upper=np.where(sense == LEAST, np.inf, right),
            columns={c.name: Family(c.keys.columns, c.first + np.arange(len(c.keys))) for c in columns if len(c.keys)},
            rows={
                r.name: Family(r.keys.columns, start + np.arange(len(r.keys)))
                for r, start in zip(rows, starts, strict=False)
            },
            integer=np.concatenate([c.first + np.arange(len(c.keys)) for c in columns if c.is_choice] or [starts[:0]]),
        )

    def _set(self, _: str, declared: Declaration) -> ArraySet | MemberSets:
        members = declared.options["initialize"]
        return MemberSets(self, declared.taken()[0], members) if declared.index else ArraySet(self, members)

    def _param(self, _: str, declared: Declaration) -> Numbers:
        return Numbers(self, keys_of(declared.taken()[0]), declared.options["initialize"])

    def _var(self, name: str, declared: Declaration) -> Columns:
        first = sum(len(c.keys) for c in self._columns)
        found = Columns(self, name, keys_of(declared.taken()[0]), first, **declared.options)
        self._columns.append(found)
        return found

    def _constraint(self, name: str, declared: Declaration) -> Rows:
        keys = keys_of(declared.taken()[0])
        self._frames.append(Frame(len(keys)))
        stated = declared.options["rule"](self, *(Values(self, self.frame, c) for c in keys.columns.T))
        found = Rows(name, keys, stated.form, stated.sense)
        self._frames.pop()
        self._rows.append(found)
        return found

    def _objective(self, _: str, declared: Declaration) -> Form:
        self._frames.append(Frame(1))
        found = form_of(self, declared.options["rule"](self))
        self._frames.pop()
        self._cost = found
        return found


class ArraySet:
    """Members: outside of rules one by one, within them all at the same time."""

    def __init__(self, model: ArrayModel, members: Iterable[Any]) -> None:
        self._model, self.keys = model, Keys(members)

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[Any]:
        model, count = self._model, len(self.keys)
        if not model.is_ruling:
            return iter(self.keys.members)
        size = model.frame.size
        return model.looping(np.repeat(np.arange(size), count), np.tile(self.keys.columns, (size, 1)))


class MemberSets:
    """A set for each of some keys."""

    def __init__(self, model: ArrayModel, index: Any, members: dict[Any, list[int]]) -> None:
        self.model, self.keys = model, keys_of(index)
        found = [members[key] for key in self.keys.members]
        self.size: Ints = np.array([len(m) for m in found], dtype=np.int64)
        self.first: Ints = np.cumsum(self.size) - self.size
        self.members: Ints = np.array([m for own in found for m in own], dtype=np.int64)

    def __getitem__(self, key: Any) -> Members:
        return Members(self, key)


class Members:
    """The sets of the keys that a rule speaks of, to loop over."""

    def __init__(self, sets: MemberSets, key: Any) -> None:
        self._sets, self._key = sets, key

    def __iter__(self) -> Iterator[Any]:
        sets, model = self._sets, self._sets.model
        place = sets.keys.places(_aligned(model, self._key))
        size = sets.size[place]
        up = np.repeat(np.arange(len(place)), size)
        rank = np.arange(len(up)) - np.repeat(np.cumsum(size) - size, size)
        return model.looping(up, sets.members[sets.first[place][up] + rank][:, None])


class Numbers:
    """A number for each of some keys."""

    def __init__(self, model: ArrayModel, keys: Keys, values: Any) -> None:
        self._model, self._keys = model, keys
        given = values if isinstance(values, np.ndarray) else np.array([values[key] for key in keys.members])
        if len(given) != len(keys):
            raise ValueError("a number for each key is needed")
        self._values = given

    def __getitem__(self, key: Any) -> Values:
        model = self._model
        return Values(model, model.frame, self._values[self._keys.places(_aligned(model, key))])


class Columns:
    """A family of columns."""

    def __init__(
        self,
        model: ArrayModel,
        name: str,
        keys: Keys,
        first: int,
        bounds: Any = (None, None),
        domain: Any = None,
        lower: Any = 0.0,
        upper: Any = None,
    ) -> None:
        self._model, self.name, self.keys, self.first = model, name, keys, first
        self.is_choice = domain is Binary
        if callable(bounds):
            each = [bounds(model, *key) if isinstance(key, tuple) else bounds(model, key) for key in keys.members]
            lower, upper = [low for low, _ in each], [high for _, high in each]
        elif upper is None:
            lower, upper = bounds
        self.lower: Floats = _limits(lower, len(keys), -np.inf)
        self.upper: Floats = _limits(upper, len(keys), np.inf)

    def __getitem__(self, key: Any) -> Form:
        model = self._model
        place = self.keys.places(_aligned(model, key))
        size = model.frame.size
        column = self.first + place
        if column.shape != (size,):
            column = np.full(size, column)
        return Form(model, model.frame, np.arange(size), column, np.ones(size), np.zeros(size))


def _limits(given: Any, count: int, none: float) -> Floats:
    """(count,) limits, one for all or one each, None being none."""
    if isinstance(given, list):
        given = [none if limit is None else limit for limit in given]
    limits = np.empty(count)
    limits[:] = none if given is None else given
    return limits


@dataclass(frozen=True, slots=True)
class Rows:
    """A family of rows: a form for each key, and what 0 is to it."""

    name: str
    keys: Keys
    form: Form
    sense: int


def _aligned(model: ArrayModel, key: Any) -> tuple[Any, ...]:
    """The numbers of a key, each as an array over the keys that the rule speaks of."""
    parts = key if isinstance(key, tuple) else (key,)
    return tuple(part.here() if isinstance(part, Values) else part for part in parts)
