"""A model in which every hard limit can give way: for a price, freely, or not at all.

Owns the columns that let a limit give way. A row gets a column of slack; a bound gets a second column like the first,
without the bound (Chinneck, Feasibility and Infeasibility in Optimization, 2008, ch. 6). The model's own costs are set
to 0, so that the optimum is the least price at which all other limits can be kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from lodestock_optimizers.instance import Instance
from lodestock_optimizers.no_plan.named_limits import NamedLimits
from lodestock_optimizers.order_limits import least_availability, least_share_of_deliveries
from lodestock_optimizers.plan import PlanStatus
from lodestock_optimizers.scenario_tree import Bools, Floats, Ints
from lodestock_optimizers.solving.arrays import LinearArrays
from lodestock_optimizers.solving.highs import Solution
from lodestock_optimizers.solving.mixed import MixedSession, MixedSolver
from lodestock_optimizers.solving.race import prove
from lodestock_optimizers.solving.resolving import ArrayChange, WarmModel
from lodestock_optimizers.watch import Stage, Timekeeper

LARGEST = 1e12
"""Of the coefficients that are made here, for HiGHS' arithmetic."""
CERTIFICATE_TOLERANCE = 1e-7
"""A dual below this, with prices of about 1, takes no part in a proof that limits contradict each other."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the limits gave at the least price.

    Attributes:
        price: What that comes to; 0 where all limits could be kept.
        amount: (K,) by how much each limit gave way.
        level: (columns,) the plan, in the columns of the model without give.
        certificate: (K,) whether a limit takes part in the proof that it does not go for less: the limits that do,
            with the structure of the model, allow no lower price.
    """

    price: float
    amount: Floats
    level: Floats
    certificate: Bools


