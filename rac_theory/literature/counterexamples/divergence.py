"""C3 and C6: steps of LoRA and Chain of LoRA that are too long: at 1/L, where gradient descent cannot diverge, and at
any constant from some start; and what a rise in value means.
"""

import math
from fractions import Fraction

import numpy as np

from rac_theory.algorithms import GD, ChainOfLoRA, Initialisation, LoRA
from rac_theory.base.checks import Array
from rac_theory.cases import Case
from rac_theory.literature.counterexamples.counterexample import (
    Check,
    Counterexample,
    Deferred,
    Lines,
    Outcomes,
    Witness,
)
from rac_theory.literature.counterexamples.factor_loss import FactorLoss, FollowedRun, Moves, sharpest_on_segment
from rac_theory.literature.counterexamples.loss_of_smoothness import CURVATURES, paper_quadratic, random_paper_quadratic
from rac_theory.problems import Quadratic
from rac_theory.runs import Trajectory, simulate
from rac_theory.sketches import Frozen, Gaussian

LARGEST = 20.0
"""L of the quadratic; the step is 1/L."""

_EXAMINED = 40  # rises whose segments are searched for the sharpest point


def diverged(runs: Trajectory) -> Array:
    """Tell which runs end above ten times where they began, or nowhere, (runs,)."""
    return np.asarray(~(runs.values[:, -1] <= 10 * runs.values[:, 0]))


def first_step(A: tuple[int, int, int], pull: int, gamma: Fraction) -> tuple[Fraction, Fraction, Fraction]:
    """Return f before and after the first step of LoRA from ``B = 0``, and the curvature on the way, exactly.

    W* has one entry, ``pull``, at the place whose curvature is 20. Only the first entry of B moves, and J is quadratic
    along it: the curvature is the same all the way.
    """
    M = [Fraction(c) for c in CURVATURES[:3]]
    b = gamma * 2 * M[0] * pull * A[0]
    before = M[0] * pull**2
    after = M[0] * (b * A[0] - pull) ** 2 + M[1] * (b * A[1]) ** 2 + M[2] * (b * A[2]) ** 2
    return before, after, 2 * sum((m * a**2 for m, a in zip(M, A, strict=True)), Fraction(0))


def fractions(scale: float) -> tuple[float, float]:
    """Return the fraction of runs of LoRA and of Chain of LoRA that diverge, over 8 linear terms and 64 seeds each."""
    start = Initialisation(A=Gaussian(3, 1), scale=scale)
    shares = []
    for seed in range(8):
        problem = random_paper_quadratic(seed)
        methods = LoRA(start, 1 / LARGEST), ChainOfLoRA(start, 1 / LARGEST, inner_steps=10)
        shares.append([diverged(simulate(Case(m, problem, steps=300), runs=64, rng=seed)).mean() for m in methods])
    lora, chain = np.mean(shares, axis=0)
    return float(lora), float(chain)


def explained(example: Counterexample) -> tuple[int, int, float]:
    """Return how many steps of 64 runs rise, how many were examined, and the least gamma times sharpness in those."""
    loss, gamma = FactorLoss(example.problem, example.start), example.method.gamma
    runs = simulate(example.case(100), runs=64, rng=example.seed, record=("W", "factors"))
    rises, sharpest = 0, list[float]()
    for run in (FollowedRun.of(runs, i) for i in range(runs.runs)):
        assert run.factors is not None
        B, A = run.factors
        moves = Moves.of(run, example.problem)
        rises += int(moves.rises.sum())
        for t in np.flatnonzero(moves.rises & (moves.length < 1e6)):
            if len(sharpest) < _EXAMINED:
                sharpest.append(gamma * sharpest_on_segment(loss, B[t], A[t], gamma))
    return rises, len(sharpest), min(sharpest, default=math.nan)


