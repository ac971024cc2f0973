"""T11 as a value: what its equations say, what the algorithm computes, and the eigenvalues of the map itself."""

from fractions import Fraction

import numpy as np
import pytest

from rac_theory import Case, Constants, RACLoRA, sketches, theorems
from rac_theory.algebra import fraction, number, symbols_of, text
from rac_theory.algorithms import Bernoulli
from rac_theory.problems import Quadratic

LEFT, RIGHT = sketches.WeightedCoordinate(3, 1, [1, 2, 5]), sketches.WeightedCoordinate(4, 2, [1, 1, 3, 4])


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_the_equations_are_what_the_map_does(p):
    """The mean map on 3 x 4 matrices, entry by entry. Catches p for 1 - p, one end for the other."""
    P, R = LEFT.expected_projection(), RIGHT.expected_projection()
    units = np.eye(12).reshape(12, 3, 4)
    eigenvalues = np.linalg.eigvalsh((p * P @ units + (1 - p) * units @ R).reshape(12, 12))
    ends = {side: np.linalg.eigvalsh(mean)[[0, -1]] for side, mean in (("P", P), ("R", R))}
    known = {f"lambda_{end}(E[{side}])": ends[side][i] for side in "PR" for i, end in enumerate(("min", "max"))}
    problem = Quadratic.left(np.eye(3), np.ones((3, 4)))
    constants = Constants.of(Case(Bernoulli(LEFT, RIGHT, 0.1, p), problem))
    for claim, eigenvalue in zip(theorems.T11.claims, eigenvalues[[0, -1]], strict=True):
        left, right = claim.terms
        assert number(right, known | {"p": p}) == pytest.approx(eigenvalue, rel=1e-12)
        assert getattr(constants, left.constant) == pytest.approx(eigenvalue, rel=1e-9)
        assert {one.side for one in symbols_of(right) if one.name != "p"} == {left.side}  # the worse end of either


def test_it_is_that_of_one_side_where_the_coin_always_falls_on_it():
    """Exactly, at both ends of p."""
    for claim in theorems.T11.claims:
        right = claim.terms[1]
        p, *ends = symbols_of(right)
        values = {one.name: Fraction(i + 1, 7) for i, one in enumerate(ends)}
        for side, one in ((1, ends[0]), (0, ends[1])):
            assert fraction(right, values | {p.name: side}) == values[one.name], text(right)


def test_what_it_is_about():
    problem = Quadratic.left(np.eye(3), np.ones((3, 4)))
    coin, plain = Bernoulli(LEFT, RIGHT, 0.1, 0.5), RACLoRA(LEFT, 0.1)
    constants = Constants.of(Case(plain, problem))
    assert theorems.T11.about(Case(coin, problem), constants) is None
    told = "the theorem is about Bernoulli-LoRA, the algorithm is RACLoRA"
    assert theorems.T11.about(Case(plain, problem), constants) == told