class ElasticModel:
    """The model with give, in HiGHS, which keeps its basis from question to question.

    Args:
        limits: The limits of the model.
        keeper: Whom to ask, and the time that is left.
        session: Whose process solves where contracts are signed or not as a whole.
    """

    def __init__(self, limits: NamedLimits, keeper: Timekeeper, session: MixedSession) -> None:
        self._session = session
        self._limits = limits
        self._keeper = keeper
        self._give = np.flatnonzero(limits.is_hard)
        """The limits that a plan must keep: the others give way at a cost of the model's own."""
        self._columns = limits.arrays.shape[1]
        self._whole = limits.arrays.integer
        self._arrays = replace(_with_give(limits, self._give), integer=self._whole[:0])
        self._use(self._arrays, np.arange(self._arrays.shape[0]), np.arange(self._arrays.shape[1]))

    def _use(self, arrays: LinearArrays, rows: Ints, columns: Ints) -> None:
        """Solve some rows and columns alone from now on."""
        self._rows_used, self._columns_used = rows, columns
        self._warm = WarmModel(arrays)

    def narrow(self, kept: Bools, about: Bools) -> None:
        """From now on solve, as linear, what has to do with some limits alone, where only those kept can be held.

        The rest of the model falls apart from it once its rules give way freely, and has a plan by itself.

        Args:
            kept: (K,) limits that will be held, or be for sale.
            about: (K,) those that the questions are about.
        """
        limits, arrays = self._limits, self._arrays
        row_count, column_count = arrays.shape
        is_free = np.zeros(row_count, dtype=np.bool_)
        is_free[limits.position[limits.on_rows & limits.is_hard & ~kept]] = True
        entries = sparse.coo_array(arrays.matrix)
        row, column = entries.coords
        ties = ~is_free[row]
        nodes = row_count + column_count
        graph = sparse.coo_array((np.ones(ties.sum()), (row[ties], row_count + column[ties])), shape=(nodes, nodes))
        part = connected_components(graph, directed=False)[1]
        seeds = np.where(limits.on_rows, limits.position, row_count + limits.position)[about]
        is_in = np.isin(part, part[seeds])
        rows, columns = np.flatnonzero(is_in[:row_count]), np.flatnonzero(is_in[row_count:])
        matrix = sparse.csc_array(sparse.csr_array(arrays.matrix[:, columns])[rows])
        self._use(
            replace(
                arrays,
                matrix=matrix,
                cost=arrays.cost[columns],
                lower=arrays.lower[columns],
                upper=arrays.upper[columns],
                row_lower=arrays.row_lower[rows],
                row_upper=arrays.row_upper[rows],
            ),
            rows,
            columns,
        )

    @property
    def is_mixed(self) -> bool:
        """Whether contracts are signed or not as a whole."""
        return len(self._whole) > 0

    def solve(self, price: Floats, *, as_linear: bool = False) -> Given | None:
        """Finds the least price of keeping what is not for sale.

        Args:
            price: (K,) USD for a unit of each limit; 0: it gives way freely; infinite: not at all.
            as_linear: Contracts may be signed in part, so that the certificate proves what it says: with yes and no it
                is that of the choices made alone.

        Returns:
            What gave way. None where limits that may not give way contradict each other.

        Raises:
            Stopped: Caller or clock say so.
            SolverFault: HiGHS fails.
        """
        own, arrays = self._columns, self._arrays
        asked = price[self._give]
        fixed = np.isinf(asked)
        cost, upper = arrays.cost.copy(), arrays.upper.copy()
        cost[own:], upper[own:] = np.where(fixed, 0.0, asked), np.where(fixed, 0.0, self._limits.most_give[self._give])
        if self.is_mixed and not as_linear:
            solution = self._solve_mixed(replace(arrays, cost=cost, upper=upper, integer=self._whole))
        else:
            solution = self._solve_linear(cost, upper)
        if solution.status is not PlanStatus.OPTIMAL:
            return None
        amount = np.zeros(len(self._limits))
        amount[self._give] = solution.column_value[own:]
        return Given(
            price=max(0.0, solution.objective),
            amount=amount,
            level=solution.column_value[:own],
            certificate=self._certificate(solution.row_dual, solution.column_dual[:own]),
        )

    def _solve_linear(self, cost: Floats, upper: Floats) -> Solution:
        """Solve what is in use, and tell it in the rows and columns of all."""
        rows, columns = self._rows_used, self._columns_used
        found = self._warm.solve(ArrayChange(cost=cost[columns], upper=upper[columns]), self._keeper)
        if found.status is not PlanStatus.OPTIMAL:
            return found
        row_count, column_count = self._arrays.shape
        value, dual, row_dual = np.zeros(column_count), np.zeros(column_count), np.zeros(row_count)
        value[columns], dual[columns], row_dual[rows] = found.column_value, found.column_dual, found.row_dual
        return replace(found, column_value=value, column_dual=dual, row_dual=row_dual)

    def _solve_mixed(self, arrays: LinearArrays) -> Solution:
        """Solve with yes and no, from the start: a mixed-integer model has no basis to go on from."""
        keeper = self._keeper
        keeper.heed()
        return prove(MixedSolver(arrays, keeper.left(), self._session), keeper, Stage.EXPLAINING)

    def _certificate(self, row_dual: Floats, column_dual: Floats) -> Bools:
        """(K,) hard limits whose row or bound has a dual of the side that they are on."""
        limits = self._limits
        dual = np.zeros(len(limits))
        dual[limits.on_rows] = row_dual[limits.position[limits.on_rows]]
        dual[~limits.on_rows] = column_dual[limits.position[~limits.on_rows]]
        is_pressed = np.where(limits.is_most, -dual, dual) > CERTIFICATE_TOLERANCE
        return is_pressed & limits.is_hard


