"""diagnose: why each run failed, with the numbers that show it."""

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from rac_theory.algorithms import DECAY, KeptCoordinates, MethodDescent, MomentumInLinks
from rac_theory.base import Value, being, one_blas_thread
from rac_theory.base.checks import Array
from rac_theory.literature.counterexamples.factor_loss import FollowedRun, Moves, merges
from rac_theory.literature.counterexamples.low_rank import floor, lowest
from rac_theory.problems import Problem
from rac_theory.runs import Trajectory, simulate

_SPAN = 1e-7  # of the largest singular value of the path


class Confined(NamedTuple):
    """How much of the gradient of one matrix is left in the directions of its path, and which these are, if few."""

    left: float
    directions: int = 0
    span: str = ""


def confined(W: Array, G: Array, small: float) -> Confined:
    """Look for a side on which the path of a matrix, (steps + 1, m, n), lies in few directions, and has used these up.

    Of its last gradient, (m, n), less than ``small`` is then left in them. Where there is none, all of it is.
    """
    for side, axes in (("left", (0, 1, 2)), ("right", (0, 2, 1))):
        basis = _span(np.concatenate([*np.transpose(W - W[0], axes)], axis=1))
        left = float(np.linalg.norm(basis.T @ G.transpose(axes[1] - 1, axes[2] - 1)))
        if basis.shape[1] < len(basis) and left <= small:
            return Confined(left, basis.shape[1], f"{basis.shape[1]} of {len(basis)} directions on the {side}")
    return Confined(float(np.linalg.norm(G)))


def _span(columns: Array) -> Array:
    """Return an orthonormal basis of what columns span, up to a small part of the largest."""
    U, s, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(U[:, s > _SPAN * s[0]]) if s[0] > 0 else np.empty((len(columns), 0))


_ARRIVED = 1e-6  # of the first gap
_STATIONARY = 1e-2  # of the gradient, in what the method can still do
_AT_LOWEST = 1e-2  # of the gap, above the lowest value in reach
_RISING = 0.1  # share of late steps that rise
_OTHERS, _BETTER = 8, 0.1  # runs without what is blamed, and the share of the gap to which they must come
_BALANCED, _STRONGER = 0.1, 1.5  # what of a late gradient is not along W, and how much too strong decay is


class Cause(enum.StrEnum):
    """Why a run is where it is.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import GD, Case, diagnose, simulate
    >>> from rac_theory.literature.counterexamples.diagnosis import Cause
    >>> case = Case(GD(gamma=2.5), Quadratic.left([[1.0]], W_star=[[1.0]]), steps=20)
    >>> (found,) = diagnose(simulate(case, record=["W"]))
    >>> found.cause is Cause.INSTABILITY, f"{found.numbers['sharpest']:.3f}"  # gamma times the curvature, above 2
    (True, '2.500')
    """

    CONVERGED = "at the optimum"
    FLOOR = "representation floor"
    CARRIED = "momentum carried over a redraw"
    KEPT = "a buffer kept while its basis is redrawn"
    DECAY = "decay beside projected gradients"
    INSTABILITY = "step-size instability"
    STUCK = "stuck subspace"
    SPURIOUS = "spurious stationary point"
    STATIONARY = "stationary point that is not the optimum"
    SLOW = "slow progress at the predicted rate"
    UNKNOWN = "unknown"


@dataclass(frozen=True, eq=False, repr=False)
class Diagnosis(Value):
    """A cause, a sentence with the numbers, and the numbers.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import GD, Case, diagnose, simulate
    >>> case = Case(GD(gamma=0.01), Quadratic.left([[1.0]], W_star=[[1.0]]), steps=20)
    >>> (found,) = diagnose(simulate(case, record=["W"]))
    >>> print(found.cause, f"{found.numbers['factor']:.4f}", sep=": ")  # of the gap, a step
    slow progress at the predicted rate: 0.9801
    """

    cause: Cause
    reason: str
    numbers: Mapping[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.cause}: {self.reason}"


