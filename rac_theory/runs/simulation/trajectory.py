"""A trajectory: what an ensemble did, at every step."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rac_theory.base import Array, sealed, type_name
from rac_theory.cases import Case
from rac_theory.runs.simulation.kernels.kernel import Kernel

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class Trajectory:
    """What an ensemble did at t = 0, ..., steps. It equals itself only: compare the arrays, which are read-only.

    Attributes
    ----------
    values : (runs, steps + 1)
        ``f(W^t)``.
    squared_gradients : (runs, steps + 1)
        ``||grad f(W^t)||^2``.
    norms : (runs,)
        Upper bounds of the norms of the last iterates.
    case : Case
        What was run.
    kernel : Kernel
        How it was run.
    last : callable
        Returns the last iterates in the coordinates of the kernel, (runs, m, n).
    squared_distances : (runs, steps + 1) or None
        ``||W^t - W*||^2``, where it was asked for.
    step_sizes : (runs, steps + 1) or None
        The size of the step from each ``W^t``, where it is not the same everywhere: of a source such as
        ``CertifiedStep``.
    gradient_norms : (runs, steps + 1) or None
        The norm of the gradient in which a ``SteepestStep`` is the steepest, by its dual; of these alone.
    iterates : (runs, steps + 1, m, n) or None
        Every ``W^t``, where "W" was asked for.
    B, A : (runs, steps + 1, m, r), (runs, steps + 1, r, n) or None
        Where "factors" were asked for, those that each step departs from: after a merge, the factors of the next link.
    states : mapping
        Where "states" were asked for, every state of a method by its name, (runs, steps + 1, m, n); ``iterates`` are
        what it reports.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import GD, Case, simulate
    >>> case = Case(GD(gamma=1.0), Quadratic.left([[0.5]], W_star=[[1.0]]), steps=2)
    >>> run = simulate(case, record=["distances", "W"])
    >>> run.values.tolist(), run.squared_gradients.tolist(), run.squared_distances.tolist()
    ([[0.25, 0.0625, 0.015625]], [[0.25, 0.0625, 0.015625]], [[1.0, 0.25, 0.0625]])
    >>> run.iterates.shape, run.W.tolist()
    ((1, 3, 1, 1), [[[0.75]]])
    """

    values: Array
    squared_gradients: Array
    norms: Array
    case: Case
    kernel: Kernel
    last: Callable[[], Array]
    squared_distances: Array | None = None
    step_sizes: Array | None = None
    gradient_norms: Array | None = None
    iterates: Array | None = None
    B: Array | None = None
    A: Array | None = None
    states: Mapping[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.__setstate__(vars(self))  # as large as memory: sealed where they are, and no copy made

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update({name: sealed(value) for name, value in state.items()})

    def __repr__(self) -> str:
        is_known = not math.isnan(self.case.problem.f_star)
        name, curves = ("gap", self.gaps) if is_known else ("||grad f||^2", self.squared_gradients)
        with np.errstate(over="ignore", invalid="ignore"):  # a run may diverge
            first, last = curves[:, 0].mean(), curves[:, -1].mean()
        runs = f"{self.runs} run{'s' * (self.runs > 1)}"
        return f"<{type_name(self)}: {runs} of {self.case!r}, mean {name} {first:.4g} to {last:.4g}>"

    @property
    def runs(self) -> int:
        """Number of runs."""
        return len(self.values)

    @property
    def steps(self) -> int:
        """Number of outer steps."""
        return int(self.values.shape[1]) - 1

    @cached_property
    def W(self) -> Array:
        """The last iterates, (runs, m, n).

        On quadratics and least squares, where numbers are recorded faster than iterates could be sent and kept, the
        ensemble is run once more, on one worker, when they are first asked for.
        """
        return np.asarray(sealed(self.kernel.matrices(self.last())))

    @cached_property
    def gaps(self) -> Array:
        """``f(W^t) - f_star``, (runs, steps + 1); nan if f_star is unknown."""
        return np.asarray(sealed(self.values - self.case.problem.f_star))

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the gaps, or the squared gradients where f_star is unknown, on matplotlib axes; return the axes."""
        from rac_theory.drawing import chart, plot

        return plot.curves(chart.ensemble(self.gaps, self.squared_gradients, title=self.case.headline), ax)