def _with_give(limits: NamedLimits, give: Ints) -> LinearArrays:
    """The arrays without costs, and behind their columns one for each limit of `give`, held at 0."""
    arrays = _with_room_for_orders(limits)
    rows = arrays.shape[0]
    on_rows, position = limits.on_rows[give], limits.position[give]
    # A column of slack takes from a row that is at most its limit, and adds to one that is at least it.
    sign = np.where(limits.is_most[give], -1.0, 1.0)
    count = int(on_rows.sum())
    slack = sparse.csc_array((sign[on_rows], (position[on_rows], np.arange(count))), shape=(rows, count))
    # A second column goes on where the first is at its bound: upwards, or downwards from a lower one.
    twin = arrays.matrix[:, position[~on_rows]] @ sparse.diags_array(-sign[~on_rows])
    order = np.argsort(np.concatenate([np.flatnonzero(on_rows), np.flatnonzero(~on_rows)]), kind="stable")
    added = sparse.csc_array(sparse.hstack([slack, twin], format="csc"))[:, order]
    zeros = np.zeros(len(give))
    return replace(
        arrays,
        matrix=sparse.csc_array(sparse.hstack([arrays.matrix, added], format="csc")),
        cost=np.zeros(arrays.shape[1] + len(give)),
        offset=0.0,
        lower=np.concatenate([arrays.lower, zeros]),
        upper=np.concatenate([arrays.upper, zeros]),
    )


def _with_room_for_orders(limits: NamedLimits) -> LinearArrays:
    """The arrays with rows q ≤ M·b whose M lets a capacity or an embargo give way: by itself M knows what they are."""
    arrays = limits.arrays
    if "order_most" not in arrays.rows:
        return arrays
    rows, columns = arrays.rows["order_most"], arrays.columns["b"]
    row_of = dict(zip(map(tuple, rows.index.tolist()), rows.position.tolist(), strict=True))
    at = np.array([row_of[l, k] for l, k in columns.index.tolist()])
    matrix, upper = arrays.matrix, arrays.upper.copy()
    upper[columns.position] = 1.0
    source, contract = columns.index.T
    # Where there is nothing to order M is 0, and no entry of the matrix: added, not written over.
    present = np.asarray(matrix[at, columns.position]).ravel()
    wanted = np.minimum(present, -_most_of_use(limits)[contract, source])
    more = sparse.csc_array((wanted - present, (at, columns.position)), shape=matrix.shape)
    return replace(arrays, matrix=sparse.csc_array(matrix + more), upper=upper)


def _most_of_use(limits: NamedLimits) -> Floats:
    """(contracts, L) more than is needed of any contract, wherever it delivers, whatever gives way.

    Of its material that is all demand (what it stands in for and plants take of it included), what its store can take
    and must hold, and what is lost in it; where shares of deliveries are limited, so much more as a share asks for of
    what must be bought.
    """
    instance = limits.instance
    useful = np.array([_most_held(instance, m) for m in range(instance.material_count)])
    useful += instance.material_demand.sum(axis=0)
    useful += instance.feeds.fed(instance.most_capacity)[instance.tree.period].sum(axis=0)
    for j, substitution in enumerate(instance.problem.substitutions):
        substitute = instance.substitutions[j].substitute
        useful[substitute] += substitution.tonnes_per_tonne * instance.most_replaced[:, j].sum()
    bought = np.nan_to_num(instance.booked).sum(axis=0) + instance.min_order
    for m, share in enumerate(least_share_of_deliveries(instance)):
        if share < 1:
            useful[m] = (useful[m] + bought[instance.sources_of[m]].sum()) / share
    period = [t for t, _ in instance.contracts]
    most = np.maximum(useful[instance.material_of] / least_availability(instance), instance.most_capacity[period])
    most = np.maximum(most, np.maximum(instance.min_order, np.nan_to_num(instance.booked)))
    return np.minimum(most, LARGEST)


def _most_held(instance: Instance, m: int) -> float:
    """Tonnes that fill the store of a material and meet its floor or closing stock, with what is lost until then."""
    if m not in instance.stocks:
        return 0.0
    floors = [instance.floor(n, m) or 0.0 for n in range(instance.node_count)]
    kept = min(instance.kept_to(m, int(n)) for n in instance.tree.leaves)
    held = instance.storage(m) + max(instance.closing(m), *floors)
    return held / kept if kept > 0 else held