def diagnose(trajectory: Trajectory | FollowedRun, problem: Problem | None = None) -> tuple[Diagnosis, ...]:
    """Return for each run the cause of its failure, or that no test applies; one diagnosis per run, in their order.

    The tests come in this order.

    * Optimum: the gap has fallen a millionfold.
    * Carried momentum, a kept buffer: the run is of an algorithm that does so, and the same case without it, with a
      reset at each redraw, or without momentum, comes to a tenth of its gap in the mean of eight runs.
    * Decay: the method is ``DECAY``, and on average over the late half of its run the gradient is held up by decay that
      is 1.5 times as strong as it is set, or more.
    * Instability: the run ends higher than it began, or rises in a tenth of its late steps, and gamma times the
      curvature met in a rise exceeds 2, which noise in the gradient cannot do.
    * Stationary point: the gradient has fallen a millionfold and the gap has not, nor is f convex or PL.
    * Stuck subspace: one factor never changed, or links were merged, or there are no factors, and the whole path lies
      in few directions, along which a hundredth of the gradient is left at most.
    * Floor: both factors are at rest, never merged, and a search finds no lower value of their rank.
    * Spurious stationary point: the factors are at rest, and lower values are in reach.
    * Slow progress: no late step rises, and together they fall by a quarter of what their lengths promise.

    The first and the third need a known infimum. Where the gradient is zero nothing is left to be stuck in, or to be
    kept from.

    Parameters
    ----------
    trajectory : Trajectory or FollowedRun
        Recorded with ``record=("W", "factors")``, or ``("W",)`` where the algorithm has no factors; in float64. A run
        that something else made is a ``FollowedRun``, by ``FollowedRun.of_iterates``.
    problem : Problem, optional
        What it was run on, which a trajectory knows.

    Returns
    -------
    tuple of Diagnosis
        One for each run.

    Raises
    ------
    ValueError
        If what is needed was not recorded, or it is not told what a followed run is of.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import AsymmetricLoRA, Case, diagnose, simulate
    >>> from rac_theory.sketches import Coordinate
    >>> problem = Quadratic.left([[1.0, 0.0], [0.0, 2.0]], W_star=[[1.0], [1.0]])
    >>> case = Case(AsymmetricLoRA(Coordinate(2, 1), gamma=0.5), problem, steps=50)
    >>> [found.cause.name for found in diagnose(simulate(case, runs=2, rng=0, record=["W", "factors"]))]
    ['STUCK', 'STUCK']
    """
    if isinstance(trajectory, FollowedRun):
        if problem is None:
            raise ValueError("problem must be given beside a FollowedRun, which does not know it, got None")
        with one_blas_thread():
            return (_diagnosed(trajectory, problem),)
    being("trajectory", trajectory, Trajectory, ", as simulate returns")
    problem = trajectory.case.problem if problem is None else problem
    with one_blas_thread():  # as in simulate: at these sizes more are slower
        return tuple(_diagnosed(FollowedRun.of(trajectory, run, problem), problem) for run in range(trajectory.runs))


def _diagnosed(run: FollowedRun, problem: Problem) -> Diagnosis:
    moves = Moves.of(run, problem)
    for test in (_optimum, _remembered, _decay, _instability, _stationary, _stuck, _factors_at_rest, _slow):
        diagnosis = test(run, problem, moves)
        if diagnosis is not None:
            return diagnosis
    unknown = "" if math.isfinite(problem.f_star) else ", and with an unknown infimum no optimum can be told"
    return Diagnosis(Cause.UNKNOWN, f"no test fires{unknown}")


def _optimum(run: FollowedRun, problem: Problem, moves: Moves) -> Diagnosis | None:
    first, last = run.values[0] - problem.f_star, run.values[-1] - problem.f_star
    if not last <= _ARRIVED * first + float(getattr(problem, "f_star_error", 0.0)):
        return None
    return Diagnosis(Cause.CONVERGED, f"the gap fell from {first:.4g} to {last:.4g}", {"gap": float(last)})


