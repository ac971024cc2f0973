"""A theorem as a value: it refuses what is none, is pickled, and a changed one is another."""

import copy
import pickle
import re
from dataclasses import replace

import pytest

from rac_theory import GD, Case, Constants, theorems
from rac_theory.algebra import Let, Symbol, equal
from rac_theory.problems import Quadratic
from rac_theory.statements.symbols import D, L, L_max, T, gamma, gap0, momentum, mu, nu
from rac_theory.theorems import Condition, E, KnownConstant, Theorem, Tightest, gap

T2 = theorems.T2
CLAIM = E(gap) <= (1 - gamma * mu) ** T * gap0
USERS = Theorem(id="T2", source="nowhere", mark="derived", about=T2.about, given=T2.given, claim=CLAIM)
CASE = Case(GD(gamma=0.5), Quadratic.left([[1.0]], W_star=[[1.0]]), steps=3)


def test_ours_say_what_they_are():
    assert T2 is theorems.ALL["T2"] is theorems.theorem_named("T2")
    assert (T2.name, T2.mark, T2.rate, T2.metric) == ("rac_lora_gd_pl", "paper", "linear", gap)
    assert T2.statement == "E[f(W^T)] - f* <= (1 - gamma mu lambda_min)^T (f(W^0) - f*)."
    assert repr(T2) == f"<Theorem T2: {T2.statement}>"
    assert all(id == theorem.id for id, theorem in theorems.ALL.items())
    assert {*theorems.ALL, "T11"} == {name for name in theorems.__all__ if re.match(r"T\d", name)}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mark": "rumour"}, "mark must be one of"),
        ({"falls": "fast"}, "falls must be one of linear, sublinear, got 'fast'"),
        ({"claim": (1 - gamma * mu) ** T * gap0}, r"claim must be a claim such as E\(gap\) <= bound, got \(1 - gamma"),
        ({"claim": "f falls"}, "claim must be a claim"),
        ({"given": gamma <= 1}, "given must be a tuple of relations, conditions and predicates, got gamma <= 1"),
        ({"given": (T2.given, True)}, "given must be a tuple"),
        ({"given": (gamma * L == 1,)}, r"got False in it: == compares expressions, equal\(K, 1\) is an equation"),
        ({"given": (KnownConstant,)}, "given must be a tuple"),
        ({"given": (Symbol("x") > 0,)}, "given must be made of constants of a case and of T, not of x$"),
        ({"given": (KnownConstant(D, unless=equal(Symbol("x"), 1)),)}, "not of x$"),
        ({"given": (Condition("c", mu > 0, (Symbol("x") > 0,)),)}, "not of x$"),
        ({"given": (L > 0, L_max > 0)}, "L stands for L and for L_max: they need two names"),
        ({"given": (Let("gamma", 2 * gamma) * L <= 2,)}, "a name in a claim must mean one thing, not several: gamma$"),
        ({"given": (Let("D", 2 * gamma) * D <= 2,)}, "not several: D$"),
        ({"about": None}, "about must be a predicate, such as assumptions.rac_lora_exact, got None"),
        ({"about": gamma <= 1}, "about must be a predicate"),
    ],
)
def test_what_is_no_theorem_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        replace(USERS, **change)


def test_what_is_no_assumption_is_refused():
    for wrong in ("D", T, Symbol("x")):
        with pytest.raises(ValueError, match="symbol must be that of a constant of a case, such as D, got"):
            KnownConstant(wrong)
    for signed in (nu, momentum):  # "nu is known" would say nothing of the sign that proofs take from it
        with pytest.raises(ValueError, match=f"never negative, got {signed}: write {signed} >= 0"):
            KnownConstant(signed)
    with pytest.raises(ValueError, match=r"unless must be a relation, such as equal\(K, 1\), got True"):
        KnownConstant(D, unless=True)
    with pytest.raises(ValueError, match=r"inequality must be a Relation, such as gamma \* L <= 1, got gamma"):
        Condition("c", gamma, (gamma > 0,))
    for known in ((), gamma > 0, (gamma,)):
        with pytest.raises(ValueError, match=r"requirements must be a tuple of relations, such as \(L > 0,\), got"):
            Condition("c", gamma > 0, known)


@pytest.mark.parametrize("answer", [True, False, 1.0])
def test_a_predicate_answers_with_a_sentence_or_with_none(answer):
    """Catches one that answers True where it is met, which would be read as a breach of every case."""

    def positive(case, c):
        return answer

    for change in ({"given": (positive,)}, {"about": positive}):
        with pytest.raises(TypeError, match=f"predicate positive must return None .*, else a sentence, got {answer}"):
            replace(USERS, **change).unmet(CASE, Constants.of(CASE))


def test_what_is_listed_by_an_assumption_has_it():
    """By going through all. Catches a condition or a relation that is listed for those that have any."""
    for given in (gamma * L <= 1, T2.given[0], T2.given[-1]):
        assert theorems.listed(given=given) == tuple(one for one in theorems.ALL.values() if given in one.given)
    assert len(theorems.listed()) == len(theorems.ALL)
    assert theorems.listed(given="POLYAK") == tuple(one for one in theorems.ALL.values() if "Polyak" in str(one.given))


def test_steps_are_counted_from_none_on():
    """Zero steps are some: what is known at t = 0 is no unknown, as all of none would say."""
    for steps in (-1, 2.5, "3", None, True):
        with pytest.raises(ValueError, match="steps must be"):
            T2.bound(Constants(gamma=0.5), steps)
    assert T2.bound(Constants(gamma=0.5, mu=1.0, lambda_min=0.5, gap0=3.0), 0).tolist() == [3.0]


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
    constants = Constants.of(CASE)
    assert again.bound(constants, 3).tolist() == USERS.bound(constants, 3).tolist() == [0.5, 0.25, 0.125, 0.0625]
    assert again.unmet(CASE, constants) == ()


def test_a_source_and_what_an_identity_is_about_are_words_and_no_formula():
    """Would catch a source that is typeset: the 5.5 of "Theorem 5.5" is no number to compute with."""
    assert list(theorems.T11.typeset_assumptions) == [[(False, theorems.T11.assumptions[0])]]
    for theorem in (theorems.T1, theorems.T2):
        outside = re.sub(r"<math.*?</math>", "", theorem._repr_html_(), flags=re.DOTALL)
        assert theorem.source.endswith(("Theorem 5.3", "Theorem 5.5"))
        assert theorem.source in outside


def test_every_theorem_of_ours_has_a_number_and_a_case():
    """The numbers themselves are reproduced beside the theorems; nothing may exceed 1, or the theorem is false.

    That of a user need not have one, and then nothing is shown of it; catches a number that is taken over or asked for.
    """
    for t in theorems.ALL.values():
        assert isinstance(t.tightest, Tightest), t
        assert 0 < t.tightest.ratio <= 1, t
        assert 0 < len(t.tightest.case) <= 120, t
        assert "\n" not in t.tightest.case, t
    assert USERS.tightest is None
    assert "attained" not in USERS._repr_html_()
    near = replace(USERS, tightest=Tightest(0.5, "somewhere"))
    assert "up to 0.5 of the bound: somewhere" in near._repr_html_()