def outcome_map(points: int = 8) -> Outcomes:
    """Return what becomes of most runs of LoRA, start against step size, where the optimum is of rank one.

    No run is judged while it is on its way: twenty times as many steps give the same map. From a large A the way is
    long, as B stays small then, and with it what moves A.
    """
    W_star = np.outer([1.0, 1.0, -1.0], [1.0, 0.5, 1.0])
    problem = paper_quadratic(W_star)
    scales, steps = np.geomspace(0.1, 4.5, points), np.geomspace(0.1, 4, points)
    outcome = np.empty((points, points))
    for i, scale in enumerate(scales):
        start = Initialisation(A=Gaussian(3, 1), scale=float(scale))
        for k, step in enumerate(steps):
            long_enough = int(max(300, 30 * (1 + scale**2) / step))
            runs = simulate(Case(LoRA(start, float(step) / LARGEST), problem, steps=long_enough), runs=8, rng=0)
            at_optimum = runs.values[:, -1] < 1e-6 * runs.values[:, 0]
            ends = np.where(diverged(runs), 2, np.where(at_optimum, 0, 1))
            outcome[i, k] = np.bincount(ends).argmax()  # a mean of optimum and divergence would look like elsewhere
    return Outcomes(
        steps, scales, outcome, ("optimum", "elsewhere", "diverges"), r"step size $\gamma L$", "standard deviation of A"
    )


def gather_divergence(example: Counterexample) -> Witness:
    """Take one step exactly, explain every rise, and count what diverges."""
    checks = (*_in_one_step(), _the_converse_is_false(), _of_rises(example), _of_starts())
    return Witness(checks, Deferred(outcome_map), against=(_tame(example),))


def _in_one_step() -> tuple[Check, Check]:
    before, after, curvature = first_step((2, 1, 1), 1, Fraction(1, 20))
    return (
        Check.exact(f"with B = 0, A = (2, 1, 1) the first step takes f from {before} to {after}", after > before),
        Check.exact(f"the curvature on its way is {curvature}, more than 2/gamma = 40", curvature > 40),
    )


def _the_converse_is_false() -> Check:
    """On f = (ab)^2/2 at a = b = s the Hessian has the eigenvalues 3 s^2 and -s^2, and s goes to s (1 - gamma s^2)."""
    gamma, s = Fraction(1), Fraction(1)
    sharpness = 3 * s**2
    sentence = f"f = (ab)^2/2, gamma = a = b = {s}: sharpness {sharpness} > {2 / gamma}, and yet f falls to 0"
    return Check.exact(sentence, sharpness > 2 / gamma, s * (1 - gamma * s**2) == 0)


def _of_rises(example: Counterexample) -> Check:
    """Steps that rise, found from values, and the Hessian on their segments."""
    rises, examined, least = explained(example)
    sentence = f"of {rises} rises {examined} were searched: gamma times sharpness reaches {least:.4g} on the way"
    return Check.bounded(sentence if examined else "no step rises, so there is none to explain", least > 2)


def _of_starts() -> Check:
    shares = {scale: fractions(scale) for scale in (3**-0.5, 1.0, 2.0)}
    shares_by_scale = "; ".join(
        f"{lora:.0%} and {chain:.0%} at scale {scale:.3g}" for scale, (lora, chain) in shares.items()
    )
    some = [lora > 0 and chain > 0 for lora, chain in shares.values()]
    return Check.simulated(f"of LoRA and Chain of LoRA (10 steps a link) there diverge {shares_by_scale}", *some)


def _tame(example: Counterexample) -> Check:
    runs = simulate(Case(example.method, paper_quadratic(0.1 * np.eye(3)), steps=1000), runs=256, rng=0)
    share = diverged(runs).mean()
    return Check.simulated(f"with W* = 0.1 I, so a small b, {share:.0%} of 256 runs of LoRA diverge", share == 0)


C3 = Counterexample(
    id="C3",
    name="divergence at 1/L",
    statement="On x' M x + b' x, M = Diag(10, 1, ..., 1), LoRA and Chain of LoRA of rank 1 diverge at gamma = 1/L from "
    "a share of starts; whenever the value rises in a step, the sharpness somewhere on the way exceeds 2/gamma.",
    source="public discussion of arXiv:2410.08305; the explanation is derived",
    mark="second-hand",
    cause="step-size instability",
    problem=random_paper_quadratic(0),
    method=LoRA(Initialisation.kaiming((3, 3), 1), gamma=1 / LARGEST),
    gather=gather_divergence,
    seed=1,
    condition="b and the start are large enough: their size decides the share of runs",
    in_circulation="LoRA and Chain of LoRA diverge at gamma = 1/L on this quadratic",
)

