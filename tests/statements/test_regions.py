"""Where constants may be: boxes against the relations that they stand for, and lemmas against exact sums."""

import itertools
import math
from fractions import Fraction

import pytest

from rac_theory import theorems
from rac_theory.algebra import Relation, fraction, number, polynomial
from rac_theory.statements.directions import _length, _x, regions
from rac_theory.statements.symbols import momentum, s
from rac_theory.theorems import federated, rac_lora_gd, reshuffling
from tests.as_one_test import as_one_test

ALL = theorems.ALL


@pytest.mark.parametrize(("id", "longest"), [("T22", 1), ("T22_pl", 1), ("T23", math.inf)])
def test_momentum_is_a_share_where_relations_say_so(id, longest):
    """By themselves, or as a name of 1 less it is positive. Catches a name that is asked for another relation."""
    assert {region.ranges[momentum] for region in regions(ALL[id])} == {(0, longest)}


@as_one_test("theorem", ALL.values(), ids=ALL)
def test_boxes_reach_as_far_as_the_relations(theorem):
    """Catches a box that ends before gamma L does, or a gap between two boxes."""
    lengths = [found for each in theorem.given if isinstance(each, Relation) and (found := _length(each))]
    boxes = regions(theorem)
    for product, _ in lengths:
        longest = min(number for other, number in lengths if other == product)
        reached = []
        for box in boxes:
            (share,) = polynomial(product.at(box.places)).numerator.letters()
            reached.append([fraction(product.at(box.places), {**ONES, share.name: end}) for end in box.ranges[share]])
        assert {longest} == {max(high for _, high in reached)}
        assert all(low == 0 or low in [high for _, high in reached] for low, _ in reached)


ONES = dict.fromkeys(("gamma", "eta", "N", "K", "L", "L_H", "kappa", "z", "a", "A"), 1)


@as_one_test("x", [Fraction(i, 8) for i in range(1, 17)])
def test_boxes_of_t4_hold_every_s_up_to_l(x):
    """The intervals of gamma s, one after the other, are [0, gamma L]. Catches one that is left out."""
    boxes = [box for box in regions(theorems.T4) if box.ranges[_x][0] <= x <= box.ranges[_x][1]]
    ends = sorted([fraction(box.places[s], {**ONES, "x": x, "z": z}) for z in (0, 1)] for box in boxes)
    ends = [each for each in ends if x != 1 or each[0] < each[1]]  # at x = 1 a third box is a point
    assert ends[0][0] == 0
    assert max(high for _, high in ends) == x
    assert all(low == 0 or low in [high for _, high in ends] for low, _ in ends)


@as_one_test("steps", [*range(1, 17), 24, 32, 48, 64])
def test_the_lemmas_on_drift(steps):
    """Exactly, at the largest eta L = 1/K, for some K up to 64; for every K they are proved on the page about rounding.

    Catches a range that is too small, and s^2 - s r that may fall: s - r would have a negative coefficient.
    """
    known = {"gamma": 1, "eta": 1, "K": steps, "N": steps}
    for h in (Fraction(1, steps), Fraction(1, 3 * steps)):
        values = {**known, "L": h}
        a, its_s, s_K = (fraction(each, values) for each in (federated.a, reshuffling.s, reshuffling.s_K))
        assert 0 <= a <= Fraction(759, 1000)  # e^2/2 - 2e + 5/2 = 0.7580...
        assert 0 <= its_s == s_K <= Fraction(719, 1000)  # e - 2 = 0.7182...
        (shrunk,) = theorems.T7d_sharp.lemmas
        assert 1 - its_s**2 <= fraction(shrunk, values) <= 1
        of_s = [Fraction(math.comb(steps, j + 1), steps) for j in range(1, steps)]
        of_r = [Fraction(j * math.comb(steps, j + 1), steps * (steps - 1)) for j in range(1, steps)]
        assert all(one >= other for one, other in zip(of_s, of_r, strict=True))
        if steps > 1:
            at = [sum(each * h**j for j, each in enumerate(some, 1)) for some in (of_s, of_r)]
            assert at == [its_s, fraction(reshuffling.r, values)]


@as_one_test(("gamma_L", "kappa", "low"), itertools.product([0.1, 0.7, 1.0, 1.8], [0.05, 0.5, 1.0], [0.05, 0.4, 0.95]))
def test_the_lemma_on_the_rate_of_t2_tight(gamma_L, kappa, low):
    """The scene of its proof, a coin between a whole step and none: nothing is left at L, and at a larger L no less.

    Catches a scene in which the rate is not attained, a remainder that does not fall with L, and a lemma that has the
    wrong way for one of the three.
    """
    gamma, L, mu, rho = gamma_L, 1.0, kappa, rac_lora_gd.rho_tight

    def rate(L=L, mu=mu, low=low):
        return float(number(rho, {"gamma": gamma, "L": L, "mu": mu, "lambda_min": low}))

    b = math.sqrt((1 - gamma * L * (2 - gamma * L) * low) / rate())
    draws = [(low, 1 - gamma * L, gamma), (1 - low, 1.0, 0.0)]  # probability, U and V, for G = 1
    gap, after = 1 / (2 * mu), sum(p * (U / b) ** 2 for p, U, _ in draws) / (2 * mu)

    def gained(L):
        return sum(p * ((1 + U / b) * V / 2 - L / 4 * V**2 + (U / b - 1) ** 2 / (4 * L)) for p, U, V in draws)

    assert after == pytest.approx(rate() * gap, rel=1e-12)
    assert gap - after == pytest.approx(gained(L), rel=1e-12)
    for larger in (1.01, 1.05, 1.1):
        assert gained(larger * L) < gap - after
        assert 0 <= rate() < rate(L=larger) <= 1
    assert rate() < min(rate(mu=0.99 * mu), rate(low=0.99 * low))
