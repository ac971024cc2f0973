"""Empirical rates: the factor or the power that a mean curve follows, with an interval."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import stdtrit

from rac_theory.base import Array, Value, being
from rac_theory.base.checks import integer, one_of
from rac_theory.runs import Trajectory
from rac_theory.statements import running_mean_before

_GROUPS = 32  # groups of runs that the jackknife leaves out in turn


@dataclass(frozen=True, eq=False, repr=False)
class Rate(Value):
    """A straight line through the logarithm of a mean curve.

    Attributes
    ----------
    kind : "linear" or "sublinear"
        The curve goes like ``value ** t``, or like ``t ** value``.
    value : float
        The factor a step, or the power; dimensionless.
    low, high : float
        A 95% interval over runs, by the jackknife; equal to ``value`` for a single run.
    first, last : int
        The steps that were fitted.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import GD, Case, empirical_rate, simulate
    >>> run = simulate(Case(GD(gamma=0.5), Quadratic.left([[1.0]], W_star=[[1.0]]), steps=20))
    >>> rate = empirical_rate(run)
    >>> print(rate.kind, rate, rate.first, rate.last)  # f falls by (1 - gamma)^2 a step
    linear 0.25000 10 20
    """

    kind: Literal["linear", "sublinear"]
    value: float
    low: float
    high: float
    first: int
    last: int

    def __str__(self) -> str:
        width = "" if self.low == self.value == self.high else f" [{self._show(self.low)}, {self._show(self.high)}]"
        return self._show(self.value) + width

    @property
    def label(self) -> str:
        """The rate for the legend of a figure, in mathtext, with its interval."""
        if self.kind == "linear":
            return f"{self} a step"
        width = "" if self.low == self.value == self.high else f" [{self.low:.2f}, {self.high:.2f}]"
        return f"$t^p$, p = {self.value:.2f}{width}".replace("-", "−")

    def _show(self, value: float) -> str:
        return f"{value:.5f}" if self.kind == "linear" else f"t^{value:.2f}"


def empirical_rate(
    trajectory: Trajectory, kind: Literal["linear", "sublinear"] | None = None, last: int | None = None
) -> Rate | None:
    """Fit the rate at which an ensemble converges; None if it has no two usable points.

    Fitted to the mean gap where ``f_star`` is known and the kind is linear (the default then), to the mean of
    ``||grad f||^2`` averaged over time if the kind is sublinear; over the second half of the steps up to ``last``.

    Parameters
    ----------
    trajectory : Trajectory
    kind : "linear" or "sublinear", optional
        A factor a step, or a power of t; by default linear where ``f_star`` is known.
    last : int, optional
        The last step that is fitted; by default the last of the runs.

    Returns
    -------
    Rate or None

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, RACLoRA, empirical_rate, exact_rate, simulate
    >>> from rac_theory.sketches import Gaussian
    >>> problem = Quadratic.left([[1.0, 0.0], [0.0, 1.0]], W_star=[[1.0], [1.0]])
    >>> case = Case(RACLoRA(Gaussian(2, 1), gamma=0.5), problem, steps=20)
    >>> rate = empirical_rate(simulate(case, runs=2000, rng=0))
    >>> print(f"{exact_rate(case):.4f}, within the interval: {rate.low < exact_rate(case) < rate.high}")
    0.6250, within the interval: True
    """
    being("trajectory", trajectory, Trajectory, ", as simulate returns")
    if kind is None:
        kind = "linear" if math.isfinite(trajectory.case.problem.f_star) else "sublinear"
    if one_of("kind", kind, ("linear", "sublinear")) == "linear":
        if not math.isfinite(trajectory.case.problem.f_star):
            raise ValueError("kind must be 'sublinear' for a problem whose f_star is unknown, got 'linear'")
        return fit_rate(trajectory.gaps, kind, last)
    return fit_rate(running_mean_before(trajectory.squared_gradients), kind, last)


def fit_rate(curves: Array, kind: Literal["linear", "sublinear"], last: int | None = None) -> Rate | None:
    """Fit the mean of curves, (runs, T + 1), over the second half of the steps up to ``last``.

    The second half, because the first is a transient in which the steep directions vanish. Where the mean is no longer
    positive, at the resolution of ``f_star``, the fit ends; None if fewer than two points are left.
    """
    end = integer("last", curves.shape[1] - 1 if last is None else last, 0, curves.shape[1] - 1)
    mean = curves.mean(axis=0)
    unusable = np.flatnonzero(~(np.isfinite(mean[1 : end + 1]) & (mean[1 : end + 1] > 0)))
    end = int(unusable[0]) if unusable.size else end
    first = max(1, end // 2)
    if end - first < 1:
        return None
    t = np.arange(first, end + 1.0)
    x = t if kind == "linear" else np.log(t)
    weights = (x - x.mean()) / np.sum((x - x.mean()) ** 2)
    slope = float(np.log(mean[first : end + 1]) @ weights)
    margin = _jackknife_margin(curves[:, first : end + 1], weights)
    scale = math.exp if kind == "linear" else float
    return Rate(kind, scale(slope), scale(slope - margin), scale(slope + margin), first, end)


def _jackknife_margin(curves: Array, weights: Array) -> float:
    """Half the width of a 95% interval for the slope: refit without each of up to 32 groups of runs."""
    groups = min(_GROUPS, len(curves))
    if groups < 2:
        return 0.0
    parts = np.array_split(curves, groups)
    sums, sizes = np.array([p.sum(axis=0) for p in parts]), np.array([len(p) for p in parts])
    left_out = (sums.sum(axis=0) - sums) / (len(curves) - sizes)[:, None]
    if not (left_out > 0).all():
        return math.nan
    slopes = np.log(left_out) @ weights
    error = math.sqrt((groups - 1) / groups * float(np.sum((slopes - slopes.mean()) ** 2)))
    return float(stdtrit(groups - 1, 0.975)) * error
