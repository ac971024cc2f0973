"""What claims say of themselves, in one place: statement, rate, names of metrics, and assumptions in sentences."""

import math
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser

import rac_theory
from rac_theory import Constants, theorems
from rac_theory.algebra import definitions_in, latex, text
from rac_theory.statements import assumptions, relations_in
from rac_theory.statements.assumption import sentence
from rac_theory.statements.symbols import T, gamma, gap0, lambda_min, mu
from rac_theory.theorems import E, gap, mean_squared_gradient, squared_distance, weighted_squared_gradient
from tests.as_one_test import as_one_test

LINEAR = {
    *("T2", "T2_sharp", "T2_tight", "T4", "T4_gap", "T6", "T8", "T8d", "T8d_sharp"),
    *("T10", "T10d", "T10d_sharp", "T10rr", "T12_pl", "T12_gaussian", "T13_pl", "T14_pl", "T15_pl"),
    *("T17_pl", "T18_pl", "T20_pl", "T22_pl", "T23_pl", "T26_pl", "T27_pl"),
    *("T21", "T21_H"),
}
c = Constants(gamma=0.5, mu=1.0, lambda_min=0.25, gap0=8.0, gap0_upper=8.0, D=math.inf)
t = np.arange(4.0)


def test_how_fast_each_of_ours_falls():
    """By hand. Catches 1/T called linear, and a floor of noise that hides a power of T."""
    assert {theorem.id for theorem in theorems.ALL.values() if theorem.rate == "linear"} == LINEAR


def test_which_steps_descend():
    """By hand: a longest step that no draw exceeds. Catches a ceiling for noisy steps, or for those that go by a mean.

    A distance may grow where f falls, and of several steps under one sketch none need descend.
    """
    exact = {"T1", "T1_sharp", "T1_tight", "T2", "T2_sharp", "T2_tight", "T3", "T3_sharp", "T3_isotropic", "T4_gap"}
    others = {"T12_nonconvex", "T12_pl", "T16", "T17", "T17_pl", "T18", "T18_pl", "T23", "T23_pl", "T26", "T26_pl"}
    assert {theorem.id for theorem in theorems.ALL.values() if theorem.descends} == exact | others


def test_a_statement_has_each_name_defined_once():
    """What is read first is defined first. Catches a definition that is lost, or comes twice: of what is given too, as
    theta of T22 is and slack of T27_pl."""
    assert theorems.T1_tight.statement == (
        "(1/T) sum_{t<T} E||grad f(W^t)||^2 <= (2 L / T) (1 + rho + ... + rho^{T-1}) (f(W^0) - f*), "
        "rho = 1 - gamma L (2 - gamma L) lambda_min."
    )
    for theorem in theorems.ALL.values():
        defined = [text(formula.terms[0]) for formula in theorem.stated[1:]]
        assert len(defined) == len(set(defined)), theorem
        assert theorem.statement == ", ".join(map(text, theorem.stated)) + "."
        assert {text(let) for let in definitions_in(*relations_in(*theorem.given))} <= {*defined}, theorem


def test_an_expression_and_a_function_are_the_same_numbers():
    """By hand: 8 (7/8)^t. A number is a bound, too, and a function without words goes by its name."""

    def function(c, t):
        """(1 - gamma mu lambda_min)^T (f(W^0) - f*)."""
        return c.gap0 * (1 - c.gamma * c.mu * c.lambda_min) ** t

    def hopeful(c, t):
        return c.gap0 / t

    expression, written = E(gap) <= (1 - gamma * mu * lambda_min) ** T * gap0, E(gap) <= function
    expected = [8.0, 7.0, 49 / 8, 343 / 64]
    np.testing.assert_allclose(expression.at(c, t), expected, rtol=1e-15)
    np.testing.assert_allclose(written.at(c, t), expected, rtol=1e-15)
    assert expression.statement == written.statement
    assert (E(gap) <= 3).at(c, t).tolist() == [3.0] * 4
    assert (E(gap) <= hopeful).statement == "E[f(W^T)] - f* <= hopeful."


def test_what_a_constant_of_zero_takes_away_is_infinite_and_what_is_unknown_is_nan():
    """gap0 / (mu T) grows without limit as mu falls; 0 times an unknown is 0, and infinity is unknown, too."""
    noise = theorems.symbols.D * (lambda_min - Fraction(1, 4))
    claim = E(gap) <= gap0 * (1 - mu) / (gamma * mu * T) + noise
    assert claim.at(c, t)[1:].tolist() == [0.0] * 3
    zero = Constants(gamma=0.5, mu=0.0, lambda_min=0.25, gap0=8.0, D=1.0)
    assert claim.at(zero, t)[1:].tolist() == [math.inf] * 3
    difference = E(gap) <= gap0 / mu - 1 / mu  # inf - inf there, and 7/mu beside it
    assert difference.at(zero, t).tolist() == [math.inf] * 4
    assert np.isnan(difference.at(Constants(gamma=0.5, mu=math.nan, gap0=8.0), t)).all()


