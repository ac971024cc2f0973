"""Expectations of steps that fit the draw, by hand; those over whole supports are in tests/algorithms."""

import numpy as np
import pytest

from rac_theory import Case, InverseOnRange, StepPerDraw, Unsupported, exact_rate, expected
from rac_theory.problems import Quadratic
from rac_theory.sketches import Coordinate, FiniteSupport, Haar


@pytest.mark.parametrize("kind", [StepPerDraw, InverseOnRange])
def test_what_is_seldom_drawn_counts_as_seldom(kind):
    """A step along the flat axis arrives when it comes up: .98^t of the gap is left. Catches equal weights."""
    problem = Quadratic.left(np.diag([1.0, 0.1]), np.ones((2, 1)))
    sketch = FiniteSupport(np.eye(2)[..., None], [0.98, 0.02])
    curve = expected(Case(kind(sketch), problem, np.array([[1.0], [4.0]]), steps=20)).gap
    np.testing.assert_allclose(curve, 0.45 * 0.98 ** np.arange(21), rtol=1e-9)


def test_supports_and_problems_are_summed_over_up_to_a_size_and_no_further():
    """A step of one along a coordinate takes all that it has off the gap."""
    problems = [Quadratic.left(np.diag(np.linspace(1, 2, d)), np.ones((d, 1))) for d in (32, 33)]
    gap = expected(Case(StepPerDraw(Coordinate(32, 1)), problems[0], steps=1)).gap
    assert gap[1] == pytest.approx(31 / 32 * gap[0], rel=1e-12)
    with pytest.raises(Unsupported, match="a listed support at dim <= 32, or"):
        expected(Case(StepPerDraw(Coordinate(33, 1)), problems[1], steps=1))
    wide = Quadratic.kronecker(np.diag(np.arange(1.0, 4)), np.diag(np.arange(1.0, 12)), np.ones((3, 11)))
    with pytest.raises(Unsupported, match=r"m n <= 32, or one whose Q is the same .*, got 33"):
        expected(Case(InverseOnRange(Coordinate(3, 1)), wide, steps=1))


@pytest.mark.parametrize("kind", [StepPerDraw, InverseOnRange])
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_along_lines_in_the_plane_it_is_a_mean_over_the_angle(kind, scale):
    """M = u u' / (u'Su) at 400 angles, by which a smooth mean is exact. Catches each factor of both integrals. Gaps,
    squared gradients and distances of three steps, and the rate by a long run."""
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    S, gamma = scale * turn @ np.diag([3.0, 1.0]) @ turn.T, 1.3
    angles = np.arange(400) * np.pi / 400
    u = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    M = u[:, :, None] * u[:, None, :] / np.einsum("ki,ij,kj->k", u, S, u)[:, None, None]
    P = np.eye(2) - gamma * M @ S
    case = Case(kind(Haar(2, 1), gamma), Quadratic.left(S, np.array([[1.0, 0.3], [0.2, -2.0]])), steps=3)
    C, means = case.problem.W_star @ case.problem.W_star.T, []
    for _ in range(60):
        means.append([np.trace(S @ C) / 2, np.trace(S @ S @ C), np.trace(C)])
        C = (P @ C @ np.swapaxes(P, 1, 2)).mean(axis=0)
    curve = expected(case)
    found = np.column_stack([curve.gap, curve.squared_gradient, curve.squared_distance])
    np.testing.assert_allclose(found, means[:4], rtol=1e-6)
    assert exact_rate(case) == pytest.approx(means[-1][0] / means[-2][0], rel=1e-6)


@pytest.mark.parametrize("scale", [1e-4, 1e4])
def test_along_a_line_of_one_curvature_each_draw_fits_it(scale):
    """M Q is 1 there whatever is drawn: (1 - gamma)^2 of the gap is left, but for a floor of what a draw may see."""
    case = Case(StepPerDraw(Haar(3, 1), 1.3), Quadratic.left(scale * np.diag([3.0, 0, 0]), np.ones((3, 1))), steps=3)
    gap = expected(case).gap
    np.testing.assert_allclose(gap, gap[0] * 0.09 ** np.arange(4), rtol=1e-5)
    assert exact_rate(case) == pytest.approx(0.09, rel=1e-5)
