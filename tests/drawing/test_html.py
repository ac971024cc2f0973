"""Formulas as MathML: nothing but mathematics comes out, every symbol of it, upright where words are meant."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from rac_theory import GD, Case, theorems, verify
from rac_theory.algebra import text
from rac_theory.drawing import html
from rac_theory.problems import Quadratic
from rac_theory.statements import symbols as symbols_of_theorems
from rac_theory.theorems import E
from tests.as_one_test import as_one_test
from tests.read_html import Reader

GREEK = "lambda Lambda theta ell omega gamma Gamma sigma zeta beta delta alpha eta mu nu rho kappa"
SYMBOLS = dict(zip(GREEK.split(), "λΛθℓωγΓσζβδαημνρκ", strict=True))
SYMBOLS |= {"sqrt": "", "grad": "∇", "...": "…", "<=": "≤", "||": "‖", "*": "⋆", "-": "−"}


def symbols(written):
    """The signs of a formula in their order, without what only groups them in a line or in a fraction."""
    for name, symbol in SYMBOLS.items():
        written = written.replace(name, symbol)
    return re.sub(r"[\s{}()\[\]^_/,]", "", written.replace("sum", "∑"))


@as_one_test("theorem", theorems.ALL.values(), ids=list(theorems.ALL))
def test_statements_are_typeset_whole_and_in_pieces(theorem):
    """A command that the converter does not know, a symbol that is lost or comes twice, a piece, too, a sign that is
    lost at the end of a line, a comma between no formulas.
    """
    for latex, relation in zip(theorem.formulas, theorem.stated, strict=True):
        read = "".join(ElementTree.fromstring(html.formula(latex)).itertext())
        assert symbols(read) == symbols(text(relation)), read
    assert "".join(theorem.pieces).replace("{} ", "").replace(" ", "") == ", ".join(theorem.formulas).replace(" ", "")
    assert len(theorem.pieces) > len(theorem.formulas)


def test_formulas_need_no_namespace_and_words_stand_upright():
    """In HTML the namespace is known; a single letter is set in italics unless it is text."""
    upright = '<math displaystyle="true" display="inline"><mrow><mtext>E</mtext>'
    assert html.formula(r"\mathrm{E}[x]").startswith(upright)
    assert "http" not in html.formula("x")


HOSTILE = [
    r"\href{javascript:alert(1)}{x}",
    r"\href{https://evil.example}{x}",
    r"\style{background:url(https://evil.example)}{x}",
    r"\class{modal}{x}",
    r"\color{red}x",
    r"\text{<script>alert(1)</script>}",
    r"\text{&lt;script&gt;alert(1)&lt;/script&gt;}",
    r"\unicode{x3c}script\unicode{x3e}",
    r'\hspace{1" onload="alert(1)}',
    r'\begin{array}{c" onclick="alert(1)} a \end{array}',
    r'\mathbb{"><img src=x onerror=alert(1)>}',
    "<script>alert(1)</script>",
    "&#x3c;script&#x3e;",
    *(r"\text{f(x), with <b> where y}", r'\color{x" onload="y}{z}', r"\verb{<b>}{<b>}", "<b> ^ ^ <b>"),
    "\\frac{" * 5_000,
]

TAGS = {*("math", "mrow", "mi", "mo", "mn", "mtext", "msub", "msup", "mfrac", "mspace", "mtable", "mtr", "mtd")}
ATTRIBUTES = {"display", "displaystyle", "stretchy", "columnalign", "mathvariant", "width"}


def dress(page):
    """The tags and the attributes that a browser would see."""
    elements = Reader(page).elements
    return {tag for tag, _ in elements}, {name for _, attributes in elements for name in attributes}


@as_one_test("latex", HOSTILE)
def test_nothing_but_mathematics_comes_out_of_hostile_latex(latex):
    """Catches a link, a style, a tag or an event of somebody's LaTeX that reaches a page.

    The converter takes what is in text for HTML; what it does not understand is shown as it is, escaped.
    """
    tags, attributes = dress(html.formula(latex))
    assert tags <= TAGS
    assert attributes <= ATTRIBUTES


@as_one_test("words", [*HOSTILE[:-1], "<b onclick=alert(1)>", "</math><script>"])
def test_a_theorem_of_somebody_else_dresses_no_page(words):
    """In LaTeX, meanings and units of symbols and in source: what verdicts, theorems and proofs show in HTML.

    A constant that is called by such words is refused, for its name is what people read.
    """
    gamma, mu, T, gap0 = (getattr(symbols_of_theorems, name) for name in ("gamma", "mu", "T", "gap0"))
    lambda_min = replace(symbols_of_theorems.lambda_min, latex=words, meaning=words, unit=words)
    bound = (1 - gamma * mu * lambda_min) ** T * gap0
    theorem = replace(theorems.T2, id="mine", name="mine", source=words, claim=E(theorems.gap) <= bound)
    case = Case(GD(0.5), Quadratic.left(np.eye(2), np.ones((2, 1))), steps=3)
    known_tags, known_attributes = dress(theorems.T2._repr_html_() + verify("T2", case)._repr_html_())
    tags, attributes = dress(theorem._repr_html_() + verify(theorem, case)._repr_html_())
    assert tags <= known_tags | TAGS
    assert attributes <= known_attributes | ATTRIBUTES

    with pytest.raises(ValueError, match="must be called lambda_min"):
        replace(theorem, claim=E(theorems.gap) <= replace(lambda_min, name=words) * gap0)


def test_sentences_and_lists_are_escaped_words_with_formulas_between():
    """A relation shown as its LaTeX, words read as a formula, a tag in them; in a list, a formula that is escaped once
    more and shows its own tags to people.
    """
    made = html.sentence([(False, "A <b>: "), (True, r"\mu > 0"), (False, ".")])
    assert made.startswith("A &lt;b&gt;: <math")
    assert made.endswith("</math>.")
    assert "μ" in made.replace("&#x003BC;", "μ")
    assert made.count("<math") == html.formulas([r"\mu", r"\rho"]).count("<math") - 1 == 1

    made = html.listed(["<i>", html.sentence([(True, "x")])])
    assert "<li>&lt;i&gt;</li><li><math" in made
