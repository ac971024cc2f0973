"""Functions that attain a value: against the exact expectation, and against runs that are written out."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from rac_theory import Case, Constants, RACLoRA, expected, sketches, theorems, tightness
from rac_theory.problems import Quadratic
from rac_theory.verdicts.sharpness import example as examples
from rac_theory.verdicts.sharpness.example import Huber, Rotated, SlowDirection, hardest_example, hardest_slow_direction
from rac_theory.verdicts.sharpness.setting import THEOREMS, Setting

ONE, HALF, THIRD, ZERO = Fraction(1), Fraction(1, 2), Fraction(1, 3), Fraction(0)


def setting(theorem, mu=Fraction(1, 10), gamma=Fraction(9, 10), blocks=2, steps=2, L=ONE, share=None):
    mu = mu * L if theorem in ("T2", "T4") else ZERO
    return Setting(theorem, L, mu, gamma / L, blocks, steps, share or Fraction(1, blocks))


def test_a_search_among_slow_directions_is_the_same_in_any_unit():
    """Of f, so of L and mu. Catches a search that begins at another curvature than mu / L."""
    found = [hardest_slow_direction(setting("T2", L=L), 0, np.random.default_rng(4801)) for L in (ONE, Fraction(5))]
    assert found[0] == found[1]


def test_a_search_reads_each_number_of_a_point_once(monkeypatch):
    """Curvatures from mu/L to 1, widths from 10^-4, starts and tangents from -1 to 1, for an L that is not 1.

    Catches a number that is searched and not read, one that is read twice, and an interval of another length.
    """
    points = []

    def given(value, size, rng):
        points.append([Fraction(n + 1, size + 1) for n in range(size)])
        value(points[-1])
        return points[-1]

    monkeypatch.setattr(examples, "_searched", given)
    L, least, rng = Fraction(5), Fraction(1, 10_000), np.random.default_rng(0)
    curved, straight = setting("T2", L=L), setting("T3", L=L)
    for where, low, widths in ((curved, Fraction(1, 10), 0), (straight, least, 2)):
        found = examples._hardest(where, widths, rng)
        point = iter(points.pop())
        assert found.curvatures == tuple(low + (1 - low) * next(point) for _ in range(2))
        assert found.start == tuple(least + 2 * next(point) - 1 for _ in range(2))
        assert found.widths == tuple(least + next(point) for _ in range(widths))
        assert found.tangents == (2 * next(point) - 1,)
        assert [*point] == []
        slow = hardest_slow_direction(where, widths // 2, rng)
        one, two, *three = points.pop()
        assert slow == SlowDirection(low + (1 - low) * one, low + (1 - low) * two, least + three[0] if widths else ONE)
        assert len(three) == widths // 2
        quadratics = [examples._hardest(where, 0, rng), hardest_slow_direction(where, 0, rng)]
        best = examples.hardest_quadratic(where, rng)
        assert best in quadratics
        assert best.value(where) == max(some.value(where) for some in quadratics)
        huber = examples.hardest_huber(where, rng)
        one, two = points.pop()
        assert huber == Huber(low + (1 - low) * one, least + (1 - least) * two if widths else ONE)


@pytest.mark.parametrize("theorem", THEOREMS)
@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_quadratics_are_those_of_the_exact_expectation(theorem, blocks):
    """Another route: the case is written down as a problem, and its moments are iterated, for an L that is not 1.

    Would catch a rotation that is none, a mean over branches that is a sum, a metric of another theorem, and an L in
    the wrong place.
    """
    L, where = Fraction(4), setting(theorem, blocks=blocks, L=Fraction(4))
    corner = [Fraction(1 + i, 3 + i) for i in range(blocks * (blocks - 1) // 2)]
    curvatures = tuple(Fraction(2 + i, 3 + i) for i in range(blocks))
    rotated = Rotated(curvatures, (), tuple(corner), tuple(Fraction(3, 2 + i) for i in range(blocks)))
    slow = SlowDirection(HALF, Fraction(3, 4), ONE)
    U = rotated.rotation(float)
    assert pytest.approx(np.eye(blocks), abs=1e-15) == U @ U.T
    J = np.full((blocks, blocks), 1 / blocks)
    for example, Q, start in (
        (rotated, (U * np.array(curvatures, dtype=float)) @ U.T, rotated.start),
        (slow, 0.75 * np.eye(blocks) - 0.25 * J, [1.0] * blocks),
    ):
        problem = Quadratic.left(float(L) * (Q + Q.T) / 2, np.zeros((blocks, 1)))
        algorithm = RACLoRA(sketches.BlockPartition(blocks, 1), float(where.gamma))
        case = Case(algorithm, problem, np.array(start, dtype=float)[:, None], steps=2)
        claim = theorems.ALL[theorem]
        constants = Constants.of(case)
        exact = claim.bound(constants, 2)[-1] / tightness(claim, case, constants=constants)[-1]
        distance = constants.distance0**2
        half = distance / (2 * algorithm.gamma)
        unit = {"T3": constants.gap0 + half, "T3_isotropic": half, "T4": distance}
        assert float(example.value(where)) == pytest.approx(exact / unit.get(theorem, constants.gap0), rel=1e-10)
        assert example.near(where) == pytest.approx(float(example.value(where)), rel=1e-12)


@pytest.mark.parametrize("theorem", ["T3", "T3_isotropic"])
def test_hubers_function_is_the_mean_over_all_runs(theorem):
    """Three blocks and two steps, nine runs written out, coordinate by coordinate; and the same by the rotated kind."""
    where = setting(theorem, blocks=3)
    a, w, gamma = Fraction(4, 5), HALF, where.gamma

    def h(x):
        return a * x * x / 2 if abs(x) <= w else a * w * (abs(x) - w / 2)

    ends = []
    for draws in product(range(3), repeat=2):
        x = [ONE] * 3
        for block in draws:
            x[block] -= gamma * a * max(-w, min(w, x[block]))
        ends.append(sum(map(h, x)))
    start = 3 / (2 * gamma) + (3 * h(ONE) if theorem == "T3" else 0)
    assert Huber(a, w).value(where) == Fraction(sum(ends), 9) / start
    assert Rotated((a,) * 3, (w,) * 3, (ZERO,) * 3, (ONE,) * 3).value(where) == Huber(a, w).value(where)


def test_a_sketch_that_draws_r_of_d_coordinates_sees_the_slow_direction_by_its_share():
    """The formula of one step for 2 of 5 coordinates, by the exact expectation; and for one block by the tree."""
    Q = np.eye(5) - 0.75 * np.full((5, 5), 0.2)
    case = Case(RACLoRA(sketches.Coordinate(5, 2), 0.9), Quadratic.left(Q, np.zeros((5, 1))), np.ones((5, 1)), steps=1)
    found = SlowDirection(Fraction(1, 4), ONE, ONE)
    ratio = expected(case).gap[1] / expected(case).gap[0]
    assert float(found.value(setting("T2", blocks=0, steps=1, share=Fraction(2, 5)))) == pytest.approx(ratio, rel=1e-12)
    for theorem in THEOREMS:
        some = [found] if theorem in ("T2", "T4") else [found, SlowDirection(Fraction(1, 4), ONE, THIRD)]
        for example in some:
            mine = example.value(setting(theorem, blocks=0, steps=1, share=THIRD))
            assert mine == example.value(setting(theorem, blocks=3, steps=1))


@pytest.mark.parametrize("k", [2, 4, 16, 256])
def test_no_rate_in_these_constants_alone_is_better_than_that_of_t2_where_the_share_is_small(k):
    """1 - c mu (1 + c (1 - mu)), at 1/L: as c = 1/k falls, all of the decrease that T2 promises and no more."""
    mu, c = Fraction(1, 10), Fraction(1, k)
    exact = SlowDirection(mu, ONE, ONE).value(setting("T2", mu, ONE, 0, 1, share=c))
    assert exact == 1 - c * mu * (1 + c * (1 - mu))


def straight(k, T, w):
    """The gap that is expected after T steps of one of k coordinates, by its moments, for slow = fast = gamma = 1.

    While s > w the gradient is w + x_i - s, so x_i becomes s - w, and s, s^2 and the mean of x_i^2 are a closed system.
    A step lowers s by (w + x_i - s)/k, x_i <= 1, so s >= 1 - w ((1 + 1/k)^T - 1), on every path.
    """
    assert w * (1 + Fraction(1, k)) ** T <= 1
    s, square, squares = ONE, ONE, ONE
    for _ in range(T):
        below = square - 2 * s * w + w * w
        square = square - 2 * s * w / k + (w * w - square + squares) / k**2
        squares, s = squares + (below - squares) / k, s - w / k
    return w * s - w * w / 2 + (squares - square) / 2


@pytest.mark.long
def test_half_of_t3_is_false():
    """One of 8 coordinates, two steps, by all 64 runs; and one of 1000, as many steps, by moments: 3.8% above half.

    The moments are those of all runs where these are few.
    """
    for k, T in ((2, 1), (3, 2), (5, 2)):
        where, w = setting("T3_isotropic", gamma=ONE, blocks=k, steps=T), Fraction(2, 5)
        assert SlowDirection(ONE, ONE, w).value(where) == 2 * straight(k, T, w)
    for k, T, w, above in ((8, 2, Fraction(67, 100), ONE), (1000, 1000, Fraction(7, 20), Fraction(1038, 1000))):
        assert straight(k, T, w) > above * HALF * (w - w * w / 2 + HALF) / (1 + Fraction(T, k))
    where = setting("T3", gamma=ONE, blocks=8)
    assert SlowDirection(ONE, ONE, Fraction(67, 100)).value(where) > HALF / (1 + Fraction(2, 8))


def test_functions_of_another_class_are_refused():
    """Would catch an example that is no lower end, since it is not in the class; one at the ends of it is in it."""
    t2, t3, tenth = setting("T2"), setting("T3"), Fraction(1, 10)
    square, slow = Huber(tenth, ONE), SlowDirection(tenth, tenth, Fraction(3, 2))
    for theorem in THEOREMS:
        where = setting(theorem, L=4 * ONE)
        assert square.value(where) == slow.value(where) == Rotated((tenth,) * 2, (), (ZERO,), (ONE, ONE)).value(where)
        assert square.near(where) == pytest.approx(float(square.value(where)), rel=1e-12)
        where = setting(theorem, blocks=0, steps=1, share=THIRD)
        assert square.value(where) == slow.value(where)
    for example, where in (
        (Huber(ONE, HALF), t2),
        (Huber(Fraction(1, 20), ONE), t2),
        (Huber(Fraction(2), ONE), t3),
        (Huber(ZERO, ONE), t3),
        (Huber(ONE, ZERO), t3),
        (Rotated((ONE, Fraction(1, 20)), (), (ZERO,), (ONE, ONE)), t2),
        (Rotated((ONE, ONE), (HALF, HALF), (ZERO,), (ONE, ONE)), t2),
        (Rotated((ONE, Fraction(11, 10)), (), (ZERO,), (ONE, ONE)), t3),
        (Rotated((ONE, ONE), (ZERO, HALF), (ZERO,), (ONE, ONE)), t3),
        (Rotated((ONE,), (), (), (ONE,)), t3),
        (SlowDirection(Fraction(1, 20), ONE, ONE), t2),
        (SlowDirection(ZERO, ONE, ONE), t3),
        (SlowDirection(ONE, ONE, HALF), t2),
        (SlowDirection(HALF, Fraction(2), ONE), t3),
        (SlowDirection(HALF, ONE, ZERO), t3),
    ):
        with pytest.raises(ValueError, match="example must be a function of the class of T"):
            example.value(where)


def test_the_search_finds_what_is_known():
    """T3_isotropic under gradient descent is hardest on Huber's function, 1/(4T + 2) of the squared distance."""
    where = setting("T3_isotropic", gamma=ONE, blocks=1, steps=2)
    assert float(hardest_example(where, np.random.default_rng(0)).value(where)) == pytest.approx(1 / 5, rel=1e-7)
