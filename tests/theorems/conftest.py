"""What the tests of theorems share: five kinds of cases, and exact expectations by a route that knows no library."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest

from rac_theory import Case, Constants, RACLoRA, sketches
from rac_theory.algorithms import Bernoulli
from rac_theory.cases.case import starting_point
from rac_theory.ledger.ensemble import informative_steps
from rac_theory.ledger.theorem_settings import SETTINGS
from rac_theory.problems import LeastSquares, LogisticRegression
from rac_theory.verification.judge import judge
from rac_theory.verification.measured_constants import variance_is_missing, with_measured_variance

from .second_routes.moments import followed


@dataclass(frozen=True)
class Kind:
    """A problem, and how to run RAC-LoRA on it with a step size and a gradient source."""

    problem: object
    algorithm: Callable


def _regression(d, k):
    rng = np.random.default_rng(7)
    return LeastSquares(rng.standard_normal((40, d)), rng.standard_normal((40, k)), l2=0.5)


@cache
def _kind(name):
    def rac_lora(problem, sketch, side="left"):
        return Kind(problem, lambda gamma, source: RACLoRA(sketch, gamma, side, source))

    if name == "real":
        return rac_lora(LeastSquares.linnerud(l2=0.5), sketches.Haar(3, 1))
    if name == "real, not quadratic":
        return rac_lora(LogisticRegression.breast_cancer(l2=0.8), sketches.Haar(30, 15))
    if name == "anisotropic":  # lambda_max / lambda_min is 4
        return rac_lora(_regression(4, 2), sketches.WeightedCoordinate(4, 1, [1, 2, 3, 4]))
    if name == "right":
        return rac_lora(_regression(4, 3), sketches.Coordinate(3, 2), "right")
    left, right = sketches.Haar(4, 2), sketches.Coordinate(3, 1)
    return Kind(_regression(4, 3), lambda gamma, source: Bernoulli(left, right, gamma, 0.4, source))


@pytest.fixture(params=["real", "real, not quadratic", "anisotropic", "right", "Bernoulli"])
def kind(request):
    """Five cases that differ in kind, none without a sketch."""
    return _kind(request.param)


def _tried(theorems, kind, setting):
    """Judge theorems by one ensemble, long enough for each of them to say something; variances are measured."""
    setting = SETTINGS[setting]
    problem = setting.prepare(kind.problem)
    source = setting.source(problem, starting_point(problem, None))
    case = Case(kind.algorithm(1 / problem.L, source), problem)
    algorithm = kind.algorithm(setting.step(Constants.of(case), case), source)
    case = Case(algorithm, problem, steps=1)
    c = Constants.of(case)
    guess = replace(c, sigma_squared=c.D, zeta_squared=c.D)
    steps = informative_steps(theorems, case, guess, setting.longest, setting.reduction)
    case = Case(algorithm, problem, steps=steps)
    seed = np.random.SeedSequence(0)
    if any(variance_is_missing(theorem, case, c) for theorem in theorems):
        c = with_measured_variance(case, c, seed)
    return judge(theorems, case, c, runs=128, alpha=1e-3, seed=seed)


@pytest.fixture
def tried():
    """``tried(theorems, kind, setting)``: the verdicts at the step size of that setting of the ledger."""
    return _tried


def _exact_over_bound(theorem, c, maps, Q, x, steps):
    assert c.f_star == 0
    along = theorem.metric.along(followed(maps, Q, x, steps), c)[0]
    return (along / theorem.bound(c, steps))[1:]


@pytest.fixture
def exact_over_bound():
    """``exact_over_bound(theorem, constants, maps, Q, x0, steps)``: at t = 1, ..., steps, on f = x'Qx/2."""
    return _exact_over_bound
