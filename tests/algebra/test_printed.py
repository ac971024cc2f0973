"""What is printed is what is computed: readers of text and of LaTeX that know no tree give the exact number of it.

Hypothesis draws trees of every kind of node, with names that are written as sums, products and powers. Each test fails
for a bracket that is missing or wrong, a sign, a power that is written one off, a line that divides too much.
"""

import re
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings

from rac_theory import theorems
from rac_theory.algebra import definitions_in, fraction, latex, sqrt, symbols_of, text
from rac_theory.algebra.expression import lifted
from rac_theory.statements.symbols import T, t
from tests.as_one_test import as_one_test

from .printed import plain, plain_latex, plain_values, read
from .trees import trees, values, x, y

CONSTANTS = sorted({one.constant for theorem in theorems.ALL.values() for one in theorem.claim.symbols if one.constant})
NUMBERS = {name: Fraction(i, 37) for i, name in enumerate(CONSTANTS, 3)}
NUMBERS |= {name: Fraction(i, 64) ** 2 for i, name in enumerate(CONSTANTS, 3) if name.endswith("_squared")}
NUMBERS["inner_steps"] = Fraction(3)
"""Prime enough for no two terms to be exchanged unseen; what is written as a square is one."""

WITH_ROOTS = {
    "T2_tight": {"L": Fraction(3, 2), "gamma": Fraction(1, 2), "mu": Fraction(3, 7), "lambda_min": Fraction(4, 5)},
    "T19": {"offset": Fraction(1, 24)},
}
"""Where roots are fractions: of T2_tight, where kappa = 2/7 and e = 3/4, 1/2 and 13/14; of T19 1/5 and 1/7."""


def names_of(theorem):
    numbers = NUMBERS | WITH_ROOTS.get(theorem.id, {})
    known = {one.name: numbers[one.constant] for one in symbols_of(theorem.claim.bound) if one.constant}
    return known | {T.name: Fraction(3)}


@as_one_test("theorem", theorems.ALL.values(), ids=list(theorems.ALL))
def test_a_statement_is_the_bound(theorem):
    """The line that people read, from its <= to its stop, and its LaTeX, read by a parser; no name is undefined."""
    in_text = re.split(r", (?=\w+ = )", plain(theorem.statement.removesuffix(".")))
    for claim, *definitions in (in_text, map(plain_latex, theorem.formulas)):
        found = read(claim.partition(" <= ")[2], plain_values(names_of(theorem)), definitions)
        assert found == fraction(theorem.claim.bound, names_of(theorem)) > 0


ADDED = [one for one in theorems.ALL.values() if "sum" in one.statement.partition("<=")[0]]
MEANS = [one for one in ADDED if not one.metric.at_iterate]  # others add two means


@as_one_test("theorem", MEANS)
def test_the_weighted_mean_of_what_is_constant_is_constant(theorem):
    """The left side of a claim about gradients: its weights sum to one, as text and as LaTeX."""
    known = {one.name: NUMBERS[one.constant] for one in theorem.claim.symbols if one.constant} | names_of(theorem)
    seven = plain_values(known) | {"G": Fraction(7)}
    every = definitions_in(theorem.metric.expected)
    each_step = [let for let in every if t in symbols_of(let)]
    seven |= {let.name: fraction(let, known) for let in every if let not in each_step}
    definitions = [plain(f"{let.name} = {text(let.value)}") for let in each_step]
    written, typeset = text(theorem.metric.expected), latex(theorem.metric.expected)
    for mean in ("E||grad f(W^t)||^2", "E[gamma_t ||grad f(W^t)||^2]", "E N(grad f(W^t))"):
        written = written.replace(mean, "G")
    for mean in (r"\Vert \nabla f(W^t) \Vert^2", r"[\gamma_t \Vert \nabla f(W^t) \Vert^2]", r"N(\nabla f(W^t))"):
        typeset = typeset.replace(rf"\mathrm{{E}} {mean}", "G")
    assert read(plain(written), seven, definitions) == read(plain_latex(typeset), seven, definitions) == 7


@pytest.mark.long
@settings(max_examples=100, deadline=None)
@given(trees(), values())
def test_text_and_latex_are_read_as_the_tree(tree, at):
    """Brackets of every kind, and where there are none."""
    try:
        exact = fraction(tree, at)
    except ZeroDivisionError:
        assume(False)
    assume(isinstance(exact, Fraction))
    for write, plainly in ((text, plain), (latex, plain_latex)):
        definitions = [f"{let.name} = {plainly(write(let.value))}" for let in definitions_in(tree)]
        try:
            found = read(plainly(write(tree)), plain_values(at), definitions)
        except ZeroDivisionError:  # in what a product of zero, or 1/inf, does without
            assume(False)
        assert found == exact, write(tree)


def test_a_root_is_written_over_all_that_it_is_of():
    at = {"x": Fraction(3), "y": Fraction(4)}
    tree = 2 * sqrt(x**2 + y**2) / x
    assert read(text(tree), at) == read(plain_latex(latex(tree)), at) == Fraction(10, 3)


def test_numbers_beside_each_other_are_kept_apart():
    """Spaces are nothing to LaTeX: 8 / (2 4) was typeset as 8/24, and 3 2^T as 32^T; 2 (1/2) would be 2.5."""
    two = lifted(2)
    assert latex(8 / (two * 4)) == r"\frac{8}{2 \cdot 4}"
    assert latex(two * x * 3 * two**T) == r"2 x 3 \cdot 2^{T}"
    assert latex(two * Fraction(1, 2) * x) == r"2 \cdot \frac{1}{2} x"


@settings(max_examples=30, deadline=None)
@given(trees())
def test_brackets_are_closed_and_none_is_doubled(tree):
    """((x)) would be read alike; people would ask why."""
    for written in (text(tree), latex(tree)):
        for one, other in ("()", "[]", "{}"):
            assert written.count(one) == written.count(other)
        assert not re.search(r"\(\((\w+)\)\)", written)
