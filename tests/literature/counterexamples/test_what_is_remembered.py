"""diagnose names what is remembered wrongly, and nothing of the kind where it is not so."""

from dataclasses import replace

import numpy as np
import pytest

from rac_theory import Case, diagnose, simulate
from rac_theory.algorithms import DECAY, DECAY_INSIDE, KeptCoordinates, MomentumInLinks
from rac_theory.literature.counterexamples.diagnosis import Cause
from rac_theory.problems import Quadratic
from rac_theory.sketches import Coordinate, Haar

ROUND = Quadratic.left(np.eye(32), np.ones((32, 1)))
SPREAD = Quadratic.left(4 * np.diag(np.geomspace(1, 0.01, 16)), np.ones((16, 1)))
CARRIED = Case(MomentumInLinks(Haar(32, 2), gamma=1 / 32, beta=15 / 16, inner_steps=12), ROUND, steps=100)
KEPT = Case(KeptCoordinates(Haar(16, 4), gamma=0.125, beta=0.9), SPREAD, steps=700)
DECAYED = Case(DECAY(Coordinate(4, 1), gamma=0.2, omega=0.1), Quadratic.left(np.eye(4), np.ones((4, 1))), steps=1500)


def causes(case, runs=2):
    return {found.cause for found in diagnose(simulate(case, runs=runs, rng=7, record=["W"]))}


def test_carried_momentum_is_named_with_what_a_reset_does():
    (found,) = diagnose(simulate(CARRIED, rng=7, record=["W"]))
    assert found.cause is Cause.CARRIED
    assert found.numbers["without"] < 0.1 < 100 < found.numbers["value"]
    assert "with a reset at each redraw at" in found.reason


@pytest.mark.parametrize("changes", [{"carried": False}, {"inner_steps": 1}])
def test_where_nothing_is_carried_it_is_not_named(changes):
    case = replace(CARRIED, algorithm=replace(CARRIED.algorithm, **changes))
    assert not causes(case) & {Cause.CARRIED, Cause.KEPT, Cause.DECAY}


def test_a_kept_buffer_is_named():
    (found,) = diagnose(simulate(KEPT, rng=7, record=["W"]))
    assert found.cause is Cause.KEPT
    assert "without momentum, at 0.25, at" in found.reason
    assert Cause.KEPT not in causes(replace(KEPT, algorithm=replace(KEPT.algorithm, beta=0.0)))


def test_decay_is_named_with_how_strong_it_acts():
    """E[H] = I/4: omega/p is .4; catches a strength that is omega, or omega p."""
    (found,) = diagnose(simulate(DECAYED, rng=7, record=["W"]))
    assert found.cause is Cause.DECAY
    assert found.numbers["acts"] == pytest.approx(0.4, rel=0.1)
    inside = replace(DECAYED, algorithm=DECAY_INSIDE(Coordinate(4, 1), gamma=0.2, omega=0.1))
    whole = replace(DECAYED, algorithm=DECAY(None, gamma=0.2, omega=0.1), steps=400)
    assert Cause.DECAY not in causes(inside)
    assert Cause.DECAY not in causes(whole, runs=1)
