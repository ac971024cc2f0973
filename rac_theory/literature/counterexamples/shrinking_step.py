"""C8: LoRA descends, but the step that guarantees it shrinks as the factors grow; and a misplaced constant."""

from fractions import Fraction
from math import sqrt

import numpy as np

from rac_theory.algorithms import Initialisation, LoRA
from rac_theory.base.checks import Array
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Witness
from rac_theory.literature.counterexamples.guaranteed_steps import SHARE, Descent, descend, guaranteed_step
from rac_theory.literature.counterexamples.paper_quadratic import random_paper_quadratic
from rac_theory.literature.counterexamples.picture import Lines
from rac_theory.literature.counterexamples.rate_of_lora import promised_gradient, promised_sum, smallest_on_slope
from rac_theory.problems import LogisticRegression

STEPS = 300


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


def rise_in_floats(L: float, G: float, a: float) -> float:
    """Return how much J rises in one step of the form in circulation, from ``a = b`` on ``f = L w^2 / 2``."""
    w = G / L
    eta = min(1 / (4 * sqrt(2) * L * (2 * a**2 + G)), 1.0)
    after = w + a**2 * ((1 - eta * G) ** 2 - 1)
    return L / 2 * (after - w) * (after + w)


def gather(example: Counterexample) -> Witness:
    """Descend at guaranteed steps, and take the step in circulation on f = L w^2 / 2 from a = b close to 0."""
    rng = np.random.default_rng(example.seed)
    B, A = rng.standard_normal((3, 2)), rng.standard_normal((2, 3))
    done = descend(example.problem, example.start, B, A, STEPS)
    gap = float(example.problem.value((example.start + B @ A)[None])[0])
    kept = [_of_promise(done, example.problem.L, gap, B, A), *_without_a_minimum(rng)]
    least = proved_share()
    checks = (_falls(done), _proof_gives(least), _shrinks(), _promises_kept(kept), _order_is_met())
    picture = Lines.over_steps(
        {"fall over $\\eta \\Vert \\nabla J \\Vert^2$": done.shares}, {"proved": least}, "share", yscale="linear"
    )
    return Witness(checks, picture, against=_of_the_step_in_circulation())


def _falls(done: Descent) -> Check:
    least = done.shares.min()
    return Check.bounded(f"in {STEPS} steps J falls by at least {least:.4f} eta ||grad J||^2", least >= SHARE)


def _proof_gives(least: float) -> Check:
    return Check.bounded(f"the proof gives {least:.4f}", least >= SHARE)


def _shrinks() -> Check:
    near, far = (guaranteed_step(20.0, s**2, 1.0) * s**2 for s in (1e3, 1e6))
    sentence = f"eta ||V||^2 tends to 1/(4 sqrt(2) L): {near:.6g}, {far:.6g}"
    return Check.bounded(sentence, abs(near / far - 1) < 1e-3)


def _promises_kept(kept: list[tuple[float, float]]) -> Check:
    """Sums and gradients of runs, over what is promised of them."""
    sums, gradients = zip(*kept, strict=True)
    return Check.bounded(
        "here, and on logistic losses without a minimum, the steps add up to at least "
        f"{1 / max(sums):.3g} times what is promised, and the smallest ||grad J||^2 is at most "
        f"{max(gradients):.3g} of its bound",
        max(sums) <= 1 and max(gradients) <= 1,
    )


def _order_is_met() -> Check:
    """The bound, and functions on which the smallest gradient is not far below it."""
    used = {}
    for steps in (1000, 10_000):
        smallest, bound, _ = smallest_on_slope(steps)
        used[steps] = smallest / bound
    return Check.bounded(
        "the order 1/sqrt(T) is the true one: on slopes made for "
        + " and ".join(f"{steps} steps it is {share:.3f}" for steps, share in used.items())
        + " of the bound, and half the bound is not true",
        all(0.6 < share <= 1 for share in used.values()),
    )


def _of_the_step_in_circulation() -> tuple[Check, Check]:
    """In rational arithmetic close to a = b = 0, and one step in floating point."""
    square, G = Fraction(1, 10**6), Fraction(4)
    slow = circulated_step_exceeds(Fraction(3, 2), Fraction(1, 10), G, square)
    rises = circulated_step_exceeds(Fraction(2), Fraction(1, 16), G, square) and rise_in_floats(1 / 16, 4.0, 1e-3) > 0
    return (
        Check.exact("L = 1/10 < 1/(6 sqrt 2): eta G > 3/2, and J falls by less than eta ||grad J||^2 / 4", slow),
        Check.exact("L = 1/16 < 1/(8 sqrt 2): eta G > 2, and J rises", rises),
    )


def _of_promise(done: Descent, L: float, gap: float, B: Array, A: Array) -> tuple[float, float]:
    """Return what is promised over what the steps add up to, and the smallest squared gradient over its bound."""
    factors, steps = sqrt(float(np.sum(B**2) + np.sum(A**2))), len(done.etas)
    return (
        promised_sum(steps, L, gap, factors) / float(done.etas.sum()),
        float(done.squares.min()) / promised_gradient(steps, L, gap, factors),
    )


def _without_a_minimum(rng: np.random.Generator) -> list[tuple[float, float]]:
    """Take separable data, where the factors grow without end, from starts of three sizes."""
    X = rng.standard_normal((20, 3))
    problem = LogisticRegression(X, (X[:, 0] > 0).astype(int))
    found = []
    for size in (0.1, 1.0, 10.0):
        B, A = size * rng.standard_normal((3, 1)), rng.standard_normal((1, 1))
        done = descend(problem, np.zeros((3, 1)), B, A, STEPS)
        gap = float(problem.value((B @ A)[None])[0]) - problem.f_lower
        found.append(_of_promise(done, problem.L, gap, B, A))
    return found


C8 = Counterexample(
    id="C8",
    name="shrinking step",
    statement="With eta = min{1 / (4 sqrt(2) (L ||V||^2 + ||G||)), 1} a step of LoRA lowers J by at least "
    "0.907 eta ||grad J||^2, V being both factors; eta falls like 1 / ||V||^2, and the smallest ||grad J||^2 of T "
    "steps is O(1/sqrt(T)), an order that is met.",
    source="arXiv:2512.18248 for the form of the step; constants and rate are derived",
    mark="derived",
    cause="step-size instability",
    problem=random_paper_quadratic(0),
    method=LoRA(Initialisation.kaiming((3, 3), 2), gamma=1e-3),
    start=np.zeros((3, 3)),
    gather=gather,
    in_circulation="the same with 1 / (4 sqrt(2) L (||V||^2 + ||G||)) and a quarter of eta ||grad J||^2",
)
