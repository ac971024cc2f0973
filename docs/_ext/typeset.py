"""How the words of the library stand on a page: formulas in lines that fit it, sentences as nodes."""

import re
from itertools import pairwise

from docutils import nodes

from rac_theory.drawing.typeset import parts, pieces

_LINE = 66  # characters of a formula in a line of a page


def lines(statement: str) -> str:
    """Typeset a statement for display: in one line if it fits a page, else with its definitions below it."""
    every = pieces(statement)
    if _width("".join(every)) <= _LINE:
        return r"\; ".join(every)
    filled = [every[0]]
    stated = False
    for last, piece in pairwise(every):
        full = _width(filled[-1] + piece) > _LINE
        if full or (last.endswith(",") and not stated):
            stated |= last.endswith(",")
            filled.append(r"\quad " + piece)
        else:
            filled[-1] += r"\; " + piece
    return r" \\ ".join("& " + line for line in filled)


def sentence(words: str) -> list[nodes.Node]:
    """Typeset the formulas in a sentence."""
    return [nodes.math("", part) if is_formula else nodes.Text(part) for is_formula, part in parts(words)]


def _width(formula: str) -> int:
    return len(re.sub(r"\\(sum|mathrm|quad|text|;)|[{}^_ ]|\\(?=\W)", "", re.sub(r"\\[a-zA-Z]+", "x", formula)))
