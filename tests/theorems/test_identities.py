"""Which theorem is which, exactly: for all constants and all T at once, and for no other numbers in either claim."""

from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

import pytest

from rac_theory import theorems
from rac_theory.algebra import Relation, identical, powers, text
from rac_theory.algebra.expression import lifted
from rac_theory.statements import symbols
from rac_theory.statements.reduction import Reduction, named
from rac_theory.statements.symbols import A, D, K, L, L_max, N, T, eta, gamma, lambda_max, lambda_min, mu
from rac_theory.theorems import E, gap, reshuffling
from rac_theory.theorems.ours import AT_THE_ENDS, REDUCTIONS
from tests.as_one_test import as_one_test


@as_one_test("reduction", REDUCTIONS, ids=repr)
def test_the_sides_are_the_same(reduction):
    """A wrong number, exponent, weight or sign in either claim, or a value at which it is another."""
    assert reduction.holds


def test_other_values_do_not_do():
    """That a reduction holds whatever its values are, as if they were not read. All count but what ``given`` is for."""
    idle = set()
    for reduction in AT_THE_ENDS:
        for name, value in reduction.at.items():
            other = replace(reduction, at={**reduction.at, name: lifted(value) + 1})
            with suppress(ZeroDivisionError):  # a bound that is infinite is another
                if other.holds:
                    idle.add((named(reduction.subject), text(name)))
    of_several = ("T7", "T7d_sharp", "T8", "T8d_sharp", "T9", "T9d", "T9d_sharp", "T10", "T10d", "T10d_sharp")
    of_several += ("T9rr", "T10rr")
    without_noise = ("T1", "T1_sharp", "T2", "T2_sharp", "T3", "T3_isotropic")
    assert idle == {
        *((each, "L") for each in of_several),
        *((each, "lambda_max") for each in without_noise),
        ("T5_step", "beta"),
        ("T12_nonconvex", text(symbols.longest_step)),
        ("T12_pl", text(symbols.longest_step)),
    }


def test_weights_that_differ_are_seen():
    """Left sides count: T5 with noise bounds another average than T1_sharp, even where the right sides are the same."""
    noisy = theorems.T5.claim
    plain = replace(noisy, metric=theorems.T1.metric)
    assert not Reduction(subject=noisy, target=plain).holds
    assert Reduction(subject=noisy, target=plain, at={A: 0}).holds
    with pytest.raises(TypeError, match="positional"):
        Reduction(noisy, plain)  # which of two is the target is not read off their order


def test_T7d_and_T8d_are_not_plain_for_one_component():
    """Their growth q = 8/9 gamma^3 L^3 lambda_max stays, so no number is the ratio; that of T7 is 9/7."""
    one = {N: 1, eta: gamma, L_max: L, D: 0, symbols.sigma_squared: 0}
    growth = Fraction(8, 9) * gamma**3 * L**3 * lambda_max
    assert identical(reshuffling.q.at(one), growth)
    assert identical(reshuffling.rho.at(one), 1 - Fraction(7, 9) * gamma * mu * lambda_min + growth)
    for times in (1, Fraction(9, 7), Fraction(7, 9), Fraction(18, 7)):
        assert not Reduction(subject=theorems.T7d, target=theorems.T1, at=one, times=times).holds
        assert not Reduction(subject=theorems.T8d, target=theorems.T2, at=one, times=times).holds
        assert not Reduction(subject=theorems.T8, target=theorems.T2, at=one, times=times).holds
    assert Reduction(subject=theorems.T7, target=theorems.T1, at=one, times=Fraction(9, 7)).holds
    # What is left of T7d without its weights is T7.
    right = E(theorems.T7.metric) <= theorems.T7d.claim.bound * powers(reshuffling.w, 1, T) / T
    assert Reduction(subject=right, target=theorems.T1, at=one, times=Fraction(9, 7)).holds


def test_what_is_asked():
    """A range of steps that is not that of the other theorem, as eta K L <= 2 at K = 1, would be a difference here.

    Of rho: it is between 0 and 1 there since mu <= L and lambda_min <= 1, which no relation says.
    """
    asked = {
        (named(each.subject), named(each.target), *map(text, each.extra_relations))
        for each in AT_THE_ENDS
        if each.extra_relations
    }
    assert asked == {
        *((one, other, "rho >= 0", "rho < 1") for one, other in (("T6", "T2_sharp"), ("T14_pl", "T13_pl"))),
        *((one, "T2", "rho >= 0") for one in ("T8d_sharp", "T10d", "T10d_sharp", "T10rr")),
        ("T26_pl", "T2_sharp", "rho >= 0"),
        ("T7", "T1", "2 gamma L <= 1"),
        *((one, other, "2 eta N L <= 1") for one, other in (("T7", "T1"), ("T8", "T2"))),
        *((one, other, "eta K L <= 1") for one, other in (("T9", "T1"), ("T10", "T2"))),
        *(
            (one, f"{two}_sharp", "gamma (2 - gamma L) lambda_min > 0")
            for one, two in (("T12_nonconvex", "T1"), ("T12_pl", "T2"), ("T15", "T1"), ("T15_pl", "T2"))
        ),
        *((f"T15{end}", f"T13{end}", "gamma (2 - gamma L_H) lambda_min > 0") for end in ("", "_pl")),
        *(
            (one, other, text(symbols.longest_step < 2))
            for one, other in (("T12_nonconvex", "T15"), ("T12_pl", "T15_pl"))
        ),
    }


def test_a_range_that_is_wider_is_seen():
    """Each relation of T9d, at K = 1, against T1's: with one of them loosened T1 asks what it did not ask before."""
    at = {K: 1, eta: gamma, L_max: L}
    assert Reduction(subject=theorems.T1, target=theorems.T9d, at=at).extra_relations == ()
    for loosened, asked in ((eta * K * L_max <= 2, "gamma L <= 1"), (lambda_min >= 0, "lambda_min > 0")):
        given = theorems.T9d.given
        same = [each for each in given if not isinstance(each, Relation) or each.terms[0] != loosened.terms[0]]
        wider = replace(theorems.T9d, given=(*same, loosened))
        assert [text(each) for each in Reduction(subject=theorems.T1, target=wider, at=at).extra_relations] == [asked]


def test_a_bound_that_is_a_function_is_refused():
    def bound(c, t):
        """Anything."""
        return t

    with pytest.raises(ValueError, match="must be an expression, it is a function"):
        _ = Reduction(subject=E(gap) <= bound, target=theorems.T2).holds


@pytest.mark.parametrize(
    ("asked", "given", "follows"),
    [
        (2 * gamma * L >= 1, gamma * L <= 1, False),
        (gamma * L < 2, gamma * L <= 1, True),
        (-(gamma * L) > 0, L > 0, False),
        (gamma * L > 0, L > 0, True),
        (gamma * L / 2 > 0, L > 0, True),
        (gamma * L - mu > 0, L > 0, False),
        (L - gamma * mu > 0, L > 0, False),
        (gamma * L < gamma * L, L > 0, False),
        (gamma * L <= gamma * L, L > 0, True),
        (Relation((lifted(0), L, mu), ("<", "<")), L > 0, False),  # of a chain all must
    ],
    ids=repr,
)
def test_what_follows_from_a_relation_and_what_does_not(asked, given, follows):
    """By hand. Catches a factor that is negative, a coefficient whose sign is not read, and "less" of what is equal."""
    one, other = replace(theorems.T2, given=(asked,)), replace(theorems.T2, given=(given,))
    assert len(Reduction(subject=one, target=other).extra_relations) == (not follows)
