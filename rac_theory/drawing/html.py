"""Values as HTML, as notebooks show them: tables, formulas and drawings. Every word is escaped, nothing is loaded.

Colours are those of the page, light or dark, so that only lines and weights tell parts apart.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from html import unescape

from markupsafe import Markup

from rac_theory.drawing import chart_svg
from rac_theory.drawing.chart import Chart

_CELL = "text-align:left;vertical-align:top;padding:.15em .8em .15em 0"
_TABLE = Markup('<table style="margin:.3em 0;border-collapse:collapse"><thead>{}</thead><tbody>{}</tbody></table>')
_ROW = Markup('<tr style="background:none">{}</tr>')
_SAID = Markup(f'<td style="{_CELL}">{{}}</td>')
_NAME = Markup(f'<th scope="row" style="{_CELL}">{{}}</th>')
_HEAD = Markup(f'<th scope="col" style="{_CELL};border-bottom:1px solid rgba(128,128,128,.5)">{{}}</th>')
_LINE = Markup('<p style="margin:.3em 0">{}</p>')
_EMPTY = Markup("")
_TAGS = {
    *("math", "mrow", "mi", "mo", "mn", "mtext", "mspace", "msub", "msup", "msubsup", "munder", "mover", "munderover"),
    *("mfrac", "msqrt", "mroot", "mtable", "mtr", "mtd"),
}
_ATTRIBUTES = {
    *("display", "displaystyle", "stretchy", "fence", "form", "accent", "linethickness", "minsize", "maxsize"),
    *("lspace", "rspace", "largeop", "movablelimits", "separator", "mathvariant", "width", "columnalign"),
}
"""Of MathML: elements and attributes that neither lead anywhere nor load, run or dress anything."""


def together(*fragments: str) -> str:
    """Return what ``_repr_html_`` returns: the parts below each other."""
    return Markup('<div style="line-height:1.4;overflow-x:auto">{}</div>').format(_EMPTY.join(fragments))


def side_by_side(*fragments: str) -> Markup:
    """Return parts side by side, where there is room."""
    return Markup('<div style="display:flex;flex-wrap:wrap;gap:1.5em;align-items:flex-start">{}</div>').format(
        _EMPTY.join(fragments)
    )


def heading(name: str, rest: str = "") -> Markup:
    """Return a line that begins in bold."""
    return _LINE.format(Markup("<strong>{}</strong> {}").format(name, rest))


def line(words: str) -> Markup:
    """Return a line."""
    return _LINE.format(words)


def facts(rows: Iterable[tuple[str, str]]) -> Markup:
    """Return a table of names and what is said of each; those of which nothing is said are left out."""
    lines = (_ROW.format(_NAME.format(name) + _SAID.format(value)) for name, value in rows if value)
    return _TABLE.format("", _EMPTY.join(lines))


def table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    """Return a table with a line of names above."""
    lines = (_ROW.format(_EMPTY.join(map(_SAID.format, row))) for row in rows)
    return _TABLE.format(_ROW.format(_EMPTY.join(map(_HEAD.format, names))), _EMPTY.join(lines))


def listed(sentences: Iterable[str]) -> Markup:
    """Return a list of sentences, as they are made by ``sentence`` or as words."""
    items = _EMPTY.join(map(Markup("<li>{}</li>").format, sentences))
    return Markup('<ul style="margin:.3em 0;padding-left:1.4em">{}</ul>').format(items)


def folded(name: str, inside: str) -> Markup:
    """Return something that opens when its name is pressed."""
    return Markup("<details><summary>{}</summary>{}</details>").format(name, inside)


def drawn(chart: Chart) -> Markup:
    """Return a chart as an inline drawing."""
    return Markup(chart_svg.draw(chart))


def formulas(sources: Iterable[str]) -> Markup:
    """Return formulas in LaTeX on a line, which may end between them."""
    return _LINE.format(Markup(" ").join(map(formula, sources)))


def sentence(parts: Iterable[tuple[bool, str]]) -> Markup:
    """Return a sentence, given in parts of which some are formulas in LaTeX; all else is escaped."""
    return _EMPTY.join(formula(part) if is_formula else Markup.escape(part) for is_formula, part in parts)


@lru_cache(maxsize=1024)  # a page has hundreds, and the next one the same
def formula(latex: str) -> Markup:
    """Return LaTeX as a ``<math>`` element without a namespace, or as its text where it is not understood or not safe.

    It may be a user's, and ends in pages: only elements and attributes of mathematics come out of it.

    Fractions are as large as those of a displayed formula: bounds have fractions in fractions.
    """
    from xml.etree.ElementTree import tostring

    from latex2mathml.converter import convert_to_element

    # The converter sets a single upright letter in italics, unless it is text.
    source = latex.replace(r"\mathrm{", r"\text{")
    try:
        math = convert_to_element(source)
        math.attrib.pop("xmlns", None)
        for element in math.iter():
            if element.tag not in _TAGS or not all(_harmless(*pair) for pair in element.items()):
                raise ValueError(f"no mathematics: {element.tag}")
            element.text = unescape(element.text or "")  # it writes signs as references
        math.attrib = {"displaystyle": "true"} | math.attrib
        return Markup(tostring(math, encoding="unicode"))
    except Exception:  # what a user's bound says of itself need not be mathematics
        return Markup.escape(latex)


def _harmless(name: str, value: str) -> bool:
    """Whether an attribute is one of mathematics: no link, no style, no event, whatever the LaTeX was that made it."""
    return name in _ATTRIBUTES and re.fullmatch(r"[\w.% -]*", value) is not None
