"""What is imposed on functions: proved by an identity, and met by functions at random points."""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest

from rac_theory.verdicts.sharpness import function_conditions as conditions
from rac_theory.verdicts.sharpness.function_conditions import Condition, Form, Point, Vector, inner, square

HALF, ONE = Fraction(1, 2), Fraction(1)


def unknown(numbers, value):
    return Point(Vector.unknown(numbers[0], 1), Vector.unknown(numbers[1], 1), Form.value(value, 1))


@pytest.mark.parametrize("mu", [Fraction(1, 10), HALF, Fraction(99, 100)])
@pytest.mark.parametrize("share", [Fraction(1, 100), HALF, Fraction(999, 1000)])
def test_the_condition_of_smooth_pl_functions_follows_from_a_third_point(mu, share):
    """The identity that proves it, coefficient by coefficient: for all points, gradients, values and every third one.

    (2q - mu) smooth(i, z) + (2q + mu) smooth(z, j) + |h|^2 - 2 mu v is a positive multiple of the condition less
    (q - 1) |h - (1 + u) g|^2, for z = z_0 + t g, where the parabolas of i and j are nearest at z_0, with slope g.
    Would catch any wrong coefficient of the condition, and an alpha beyond its range, for which q < 1.
    """
    alpha = share * conditions.largest_alpha(mu)
    i, j = unknown((0, 1), 0), unknown((2, 3), 1)
    q = mu / alpha - mu / 2
    assert share * (q + mu / 2) == 1 + mu / 2  # for the largest alpha q is 1
    t = 2 * mu * (2 * q - 1) / (4 * q * (q - 1) + mu**2)
    u = (2 - mu * t) / (2 * (q - 1))
    nearest = HALF * (i.x + j.x - i.gradient + j.gradient)
    slope = HALF * (i.gradient + j.gradient + j.x - i.x)
    z = Point(nearest + t * slope, Vector.unknown(4, 1), Form.value(2, 1))
    left = (2 * q - mu) * conditions.smooth(i, z) + (2 * q + mu) * conditions.smooth(z, j) + conditions.pl(z, mu)
    gamma = q * t**2 - 2 * mu * t + 1 + (2 - mu * t) ** 2 / (4 * (q - 1))
    right = (2 * q + gamma) * conditions.smooth_pl(i, j, mu, alpha)
    assert left == right - (q - 1) * square(z.gradient - (1 + u) * slope)


def conditions_of(kind, mu):
    """What functions of a class meet at three points that are unknown."""
    symbols = [unknown((2 * k, 2 * k + 1), k) for k in range(3)]
    forms = [conditions.low(symbols[0]), conditions.pl(symbols[0], mu)]
    for i, j in permutations(symbols, 2):
        forms += [conditions.smooth_pl(i, j, mu, share * conditions.largest_alpha(mu)) for share in (0, HALF)]
        if kind == "convex":
            forms.append(conditions.convex(i, j, mu))
    return forms


def drawn(kind, rng):
    """A function with L = 1 and minimum 0, and its gradient.

    x^2 + 3 sin^2 x has L = 8 and PL with 1/32 (Karimi, Nutini & Schmidt, 2016): so mu = 1/256.
    """
    if kind == "smooth PL":
        return (
            lambda x: (x @ x + 3 * np.sin(x[0]) ** 2) / 8,
            lambda x: np.array([2 * x[0] + 3 * np.sin(2 * x[0]), 2 * x[1]]) / 8,
        )
    U, _ = np.linalg.qr(rng.standard_normal((2, 2)))
    Q = U @ np.diag([0.2, 1.0] if rng.random() < 0.5 else rng.uniform(0.2, 1, 2)) @ U.T
    return lambda x: x @ Q @ x / 2, lambda x: Q @ x


@pytest.mark.parametrize(("kind", "mu"), [("smooth PL", Fraction(1, 256)), ("convex", Fraction(1, 5))])
def test_functions_of_the_class_meet_the_conditions(kind, mu):
    """At 400 triples of points, to rounding. Would catch a wrong sign, or an end that is too large."""
    rng, forms = np.random.default_rng(0), conditions_of(kind, mu)
    for _ in range(400):
        f, gradient = drawn(kind, rng)
        points = rng.standard_normal((3, 2)) * 10.0 ** rng.uniform(-1, 1)
        V = np.array([y for x in points for y in (x, gradient(x))])
        for form in forms:
            value = sum(float(x) * V[i] @ V[j] for (i, j), x in form.products[0].items())
            value += sum(float(x) * f(points[i]) for i, x in form.values.items())
            assert value > -1e-12 * max(np.abs(V).max(), 1) ** 2


def test_forms_have_their_coefficients_and_conditions_print_what_they_say():
    """<u, u + 2 v> by hand, with halves beside the diagonal. Catches a unit of 2, which no program would show."""
    u, v = (Vector.unknown(number, 1) for number in (0, 1))
    assert inner(u, u + 2 * v).matrix(0, 3) == [[1, 1, 0], [1, 0, 0], [0, 0, 0]]
    assert Form.value(3, 1).values == {3: 1}
    assert str(Condition("smooth", ((), (0, 2)), HALF)) == "smooth W -> W.1.3 at alpha = 1/2"
    assert str(Condition("convex", (conditions.MINIMISER, (1,)))) == "convex W* -> W.2"
