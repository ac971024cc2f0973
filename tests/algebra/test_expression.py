"""How expressions are made, compared, changed and kept."""

import operator
import pickle
from fractions import Fraction
from functools import partial
from itertools import product

import numpy as np

from rac_theory import theorems
from rac_theory.algebra import (
    Let,
    Number,
    Relation,
    Symbol,
    definitions_in,
    fraction,
    latex,
    number,
    symbols_of,
    text,
    truth,
)
from rac_theory.algebra.expression import lifted
from rac_theory.algebra.forms import between, choice, equal, maximum, powers, sqrt, total
from tests.as_one_test import as_one_test
from tests.refused import raises, wrong

from .trees import GAP, LONGEST, SIGMA, K, T, x, y

k = Symbol("k")


MADE = [x.__add__, x.__rmul__, x.__truediv__, x.__pow__, x.__le__, x.__gt__, lifted, lambda one: maximum(x, one)]
NO_NUMBERS = ["2", None, np.array([0.5]), np.array([2]), x <= y]


@as_one_test(("made", "wrong"), product(MADE, [0.5, 1.0, np.float64(2), True, 1j]))
def test_a_number_must_be_exact(made, wrong):
    """18 / 7 is a float before any expression sees it: its rounding would be proved along."""
    raises(TypeError, r"must be whole or a Fraction, got .*; write Fraction\(18, 7\) for 18 / 7", made, wrong)


@as_one_test(("made", "wrong"), product(MADE[4:], NO_NUMBERS))
def test_what_is_no_number_is_refused_without_talk_of_fractions(made, wrong):
    raises(TypeError, r"^an expression must be made of .* exact numbers, got (?!.*Fraction)", made, wrong)


@as_one_test(("name", "wrong"), product(["add", "sub", "mul", "truediv", "pow"], NO_NUMBERS))
def test_what_is_no_number_is_left_to_the_operators_of_its_own_class(name, wrong):
    """Or ``gamma * matrix`` of a step would be an error before the matrix is asked."""
    assert getattr(x, f"__{name}__")(wrong) is NotImplemented
    assert getattr(x, f"__r{name}__")(wrong) is NotImplemented
    for pair in ((x, wrong), (wrong, x)):
        raises(TypeError, None, getattr(operator, name), *pair)


def test_whole_numbers_of_numpy_are_exact():
    """Catches one that overflows: a Fraction of NumPy's integers computes with them, and 2^62 4 was 0 in a bound of
    which a proof was found.
    """
    assert x * np.int64(2) == x * 2
    assert lifted(np.int64(2**62)) * 1 == lifted(2**62) * 1
    assert type(lifted(np.int64(2**62)).value.numerator) is int
    for wraps in (np.int64(2**62), Fraction(np.int64(2**62)), 2**62, 0.5, True):
        raises(TypeError, r"a number must be a Fraction of whole numbers of Python, got", Number, wraps)


def test_forms_take_numbers_wherever_they_take_expressions():
    """And refuse what is neither. Catches a form that lets a Python number in, which no reading knows."""
    two = lifted(2)
    assert between(0, 2, x) == between(0, two, x)
    assert equal(2, x) == equal(two, x)
    assert sqrt(2) == sqrt(two)
    assert powers(2, 0, T) == powers(two, 0, T)
    assert total(k, K, 2) == total(k, K, two)
    raises(TypeError, r"the condition of a choice must be a relation, such as A > 0, got True", choice, True, 1, 2)
    raises(TypeError, "a maximum must be one of at least one expression", maximum)


def test_every_operator_from_either_side():
    """A reflected operator with its sides exchanged is another number."""
    at = {"x": 3}
    assert [fraction(one, at) for one in (7 + x, 7 - x, 7 * x, 7 / x, 2**x, -x)] == [10, 4, 21, Fraction(7, 3), 8, -3]
    assert [fraction(one, at) for one in (x + 7, x - 7, x * 7, x / 7, x**2)] == [10, -4, 21, Fraction(3, 7), 9]
    assert fraction(Fraction(1, 2) * x - Fraction(1, 4), at) == Fraction(5, 4)
    found = [truth(one, {"x": 3.0}) for one in (x <= 3, x < 3, x >= 3, x > 3, x <= 3, x > 2)]
    assert found == [True, False, True, False, True, True]


def test_a_relation_has_no_truth():
    """Python reads ``0 < a < 2`` as ``0 < a and a < 2``, which would be the second alone; and signs that are none."""
    says = r"x > 0 is neither true nor false without constants: for a chain write between\(0, gamma L, 2\)"
    for taken in (lambda: bool(x > 0), lambda: 0 < x < 2, lambda: not x > 0):
        raises(TypeError, says, taken)
    assert text(between(0, x, 2)) == "0 < x < 2"
    for signs, said in ((("<", "<"), "signs must be one fewer than terms=2, got 2"), (("==",), "sign must be")):
        wrong(said, Relation, (x, y), signs)