def _remembered(run: FollowedRun, problem: Problem, moves: Moves) -> Diagnosis | None:
    """What is remembered wrongly, by the same case without it."""
    case, L = run.case, float(problem.L)
    plainer: Any
    match None if case is None else case.algorithm:
        case MomentumInLinks(carried=True, inner_steps=several) as algorithm if several > 1:
            cause, plainer, change = Cause.CARRIED, replace(algorithm, carried=False), "with a reset at each redraw"
        case KeptCoordinates(gamma=gamma, beta=beta) as kept if beta > 0:
            plain = min(gamma / (1 - beta), 1 / L) if L > 0 else gamma
            cause, plainer, change = (
                Cause.KEPT,
                replace(kept, beta=0.0, gamma=plain),
                f"without momentum, at {plain:.4g},",
            )
        case _:
            return None
    assert case is not None
    with np.errstate(over="ignore", invalid="ignore"):
        better = float(simulate(replace(case, algorithm=plainer), runs=_OTHERS, rng=0).values[:, -1].mean())
    least = problem.f_star if math.isfinite(problem.f_star) else problem.f_lower
    last = float(run.values[-1])
    if not math.isfinite(better) or better - least > _BETTER * (last - least):
        return None
    reason = f"f ends at {last:.4g}, and {change} at {better:.4g} on average over {_OTHERS} runs"
    return Diagnosis(cause, reason, {"value": last, "without": better})


