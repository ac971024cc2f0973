"""Closed forms of finite sketches against sums over all their values in exact rational arithmetic."""

from fractions import Fraction

import numpy as np
import pytest

from rac_theory import sketches
from rac_theory.sketches import Coordinate, CoordinateWithReplacement, CountSketch, Mixture, Rademacher, SparseSigns
from rac_theory.sketches.laws.finite import LIMIT


def exact(matrix):
    return np.array([[Fraction(entry) for entry in row] for row in matrix.tolist()], dtype=object)


def exact_projection(S):
    """H by Gram-Schmidt, a route without floats, ranks or tolerances."""
    H = np.full((len(S), len(S)), Fraction(0), dtype=object)
    for column in exact(S).T:
        rest = column - H @ column
        if rest.any():
            H = H + np.outer(rest, rest) / (rest @ rest)
    return H


def enumerated(sketch):
    """E[H] in Fractions."""
    return sum(p * exact_projection(S) for S, p in zip(*sketch.support(), strict=True))


@pytest.mark.long
@pytest.mark.parametrize(
    ("sketch", "eigenvalue"),
    [
        (Coordinate(5, 2), Fraction(2, 5)),
        (CoordinateWithReplacement(1, 1), Fraction(1)),
        (CoordinateWithReplacement(3, 2), 1 - Fraction(2, 3) ** 2),
        (CoordinateWithReplacement(4, 4), 1 - Fraction(3, 4) ** 4),
        (sketches.BlockPartition(5, 2), Fraction(1, 3)),
        (sketches.BlockPartition(6, 2), Fraction(1, 3)),
        (CountSketch(1, 1), Fraction(1)),
        (CountSketch(4, 2), Fraction(2, 4) * (1 - Fraction(1, 2) ** 4)),
        (CountSketch(4, 3), Fraction(3, 4) * (1 - Fraction(2, 3) ** 4)),
        # d x 2 random signs: the second column is plus or minus the first with probability 2^(1 - d).
        (Rademacher(5, 1), Fraction(1, 5)),
        (Rademacher(2, 2), Fraction(3, 4)),
        (Rademacher(3, 2), Fraction(7, 12)),
        (Rademacher(6, 2), (2 - Fraction(1, 32)) / 6),
        # 3 x 3: rank 1 on 32 matrices, 2 on 288, 3 on 192 of 512.
        (Rademacher(3, 3), Fraction(32 + 2 * 288 + 3 * 192, 3 * 512)),
        # One column is zero with probability (1 - p)^d.
        (SparseSigns(4, 1, 0.2), (1 - Fraction(4, 5) ** 4) / 4),
        (SparseSigns(2, 1, 1), Fraction(1, 2)),
        (Mixture([Coordinate(4, 1), Coordinate(4, 3)], [1, 3]), Fraction(1 + 3 * 3, 16)),
        # No formula but the enumeration itself.
        (Rademacher(4, 3), None),
        (SparseSigns(2, 2, 0.2), None),
        (SparseSigns(3, 2, Fraction(1, 3)), None),
        (SparseSigns(3, 2, 1.0), None),
        (Mixture([Rademacher(3, 2), CountSketch(3, 3), sketches.BlockPartition(3, 2)], [1, 2, 3]), None),
    ],
    ids=repr,
)
def test_closed_forms_are_exact(sketch, eigenvalue):
    """The enumerated E[H] *equals* the formula in Fractions; the closed form is the nearest float or next to it."""
    matrix = enumerated(sketch)
    assert eigenvalue is None or (matrix == eigenvalue * exact(np.eye(sketch.dim))).all()
    np.testing.assert_allclose(sketch.expected_projection(), matrix.astype(float), rtol=4e-16)


def test_the_frame_is_equiangular():
    for d in (1, 2, 3, 5):
        vertices = sketches.EquiangularFrame(d, 1).support()[0][:, :, 0]
        np.testing.assert_allclose(vertices @ vertices.T, (1 + 1 / d) * np.eye(d + 1) - 1 / d, atol=2e-15)


@pytest.mark.long
def test_supports_are_listed_up_to_the_limit_and_no_further():
    assert LIMIT == 4096
    for largest, beyond in [
        (Rademacher(6, 2), Rademacher(13, 1)),
        (SparseSigns(7, 1, 0.5), SparseSigns(4, 2, 0.5)),
        (CountSketch(4, 4), CountSketch(5, 3)),
        (CoordinateWithReplacement(8, 4), CoordinateWithReplacement(17, 3)),
        (Coordinate(15, 5), Coordinate(16, 5)),
        (sketches.EquiangularFrame(14, 5), sketches.EquiangularFrame(15, 5)),
        (sketches.BlockPartition(4096, 1), sketches.BlockPartition(4097, 1)),
        (Mixture([Rademacher(11, 1)] * 2, [1, 1]), Mixture([Rademacher(11, 1)] * 3, [1, 1, 1])),
    ]:
        assert len(largest.support()[1]) <= LIMIT
        assert beyond.support() is None


def test_exact_probabilities_survive_and_floats_stay_floats():
    thirds, quarters = [Fraction(1, 3), Fraction(2, 3)], [0.25, 0.75]
    exact_one, float_one = (sketches.FiniteSupport(np.eye(2)[..., None], p) for p in (thirds, quarters))
    assert exact_one.support()[1].tolist() == [Fraction(1, 3), Fraction(2, 3)]
    assert float_one.support()[1].dtype == np.float64
    assert SparseSigns(1, 1, 0.2).support()[1].tolist() == [Fraction(1, 10), Fraction(1, 10), Fraction(4, 5)]
    mixed = Mixture([exact_one, Coordinate(2, 1)], [1, np.int64(3)]).support()[1]
    assert mixed.tolist() == [Fraction(1, 12), Fraction(1, 6), Fraction(3, 8), Fraction(3, 8)]
    assert Mixture([exact_one, float_one], [1, 1]).support()[1].dtype == np.float64
