"""Formulas as MathML: nothing but mathematics comes out, every symbol of it, upright where words are meant."""

import re
from xml.etree import ElementTree

import pytest

from rac_theory import theorems
from rac_theory.algebra import text
from rac_theory.drawing import html

SYMBOLS = {
    "lambda": "λ",
    "theta": "θ",
    "ell": "ℓ",
    "omega": "ω",
    "gamma": "γ",
    "Gamma": "Γ",
    "sigma": "σ",
    "zeta": "ζ",
    "beta": "β",
    "delta": "δ",
    "eta": "η",
    "mu": "μ",
    "nu": "ν",
    "rho": "ρ",
    "kappa": "κ",
    "sqrt": "",
    "grad": "∇",
    "...": "…",
    "<=": "≤",
    "||": "‖",
    "*": "⋆",
    "-": "−",
}


def symbols(written):
    """The signs of a formula in their order, without what only groups them in a line or in a fraction."""
    for name, symbol in SYMBOLS.items():
        written = written.replace(name, symbol)
    return re.sub(r"[\s{}()\[\]^_/,]", "", written.replace("sum", "∑"))


@pytest.mark.parametrize("theorem", theorems.ALL.values(), ids=list(theorems.ALL))
def test_statements_are_typeset_whole(theorem):
    """A command that the converter does not know, a symbol that is lost or comes twice."""
    for latex, relation in zip(theorem.formulas, theorem.claim.formulas, strict=True):
        read = "".join(ElementTree.fromstring(html.formula(latex)).itertext())
        assert symbols(read) == symbols(text(relation)), read


def test_formulas_need_no_namespace_and_words_stand_upright():
    """In HTML the namespace is known; a single letter is set in italics unless it is text."""
    assert html.formula(r"\mathrm{E}[x]").startswith(
        '<math displaystyle="true" display="inline"><mrow><mtext>E</mtext>'
    )
    assert "http" not in html.formula("x")


@pytest.mark.parametrize(
    "latex",
    [r"\text{<b>}", r"\text{f(x), with <b> where y}", r'\color{x" onload="y}{z}', r"\verb{<b>}{<b>}", "<b> ^ ^ <b>"],
)
def test_no_tag_comes_out_of_a_formula(latex):
    """The converter takes what is in text for HTML; what it does not understand is shown as it is, escaped."""
    made = html.formula(latex)
    assert "<b" not in made  # a browser opens a tag before it is closed
    assert '" onload' not in made


def test_sentences_are_words_with_formulas_between():
    """A relation shown as its LaTeX, words read as a formula, a tag in them."""
    made = html.sentence([(False, "A <b>: "), (True, r"\mu > 0"), (False, ".")])
    assert made.startswith("A &lt;b&gt;: <math")
    assert made.endswith("</math>.")
    assert "μ" in made.replace("&#x003BC;", "μ")
    assert made.count("<math") == html.formulas([r"\mu", r"\rho"]).count("<math") - 1 == 1


def test_lists_escape_words_and_keep_what_is_typeset():
    """A formula that is escaped once more shows its own tags to people."""
    made = html.listed(["<i>", html.sentence([(True, "x")])])
    assert "<li>&lt;i&gt;</li><li><math" in made


@pytest.mark.parametrize("theorem", theorems.ALL.values(), ids=list(theorems.ALL))
def test_pieces_are_the_statement(theorem):
    """A piece that is lost, or comes twice, a sign that is lost at the end of a line, a comma between no formulas."""
    whole = ", ".join(theorem.formulas)
    assert "".join(theorem.pieces).replace("{} ", "").replace(" ", "") == whole.replace(" ", "")
    assert len(theorem.pieces) > len(theorem.formulas)
