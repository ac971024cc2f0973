"""Learning rates of a layer: by the law of its sides, with all that a curvature may know."""

import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from rich.table import Table

from rac_theory import learning_rate
from rac_theory.advice import Curvature
from rac_theory.advice.learning_rate import _visible, rates_of_layer
from rac_theory.problems import LeastSquares, LogisticRegression
from rac_theory.sketches import CoordinateWithReplacement, Gaussian, Haar, Rademacher

RULE, BEST = 3, 4
X = np.random.default_rng(0).standard_normal((40, 6)) / np.arange(1, 7)


def tables(shape, curvature, **choices):
    """The cells of each table where lora_alpha is fixed, by its heading: rows of texts."""
    choices = {"ranks": [2, 4], "sketches": ["gaussian"], "lora_alpha": 3.0} | choices
    found, heading = {}, ""
    for part in rates_of_layer(shape, curvature, **choices):
        if isinstance(part, Table):
            lines = zip(*(column.cells for column in part.columns), strict=True)
            found[heading] = [line for line in lines if line[RULE] == "fixed"]
        elif "x" in part.partition(",")[0]:
            heading = part
    return found


def test_nothing_given_is_L_I_in_units_of_one_over_L():
    """r^2 / (a^2 (d + r + 1)) of either side. Catches the length of the other side, and a rank that does not fit."""
    found = tables((8, 3), None, ranks=[2, 4, 3])
    left, right = (found[f"8x3, {side}, gaussian, learning rates in units of 1/L"] for side in ("left", "right"))
    assert [row[0] for row in left] == ["2", "4", "3"]
    assert [row[0] for row in right] == ["2", "3"]
    assert left[0][BEST] == f"{4 / (9 * 11):.4g}"
    assert left[1][BEST] == f"{16 / (9 * 13):.4g}"
    assert right[0][BEST] == f"{4 / (9 * 6):.4g}"


@pytest.mark.parametrize(("loss", "problem"), [("least_squares", LeastSquares), ("logistic", LogisticRegression)])
def test_features_are_the_problem(loss, problem):
    """The side of the features has that of a problem with them, in its units. Catches the scale of a loss, sides."""
    curvature = Curvature.of_features(X, loss=loss, l2=0.05, side="right")
    found = tables((5, 6), curvature, sketches=["gaussian", "haar", "coordinate_with_replacement"])
    of = problem(X, np.arange(40) % 2, 0.05)
    makes = {"gaussian": Gaussian, "haar": Haar, "coordinate_with_replacement": CoordinateWithReplacement}
    for name, make in makes.items():
        rows = found[f"5x6, right, {name}"]
        for rank, row in zip((2, 4), rows, strict=True):
            known = learning_rate(of, make(6, rank), lora_alpha=3.0)
            assert float(row[BEST]) == pytest.approx(known.best, rel=1e-3)
            assert float(row[1]) == pytest.approx(learning_rate(of, None).nu / known.nu, rel=1e-3)
    (one, _) = found["5x6, left, gaussian"]
    assert float(one[BEST]) == pytest.approx(4 / (9 * curvature.L * 8), rel=1e-3)  # there it is L I


@pytest.mark.long
def test_rho_decides_where_rotations_change_nothing():
    """A spectrum and its rho have one law; of other sketches L alone is used, as nothing else is known of them."""
    spectrum = np.array([4.0, 1.0, 1.0, 0.5, 0.5, 0.25])
    known = Curvature.of_spectrum(spectrum, side="left")
    alone = Curvature.of_rho(known.rho, side="left")
    names = ["gaussian", "haar", "rademacher"]
    rows, of_rho = (tables((6, 2), one, sketches=names, ranks=[2]) for one in (known, alone))
    for name in names:
        best = float(rows[f"6x2, left, {name}"][0][BEST])
        in_units = float(of_rho[f"6x2, left, {name}, learning rates in units of 1/L"][0][BEST])
        assert in_units == pytest.approx(4 * best, 1e-3)
    assert float(rows["6x2, left, gaussian"][0][BEST]) == pytest.approx(4 / (9 * (3 * 4 + 7.25)), rel=1e-3)
    L_H = ((6 * 2 + 4) * 4 + 4 * 7.25) / 40
    assert float(rows["6x2, left, haar"][0][BEST]) == pytest.approx(4 / (9 * L_H), rel=1e-3)
    L_I = learning_rate(LeastSquares(2 * np.eye(6) * 6**0.5, np.zeros(6)), Rademacher(6, 2), lora_alpha=3.0)
    assert float(rows["6x2, left, rademacher"][0][BEST]) == pytest.approx(L_I.best, rel=1e-3)
    words = [*rates_of_layer((6, 2), alone, ranks=[2], sketches=["coordinate"], lora_alpha=3.0)]
    assert words[2].startswith("effective dimension rho = 6; ")  # orthonormal, and not turned by rotations


def test_a_spectrum_that_stands_for_rho_has_no_smaller_trace():
    """By a part in 1e15 for each direction, in Fractions; a side of one direction has no others. Catches less."""
    for d, rho, L in ((7, 2.3, 0.7), (2, 1.9, 3.1)):
        ((S, R),) = _visible(Gaussian(d, 1), Curvature.of_rho(rho), L).terms
        others = (_visible(Gaussian(d, 1), None, L), _visible(Rademacher(d, 1), Curvature.of_rho(rho), L))
        assert [R.shape, *(other.shape[1:] for other in others)] == [(1,)] * 3
        more = sum(map(Fraction, S.tolist())) / (Fraction(rho) * Fraction(L)) - 1
        share = float((Fraction(rho) - 1) / Fraction(rho))
        assert more > 0
        assert float(more) == pytest.approx(share * 1e-15 * d, abs=4e-16)
    narrow = Curvature.of_rho(1.0, side="left")
    assert "rho = 1;" in [*rates_of_layer((1, 3), narrow, ranks=[1], sketches=["haar"], lora_alpha=1.0)][2]


@pytest.mark.long
@pytest.mark.parametrize("curvature", [None, Curvature.of_rho(20.0)])
def test_a_vocabulary_costs_no_square(curvature):
    """32,768 x 4,096, whose diagonal is 9 GB as a matrix: 200 MB are enough. Catches one that is formed, and draws
    at the door that grow with the side; the numbers are those of the law."""
    tracemalloc.start()
    found = tables((32_768, 4_096), curvature, ranks=[1, 16])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6
    for side, rho in (("left", 32_768), ("right", 4_096 if curvature is None else 20)):
        rows = found[f"32768x4096, {side}, gaussian, learning rates in units of 1/L"]
        law = [r**2 / (9 * (r + 1 + rho)) for r in (1, 16)]
        assert [float(row[BEST]) for row in rows] == pytest.approx(law, rel=1e-3)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="lora_alpha must be a finite number > 0"):
        [*rates_of_layer((4, 4), None, ranks=[1], sketches=["gaussian"], lora_alpha=0.0)]
    with pytest.raises(ValueError, match="curvature must be that of the columns of 4x5"):
        [*rates_of_layer((4, 5), Curvature.of_spectrum([1.0, 1.0]), ranks=[1], sketches=["haar"], lora_alpha=1.0)]
