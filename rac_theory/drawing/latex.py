"""Tables and words in LaTeX that compile as they are, with amsmath and booktabs."""

import re
from collections.abc import Iterable, Sequence

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    **{letter: rf"\{letter}" for letter in "_&%#${}"},
    **{letter: f"${letter}$" for letter in "<>|"},
}


def escaped(words: str) -> str:
    r"""Return words as LaTeX prints them in a text.

    Examples
    --------
    >>> from rac_theory.drawing.latex import escaped
    >>> print(escaped("lambda_min > 0"))
    lambda\_min $>$ 0
    """
    return re.sub(r"[\\^~_&%#${}<>|]", lambda letter: _SPECIAL[letter[0]], words)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table with rules of booktabs, of words that are escaped."""
    lines = [" & ".join(map(escaped, row)) + r" \\" for row in (headings, *rows)]
    head, body = lines[0], lines[1:]
    return "\n".join(
        [
            r"% \usepackage{booktabs}",
            rf"\begin{{tabular}}{{{'l' * len(headings)}}}",
            *(r"\toprule", head, r"\midrule", *body, r"\bottomrule"),
            r"\end{tabular}",
            "",
        ]
    )