def _decay(run: FollowedRun, problem: Problem, moves: Moves) -> Diagnosis | None:
    """Decay that holds gradients up where these are seen in part: p G + omega W is zero on average, not G + omega W."""
    algorithm: Any = None if run.case is None else run.case.algorithm
    if not isinstance(algorithm, MethodDescent) or not algorithm.method.is_like(DECAY):
        return None
    late, omega = slice(len(run.W) // 2, None), float(algorithm.letters["omega"])
    W, G = run.W[late].mean(axis=0), run.gradients[late].mean(axis=0)
    acts = -float((W * G).sum()) / float((W * W).sum() or 1.0)
    left = float(np.linalg.norm(G + acts * W)) / float(np.linalg.norm(G) or 1.0)
    if not omega > 0 or left > _BALANCED or not acts >= _STRONGER * omega:
        return None
    reason = f"decay {omega:.4g} acts as {acts:.4g}, {acts / omega:.3g} times as strong as inside of the range"
    return Diagnosis(Cause.DECAY, reason, {"omega": omega, "acts": acts})


def _instability(run: FollowedRun, problem: Problem, moves: Moves) -> Diagnosis | None:
    late = slice(len(moves.rise) // 2, None)
    explained = moves.rises & (moves.curvature * run.gamma > 2)
    diverged = not run.values[-1] <= run.values[0]
    share = float(explained[late].mean())
    if not explained.any() or not (diverged or share >= _RISING):
        return None
    sharpest = float(np.max(np.where(explained, moves.curvature, 0.0))) * run.gamma
    first = int(np.argmax(explained))
    end = f"to {run.values[-1]:.4g}" if math.isfinite(run.values[-1]) else "beyond all floating-point numbers"
    reason = (
        f"f goes from {run.values[0]:.4g} {end}, first rises at t={first}, and gamma times the curvature met on the "
        f"way reaches {sharpest:.4g} > 2"
    )
    return Diagnosis(Cause.INSTABILITY, reason, {"first_rise": first, "sharpest": sharpest, "share": share})


def _stationary(run: FollowedRun, problem: Problem, moves: Moves) -> Diagnosis | None:
    if problem.convex or problem.mu > 0:  # a small gradient is a small gap there, and tells only how small mu is
        return None
    gap, norms = float(run.values[-1] - problem.f_star), np.linalg.norm(run.gradients, axis=(1, 2))
    if not (gap > 0 and norms[-1] <= _ARRIVED * norms.max()):
        return None
    reason = f"of a gradient of norm {norms.max():.4g} {norms[-1]:.2g} is left, {gap:.4g} above the infimum"
    return Diagnosis(Cause.STATIONARY, reason, {"gradient": float(norms[-1]), "gap": gap})


def _stuck(run: FollowedRun, problem: Problem, moves: Moves) -> Diagnosis | None:
    if run.factors is not None and not any(map(_constant, run.factors)) and not merges(run).any():
        return None
    size = float(np.linalg.norm(run.gradients[-1]))
    W, G, names = [run.W], [run.gradients[-1]], [""]
    if run.layers is not None:
        W, G, names = run.layers.views(run.W), run.layers.views(G[0]), [f" of {name}" for name in run.layers.names]
    layers = [confined(*layer, _STATIONARY * size) for layer in zip(W, G, strict=True)]
    left = math.hypot(*(confinement.left for confinement in layers))
    where = [f"{confinement.span}{name}" for confinement, name in zip(layers, names, strict=True) if confinement.span]
    if not where or left > _STATIONARY * size or size == 0:
        return None
    reason = f"the whole path lies in {', '.join(where)}, where {left:.2g} of a gradient of norm {size:.4g} is left"
    numbers = {"directions": sum(confinement.directions for confinement in layers), "left": left, "gradient": size}
    return Diagnosis(Cause.STUCK, reason, numbers)


def _factors_at_rest(run: FollowedRun, problem: Problem, moves: Moves) -> Diagnosis | None:
    """Tell the floor from a spurious stationary point, for runs that train both factors."""
    if run.factors is None or any(map(_constant, run.factors)):
        return None
    restarts = np.flatnonzero(merges(run)) + 1
    at = restarts[-3:] if restarts.size else np.array([len(run.W) - 1])
    rest = max(_rest(run.gradients[-1], *(factor[t] for factor in run.factors)) for t in at)
    size = float(np.linalg.norm(run.gradients[-1]))
    if size == 0 or rest > _STATIONARY * size:
        return None
    numbers = {"factor_gradient": rest, "gradient": size}
    reason = f"along unit factors {rest:.2g} of a gradient of norm {size:.4g} is left"
    if not restarts.size:
        diagnosis = _floor(run, problem, *run.factors)
        if diagnosis is not None:
            return Diagnosis(Cause.FLOOR, f"{reason}; {diagnosis[0]}", numbers | diagnosis[1])
    return Diagnosis(Cause.SPURIOUS, f"{reason}, and lower values are in reach", numbers)


def _floor(run: FollowedRun, problem: Problem, B: Array, A: Array) -> tuple[str, dict[str, float]] | None:
    rank = B.shape[2]
    beneath = run.W[0] - run.scale * B[0] @ A[0]
    low = lowest(problem, beneath, rank, starts=6, rng=np.random.default_rng(0))
    last, highest = float(run.values[-1]), float(run.values.max())
    # Where no bound of f is known, the fall from the highest value of the run to the lowest at this rank stands for it.
    least = next((f for f in (problem.f_star, problem.f_lower, last - (highest - low)) if math.isfinite(f)), low)
    if last - low > _AT_LOWEST * (last - least):
        return None
    numbers = {"value": last, "lowest": low}
    reason = f"f = {last:.6g}, and the lowest found at rank {rank} is {low:.6g}"
    if problem.strong_convexity > 0 and getattr(problem, "W_star", None) is not None:
        numbers["floor"] = floor(problem, beneath, rank)
        reason += f", no gap at this rank is below {numbers['floor']:.4g}"
    return reason, numbers


def _slow(run: FollowedRun, problem: Problem, moves: Moves) -> Diagnosis | None:
    late = slice(len(moves.rise) // 2, None)
    promised = moves.length[late] ** 2 / run.gamma
    falls = -moves.rise[late]
    if moves.rises[late].any() or not falls.sum() > 0.25 * promised.sum() > 0:
        return None
    share = float(falls.sum() / promised.sum())
    reason = f"every late step descends, by {share:.3g} of ||step||^2/gamma in all"
    gaps = run.values[late.start :] - problem.f_star
    if not gaps[-1] > 0:  # also where the infimum is unknown; gaps before it are larger
        return Diagnosis(Cause.SLOW, reason, {"share": share})
    factor = float((gaps[-1] / gaps[0]) ** (1 / (len(gaps) - 1)))
    reason_with_rate = f"{reason}; the gap changes by the factor {factor:.6g} a step"
    return Diagnosis(Cause.SLOW, reason_with_rate, {"share": share, "factor": factor})


def _rest(G: Array, B: Array, A: Array) -> float:
    """The largest part of a gradient that a move of one factor can see, the other being scaled to norm one."""
    return max(
        float(np.linalg.norm(G @ A.T)) / max(float(np.linalg.norm(A, 2)), 1e-300),
        float(np.linalg.norm(B.T @ G)) / max(float(np.linalg.norm(B, 2)), 1e-300),
    )


def _constant(factor: Array) -> bool:
    return bool((factor == factor[0]).all())
