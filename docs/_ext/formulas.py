"""Formulas of pages as MathML, which browsers draw without a script; one that no rule covers is a warning.

A line does not end between a formula and the comma behind it.
"""

import re

from docutils import nodes
from mathml import display, inline, tag, words
from mended import NotTypeset
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

_BEHIND = ".,;:!?)]’”"
_log = logging.getLogger(__name__)


class math(nodes.math):  # its name is by what a writer finds the method for it
    """A formula in a heading: words where the heading is a text, as in a search and in the title of a window."""

    def astext(self) -> str:
        """Return the words."""
        return self["words"]


def _head(app: Sphinx, doctree: nodes.document) -> None:
    """Give the formulas of headings words, before anything takes the text of a heading."""
    for title in doctree.findall(nodes.title):
        for node in list(title.findall(nodes.math)):
            latex = node.astext()
            try:
                node.replace_self(math("", latex, latex=latex, words=words(latex)))
            except NotTypeset:
                continue  # it is told of where it is written


def _hold(app: Sphinx, doctree: nodes.document, name: str) -> None:
    """Move punctuation behind a formula into its node, where nothing separates them."""
    for node in doctree.findall(nodes.math):
        after = node.next_node(descend=False, siblings=True)
        if isinstance(after, nodes.Text):
            text = after.astext()
            node["behind"] = text[: len(text) - len(text.lstrip(_BEHIND))]
            after.parent.replace(after, nodes.Text(text[len(node["behind"]) :]))


def visit_math(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula in a sentence."""
    try:
        *others, last = inline(node.get("latex") or node.astext())
    except NotTypeset as error:
        _log.warning("formula: %s", error, location=node)
        raise nodes.SkipNode from error
    behind = node.get("behind", "")
    held = f'<span class="held">{last}{self.encode(behind)}</span>' if others and behind else last + self.encode(behind)
    self.body.append(self.starttag(node, "span", "", CLASS="math long" if others else "math"))
    self.body.append("<wbr>".join([*others, held]) + "</span>")
    raise nodes.SkipNode


def visit_display(self: HTML5Translator, node: nodes.math_block) -> None:
    r"""Write a formula on lines of its own, and its number, of ``\tag`` or by Sphinx; one without may be parted."""
    try:
        formula, number = tag(node.astext())
        lines = [] if number or node["number"] else _lines(formula)
        parts = ["".join(inline(r"\displaystyle " + line)) for line in lines]
        shown = [f'<div class="line">{part}</div>' for part in parts] or [display(formula)]
    except NotTypeset as error:
        _log.warning("formula: %s", error, location=node)
        raise nodes.SkipNode from error
    self.body.append(self.starttag(node, "div", "", CLASS="math parted" if lines else "math"))
    self.body.append("".join(shown))
    if number or node["number"]:
        said = number or get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({self.encode(str(said))})')
        if node["number"]:
            self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def _lines(formula: str) -> list[str]:
    """Return the lines of a formula that may go on below, where there is no room: aligned at their left, or one."""
    lines = [line.strip().removeprefix("&") for line in re.split(r"\\\\(?:\[[^]]*\])?", formula)]
    aligned = len(lines) == 1 or formula.count("&") == len(lines)
    return lines if aligned and not any("&" in line or r"\begin" in line for line in lines) else []


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer and its style."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_display, None))
    app.connect("doctree-read", _head, priority=400)
    app.connect("doctree-resolved", _hold)
    app.add_css_file("formulas.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
