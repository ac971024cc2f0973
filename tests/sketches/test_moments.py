"""What is known of a sketch, by which route: the order of the routes, that each member is asked once, and trust."""

import pickle
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from rac_theory import Case, RACLoRA, exact_rate, expected, spectrum
from rac_theory.cases.constants import Constants
from rac_theory.problems import Quadratic
from rac_theory.sketches import Coordinate, FiniteSupport, Gaussian, Haar, KaimingUniform, Mixture, Rademacher, Uniform
from rac_theory.sketches.moments import LARGEST_ENUMERATED, Moments

POWERS = ("expected_projection", "second_moment", "invariants", "support")
M = np.random.default_rng(0).standard_normal((4, 4))


def knowing(*powers, says=Haar, dim=4):
    """A sketch with a uniform range that has these powers and no other, and counts how often each is asked."""

    class Knowing:
        rank = 1

        def __init__(self):
            self.dim, self.asked = dim, Counter()

        def sample(self, rng, size):
            return says(dim, 1).sample(rng, size)

    def power(name):
        def method(self, *arguments):
            self.asked[name] += 1
            return getattr(says(dim, 1), name)(*arguments)

        return method

    for name in powers:
        setattr(Knowing, name, power(name))
    return Knowing()


def test_the_mean_comes_by_the_first_route():
    """All say E[H] = I / 4. In the last two it follows from what is claimed, and need not be sampled."""
    for powers, says, how, source in (
        (("expected_projection", "second_moment", "support"), Coordinate, "closed form", "expected_projection()"),
        (("second_moment", "support"), Coordinate, "enumerated", "support()"),
        (("second_moment", "invariants"), Haar, "closed form", "second_moment(I)"),
        (("invariants",), Haar, "closed form", "second_moment(I)"),
    ):
        sketch = knowing(*powers, says=says)
        mean = Moments(sketch).mean
        assert (mean.how, mean.source) == (how, f"Knowing.{source}")
        np.testing.assert_allclose(mean.matrix, np.eye(4) / 4, atol=1e-15)
        known = spectrum(sketch, rng=0, draws=10)
        assert known.how == how
        assert float(known.lambda_min) == pytest.approx(0.25, rel=1e-11)
        assert Moments(sketch).share == pytest.approx(0.25, rel=1e-14)


@pytest.mark.parametrize("power", ["second_moment", "invariants", "support"])
def test_the_second_moment_comes_by_any_route(power):
    says = Coordinate if power == "support" else Haar
    known = Moments(knowing(power, says=says))
    np.testing.assert_allclose(known.second_moment(M), says(4, 1).second_moment(M), atol=1e-15)
    np.testing.assert_array_equal(known.second_moment(np.stack([M, 2 * M]))[1], known.second_moment(2 * M))


def test_invariants_are_worth_a_second_moment():
    """Where no columns descend apart, what two numbers say is the same map as the closed form."""
    problem = Quadratic.full(np.diag(np.arange(1.0, 9)) + 0.1, np.ones((4, 2)))
    rates = [exact_rate(Case(RACLoRA(sketch, 0.05), problem)) for sketch in (knowing("invariants"), Haar(4, 1))]
    assert rates[0] == pytest.approx(rates[1], rel=1e-12)


def test_what_has_no_route_is_none():
    nothing = Moments(knowing())
    assert [nothing.mean, nothing.share, nothing.second_moment, nothing.invariants, nothing.support] == [None] * 5
    assert Moments(Uniform(4, 2)).mean is None
    assert Moments(Uniform(4, 1)).share is None  # E[H] is known, and no multiple of I
    large = Moments(knowing("support", says=Coordinate, dim=LARGEST_ENUMERATED + 1))
    assert large.second_moment is None
    assert large.share == pytest.approx(1 / 33, rel=1e-14)


