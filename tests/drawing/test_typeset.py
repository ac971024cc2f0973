"""Statements as formulas: every symbol of the plain form is there, in its order, and nothing else."""

import re
from xml.etree import ElementTree

import pytest

from rac_theory import theorems
from rac_theory.drawing.typeset import mathml, parts, pieces

SYMBOLS = {
    "lambda": "λ",
    "gamma": "γ",
    "Gamma": "Γ",
    "sigma": "σ",
    "beta": "β",
    "zeta": "ζ",
    "eta": "η",
    "mu": "μ",
    "nu": "ν",
    "rho": "ρ",
    "tau": "τ",
    "sum": "∑",
    "grad": "∇",
    "...": "…",
    "<=": "≤",
    "||": "‖",
    "*": "⋆",
    "-": "−",
}


def symbols(statement):
    for name, symbol in SYMBOLS.items():
        statement = statement.replace(name, symbol)
    return re.sub(r"[\s{}^_]", "", statement)


@pytest.mark.parametrize("theorem", theorems.ALL.values(), ids=lambda theorem: theorem.id)
def test_statements_are_typeset_whole(theorem):
    """A command that the converter does not know, a lost symbol, a piece that is left out or comes twice."""
    statement = theorem.statement.rstrip(".")
    formulas = [ElementTree.fromstring(mathml(piece)) for piece in pieces(statement)]
    words = "".join("".join(formula.itertext()) for formula in formulas)
    assert symbols(words) == symbols(statement)


def test_formulas_need_no_namespace_and_operators_stand_upright():
    """In HTML the namespace is known; a single letter is set in italics unless it is text."""
    assert mathml(r"\mathrm{E}[x]").startswith('<math display="inline"><mrow><mtext>E</mtext>')
    assert "http" not in mathml("x")


def test_sentences_keep_every_word():
    """A word that is taken for a formula, a stop or a space that is lost between them."""
    words = "lambda_min(E[H]) must be positive, so that f falls."
    assert list(parts(words)) == [
        (True, r"\lambda_{\min}(\mathrm{E}[H])"),
        (False, " "),
        *((False, word) for word in ("must ", "be ", "positive, ", "so ", "that ")),
        (True, "f"),
        (False, " "),
        (False, "falls."),
    ]


@pytest.mark.parametrize(
    "words", ["f(x), with <b> where y", r"\text{<b>}", r'\color{x" onload="y}{z}', r"\verb{<b>}{<b>}"]
)
def test_no_tag_comes_out_of_a_formula(words):
    """The converter takes what is in text for HTML."""
    made = "".join(map(mathml, pieces(words)))
    assert "<b>" not in made
    assert '" onload' not in made
