"""What assumptions say to the letter, and what they do not say: where a fact needs more than the one it is near to."""

import numpy as np
import pytest

from rac_theory.proofs.drawn import H
from rac_theory.proofs.fact import granted
from rac_theory.proofs.facts import E, G, gain, gap
from rac_theory.proofs.facts_of_several_steps import gbar, sigma_known, zeta_known
from rac_theory.theorems import assumptions as known
from rac_theory.theorems.sharp_drift import r, s
from rac_theory.theorems.symbols import L, N, lambda_min, mu

from .worlds import odd, worlds
from .worlds.points import ALLOWED, columns_of, points
from .worlds.stronger import is_refuted


def is_false(said, by, *more):
    return is_refuted(points(columns_of(said), by, (*worlds(), *more))[0].terms)


def test_mu_is_at_most_L_unless_f_is_constant():
    """A constant is smooth with L = 1 and PL with mu = 5: what is true of it too is that ``mu gap <= L gap``."""
    by = known.smooth, known.polyak_lojasiewicz
    assert not is_false(mu <= L, by)
    assert is_false(mu <= L, by, odd.constant())
    assert not is_false(mu * gap <= L * gap, by, odd.constant())
    assert is_false(mu * gap <= G @ G / 3, by, odd.constant())


def test_the_gain_of_a_gaussian_sketch_is_that_of_no_other():
    """That nu is the number of its formula says nothing of a sketch that has heavier tails."""
    said = gain[known.positive_gaussian_gain].said
    assert not is_false(said, [known.positive_gaussian_gain, known.plain_gaussian_rac_lora], odd.heavy_tailed())
    assert is_false(said, [known.positive_gaussian_gain, known.plain_rac_lora], odd.heavy_tailed())


@pytest.mark.parametrize(("fact", "name"), [(sigma_known, "sigma_squared"), (zeta_known, "zeta_squared")])
def test_a_bound_on_a_mean_variance_is_one_on_average(fact, name):
    """T7 to T10 ask for no more than a mean over iterates: so it is no bound at each W, and one on average."""
    at, _ = points(columns_of(fact.said), fact.by, odd.around_a_mean(worlds(), name))
    assert is_refuted(at.terms)
    assert abs(np.mean(at.terms.sum(axis=1))) <= ALLOWED


def test_a_vector_that_depends_on_a_draw_may_be_missed_by_it():
    """The eigenvalues of E[H] say nothing of <v, Hv> if v depends on H, neither at a draw nor on average."""
    seen = E(gbar @ H(gbar))
    assert not is_false(lambda_min * (G @ G) <= E(G @ H(G)), [])
    assert is_false(lambda_min * (gbar @ gbar) <= seen, [])
    assert is_false(lambda_min * E(gbar @ gbar) <= seen, [])


def test_r_has_no_value_where_there_is_one_step():
    """``0 <= r`` says nothing there, and ``0 <= s r`` does."""
    alone, both = (points(columns_of(granted("", each >= 0).said), [], worlds())[0] for each in (r, s * r))
    is_single = alone.numbers[N] == 1
    assert np.array_equal(np.isnan(alone.slack), is_single)
    assert is_single.any()
    assert np.all(both.slack >= 0)
