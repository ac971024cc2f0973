"""Expectations without sampling: E f and E||grad f||^2 along a run, and the rate they end up with."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import Array, Value, being, checks, one_blas_thread, repr_of, type_name
from rac_theory.cases import Case, check_runs
from rac_theory.problems import Problem
from rac_theory.runs.expectations.frame import minimum
from rac_theory.runs.expectations.moment_map import Unsupported, curves
from rac_theory.runs.expectations.rational_moments import rational_curves
from rac_theory.runs.expectations.route import check_covered, moment_map, own_moments, rests_on_trust
from rac_theory.runs.simulation.simulate import simulate

__all__ = ["Expectation", "Unsupported", "exact_rate", "expected"]


@dataclass(frozen=True, eq=False)
class Expectation(Value):
    """What happens on average at t = 0, ..., steps.

    Attributes
    ----------
    gap : (steps + 1,)
        ``E f(W^t) - f*``; nan if f* is unknown.
    squared_gradient : (steps + 1,)
        ``E||grad f(W^t)||^2``.
    squared_distance : (steps + 1,)
        ``E||W^t - W*||^2``; nan unless f is strongly convex with a known minimiser.
    minimum : float
        The value that gaps are counted from: that at a minimiser, of which ``f_star`` is a rounded bound.
    how : str
        "recursion", "one run" of a deterministic method, or "rational": then both curves hold Fractions.
    on_trust : bool
        Whether they rest on moments that a user's sketch declares, unchecked.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, RACLoRA, expected
    >>> from rac_theory.sketches import Coordinate
    >>> problem = Quadratic.left([[1.0, 0.0], [0.0, 1.0]], W_star=[[1.0], [1.0]])
    >>> expectation = expected(Case(RACLoRA(Coordinate(2, 1), gamma=1.0), problem, steps=3))
    >>> expectation.how
    'recursion'
    >>> print([f"{gap:.4f}" for gap in expectation.gap])  # halved each time, as one coordinate of two arrives
    ['1.0000', '0.5000', '0.2500', '0.1250']
    """

    gap: NDArray[Any]
    squared_gradient: NDArray[Any]
    squared_distance: NDArray[Any]
    minimum: float
    how: Literal["recursion", "one run", "rational"]
    on_trust: bool = False

    @property
    def values(self) -> Array:
        """``E f(W^t)``, (steps + 1,), in floats; small gaps are more accurate in ``gap`` than as a difference."""
        return np.asarray(self.gap.astype(np.float64) + self.minimum)

    def __repr__(self) -> str:
        name, curve = ("E||grad f||^2", self.squared_gradient) if np.isnan(float(self.gap[0])) else ("gap", self.gap)
        trust = ", on trust" if self.on_trust else ""
        return (
            f"<{type_name(self)} by {self.how}{trust}, {len(self.gap) - 1} steps, {name} {float(curve[0]):.4g} to "
            f"{float(curve[-1]):.4g}>"
        )


def expected(case: Case, *, exact: bool = False) -> Expectation:
    r"""Return ``E f - f*`` and ``E||grad f||^2`` at t = 0, ..., steps, without sampling.

    For RAC-LoRA, either side, and Bernoulli-LoRA, on quadratics and least squares, with any sketch that has two
    invariants, a second moment in closed form, or a listed support, whether steps have one size or decrease:

    - exact gradients or additive noise, and on least squares minibatches, with projected steps, or with plain ones
      (``lora_alpha``) if the sketch is Gaussian, has orthonormal columns or a listed support;
    - several steps under one sketch with a listed support: ``Local``, and on least squares ``Clients`` with full
      gradients and ``Reshuffled`` with at most five components;
    - cycles of blocks, ``CyclicRACLoRA``, and fixed weights in the range, ``Preconditioned``;
    - links of momentum, ``MomentumInLinks``, where curvatures are equal or the sketch has a listed support, and
      ``KeptCoordinates`` with Haar columns;
    - a ``Method`` with exact gradients or additive noise, and on least squares minibatches.

    An algorithm that has a member ``second_moments(problem)``, which returns a ``MomentMap``, is asked first.

    A deterministic method is run once, on any problem.

    Parameters
    ----------
    case : Case
        With the number of steps.
    exact : bool
        Compute in rational arithmetic, up to 4 x 4, from the data as they are stored, and return Fractions.

    Raises
    ------
    Unsupported
        A ``ValueError`` with the reason, for everything else.

    References
    ----------
    The recursion is derived in ``rac_theory.runs.expectations.moment_map``, the two invariants in
    ``rac_theory.sketches.laws.rotation_invariance``.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, RACLoRA, expected
    >>> from rac_theory.sketches import CountSketch
    >>> problem = Quadratic.left([[1.0, 0.0], [0.0, 2.0]], W_star=[[1.0], [1.0]])
    >>> case = Case(RACLoRA(CountSketch(2, 1), gamma=0.5), problem, steps=2)
    >>> expected(case, exact=True).gap.tolist()
    [Fraction(3, 2), Fraction(23, 32), Fraction(203, 512)]
    """
    check_runs(case)
    exact = checks.boolean("exact", exact)
    if exact or not case.algorithm.deterministic:
        return by_moments(case, exact=exact)
    problem = case.problem
    unique = problem.strong_convexity > 0 and getattr(problem, "W_star", None) is not None
    run = simulate(case, record=["distances"] if unique else [])
    distances = np.full((1, case.steps + 1), np.nan) if run.squared_distances is None else run.squared_distances
    return Expectation(run.gaps[0], run.squared_gradients[0], distances[0], float(problem.f_star), "one run")


def by_moments(case: Case, *, exact: bool = False) -> Expectation:
    """Return the expectation by the recursion of second moments, as ``expected`` does unless one run decides.

    Raises
    ------
    Unsupported
        Where there is no such recursion; the message is the reason.
    """
    algorithm, problem, steps = case.algorithm, case.problem, case.steps
    claims = own_moments(algorithm) is not None or rests_on_trust(check_covered(algorithm))
    if exact:
        read = rational_curves(algorithm, problem, case.start, steps)
    else:
        with one_blas_thread():  # products of a few hundred rows: more threads wait for each other
            read = curves(moment_map(algorithm, problem), case.start, steps)
        _check_start(problem, case.start, float(read[1, 0]))
    if not problem.strong_convexity > 0:  # there may be other minimisers
        read[2] = np.nan
    gap, squares, distances = read
    return Expectation(gap, squares, distances, minimum(problem), "rational" if exact else "recursion", claims)


def exact_rate(case: Case) -> float:
    """Return the factor a step by which ``E f - f*`` changes in the end, from a generic start.

    It is the spectral radius of the recursion that ``expected`` runs: at or below the factor of any true theorem about
    the gap. A start that misses the slowest direction may do better. With additive noise it is the factor by which the
    distance from the floor changes; with minibatches, reshuffling and clients that disagree, too, and there the mean of
    W may be what is slowest.

    Raises
    ------
    Unsupported
        Where ``expected`` has no recursion, if steps decrease, which have no rate, or if the rank of the Hessian is
        undecided: a direction that may or may not be flat decides the rate.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, RACLoRA, exact_rate
    >>> from rac_theory.sketches import Gaussian
    >>> problem = Quadratic.left([[1.0, 0.0], [0.0, 1.0]], W_star=[[1.0], [1.0]])
    >>> print(f"{exact_rate(Case(RACLoRA(Gaussian(2, 1), gamma=1.0), problem)):.4f}")  # 1 - r/d: T2 is attained
    0.5000
    """
    being("case", case, Case, ", such as Case(algorithm, problem)")
    problem = case.problem
    moments = moment_map(case.algorithm, problem)
    if not problem.mu > 0:
        raise Unsupported(f"the rank of the Hessian must be known, got mu = {problem.mu} for {repr_of(problem)}")
    with one_blas_thread():
        return moments.rate(problem.mu / 2)


def _check_start(problem: Problem, W: Array, square: float) -> None:
    """Refuse a problem whose gradient is not that of its eigenbasis, as in a subclass that changes one of them.

    At a minimiser the terms of a gradient cancel, and what is left of them is rounding: of ``X' (X W - Y)`` it is in
    proportion to ``||X|| ||X W - Y||``, which is ``sqrt(2 L f)``, also where W is zero.
    """
    truth = float(np.square(problem.gradient(W[None])).sum())
    terms = problem.L * float(np.linalg.norm(W)) + math.sqrt(2 * problem.L * abs(float(problem.value(W))))
    if abs(square - truth) > 1e-6 * truth + (1e-10 * terms) ** 2:
        raise Unsupported(
            f"{type(problem).__name__}.eigenbasis must be that of its gradient, got squared norm {square:.6g} at W0 "
            f"against {truth:.6g}; who overrides value or gradient must override it too"
        )
