"""Formulas of the pages: none keeps what was typed, and what LaTeX and MathML Core say differently is mended."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from rac_theory import theorems
from tests.extensions import extension

ROOT = Path(__file__).parents[2]
mathml, mended = map(extension, ("mathml", "mended"))


def texts() -> dict[str, str]:
    """The words of pages and of notebooks."""
    pages = (path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts)
    found = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in pages}
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        found[path.name] = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return found


def formulas(text: str) -> list[tuple[bool, str]]:
    """The formulas of a page, each with whether it is displayed; what is code is none."""
    text = re.sub(r"`[^`\n]+`", "", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE))
    displayed = re.findall(r"\$\$(.+?)\$\$", text, re.DOTALL)
    inline = re.findall(r"(?<![\\$])\$([^$]+?)\$", re.sub(r"\$\$.+?\$\$", "", text, flags=re.DOTALL))
    return [(True, one) for one in displayed] + [(False, one) for one in inline]


def inline(latex: str) -> ElementTree.Element:
    (one,) = mathml.inline(latex)
    return ElementTree.fromstring(one)


def shape(element: ElementTree.Element) -> str:
    """Elements and what they hold, without attributes."""
    inside = "".join(map(shape, element)) or element.text or ""
    return f"{element.tag}({inside})" if len(element) else inside


def operators(latex: str) -> dict[str | None, dict[str, str]]:
    return {one.text: one.attrib for one in inline(latex).iter("mo")}


def test_no_formula_of_a_page_keeps_what_was_typed() -> None:
    """A command that the converter does not know is left as it is by it; more than 4,000 formulas are tried."""
    every = [(page, *one) for page, text in texts().items() for one in formulas(text)]
    assert len(every) > 4_000
    for page, displayed, formula in every:
        made = [mathml.display(mathml.tag(formula)[0])] if displayed else mathml.inline(formula)
        for one in made:
            words = "".join(ElementTree.fromstring(one).itertext())
            braces = "" if r"\{" in formula or "{cases}" in formula else "{}"
            assert not set(words) & {*"\\$&", *braces}, (page, formula)


def test_no_formula_of_a_sentence_is_cut_by_a_list() -> None:
    """A line that begins with a minus begins a list in Markdown, in the middle of a formula too."""
    cut = re.compile(r"\n\s*([-+*>#]|\d+[.)])\s")
    every = [(page, formula) for page, text in texts().items() for shown, formula in formulas(text) if not shown]
    assert [one for one in every if cut.search(one[1])] == []
    assert cut.search("f(W)\n- f^\\star")


def test_a_command_that_no_rule_covers_is_refused_by_name_and_what_is_no_mathematics_too() -> None:
    """Catches what LaTeX would bring into a page beside formulas."""
    refused = {r"a \nosuchcommand b": "nosuchcommand", r"\begin{gather} a \end{gather}": "gather"}
    beside = (r"\href{javascript:alert(1)}{x}", r"\style{color:red}{x}", r"\class{modal}{x}")
    for formula, named in (refused | dict.fromkeys(beside, "which is no mathematics")).items():
        with pytest.raises(mended.NotTypeset, match=named):
            mathml.inline(formula)
    words = mathml.inline(r"a < b \text{<script>}")[0]  # words that a formula quotes open no element of the page
    assert "<script>" not in words
    assert "&lt;script&gt;" in words


def test_every_statement_is_typeset() -> None:
    for theorem in theorems.ALL.values():
        for piece in (*theorem.pieces, *theorem.formulas):
            assert mathml.inline(rf"\displaystyle {piece}")[0].startswith('<math displaystyle="true">')


def test_a_number_stands_beside_its_display_once() -> None:
    assert mathml.tag("a = b . \\tag{12}\n") == ("a = b .", "12")
    assert mathml.tag("a = b") == ("a = b", "")
    with pytest.raises(mended.NotTypeset, match="one number"):
        mathml.tag(r"a \tag{1} \\ b \tag{2}")


@pytest.mark.parametrize(
    ("latex", "says"),
    [
        (r"\mathrm{tr} H", "math(trH)"),  # one operator, not the letters t and r
        (r"\lambda_{\min}", "math(msub(λmin))"),
        (r"\max_i x", "math(munder(maxi)x)"),  # beside it the browser puts it itself, where there is no room below
        (r"\sum_{i<k}^n x", "math(munderover(∑mrow(i<k)n)x)"),
        (r"\mathbf{1}", "math(𝟏)"),  # no bold in MathML Core
        (r"\mathrm{lora\_alpha}", "math(lora_alpha)"),
        (r"\min\Big\{ s \Big\}", "math(min{s})"),
        (r"\big( a \big)^2", "math(msup(mrow((a))2))"),  # the exponent is that of the bracket, which grows
        (r"\Big\lVert \sum_i x \Big\rVert^2", "math(msup(mrow(‖munder(∑i)x‖)2))"),
        (r"1{,}000", "math(1,000)"),
    ],
)
def test_what_a_formula_becomes(latex: str, says: str) -> None:
    assert shape(inline(latex)) == says


def test_an_upright_letter_is_upright_and_a_greek_capital_too() -> None:
    """Without the attribute a browser sets a single letter slanted: d x would be a product, and Delta a variable."""
    kinds = {one.text: one.get("mathvariant") for one in inline(r"\mathrm{d} x \Delta \gamma").iter("mi")}
    assert kinds == {"d": "normal", "x": None, "Δ": "normal", "γ": None}


def test_a_sign_is_a_difference_only_behind_a_value() -> None:
    """Else there would be space between a minus and what it negates."""
    for negative in ("-x", "a = -x", "(-x)", "(a, -x)", r"\lVert -x \rVert", r"\frac{-x}{2}"):
        assert operators(negative)["−"].get("form") == "prefix" or negative == "-x"
    for difference in ("a - x", "f(x) - x", r"\lVert a \rVert - x", r"\lVert a \rVert^2 - x", "x' - y", r"f^\star - x"):
        assert operators(difference)["−"].get("form") != "prefix", difference


def test_a_word_has_space_where_no_bracket_is_and_brackets_grow_where_the_source_says_so() -> None:
    """log n without space would be a product of four letters; tr(H) with it a word beside a bracket. By their own rule
    browsers let every bracket of a line grow with the tallest part of it.
    """
    assert operators(r"\log n")["log"]["rspace"] != "0"
    assert operators(r"\operatorname{tr}(H)")["tr"]["rspace"] == "0"
    assert operators(r"c \, \mathrm{E} x")["E"]["rspace"] != "0"
    assert operators(r"\mathrm{E}[H]")["E"] == {"lspace": "0", "rspace": "0"}

    assert operators(r"( \frac12 )")["("]["stretchy"] == "false"
    assert operators(r"\langle \frac12, x \rangle")["⟨"]["stretchy"] == "false"
    assert operators(r"\Big( \frac12 \Big)")["("]["stretchy"] == "true"
    assert operators(r"\left( \frac12 \right)")["("]["stretchy"] == "true"


def test_a_long_formula_ends_a_line_at_a_relation_and_in_no_bracket() -> None:
    long = r"\lVert G \rVert^2 \le \langle G, \mathrm{E}[H \le K] G \rangle + \lambda_{\max} (2A (f - f^\star) + C)"
    shown = ["".join(ElementTree.fromstring(one).itertext()) for one in mathml.inline(long)]
    assert shown == ["‖G‖2", "≤⟨G,E[H≤K]G⟩", "+λmax(2A(f−f⋆)+C)"]
    assert len(mathml.inline(r"a \le b")) == 1
    longer = r"\langle \nabla f(X + s(Y - X)) - \nabla f(X) + \nabla f(Y + s(Y - X)), Y - X \rangle"
    shown = ["".join(ElementTree.fromstring(one).itertext()) for one in mathml.inline(longer)]
    assert shown == ["⟨∇f(X+s(Y−X))", "−∇f(X)", "+∇f(Y+s(Y−X)),", "Y−X⟩"]


def test_lines_of_a_display_are_rows_with_sides() -> None:
    table = ElementTree.fromstring(mathml.display(r"& a \le b \\[1ex] & \text{where} \quad b = c"))[0]
    assert table.tag == "mtable"
    assert table.get("class") == "equations"
    assert ["".join(row.itertext()) for row in table] == ["a≤b", "whereb=c"]
    assert [cell.get("class") for cell in table[0]] == ["right", "left"]
    assert "&" not in "".join(ElementTree.fromstring(mathml.display("& a \\le b")).itertext())  # of one line too
    aligned = ElementTree.fromstring(mathml.display(r"\begin{aligned} a &= b \\ c &= d \end{aligned}"))
    assert [len(row) for row in aligned.iter("mtr")] == [2, 2]
    cases = ElementTree.fromstring(mathml.display(r"s = \begin{cases} 1 & x \\ 2 & y \end{cases}"))
    assert shape(cases) == "math(s=mrow({mtable(mtr(mtd(1)mtd(x))mtr(mtd(2)mtd(y)))))"
