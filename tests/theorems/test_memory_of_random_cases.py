"""T21 to T23 and T25 to T27 on random laws and quadratics, by exact expectations: no bound is exceeded."""

import math

import numpy as np
import pytest

from rac_theory import Case, Constants, Noisy, RACLoRA, Status, verify
from rac_theory.algorithms import ACCELERATED, EF21, FEEDBACK, SHIFTED_MOMENTUM, MomentumInLinks, Preconditioned
from rac_theory.problems import Quadratic
from rac_theory.sketches import Coordinate, FiniteSupport, Haar, WeightedCoordinate

ALLOWED, ROUNDING = 1 + 1e-10, 1e-14
STEPS = 40


def law(rng, d):
    """Axes drawn alike or not, Haar's measure, or some random matrices of rank one or two."""
    r = int(rng.integers(1, d + 1))
    match rng.integers(4):
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


def links(rng, problem, _):
    """One to eight steps in each link along an axis, b and gamma up to the edge."""
    d, b = problem.shape[0], rng.uniform(0, 0.98)
    sketch = WeightedCoordinate(d, 1, rng.dirichlet(np.full(d, 2.0)))
    gamma_L = 1.999 * (1 - b) * rng.choice([1.0, rng.random()])
    return MomentumInLinks(sketch, gamma_L / problem.L, b, int(rng.integers(1, 9)), carried=False)


def feedback(rng, problem, sketch):
    """Steps up to the edge of what is assumed, and beyond it; half of all with noise."""
    c = Constants.of(Case(RACLoRA(sketch, gamma=1.0), problem))
    noise = {} if rng.random() < 0.5 else {"gradients": Noisy(10 ** rng.uniform(-2, 0))}
    return FEEDBACK(sketch, gamma=rng.uniform(0.01, 0.62) * c.lambda_min / c.L, **noise)


def gradient_memory(rng, problem, sketch):
    """H as drawn, or all or nothing in a third of all; steps up to the edge of what is assumed, and beyond it."""
    d = problem.shape[0]
    if rng.random() < 1 / 3:
        chance = rng.random()
        sketch = FiniteSupport(np.stack([np.eye(d), np.zeros((d, d))]), np.array([chance, 1 - chance]))
    c = Constants.of(Case(RACLoRA(sketch, gamma=1.0), problem))
    return EF21(sketch, gamma=rng.uniform(0.01, 0.6) * c.lambda_min / c.L)


def largest(make, ids, count, seed):
    """Return how often each theorem was applicable, and the largest ratio of what is exact to its bound."""
    rng, tried, ratio = np.random.default_rng(seed), dict.fromkeys(ids, 0), dict.fromkeys(ids, 0.0)
    for _ in range(count):
        d = int(rng.integers(1, 5))
        problem, sketch = quadratic(rng, d), law(rng, d)
        case = Case(make(rng, problem, sketch), problem, steps=STEPS)
        for id in ids:
            verdict = verify(id, case)
            if verdict.status is Status.NOT_APPLICABLE:
                continue
            exact, bound = verdict.mean[1:], verdict.bound[1:]
            tried[id] += 1
            assert verdict.evidence == "exact"
            assert np.all(exact <= bound * ALLOWED + ROUNDING * verdict.constants.gap0), (id, case)
            left = bound > 1e-6 * bound[0]  # of what has come to rest rounding alone is left
            ratio[id] = max(ratio[id], float(np.max(exact[left] / bound[left])))
    return tried, ratio


OF = [
    (momentum, ("T22", "T22_pl", "T22_H")),
    (acceleration, ("T21", "T21_H")),
    (preconditioned, ("T26", "T26_pl")),
    (links, ("T23", "T23_pl")),
    (feedback, ("T25",)),
    (gradient_memory, ("T27", "T27_pl")),
]


@pytest.mark.parametrize(("make", "ids"), OF)
def test_no_bound_is_exceeded(make, ids):
    """40 of each; catches lambda_max for 1 - b in Lambda, a constant of acceleration that is 5% too good, A for a."""
    tried, ratio = largest(make, ids, 40, 520)
    assert min(tried.values()) >= 10
    assert min(ratio.values()) > 0.6


@pytest.mark.full
@pytest.mark.parametrize(("make", "ids"), OF)
def test_no_bound_is_exceeded_in_6000_cases(make, ids):
    """1,000 of each, of another seed."""
    tried, ratio = largest(make, ids, 1000, 521)
    assert min(tried.values()) >= 500
    assert min(ratio.values()) > 0.7