def test_a_metric_is_labelled_as_it_is_along_a_run():
    """At t, with no expectation. Catches a T, one letter for step and index, and letters of weights that are lost."""
    assert gap.label == r"$f(W^t) - f^\star$"
    assert squared_distance.label == r"$\Vert W^t - W^\star \Vert^2$"
    assert mean_squared_gradient.label == r"$\frac{1}{t} \sum_{s<t} \Vert \nabla f(W^s) \Vert^2$"
    assert (E(weighted_squared_gradient(1 / (1 + gamma))) <= gap0).symbols == (T, gamma, gap0)


def test_weights_may_be_powers_of_a_number():
    """An exact number is a base as an expression is. Catches a Fraction that becomes a float where it is raised."""
    halves = weighted_squared_gradient(Fraction(1, 2))
    assert str(halves.expected) == str(weighted_squared_gradient(gamma).expected.at({gamma: Fraction(1, 2)}))
    with pytest.raises(TypeError, match=r"must be whole or a Fraction, got 0\.5"):
        weighted_squared_gradient(0.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="must be made of symbols and exact numbers, got 'a'"):
        weighted_squared_gradient("a")  # type: ignore[arg-type]


def test_every_assumption_is_a_sentence():
    """A predicate's is its docstring; a stop is there once. Catches a part that is lost or comes twice."""
    assert [sentence(one) for one in theorems.T2.given] == [
        "Lipschitz gradient of f: ||grad f(V) - grad f(W)|| <= L ||V - W|| with known L > 0.",
        "gamma L <= 1.",
        "f(W^0) - f* is known: gap at the start, from a certified infimum.",
        "Polyak-Lojasiewicz inequality: ||grad f(W)||^2 / 2 >= mu (f(W) - f*) with known mu > 0.",
        "lambda_min > 0.",
    ]
    assert sentence(assumptions.convex) == "f is known to be convex."
    assert sentence(assumptions.known_client_heterogeneity).endswith(" clients differ; not needed if K = 1.")
    assert sentence(assumptions.structured_noise).endswith(" with known A >= 0, beta >= 0, C >= 0.")
    assert sentence(lambda case, c: None) == "<lambda>."


def test_relations_in_sentences_are_typeset_and_words_are_not():
    """Catches a lost stop, and a word that is taken for a formula or a relation for words."""
    about, *_, inequality, positive = theorems.T2.typeset_assumptions
    assert about == [(False, theorems.T2.about.__doc__.rstrip(".")), (False, ".")]
    assert inequality == [
        (False, "Polyak-Lojasiewicz inequality: "),
        (True, r"\frac{\Vert \nabla f(W) \Vert^{2}}{2} \ge \mu (f(W) - f^\star)"),
        (False, " with known "),
        (True, r"\mu > 0"),
        (False, "."),
    ]
    assert positive == [(True, r"\lambda_{\min} > 0"), (False, ".")]


@as_one_test("label", {theorem.metric.label for theorem in theorems.ALL.values()})
def test_the_label_of_an_axis_has_room_beside_it(label):
    """In points, at ten: a quotient as a fraction is 31 high, and was cut at the edge of the figure."""
    assert MathTextParser("path").parse(label, dpi=72).height < 25


SOURCES = [*Path(rac_theory.__file__).parent.rglob("*.py")]
_SAID = "(1-gammamulambda_min)^T(f(W^0)-f*)"
PRINTED = {
    ("theorem.py", _SAID.replace("f*", "f^star")),
    *((name, _SAID) for name in ("theorem.py", "proof.py", "options.py")),
}
"""In examples that are executed, with what they print."""
SHORT = 12  # characters, of which more than one statement may be made by chance


def squeezed(words):
    """Without spaces and what LaTeX needs besides."""
    return re.sub(r"[\s{}`$\\]|left|right", "", words)


def test_no_statement_is_written_twice():
    """Looked for as it is printed and as LaTeX, with any spaces: catches a statement put in a docstring."""
    formulas = [formula.terms[1] for theorem in theorems.ALL.values() for formula in theorem.claim.formulas]
    written = {squeezed(reading(formula)) for formula in formulas for reading in (text, latex)}
    written = {words for words in written if len(words) > SHORT}
    assert len(written) > 60
    found = set()
    for path in SOURCES:
        source = squeezed(path.read_text(encoding="utf-8"))
        found |= {(path.name, words) for words in written if words in source}
    assert found == PRINTED
