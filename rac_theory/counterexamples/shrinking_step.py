"""C8: LoRA descends, but the step that guarantees it shrinks as the factors grow; and a misplaced constant."""

from fractions import Fraction
from math import sqrt

import numpy as np

from problems.checks import Array
from problems.problem import Problem
from rac_theory.algorithms import Initialisation, LoRA
from rac_theory.counterexamples.counterexample import Check, Counterexample, Witness
from rac_theory.counterexamples.paper_quadratic import paper_quadratic
from rac_theory.counterexamples.picture import Lines
from rac_theory.factor_loss import FactorLoss

SHARE = 0.907
"""J falls by at least this share of ``eta ||grad J||^2`` at a guaranteed step."""


def guaranteed_step(smoothness: float, squared_factors: float, gradient_norm: float) -> float:
    r"""Return :math:`\min\{1 / (4 \sqrt 2 (L \|V\|^2 + \|G\|)), 1\}`, with :math:`\|V\|^2 = \|B\|^2 + \|A\|^2`."""
    return min(1 / (4 * sqrt(2) * (smoothness * squared_factors + gradient_norm)), 1.0)


def descend(problem: Problem, W0: Array, B: Array, A: Array, steps: int) -> tuple[Array, Array]:
    """Make guaranteed steps; return them and what J falls by over ``eta ||grad J||^2``, both (steps,)."""
    loss = FactorLoss(problem, W0)
    etas, shares = np.empty((2, steps))
    for t in range(steps):
        G = problem.gradient(loss.weights(B, A)[None])[0]
        dB, dA = loss.gradient(B, A)
        etas[t] = guaranteed_step(problem.L, float(np.sum(B**2) + np.sum(A**2)), float(np.linalg.norm(G)))
        after = B - etas[t] * dB, A - etas[t] * dA
        fall = loss.value(B, A) - loss.value(*after)
        shares[t] = fall / (etas[t] * float(np.sum(dB**2) + np.sum(dA**2)))
        B, A = after
    return etas, shares


def proved_share(points: int = 1001) -> float:
    r"""Return the least share that the proof gives, :math:`1 - x/2 - (y/2)(1 + x/2)^2` over
    :math:`x + y = 1/(4 \sqrt 2)` with :math:`x = \eta \|G\|` and :math:`y = \eta L \|V\|^2`.
    """
    c = 1 / (4 * sqrt(2))
    x = np.linspace(0, c, points)
    return float((1 - x / 2 - (c - x) / 2 * (1 + x / 2) ** 2).min())


def circulated_step_exceeds(t: Fraction, L: Fraction, G: Fraction, square: Fraction) -> bool:
    r"""Tell, exactly, whether :math:`\eta G > t` for :math:`\eta = \min\{1 / (4 \sqrt 2 L (2 a^2 + G)), 1\}`."""
    below_one = 32 * (L * (2 * square + G)) ** 2 > 1
    return below_one and 32 * (t * L * (2 * square + G)) ** 2 < G**2


def gather(example: Counterexample) -> Witness:
    """Descend at guaranteed steps, and take the step in circulation on f = L w^2 / 2 from a = b close to 0."""
    rng = np.random.default_rng(example.seed)
    B, A = rng.standard_normal((3, 2)), rng.standard_normal((2, 3))
    etas, shares = descend(example.problem, example.start, B, A, 300)
    long = [guaranteed_step(20.0, s**2, 1.0) * s**2 for s in (1e3, 1e6)]
    least = proved_share()
    checks = (
        Check(
            f"in 300 steps J falls by at least {shares.min():.4f} eta ||grad J||^2", shares.min() >= SHARE, "bounded"
        ),
        Check(f"the proof gives {least:.4f}", least >= SHARE, "bounded"),
        Check(
            f"eta ||V||^2 tends to 1/(4 sqrt(2) L): {long[0]:.6g}, {long[1]:.6g}",
            abs(long[0] / long[1] - 1) < 1e-3,
            "bounded",
        ),
    )
    square, G = Fraction(1, 10**6), Fraction(4)
    slow, rising = Fraction(1, 10), Fraction(1, 16)
    against = (
        Check(
            "L = 1/10 < 1/(6 sqrt 2): eta G > 3/2, and J falls by less than eta ||grad J||^2 / 4",
            circulated_step_exceeds(Fraction(3, 2), slow, G, square),
            "exact",
        ),
        Check(
            "L = 1/16 < 1/(8 sqrt 2): eta G > 2, and J rises",
            circulated_step_exceeds(Fraction(2), rising, G, square) and rise_in_floats(1 / 16, 4.0, 1e-3) > 0,
            "exact",
        ),
    )
    t = np.arange(300)
    picture = Lines(
        {"fall over $\\eta \\Vert \\nabla J \\Vert^2$": (t, shares)}, {"proved": least}, "$t$", "share", yscale="linear"
    )
    return Witness(checks, picture, {"least": float(shares.min()), "proved": least, "steps": etas}, against)


def rise_in_floats(L: float, G: float, a: float) -> float:
    """Return how much J rises in one step of the form in circulation, from ``a = b`` on ``f = L w^2 / 2``."""
    w = G / L
    eta = min(1 / (4 * sqrt(2) * L * (2 * a**2 + G)), 1.0)
    after = w + a**2 * ((1 - eta * G) ** 2 - 1)
    return L / 2 * (after - w) * (after + w)


C8 = Counterexample(
    id="C8",
    name="shrinking step",
    statement="With eta = min{1 / (4 sqrt(2) (L ||V||^2 + ||G||)), 1} a step of LoRA lowers J by at least "
    "0.907 eta ||grad J||^2, V being both factors; eta falls like 1 / ||V||^2.",
    source="arXiv:2512.18248 for the form of the step; the constants are derived",
    mark="second-hand",
    cause="step-size instability",
    problem=paper_quadratic(np.random.default_rng(0).standard_normal((3, 3))),
    method=LoRA(Initialisation.kaiming((3, 3), 2), gamma=1e-3),
    start=np.zeros((3, 3)),
    gather=gather,
    in_circulation="the same with 1 / (4 sqrt(2) L (||V||^2 + ||G||)) and a quarter of eta ||grad J||^2",
)