def test_equality_is_of_what_is_written():
    """Not of numbers: x + y is not y + x; and ``==`` is no relation."""
    assert x + 2 * y == x + 2 * y
    assert hash(x + 2 * y) == hash(x + 2 * y)
    assert x + y != y + x
    assert (x == 1) is False
    assert (x + y) + x == x + (y + x)  # sums are flat
    assert (x * y) * x == x * (y * x)
    assert Symbol("x") == x != Symbol("x", constant="L")
    assert len({x / y, x / y, y / x, x <= y, x <= y}) == 3


@as_one_test(
    ("tree", "in_text", "in_latex"),
    [
        (2 / x, "2/x", r"\frac{2}{x}"),
        (Fraction(2, 3) / x, "(2/3) / x", r"\frac{\frac{2}{3}}{x}"),
        (2 / (x * y), "2 / (x y)", r"\frac{2}{x y}"),
        (x / y / 2, "(x / y) / 2", r"\frac{\frac{x}{y}}{2}"),
        (x - (y - 1), "x - (y - 1)", "x - (y - 1)"),
        (x + lifted(-2), "x - 2", "x - 2"),
        (x - lifted(-2), "x - (-2)", "x - (-2)"),
        (x + Fraction(1, 2) + lifted(0), "x + 1/2 + 0", r"x + \frac{1}{2} + 0"),
        (powers(x, K, T), "x^K + x^{K+1} + ... + x^T", r"x^{K} + x^{K + 1} + \dots + x^{T}"),
        (x * lifted(Fraction(-1, 2)), "x (-1/2)", r"x \left(\frac{-1}{2}\right)"),
        ((x / y) ** 2, "(x / y)^2", r"\left(\frac{x}{y}\right)^{2}"),
        ((-x) ** 2, "(-x)^2", "(-x)^{2}"),
        (-(x**2), "-x^2", "-x^{2}"),
        (x ** (T - 1), "x^{T-1}", "x^{T - 1}"),
        (x**2**3, "x^8", "x^{8}"),
        ((x**2) ** 3, "(x^2)^3", "(x^{2})^{3}"),
        (SIGMA**3, "(sigma^2)^3", r"(\sigma^2)^{3}"),
        (1 / LONGEST, "1 / (L tau ||B||^2)", r"\frac{1}{L \tau \Vert B \Vert^2}"),
        (x - GAP, "x - (f(W^0) - f*)", r"x - (f(W^0) - f^\star)"),
        (x + powers(y, 0, T), "x + (1 + y + ... + y^T)", r"x + (1 + y + \dots + y^{T})"),
        (powers(1 - x, 1, T), "(1 - x) + (1 - x)^2 + ... + (1 - x)^T", r"(1 - x) + (1 - x)^{2} + \dots + (1 - x)^{T}"),
        (x + choice(x > 0, 4, 2), "x + (4 if x > 0 else 2)", r"x + (4 \text{ if } x > 0 \text{, else } 2)"),
        (choice(x > 0, 4, 2) <= x, "(4 if x > 0 else 2) <= x", r"(4 \text{ if } x > 0 \text{, else } 2) \le x"),
        (equal(x, choice(x > 0, 4, 2)), "x = 4 if x > 0 else 2", r"x = 4 \text{ if } x > 0 \text{, else } 2"),
        (
            choice(y > choice(x > 0, 4, 2), x, y),
            "x if y > (4 if x > 0 else 2) else y",
            r"x \text{ if } y > (4 \text{ if } x > 0 \text{, else } 2) \text{, else } y",
        ),
        (total(k, K, k / x), "sum_{k<K} (k / x)", r"\sum_{k<K} \frac{k}{x}"),
        (x * total(k, K, k), "x sum_{k<K} k", r"x \sum_{k<K} k"),
        (x * total(k, K, k) * x, "x (sum_{k<K} k) x", r"x \left(\sum_{k<K} k\right) x"),
        (x / total(k, K, k), "x / sum_{k<K} k", r"\frac{x}{\sum_{k<K} k}"),
        (x * lifted(0), "x 0", "x 0"),
        (total(k, K, k) / x, "sum_{k<K} k / x", r"\frac{\sum_{k<K} k}{x}"),
        (total(k, K, k) * x, "(sum_{k<K} k) x", r"\left(\sum_{k<K} k\right) x"),
        (2 / (x * ((1 - x) ** 2 + y)) - 1, "2 / [x ((1 - x)^2 + y)] - 1", r"\frac{2}{x ((1 - x)^{2} + y)} - 1"),
        ((((1 - x) ** 2 + y) * 2 + x) * y, "[((1 - x)^2 + y) 2 + x] y", "(((1 - x)^{2} + y) 2 + x) y"),
        (
            ((1 + x) * ((1 - x) ** 2 + y) + x) * y,
            "[(1 + x) ((1 - x)^2 + y) + x] y",
            "((1 + x) ((1 - x)^{2} + y) + x) y",
        ),
        (Symbol("up") * Symbol("W_T"), "up W_T", r"\mathrm{up} W_{T}"),
        (Let("rho", x), "rho", r"\rho"),
        (Symbol("alpha_max") ** 2, "alpha_max^2", r"\alpha_{\max}^{2}"),
    ],
    ids=str,
)
def test_brackets_where_they_are_needed_and_nowhere_else(tree, in_text, in_latex):
    """Each was ambiguous, ugly, or near to one that was; a reader would take the number for another."""
    assert text(tree) == repr(tree) == in_text
    assert latex(tree) == in_latex