STEPS = 60
OUTSIDE = {gamma: Fraction(9, 4) / gamma for gamma in (Fraction(1), Fraction(1, 10), Fraction(1, 1000))}
"""Squares s^2 of starts beyond the edge, by gamma."""
_ONE = Frozen(np.ones((1, 1)))


def balanced(gamma: float, s: float) -> LoRA:
    """Return LoRA of one number from a = b = s, so from W0 = s^2."""
    return LoRA(Initialisation(B=_ONE, A=_ONE, scale=s), gamma)


def squared_step(u: Fraction) -> Fraction:
    """Return the next ``u = gamma s^2``: s goes to ``s (1 - gamma s^2)``."""
    return u * (1 - u) ** 2


def grows_for_ever(u: Fraction, steps: int = 5) -> bool:
    """Check, exactly, ``u_{t+1} >= u_t (u_0 - 1)^2`` for a few steps; the proof is one line for all of them.

    If u >= u_0 > 2, the next one is ``u (u - 1)^2 >= u (u_0 - 1)^2 > u``.
    """
    factor = (u - 1) ** 2
    for _ in range(steps):
        after = squared_step(u)
        if not after >= u * factor > u:
            return False
        u = after
    return True


def curve(gamma: float, s: float) -> Array:
    """Return f along a run from a = b = s, (STEPS + 1,)."""
    problem = Quadratic.left(np.eye(1), np.zeros((1, 1)))
    return np.asarray(simulate(Case(balanced(gamma, s), problem, np.array([[s**2]]), steps=STEPS)).values[0])


def gather_too_long(example: Counterexample) -> Witness:
    """Take starts on both sides of the edge, for several steps."""
    checks = (
        _outside(),
        Check.exact("at gamma s^2 = 2, s goes to -s and back", squared_step(Fraction(2)) == 2),
        _inside(),
        _in_floating_point(),
        _of_full_descent(example),
    )
    curves = {f"$\\gamma s^2 = {u:g}$": np.minimum(curve(u / 4, 2.0), 1e12) for u in (0.5, 1.5, 1.9, 2.0, 2.1)}
    return Witness(checks, Lines.over_steps(curves, {}, r"$f = (ab)^2 / 2$"))


def _outside() -> Check:
    sentence = "for gamma = 1, 1/10, 1/1000 and gamma s^2 = 9/4 the square s^2 grows by 25/16 a step, or more"
    return Check.exact(sentence, *(grows_for_ever(gamma * square) for gamma, square in OUTSIDE.items()))


def _inside() -> Check:
    starts = [Fraction(k, 8) for k in range(1, 16)]
    sentence = f"at gamma s^2 = {starts[0]}, {starts[1]}, ..., {starts[-1]} it shrinks"
    return Check.exact(sentence, *(0 <= squared_step(u) < u for u in starts))


def _in_floating_point() -> Check:
    """The method itself from the starts for which growth was shown in rational arithmetic."""
    ends = [curve(float(gamma), float(square) ** 0.5)[-1] for gamma, square in OUTSIDE.items()]
    return Check.simulated("in floating point these runs end at infinity", not np.isfinite(ends).any())


def _of_full_descent(example: Counterexample) -> Check:
    end = simulate(Case(GD(1.0), example.problem, example.start, steps=STEPS)).values[0, -1]
    return Check.simulated(f"gradient descent on W with gamma = 1/L = 1 ends at {end:g}", end == 0)


C6 = Counterexample(
    id="C6",
    name="every constant step is too long",
    statement="On f(w) = w^2/2 with w = ab, LoRA from a = b = s diverges if gamma s^2 > 2, is periodic if it is 2, and "
    "converges if it is less: no constant step serves every start.",
    cause="step-size instability",
    problem=Quadratic.left(np.eye(1), np.zeros((1, 1))),
    method=balanced(1.0, 1.5),
    start=np.array([[2.25]]),
    gather=gather_too_long,
)
