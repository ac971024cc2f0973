"""T21 to T23 and T25 to T27 on random laws and quadratics, by exact expectations: no bound is exceeded."""

import math

import numpy as np
import pytest

from rac_theory import Case, Constants, Noisy, RACLoRA, expected, theorems
from rac_theory.algorithms import ACCELERATED, EF21, FEEDBACK, SHIFTED_MOMENTUM, MomentumInLinks, Preconditioned
from rac_theory.problems import Quadratic
from rac_theory.sketches import Coordinate, FiniteSupport, Haar, WeightedCoordinate
from rac_theory.statements import Curves

ALLOWED, ROUNDING = 1 + 1e-10, 1e-14
STEPS = 40


def law(rng, d, kinds):
    """Axes drawn alike or not, or of four kinds also Haar's measure, or some random matrices of rank one or two."""
    r = int(rng.integers(1, d + 1))
    match rng.integers(kinds):
        case 0:
            return Coordinate(d, r)
        case 1:
            return WeightedCoordinate(d, 1, rng.dirichlet(np.full(d, 2.0)))
        case 2:
            return Haar(d, r)
    count = int(rng.integers(d, d + 3))
    return FiniteSupport(rng.standard_normal((count, d, r)), rng.dirichlet(np.full(count, 3.0)))


def quadratic(rng, d):
    """With curvatures apart by a factor of up to a hundred, in a basis that is turned in half of all."""
    U = np.linalg.qr(rng.standard_normal((d, d)))[0] if rng.random() < 0.5 else np.eye(d)
    S = U @ np.diag(10 ** rng.uniform(-2, 0, d)) @ U.T
    return Quadratic.left((S + S.T) / 2, rng.standard_normal((d, 1)))


def momentum(rng, problem, sketch):
    """b and gamma up to the edge of what is assumed, and beyond it; half of all with noise."""
    c = Constants.of(Case(RACLoRA(sketch, gamma=1.0), problem))
    b = rng.choice([0.0, rng.uniform(0, 0.98), max(0.0, 1 - c.lambda_max * rng.uniform(1, 1.5))])
    smooth = rng.choice([c.L, c.L_H])
    noise = {} if rng.random() < 0.5 else {"gradients": Noisy(10 ** rng.uniform(-2, 0))}
    return SHIFTED_MOMENTUM(sketch, gamma=rng.uniform(0.05, 1) / smooth, b=b, **noise)


def acceleration(rng, problem, sketch):
    """alpha at its edge, for steps of any length, told what is true, or less."""
    c = Constants.of(Case(RACLoRA(sketch, gamma=1.0), problem))
    smooth, less = rng.choice([c.L, c.L_H]), rng.choice([1.0, rng.uniform(0.1, 1)], 2)
    s, least, length = less[0] * c.strong_convexity, less[1] * c.lambda_min, rng.choice([1.0, rng.uniform(0.05, 1.95)])
    alpha = least * math.sqrt(length * (2 - length) / smooth * s) * rng.choice([1 - 1e-12, rng.uniform(0, 1)])
    return ACCELERATED(sketch, gamma=length / smooth, alpha=alpha, s=s, lambda_min=least)


def preconditioned(rng, problem, sketch):
    """Weights apart by a factor of up to a hundred, equal ones in a third of all, and steps up to 2 / (L A)."""
    weights = 10 ** rng.uniform(-2, 0, sketch.rank) if rng.random() < 2 / 3 else np.ones(sketch.rank)
    return Preconditioned(sketch, rng.uniform(0.05, 1.999) / problem.L / weights.max(), weights)


def feedback(rng, problem, sketch):
    """gamma L up to beyond the edge of what is assumed; half of all with noise."""
    c = Constants.of(Case(RACLoRA(sketch, gamma=1.0), problem))
    noise = {} if rng.random() < 0.5 else {"gradients": Noisy(10 ** rng.uniform(-2, 0))}
    return FEEDBACK(sketch, gamma=rng.uniform(0.01, 0.62) * c.lambda_min / c.L, **noise)


def gradient_memory(rng, problem, sketch):
    """gamma L up to beyond the edge of what is assumed."""
    c = Constants.of(Case(RACLoRA(sketch, gamma=1.0), problem))
    return EF21(sketch, gamma=rng.uniform(0.01, 0.6) * c.lambda_min / c.L)


def momentum_in_links(rng, problem, sketch):
    """b and gamma up to the edge of what is assumed, one step a link or more."""
    b, K = rng.uniform(0, 0.98), int(rng.integers(1, 9))
    gamma = 1.999 * (1 - b) * rng.choice([1.0, rng.random()]) / problem.L
    return MomentumInLinks(sketch, gamma, b, K, carried=False)


def exact_curves(case):
    """Exact expectations as the curves of one run, of error feedback at both points."""
    at_W, at_X = expected(case), expected(case.at_iterate) if case.at_iterate != case else None
    more = {} if at_X is None else {"squared_gradients_at_iterate": at_X.squared_gradient[None]}
    return Curves((at_W.gap + case.problem.f_star)[None], at_W.squared_gradient[None], **more)


def largest(make, ids, count, seed, kinds):
    """Return how often each theorem was applicable, and the largest ratio of what is exact to its bound."""
    rng, tried, ratio = np.random.default_rng(seed), dict.fromkeys(ids, 0), dict.fromkeys(ids, 0.0)
    for _ in range(count):
        d = int(rng.integers(1, 5))
        problem, sketch = quadratic(rng, d), law(rng, d, kinds)
        case = Case(make(rng, problem, sketch), problem, steps=STEPS)
        c = Constants.of(case)
        applicable = [theorems.ALL[id] for id in ids if not theorems.ALL[id].unmet(case, c)]
        curves = exact_curves(case) if applicable else None
        for theorem in applicable:
            exact, bound = theorem.metric.measure(curves, c)[0, 1:], theorem.bound(c, STEPS)[1:]
            tried[theorem.id] += 1
            assert np.all(exact <= bound * ALLOWED + ROUNDING * c.gap0), (theorem.id, case)
            left = bound > 1e-6 * bound[0]  # of what has come to rest rounding alone is left
            ratio[theorem.id] = max(ratio[theorem.id], float(np.max(exact[left] / bound[left])))
    return tried, ratio


OF = [
    (momentum, ("T22", "T22_pl", "T22_H"), 4),
    (acceleration, ("T21", "T21_H"), 4),
    (momentum_in_links, ("T23", "T23_pl"), 2),
    (feedback, ("T25",), 4),
    (preconditioned, ("T26", "T26_pl"), 4),
    (gradient_memory, ("T27", "T27_pl"), 4),
]


@pytest.mark.parametrize(("count", "seed"), [(60, 520), pytest.param(2500, 521, marks=pytest.mark.full)])
@pytest.mark.parametrize(("make", "ids", "kinds"), OF)
def test_no_bound_is_exceeded(make, ids, kinds, count, seed):
    """Catches lambda_max for 1 - b in Lambda, a constant of acceleration that is 5% too good, A for a."""
    tried, ratio = largest(make, ids, count, seed, kinds)
    assert min(tried.values()) >= count / 6
    assert min(ratio.values()) > 0.65
