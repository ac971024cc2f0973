"""T11 as its equations say, and a coin of Bernoulli-LoRA that changes with t, which T11 covers for all but T3."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from rac_theory import Case, Constants, theorems
from rac_theory.algebra import number, symbols_of
from rac_theory.algorithms import Bernoulli
from rac_theory.problems import Quadratic
from rac_theory.sketches import WeightedCoordinate
from rac_theory.statements.metric import Curves


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_the_equations_are_what_the_map_does(p):
    """The mean map on 3 x 4 matrices, entry by entry. Catches p for 1 - p, one end for the other."""
    left, right = WeightedCoordinate(3, 1, [1, 2, 5]), WeightedCoordinate(4, 2, [1, 1, 3, 4])
    P, R = left.expected_projection(), right.expected_projection()
    units = np.eye(12).reshape(12, 3, 4)
    eigenvalues = np.linalg.eigvalsh((p * P @ units + (1 - p) * units @ R).reshape(12, 12))
    ends = {side: np.linalg.eigvalsh(mean)[[0, -1]] for side, mean in (("P", P), ("R", R))}
    known = {f"lambda_{end}(E[{side}])": ends[side][i] for side in "PR" for i, end in enumerate(("min", "max"))}
    constants = Constants.of(Case(Bernoulli(left, right, 0.1, p), Quadratic.left(np.eye(3), np.ones((3, 4)))))
    for claim, eigenvalue in zip(theorems.T11.claims, eigenvalues[[0, -1]], strict=True):
        end, mean = claim.terms
        assert number(mean, known | {"p": p}) == pytest.approx(eigenvalue, rel=1e-12)
        assert getattr(constants, end.constant) == pytest.approx(eigenvalue, rel=1e-9)
        assert {one.side for one in symbols_of(mean) if one.name != "p"} == {end.side}  # the worse end of either


M, N, STEPS = 2, 2, 12
NOISY = ("T5", "T6")


def laws(rng):
    """Two laws that take turns, [(probability, H)] each: one row, or one column, at random, with weights and a coin."""
    rows = [np.kron(np.diag(row), np.eye(N)) for row in np.eye(M)]
    columns = [np.kron(np.eye(M), np.diag(column)) for column in np.eye(N)]
    left, right = rng.dirichlet(np.ones(M)), rng.dirichlet(np.ones(N))
    return [
        [*zip(p * left, rows, strict=True), *zip((1 - p) * right, columns, strict=True)] for p in rng.uniform(size=2)
    ]


def curves(turns, Q, x, gamma, noise):
    """Expectations on f = x'Qx/2, with noise of that covariance."""
    moment, found = np.outer(x, x), []
    for t in range(STEPS + 1):
        found.append([np.trace(Q @ moment) / 2, np.trace(Q @ moment @ Q), np.trace(moment)])
        steps = [(w, np.eye(len(Q)) - gamma * H @ Q, gamma * H) for w, H in turns[t % 2]]
        moment = sum(w * (A @ moment @ A.T + B @ noise @ B) for w, A, B in steps)
    return Curves(*np.array(found).T[:, None])


@cache
def case(seed):
    """A random case: exact curves without and with noise, and constants with the worst eigenvalues of both laws.

    Every other one is hard: f = ||x||^2/2, gamma = 1, and a start and noise in the entry that is drawn most rarely.
    """
    rng = np.random.default_rng(seed)
    turns = laws(rng)
    eigenvalues = np.array([np.linalg.eigvalsh(sum(w * H for w, H in law)) for law in turns])
    U, _ = np.linalg.qr(rng.standard_normal((M * N, M * N)))
    curvatures = np.sort(np.r_[1.0, rng.uniform(0.1, 1.0, M * N - 1)])
    Q, x, e = (U * curvatures) @ U.T, rng.standard_normal(M * N), rng.standard_normal(M * N)
    gamma = rng.uniform(0.2, 1.0)
    if seed % 2:
        law = turns[int(np.argmin(eigenvalues[:, 0]))]
        x = np.eye(M * N)[np.argmin(np.diag(sum(w * H for w, H in law)))]
        curvatures, Q, e, gamma = np.ones(M * N), np.eye(M * N), 0.1 * x, 1.0
    gap0, s = x @ Q @ x / 2, curvatures[0]
    c = Constants(
        gamma=gamma, L=1.0, mu=s, strong_convexity=s, convex=True, f_star=0.0, gap0=gap0,
        gap0_upper=gap0, lambda_min=eigenvalues.min(), lambda_max=eigenvalues.max(), distance0=np.linalg.norm(x),
        A=0.0, beta=1.0, C=e @ e,
    )  # fmt: skip
    quiet, noisy = (curves(turns, Q, x, c.gamma, noise) for noise in (0 * Q, np.outer(e, e)))
    return c, quiet, noisy, eigenvalues


def worst(id, c, quiet, noisy):
    """The largest ratio of expectation to bound."""
    claim = theorems.ALL[id]
    along = claim.metric.measure(noisy if id in NOISY else quiet, c)[0]
    return float(np.max((along / claim.bound(c, STEPS))[1:]))


@pytest.mark.parametrize("id", ["T1", "T1_sharp", "T1_tight", "T2", "T2_sharp", "T2_tight", "T4", "T5", "T6"])
def test_the_worst_eigenvalues_of_all_steps_will_do(id):
    """100 random cases. With the eigenvalues of the better of the two laws every one of these claims is refuted."""
    false = 0.0
    for seed in range(100):
        c, quiet, noisy, eigenvalues = case(seed)
        assert worst(id, c, quiet, noisy) <= 1 + 1e-12
        better = replace(c, lambda_min=eigenvalues[:, 0].max(), lambda_max=eigenvalues[:, -1].min())
        false = max(false, worst(id, better, quiet, noisy))
    assert false > 1.001
