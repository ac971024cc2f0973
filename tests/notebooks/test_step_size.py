"""The step size that is chosen is never at an end of what was tried."""

import math

import pytest
from finetuning import COARSE, best_step

from tests.as_one_test import as_one_test


@as_one_test("best", (1e-5, 0.03, 0.25, 1.0, 3.0, 256.0, 7e5))
def test_the_best_is_inside_wherever_it_is(best):
    """Catches a grid that does not grow to one of the sides, and one that is left as coarse as it was."""
    found = best_step(lambda gamma: math.log(gamma / best) ** 2)
    assert {found.gamma / 2, found.gamma * 2} <= found.losses.keys()
    assert abs(math.log2(found.gamma / best)) <= 0.5 + 1e-12
    assert found.losses[found.gamma] == min(found.losses.values())
    assert [*found.losses] == sorted(found.losses)


def test_what_diverges_is_no_step():
    """Catches nan that is smaller than every number, as it is for min."""
    found = best_step(lambda gamma: math.nan if gamma > 1.5 else 1 / gamma)
    assert found.gamma == 1.0
    assert found.losses[2.0] == math.inf
    low = best_step(lambda gamma: math.inf if gamma > 0.01 else 1 / gamma)  # no step of the first grid is finite
    assert 0.0 < low.gamma < min(COARSE)
    assert low.gamma == 2.0**-7


def test_of_equal_losses_the_shortest_step_is_taken():
    found = best_step(lambda gamma: 0.0 if 0.5 <= gamma <= 2 else 1.0)
    assert found.gamma == 0.5


@as_one_test("loss", [lambda gamma: gamma, lambda gamma: 1 / gamma, lambda gamma: math.nan])
def test_a_loss_without_a_best_step_is_refused(loss):
    with pytest.raises(ValueError, match="loss must have its smallest value inside the grid, got it at its end, gamma"):
        best_step(loss)
