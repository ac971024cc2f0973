"""What assumptions say to the letter, and what they do not say: where a fact needs more than the one it is near to."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from rac_theory.algebra import equal
from rac_theory.proofs.drawn import H
from rac_theory.proofs.fact import granted
from rac_theory.proofs.facts import even, high, low
from rac_theory.proofs.quantities import E, G, V, g, gap, gbar
from rac_theory.proofs.schemas import grant
from rac_theory.statements import assumptions as known
from rac_theory.statements.symbols import L, N, gamma, lambda_min, mu
from rac_theory.theorems import T2_tight
from rac_theory.theorems.rac_lora_gd import Q, R, e, kappa, x
from rac_theory.theorems.reshuffling import r, s
from rac_theory.theorems.shared import axioms as granted_facts
from tests.as_one_test import as_one_test

from .worlds import odd, worlds
from .worlds.mistaken import worlds_and_mistakes
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
    said = granted_facts.gain_gaussian.said
    assert not is_false(said, [known.positive_gaussian_gain, known.plain_gaussian_rac_lora], odd.heavy_tailed())
    assert is_false(said, [known.positive_gaussian_gain, known.plain_or_fitted], odd.heavy_tailed())


@pytest.mark.parametrize(
    ("fact", "name"), [(granted_facts.sigma_known, "sigma_squared"), (granted_facts.zeta_known, "zeta_squared")]
)
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


@as_one_test(("fact", "v"), product([low, high, even], [gbar, H(G), g, V - H(G) * gamma, gbar * 2]))
def test_so_what_is_granted_of_eigenvalues_is_refused_of_such_a_vector(fact, v):
    """Or ``low(gbar)`` would be granted, which is false."""
    with pytest.raises(ValueError, match="v must be a vector that is not drawn with H"):
        fact(v)


def test_Q_has_no_value_where_mu_is_too_large_and_a_value_in_all_worlds_of_its_theorem():
    """``0 <= Q`` says nothing where 1 is less than ``e kappa (1 + kappa) / 2``, which mu <= L and e <= 1 exclude."""
    anywhere, _ = points([Q, e * kappa * (1 + kappa) / 2], [], worlds_and_mistakes())
    root, lacks = anywhere.terms.T
    assert np.array_equal(np.isnan(root), lacks > 1)
    assert np.isnan(root).any()
    own = [one for one in (T2_tight.about, *T2_tight.given) if one != (lambda_min > 0)]
    at, count = points([Q, R, x], own, worlds())
    assert count > 100
    assert np.all(at.terms >= 0)


def test_a_vector_that_is_0_where_e_is_1_is_not_where_e_is_almost_1():
    """``e >= 24/25`` for ``e >= 1`` would be caught, and so would ``gamma L = 1`` without H = I."""
    assert not is_false(grant("stays", letters=(e,)).said, [e >= 1])
    assert is_false(grant("stays", letters=(e,)).said, [e >= Fraction(24, 25)], *odd.almost_at_once())
    assert is_false(grant("stays", letters=(e,)).said, [equal(gamma * L, 1)])


def test_r_has_no_value_where_there_is_one_step():
    """``0 <= r`` says nothing there, and ``0 <= s r`` does."""
    alone, both = (points(columns_of(granted("", each >= 0).said), [], worlds())[0] for each in (r, s * r))
    is_single = alone.numbers[N] == 1
    assert np.array_equal(np.isnan(alone.slack), is_single)
    assert is_single.any()
    assert np.all(both.slack >= 0)
