"""T20 and T20_pl: finite differences, by exact expectations of several kinds of cases."""

import numpy as np
import pytest

from rac_theory import Bernoulli, Case, Constants, FiniteDifferences, RACLoRA, Status, verify
from rac_theory.problems import LeastSquares, PLSine, Quadratic
from rac_theory.sketches import Coordinate, Haar, WeightedCoordinate

RNG = np.random.default_rng(22)
LEAST = LeastSquares(RNG.normal(size=(20, 4)), RNG.normal(size=(20, 2)), l2=0.1)


def case(problem, sketch, h, *, central=False, **more):
    algorithm = RACLoRA(sketch, 1 / problem.L, gradients=FiniteDifferences(h, central), **more)
    return Case(algorithm, problem, steps=40)


EXACT = {
    "an equality": case(Quadratic.left(2 * np.eye(4), np.ones((4, 2))), Coordinate(4, 1), 0.5),
    "least squares": case(LEAST, Coordinate(4, 2), 0.02),
    "right": case(LEAST, Coordinate(2, 1), 0.02, side="right"),
    "central": case(LEAST, Coordinate(4, 1), 0.02, central=True),
    "weighted": case(LEAST, WeightedCoordinate(4, 1, [0.4, 0.3, 0.2, 0.1]), 0.02),
    "not convex, no sketch": case(PLSine((2, 2)), None, 0.3),
}


@pytest.mark.parametrize("name", EXACT)
def test_it_holds_exactly(name):
    """Catches a bound that is too low, as by the error along one direction."""
    for id in ("T20", "T20_pl"):
        verdict = verify(id, EXACT[name])
        assert (verdict.status, verdict.evidence) == (Status.HOLDS, "exact"), verdict


def test_a_coin_has_no_known_errors():
    coin = Bernoulli(Haar(4, 1), Haar(2, 1), 0.5, gradients=FiniteDifferences(0.1))
    assert np.isnan(Constants.of(Case(coin, LEAST)).bias_squared)
