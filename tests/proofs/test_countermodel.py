"""Numbers at which facts hold and a goal is negative: never for what has a proof, nearly always for what is false."""

from fractions import Fraction

import pytest

from rac_theory.algebra.division import simplified
from rac_theory.algebra.expression import lifted
from rac_theory.proofs.available import available
from rac_theory.proofs.columns import Facts, divisor
from rac_theory.proofs.countermodel import refuted
from rac_theory.proofs.fact import read
from rac_theory.proofs.prove import _cases
from rac_theory.proofs.shape import shapes
from rac_theory.theorems import ALL

WITH_A_SHAPE = sorted(ALL.keys() - {"T1_tight", "T2_tight", "T5_step", "T19", "T19_pl"})
BESIDE = {"T3", "T3_sharp"}
"""Their step rests on another goal as well."""
IN_EACH_ORDER = {"T18", "T18_pl"}
"""Their step is proved of each order by squares of lengths, and only then averaged; of these no mean is known."""
TENTH = read(lifted(Fraction(1, 10)))


def goals(id):
    """The steps that the proof of a theorem asks for, each with what is known."""
    facts = available(ALL[id])
    for shape in shapes(ALL[id]):
        value = read(shape.goals["step"])
        yield from ((value, read(shape.stretch), known) for known in _cases(value, facts))


def is_refuted(value, facts):
    times = divisor(value, facts)
    whole = value
    for fact in times:
        whole = simplified(whole * fact.value)
    known = Facts(facts, whole)
    return refuted(known.terms(whole.numerator), known)


@pytest.mark.long
@pytest.mark.parametrize("id", sorted({*WITH_A_SHAPE} - BESIDE - IN_EACH_ORDER))
def test_no_step_of_a_theorem_is_refuted(id):
    """They have proofs. Catches a fact that is left out, or read with the wrong sign: then a true goal is negative."""
    found = list(goals(id))
    assert found
    assert not any(is_refuted(value, facts) for value, _, facts in found)


@pytest.mark.parametrize("id", ["T1", "T2", "T2_sharp", "T6", "T9rr", "T12_pl", "T13_pl", "T15", "T10d_sharp"])
def test_a_tenth_more_is_refuted(id):
    """All of these are equalities somewhere. Catches a search for numbers that finds none, and does nothing."""
    for value, way, facts in goals(id):
        assert is_refuted(value + way * TENTH, facts)
