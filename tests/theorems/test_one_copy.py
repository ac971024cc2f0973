"""A statement is written once: nothing in the source repeats the right side of a claim, or a name that it defines."""

import re
from pathlib import Path

import rac_theory
from rac_theory import theorems
from rac_theory.algebra import latex, text

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