def test_every_member_is_asked_once():
    """The second moment twice: once whether there is one, and once for each M."""
    sketch = knowing(*POWERS, says=lambda dim, rank: Mixture([Haar(dim, rank)], [1]))
    known = Moments(sketch)
    for _ in range(3):
        assert None not in (known.mean, known.share, known.invariants, known.second_moment)
        assert known.support is None
    assert sketch.asked == dict.fromkeys(POWERS, 1)
    known.second_moment(M)
    assert sketch.asked["second_moment"] == 2


def test_a_false_second_moment_is_refused_by_the_spectrum():
    """As a false closed form of E[H] is; the message names what said so."""
    boastful = type("Boastful", (Haar,), {"expected_projection": None, "second_moment": lambda self, M: 1.5 * M})
    words = r"Boastful.second_moment\(I\) must have eigenvalues in \[0, 1\] and trace at"
    with pytest.raises(ValueError, match=words):
        spectrum(boastful(4, 1))


def test_a_mixture_of_what_is_known_is_known():
    """Haar has no support and a finite support no closed form, yet E[H M H] is known of both: nothing is sampled. A
    part that has to be enumerated makes no closed form, where another part says E[H] in one."""
    listed = FiniteSupport(np.eye(3)[:2, :, None], [Fraction(1, 2)] * 2)
    mixture = Mixture([Haar(3, 1), listed], [1, 1])
    known = spectrum(mixture)
    np.testing.assert_allclose(known.matrix, np.eye(3) / 6 + np.diag([0.25, 0.25, 0.0]), atol=1e-15)
    moments = Moments(mixture)
    before = moments.second_moment(M[:3, :3])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(moments)).second_moment(M[:3, :3]), before)
    for other, how in ((Haar(3, 1), "closed form"), (listed, "enumerated")):
        assert spectrum(Mixture([Coordinate(3, 1), other], [1, 1])).how == how
    assert known.how == "closed form"


def test_products_of_columns_are_known_by_the_first_route():
    """Of coordinates, too, though their support is listed."""
    for sketch, products in (
        (Gaussian(4, 2), "gaussian"),
        (Haar(4, 2), "orthonormal"),
        (Coordinate(4, 2), "orthonormal"),
        (Rademacher(4, 2), "listed"),
        (KaimingUniform(4, 2), None),
    ):
        assert Moments(sketch).products == products, sketch


def test_columns_of_a_subclass_are_not_taken_for_those_of_its_parent():
    """The range of Scaled is that of Gaussian, its columns are not: nu of columns half as long would be false."""

    class Scaled(Gaussian):
        def sample(self, rng, size):
            return 2 * super().sample(rng, size)

    problem = Quadratic.left(np.diag([0.2, 0.5, 1.0, 2.0]), np.ones((4, 3)))
    steps = [RACLoRA(sketch, 0.01, lora_alpha=1.0) for sketch in (Gaussian(4, 1), Scaled(4, 1))]
    assert [np.isnan(Constants.of(Case(step, problem)).nu) for step in steps] == [False, True]
    with pytest.raises(ValueError, match=r"the plain step \(lora_alpha\) must have a Gaussian sketch"):
        expected(Case(steps[1], problem, steps=2))


def test_a_part_or_a_parent_that_is_ours_earns_no_trust():
    """A mixture that inherits from ours may say anything of itself, whatever its parts are."""
    mine, mixed = type("Mine", (Haar,), {}), type("Mixed", (Mixture,), {"second_moment": lambda self, M: M})
    parts = [Haar(4, 1), Coordinate(4, 1)]
    trusted = [Haar(4, 1), Mixture(parts, [1, 1]), Mixture([Mixture(parts, [1, 1]), Haar(4, 2)], [1, 1])]
    claims = [mine(4, 1), Mixture([Mixture([mine(4, 1)], [1]), Haar(4, 2)], [1, 1]), mixed(parts, [1, 1])]
    assert [Moments(sketch).on_trust for sketch in trusted] == [False] * 3
    assert [Moments(sketch).on_trust for sketch in claims] == [True] * 3