def test_others_in_the_place_of_some():
    """Here and below, in relations and definitions; an index with its term; nothing twice."""
    tree = Let("rho", x + total(k, K, k * x)) / choice(x > y, x, 2)
    assert tree.at({x: 3, K: T}) == Let("rho", 3 + total(k, T, k * lifted(3))) / choice(lifted(3) > y, 3, 2)
    known = Let("s", x + 1, letter="s_N")
    assert (known.at({y: 3}).letter, known.at({x: 3}).letter) == ("s_N", "")  # facts are about that number alone
    assert (x + y).at({x: y, y: x}) == y + x
    assert (x + y).at({x + y: T}) == T
    assert total(k, K, k * x).at({k: y}) == total(y, K, y * x)
    assert tree.at({}) is tree.at({T: x}) is tree
    assert between(0, x, y).at({x: y, y: 2}) == between(0, y, 2)
    assert (k + total(k, K, k)).at({k: 3}) == lifted(3) + total(k, K, k)
    assert total(k, k, k * x).at({k: T}) == total(T, T, T * x)
    at_k = Symbol("g", argument=k)
    assert total(k, K, at_k * x).at({at_k: k + 1}) == total(k, K, k**2 * x).at({k**2: k + 1})  # another at each k
    assert total(k, K, k**2 * x).at({k**2: k + 1}) == total(k, K, (k + 1) * x)
    wrong("k would be bound by the sum", total(k, K, k * x).at, {x: k})
    wrong("x would be bound by the sum", total(k, K, k * x).at, {k: x})
    raises(TypeError, r"must be whole or a Fraction, got 0\.5", x.at, {x: 0.5})


def test_symbols_are_those_that_stand_for_something_outside():
    """An index is bound in its term alone; definitions are looked through; each comes once, as it is read."""
    rho = Let("rho", 1 - y * x)
    assert symbols_of(rho**T + x) == (y, x, T)
    assert symbols_of(total(k, K, k * x)) == (K, x)
    assert symbols_of(k + total(k, K, k * x)) == (k, K, x)
    assert symbols_of(total(k, k, k)) == (k,)
    assert symbols_of(between(0, x, y), maximum(T, x)) == (x, y, T)
    assert symbols_of(choice(x > y, T, K)) == (x, y, T, K)
    assert symbols_of(lifted(2)) == ()


def test_definitions_in_the_order_of_reading():
    """First those of the line itself, then those of these; a name never after one that it explains."""
    a, b = Let("a", x), Let("b", y)
    c = Let("c", a * b)
    d = Let("d", b + 1)
    assert definitions_in(c + d) == (c, d, a, b)
    assert definitions_in(a + c) == (a, c, b)
    assert definitions_in(x <= c, d) == (c, d, a, b)
    assert definitions_in(x + y) == ()
    assert definitions_in(total(k, K, a * k), c) == (a, c, b)


def test_what_is_inside():
    """And nothing is read of what is no expression."""
    tree = choice(x > y, T, Let("rho", K))
    assert list(tree.inside) == [x, y, T, Let("rho", K)]
    assert list(tree.within()) == [tree, x, y, T, Let("rho", K), K]
    assert list((x <= y + 1).within()) == [x, y + 1, y, lifted(1)]
    assert (tree.size, tree.depth) == (len(list(tree.within())), 3)
    for reading in (text, latex, partial(number, values={}), partial(fraction, values={})):
        raises(TypeError, "expression must be an Expression", reading, 3)


@as_one_test("theorem", theorems.ALL.values(), ids=list(theorems.ALL))
def test_pickles(theorem):
    """One of ours comes back as the one that is there; its expression as an equal one."""
    assert pickle.loads(pickle.dumps(theorem)) is theorem
    again = pickle.loads(pickle.dumps(theorem.claim.bound))
    assert again == theorem.claim.bound
    assert again is not theorem.claim.bound
    assert hash(again) == hash(theorem.claim.bound)


def test_no_hash_goes_to_another_process():
    """Where words have other hashes, and what was kept would not be found."""
    tree = Let("rho", x / y)
    before = pickle.dumps(tree)
    assert {tree: 1}[Let("rho", x / y)] == 1
    assert pickle.dumps(tree) == before
