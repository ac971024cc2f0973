"""A claim as it is judged: the curves that it is judged by, a theorem on a case, at which steps, and against what."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import Array
from rac_theory.cases import Case, Constants, check_deterministic
from rac_theory.numerics import EPS, excess, seed_sequence, shortfall
from rac_theory.runs import Trajectory, Unsupported, by_moments, simulate_part
from rac_theory.statements import Curves, Metric, Theorem

Evidence: TypeAlias = Literal["auto", "exact", "sampled"]
"""Whether expectations are computed or estimated from runs; auto computes them where it can."""


class Recording(NamedTuple):
    """Curves, each (runs, steps + 1), the largest norm of a last iterate that is finite, and how many runs these are:
    none for an expectation."""

    curves: Curves
    norm: float
    runs: int = 0

    @classmethod
    def of(cls, trajectory: Trajectory) -> "Recording":
        """Read an ensemble."""
        read = trajectory.values, trajectory.squared_gradients, trajectory.squared_distances
        curves = Curves(*read, step_sizes=trajectory.step_sizes, gradient_norms=trajectory.gradient_norms)
        norms = trajectory.norms
        norm = float(np.max(norms, where=np.isfinite(norms), initial=0.0))
        return cls(curves, norm, len(trajectory.values))

    def with_gradients_at_iterate(self, squared_gradients: Array) -> "Recording":
        """Return the same with squared gradients at the iterate."""
        return self._replace(curves=self.curves._replace(squared_gradients_at_iterate=squared_gradients))


def simulated(
    metrics: Sequence[Metric], case: Case, root: np.random.SeedSequence, first: int, runs: int, n_jobs: int = 1
) -> Recording:
    """Run a part of an ensemble, and record what the metrics need."""
    distances = any(metric.of_distances for metric in metrics)
    recording = Recording.of(simulate_part(case, root, first, runs, n_jobs, distances=distances))
    if any(metric.at_iterate for metric in metrics):
        return recording.with_gradients_at_iterate(
            simulate_part(case.at_iterate, root, first, runs, n_jobs).squared_gradients
        )
    return recording


def exact_recording(case: Case, evidence: Evidence, metrics: Iterable[Metric] = ()) -> Recording | None:
    """Return the expectation as one curve of each kind that metrics need; None if it is not asked for, or unknown."""
    recording = _exact(case, evidence)
    if recording is None or not any(metric.at_iterate for metric in metrics):
        return recording
    at_iterate = _exact(case.at_iterate, evidence)
    assert at_iterate is not None  # there is a route for the same map
    return recording.with_gradients_at_iterate(at_iterate.curves.squared_gradients)


def _exact(case: Case, evidence: Evidence) -> Recording | None:
    """Return the expectation as one curve of each kind, where it is asked for and can be had.

    A sketch that is not ours may say what its moments are, but that is not taken for granted: it would be judged by its
    own word.

    Raises
    ------
    ValueError
        If ``evidence`` is "exact" and there is none.
    """
    if evidence == "sampled":
        return None
    if case.algorithm.deterministic:
        has_minimiser = getattr(case.problem, "W_star", None) is not None
        run = simulate_part(case, seed_sequence(None), 0, 1, distances=has_minimiser)
        check_deterministic(case)
        return Recording.of(run)
    try:
        expectation = by_moments(case)
    except Unsupported as error:
        if evidence == "exact":
            raise ValueError(f"evidence must be 'auto' or 'sampled' here, got 'exact': {error}") from error
        return None
    if expectation.on_trust:
        if evidence == "exact":
            raise ValueError("evidence must be 'auto' or 'sampled' for moments that a plug-in claims, got 'exact'")
        return None
    gap, squares, distances = expectation.gap, expectation.squared_gradient, expectation.squared_distance
    # A small gap would be lost in the difference of two values.
    curves = Curves(gap[None], squares[None], distances[None], expectation.minimum)
    return Recording(curves, float(np.linalg.norm(case.start)))


@dataclass(frozen=True, eq=False)
class Question:
    """Whether ``E X_t <= bound_t`` for all t, for ``0 <= X <= ceiling``.

    A tolerance is no evidence: what may keep a claim from being refuted never helps to confirm it.

    Attributes
    ----------
    bound : (T,)
        What is claimed, at least 0.
    ceiling : float or (T,)
        inf if unknown.
    blur : float or (T,)
        What rounding and an uncertain f_star may add to X: the claim is refuted against ``bound + blur``.
    doubt : float or (T,)
        What they may hide of X: the claim is confirmed against ``bound - doubt``.
    """

    bound: Array
    ceiling: Array | float
    blur: Array | float = 0.0
    doubt: Array | float = 0.0

    @property
    def refuting(self) -> Array:
        """What runs have to exceed on average to refute the claim, (T,)."""
        return np.asarray(self.bound + self.blur)

    @property
    def confirming(self) -> Array:
        """What runs have to stay below on average to confirm the claim, (T,); at zero or less none does."""
        return np.asarray(self.bound - self.doubt)

    @property
    def has_ceiling(self) -> bool:
        """Whether there is a ceiling at every step."""
        return bool(np.isfinite(self.ceiling).all())

    @property
    def is_vacuous(self) -> NDArray[np.bool_]:
        """Where the claim says no more than the ceiling does, (T,)."""
        return np.asarray(self.confirming >= self.ceiling)

    def excess(self, X: Array) -> Array:
        """Return what is bet on to refute the claim, (runs, T)."""
        return excess(X, self.refuting)

    def shortfall(self, X: Array) -> tuple[Array, Array]:
        """Return what is bet on to confirm the claim, (runs, T), and the largest loss, (T,): see ``evidence``."""
        return shortfall(X, self.confirming, self.ceiling)


@dataclass(frozen=True, eq=False)
class JudgedBound:
    """A bound on the expectation of a metric at t = 0, ..., steps, with the steps that are judged.

    Attributes
    ----------
    bound : (steps + 1,)
        nan where nothing is claimed.
    resolved : (k,) of int
        The steps at which the bound stands out from what blurs it.
    judged : (T,) of int
        The steps that are judged: those, or all at which the bound is a number where nothing is resolved; then only
        gross violations can be seen.
    question : Question
        The claim at the judged steps, with what blurs and hides it.
    informative_from : int or None
        The first step at which the bound says more than the ceiling does.
    """

    bound: Array
    resolved: NDArray[np.int64]
    judged: NDArray[np.int64]
    question: Question
    informative_from: int | None

    def at_all_steps(self, numbers: Array) -> Array:
        """Return numbers at the judged steps, (T,), along all of them, (steps + 1,); nan elsewhere."""
        everywhere = np.full(len(self.bound), np.nan)
        everywhere[self.judged] = numbers
        return everywhere

    def judged_part(self, curves: Array) -> Array:
        """Return what is judged of curves: non-negative, at the judged steps, (runs, T)."""
        return np.maximum(curves[:, self.judged], 0.0)


def claimed_steps(bound: Array) -> NDArray[np.int64]:
    """Return the steps at which a bound, (steps + 1,), is a number: never the start, t = 0, which is given."""
    return np.arange(1, len(bound))[np.isfinite(bound[1:])]


_EVALUATION = 4 * EPS  # relative, a step: what powers and recursions lose
_OF_CONSTANTS = 1e-9  # relative: constants are rounded, gamma may exceed 1/L by 1e-12, and powers multiply that


@dataclass(frozen=True, eq=False)
class Trial:
    """A theorem on a case, with the constants that its bound is made of."""

    theorem: Theorem
    case: Case
    constants: Constants

    @cached_property
    def unmet(self) -> tuple[str, ...]:
        """A sentence for each assumption that the case does not meet."""
        return self.theorem.unmet(self.case, self.constants)

    @cached_property
    def bound(self) -> Array:
        """The bound at t = 0, ..., steps, (steps + 1,)."""
        return self.theorem.bound(self.constants, self.case.steps)


@dataclass(frozen=True, eq=False)
class JudgedClaim(JudgedBound):
    """A theorem on a case, with the steps that rounding and f_star let one judge.

    Attributes
    ----------
    bound, resolved, judged, question, informative_from
        As in ``JudgedBound``: resolved is what stands out from rounding and from the uncertainty of f_star, which the
        question allows for; informative is what says more than descent alone.
    trial : Trial
        The theorem, the case and its constants.
    rounding : (T,)
        The part of the blur that is the error of evaluating an expectation and its bound.
    """

    trial: Trial
    rounding: Array

    @classmethod
    def of(cls, trial: Trial, first: Recording, exact: bool) -> "JudgedClaim":
        """Choose the steps to judge. The first runs say how far iterates go, and so how large rounding errors are."""
        case, constants, bound, metric = trial.case, trial.constants, trial.bound, trial.theorem.metric
        everywhere, shift = claimed_steps(bound), _shift(case, first.norm)
        claim = np.maximum(bound, 0.0)  # below zero by rounding; by more it is refuted by itself
        ceiling = metric.ceiling(constants)
        rounding = metric.rounding(first.curves, constants, claim, shift) + _EVALUATION * case.steps * claim
        doubt = np.broadcast_to(metric.doubt(constants, claim), bound.shape)
        resolved = everywhere[np.abs(bound[everywhere]) >= 100 * (rounding + doubt)[everywhere]]
        if exact:
            curve = metric.measure(first.curves, constants)[0]
            # A bound that is met to the last bit needs no resolution, not even zero.
            resolved = everywhere if (curve <= bound - doubt)[everywhere].all() else resolved
        judged = resolved if resolved.size and not exact else everywhere
        question = Question(
            claim[judged],
            ceiling if trial.theorem.descends and not exact else math.inf,
            blur=(_OF_CONSTANTS * claim + rounding + doubt)[judged],
            doubt=(doubt if exact else rounding + doubt)[judged],
        )
        informative = everywhere[bound[everywhere] < ceiling * (1 - _OF_CONSTANTS)]
        informative_from = int(informative[0]) if informative.size else None
        return cls(bound, resolved, judged, question, informative_from, trial, rounding[judged])

    @property
    def impossible(self) -> NDArray[np.int64]:
        """The steps at which the bound is below zero by more than rounding, where no metric is."""
        everywhere, ceiling = claimed_steps(self.bound), self.trial.theorem.metric.ceiling(self.trial.constants)
        size = max(float(np.nanmax(np.abs(self.bound))), ceiling if math.isfinite(ceiling) else 0.0)
        return everywhere[self.bound[everywhere] < -_OF_CONSTANTS * size]

    def curves(self, part: Recording) -> Array:
        """Return the metric along runs, (runs, steps + 1)."""
        return self.trial.theorem.metric.measure(part.curves, self.trial.constants)


def _shift(case: Case, norm: float) -> float:
    """Bound how far rounding moves an iterate: a few units in the last place each step, added like a random walk."""
    norm = max(norm, float(np.linalg.norm(case.start)))
    return 4 * EPS * math.sqrt(case.steps) * norm
