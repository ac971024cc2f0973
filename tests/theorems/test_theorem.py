"""A theorem as a value: it refuses what is none, is pickled, and a changed one is another."""

import copy
import pickle
from dataclasses import replace

import pytest

from problems import Quadratic
from rac_theory import GD, Case, Constants, theorems
from rac_theory.theorems import E, Theorem, gap
from rac_theory.theorems.symbols import T, gamma, gap0, mu

T2 = theorems.T2
USERS = Theorem(
    id="T2",
    source="nowhere",
    mark="derived",
    about=T2.about,
    given=T2.given,
    claim=E(gap) <= (1 - gamma * mu) ** T * gap0,
)


def test_ours_say_what_they_are():
    assert T2 is theorems.ALL["T2"] is theorems.theorem_named("T2")
    assert (T2.name, T2.mark, T2.rate, T2.metric) == ("rac_lora_gd_pl", "paper", "linear", gap)
    assert T2.statement == "E[f(W^T)] - f* <= (1 - gamma mu lambda_min)^T (f(W^0) - f*)."
    assert repr(T2) == f"<Theorem T2: {T2.statement}>"
    assert all(id == theorem.id for id, theorem in theorems.ALL.items())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mark": "rumour"}, "mark must be one of"),
        ({"falls": "fast"}, "falls must be one of linear, sublinear, got 'fast'"),
        ({"claim": (1 - gamma * mu) ** T * gap0}, r"claim must be a claim such as E\(gap\) <= bound, got \(1 - gamma"),
        ({"claim": "f falls"}, "claim must be a claim"),
        ({"given": gamma <= 1}, "given must be a tuple of relations, conditions and predicates, got gamma <= 1"),
        ({"given": (T2.given, True)}, "given must be a tuple"),
    ],
)
def test_what_is_no_theorem_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        replace(USERS, **change)


def test_how_a_function_falls_is_told():
    """An expression says it by itself, and may be contradicted: a floor may be all of it that is seen."""
    written = replace(USERS, claim=E(gap) <= (lambda c, t: c.gap0 * 0.5**t))
    assert written.rate == "sublinear"
    assert replace(written, falls="linear").rate == "linear"
    assert replace(USERS, falls="sublinear").rate == "sublinear"


def test_the_algorithm_is_the_first_of_its_assumptions():
    assert USERS.assumptions[0] == f"{T2.about.__doc__}"
    assert len(USERS.assumptions) == len(list(USERS.typeset_assumptions)) == 1 + len(USERS.given)


def test_ours_come_back_as_the_ones_that_are_there_and_others_as_they_are():
    """Catches a theorem of the same id that comes back as ours, with the bound of ours."""
    for again in (pickle.loads(pickle.dumps(T2)), copy.copy(T2), copy.deepcopy(T2)):
        assert again is T2
    again = pickle.loads(pickle.dumps(USERS))
    assert (again.id, again.statement, again.source) == ("T2", USERS.statement, "nowhere")
    case = Case(GD(gamma=0.5), Quadratic.left([[1.0]], W_star=[[1.0]]), steps=3)
    constants = Constants.of(case)
    assert again.bound(constants, 3).tolist() == USERS.bound(constants, 3).tolist() == [0.5, 0.25, 0.125, 0.0625]
    assert again.unmet(case, constants) == ()
