"""T23: momentum that is forgotten at each redraw, where it holds exactly, is refuted, and is not applicable."""

from dataclasses import replace

import numpy as np
import pytest

from rac_theory import GD, Case, Constants, Status, prove, theorems, verify
from rac_theory.algorithms import HEAVY_BALL, MomentumInLinks
from rac_theory.problems import FromFunctions, PLSine, Quadratic
from rac_theory.sketches import Coordinate, Haar, WeightedCoordinate
from rac_theory.statements.symbols import T, gamma, gap0, lambda_min, mu
from rac_theory.statements.symbols import momentum as b

from .asked_of_each import holds_exactly, names_what_is_broken, refutes
from .second_routes.moments import check_below, enumerated, on_axes
from .small_cases import SKEW, WEIGHTED

BOTH = ("T23", "T23_pl")
FLAT = Quadratic.left(np.eye(6), np.ones((6, 1)))


def links(problem, sketch, beta, gamma_L, K, steps=40, **more):
    more = {"carried": False, **more}
    return Case(MomentumInLinks(sketch, gamma_L / problem.L, beta, K, **more), problem, steps=steps)


EXACT = {
    "one step": links(SKEW, Coordinate(4, 1), 0.5, 1.0, 1),
    "at the edge": links(SKEW, WEIGHTED, 0.75, 0.5, 3),
    "many steps": links(SKEW, Coordinate(4, 2), 0.9, 0.2, 40),
    "Haar": links(FLAT, Haar(6, 2), 0.5, 0.9, 7),
    "from the right": links(SKEW, Coordinate(2, 1), 0.6, 0.6, 5, side="right"),
    "no momentum": links(SKEW, WEIGHTED, 0.0, 1.2, 1),
}


test_it_holds_exactly = holds_exactly(BOTH, EXACT)


def _rippled(rng, d):
    """A function of curvature 1 at most that is not convex, with its gradient, on blocks (..., d, 1)."""
    U, phases, share = np.linalg.qr(rng.standard_normal((d, d)))[0], rng.uniform(0, 6, (d, 1)), rng.uniform(0.1, 0.9)

    def value(W):
        Y = U.T @ W
        return np.sum(share * np.cos(Y + phases) + (1 - share) * np.sqrt(1 + Y**2), axis=(-2, -1))

    def gradient(W):
        Y = U.T @ W
        return U @ (-share * np.sin(Y + phases) + (1 - share) * Y / np.sqrt(1 + Y**2))

    return value, gradient


def test_the_lemma_on_paper_holds_for_every_draw():
    """400 functions that are not quadratic, each with one H, up to the edge of what is assumed. Catches 2 for 2 - b
    where b is not small, and a condition that is gamma L <= 2."""
    rng, nearest = np.random.default_rng(523), 0.0
    for _ in range(400):
        d, beta, K = int(rng.integers(1, 4)), rng.uniform(0, 1), int(rng.integers(1, 30))
        value, gradient = _rippled(rng, d)
        step = 2 * (1 - beta) * rng.choice([1.0, rng.random()])
        B = np.linalg.qr(rng.standard_normal((d, int(rng.integers(1, d + 1)))))[0]
        W, M = rng.standard_normal((d, 1)) * 3, np.zeros((d, 1))
        first = B @ B.T @ gradient(W)
        least = step / 2 * (2 - beta - step) * np.sum(first**2)
        at = W
        for _ in range(K):
            M = beta * M + B @ B.T @ gradient(at)
            at = at - step * M
        fall = value(W) - value(at)
        assert fall >= least - 1e-12
        nearest = max(nearest, least / fall if fall > 1e-9 else 0.0)
    assert 0.7 < nearest < 1  # so that the search is not far from it


def test_it_holds_where_f_is_not_quadratic():
    """By runs: a function that is not convex, of which f_lower is all that is known."""
    value, gradient = _rippled(np.random.default_rng(1), 3)
    problem = FromFunctions((3, 1), value, gradient, L=1.0, f_lower=-3.0)
    case = Case(MomentumInLinks(Haar(3, 1), 0.4, 0.8, 6, carried=False), problem, 2 * np.ones((3, 1)), steps=30)
    assert verify("T23", case, rng=0).status in (Status.HOLDS, Status.CONSISTENT)


@pytest.mark.parametrize(("b", "gamma_L", "K", "share"), [(0.9, 0.2, 1, 0.5), (0.75, 0.5, 1, 0.3), (0.6, 0.7, 4, 0.3)])
def test_it_holds_by_enumeration_where_f_is_not_quadratic(b, gamma_L, K, share):
    """All draws of 12 links on a function that is not convex; catches the step gamma / (1 - b), 1.2 of the bound."""
    problem, start = PLSine((2, 1)), np.array([[2.6], [-2.4]])
    of = links(problem, WeightedCoordinate(2, 1, [share, 1 - share]), b, gamma_L, K, 12)
    step_size = of.algorithm.gamma

    def link(P, W):
        M = 0 * W
        for _ in range(K):
            M = b * M + P @ problem.gradient(W)
            W = W - step_size * M
        return (W,)

    c, curves = Constants.of(replace(of, W0=start)), enumerated(problem, link, on_axes(share), (start,), 12)
    for id in BOTH:
        check_below(theorems.ALL[id], curves, c)


def test_where_it_is_attained():
    """b = 0 and K = 1: T2_sharp, an equality at every T."""
    verdict = verify("T23_pl", links(FLAT, Haar(6, 2), 0.0, 0.7, 1))
    np.testing.assert_allclose(verdict.mean, verdict.bound, rtol=1e-9)


TAMPERED = {
    "momentum counted as a gain": (
        "T23_pl",
        theorems.T23_pl.claim.bound.at({b: -b}),
        links(FLAT, Haar(6, 2), 0.5, 0.5, 1),
    ),
    "T2 of the step gamma / (1 - b)": (
        "T23_pl",
        (1 - gamma / (1 - b) * mu * lambda_min) ** T * gap0,
        links(FLAT, Haar(6, 2), 0.75, 0.2, 1),
    ),
    "steps for links": ("T23_pl", theorems.T23_pl.claim.bound.at({T: 40 * T}), links(FLAT, Haar(6, 2), 0.75, 0.2, 40)),
}


test_tampered_with_it_is_refuted = refutes(TAMPERED)


NOT_APPLICABLE = {
    "the theorem is about momentum in links": (BOTH, Case(GD(0.5), SKEW, steps=3)),
    "the algorithm is Method({W": (BOTH, Case(HEAVY_BALL(WEIGHTED, gamma=0.1, beta=0.5), SKEW, steps=3)),
    "it is carried": (BOTH, links(SKEW, WEIGHTED, 0.5, 0.5, 3, carried=True)),
    "gamma L + 2 b <= 2": (BOTH, links(SKEW, WEIGHTED, 0.75, 0.51, 3)),
    "0 < gamma L < 2": (BOTH, links(SKEW, WEIGHTED, 0.0, 2.0, 3)),
    "lambda_min > 0": (BOTH, links(SKEW, WeightedCoordinate(4, 1, [0.5, 0.5, 0.0, 0.0]), 0.1, 0.5, 3)),
}


test_each_assumption_that_is_broken_is_named = names_what_is_broken(BOTH, NOT_APPLICABLE)


def test_it_rests_on_one_lemma_on_paper():
    for id in BOTH:
        assert [fact.page for fact in prove(id).on_paper] == ["t23"]
