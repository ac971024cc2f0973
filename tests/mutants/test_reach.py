"""A mutant is tried with the tests that run its statement, and mutants of one tree stay apart."""

import math
import subprocess
import sys
from fractions import Fraction

import pytest

from rac_theory.numerics.rational import rounded

from .drawn import fits, mutants
from .forks import changed, functions
from .lines import ROOT, Line
from .reach import statement

SOURCE = """\
LIMIT = 3


@cache
def f(x, least=2):
    if (
        x > 4
        or x < least
    ):
        return 5
    try:
        return [
            6,
            7,
        ]
    except ValueError:
        return 8
"""


@pytest.mark.parametrize(
    ("text", "numbers", "inside"),
    [
        ("LIMIT = 3", {1}, False),
        ("@cache", {4}, False),
        ("least=2", {5}, False),
        ("x > 4", {6, 7, 8, 9}, True),
        ("return 5", {10}, True),
        ("7,", {12, 13, 14, 15}, True),
        ("except ValueError", {16}, True),
        ("return 8", {17}, True),
    ],
)
def test_the_statement_of_a_mutant(text, numbers, inside):
    """Catches a default, a decorator or a constant taken for what a test runs, and a line of a call left out."""
    found, within = statement(SOURCE, Line("", "", f"{text}«→ »"))
    assert found >= numbers
    assert within is inside
    if inside and len(numbers) == 1 and "except" not in text:
        assert found == numbers


def test_two_mutants_of_one_place_are_not_in_one_tree():
    """The second would say nothing of itself."""
    file = "rac_theory/drawing/chart.py"
    first = Line(file, "", "SIZE = (5.6, «3.6→7.2»)")
    assert fits([], first)
    assert fits([Line("another.py", "", "«a→b»")], first)
    assert not fits([first], Line(file, "", "SIZE = («5.6→11.2», 3.6)"))


COMPUTED_ONCE = """
from rac_theory import literature
from tests.mutants.recording import forget
claim, once = literature.CLAIMS["subtrack-3-2"], literature.C6.witness()
kept = claim.evidence
assert (claim.evidence, literature.C6.witness()) == (kept, once)
forget()
assert claim.evidence is not kept
assert literature.C6.witness() is not once
"""


@pytest.mark.long
def test_what_is_computed_once_is_computed_again_by_every_file():
    """Catches the evidence of a card whose lines one test alone seems to run, and a verdict that is kept.

    In a process of its own: what is made anew is not what other tests have.
    """
    subprocess.run([sys.executable, "-c", COMPUTED_ONCE], cwd=ROOT, check=True)


@pytest.mark.long
def test_a_fork_has_the_code_of_a_mutant_where_a_function_runs_it():
    """Catches a mutant that is not there, so that it lives; a constant of a module is for a tree."""
    known, code = functions(), rounded.__code__
    turned = next(line for line in mutants("rac_theory/numerics/rational.py") if "nearest >= exact" in line.mutant)
    try:
        assert changed(turned, known) == 1
        assert rounded(Fraction(1, 2), -math.inf) < 0.5
    finally:
        rounded.__code__ = code
    assert changed(Line("rac_theory/drawing/chart.py", "", "SIZE = (5.6, «3.6→7.2»)"), known) == 0
