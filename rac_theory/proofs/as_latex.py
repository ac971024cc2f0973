"""A proof in LaTeX: formulas, and the words before each."""

import re
from collections.abc import Iterator

from rac_theory.algebra import Expression, Relation, Sum, latex, lifted
from rac_theory.drawing import escaped
from rac_theory.proofs.reading import Line, Reading
from rac_theory.statements import Assumption, parts


def as_latex(reading: Reading) -> str:
    """Return a fragment that compiles as it is, with amsmath: words, and below each a formula."""
    lines = [r"% \usepackage{amsmath}"]
    for words, formula in _pairs(reading):
        in_text = re.sub(r"(?<=\\text\{)[^{}]*(?=\})", lambda inside: escaped(inside[0]), formula)
        lines += ["", rf"\noindent {escaped(words)}", rf"\[ {in_text} \]"]
    return "\n".join([*lines, ""])


def _pairs(reading: Reading) -> Iterator[tuple[str, str]]:
    yield f"{reading.proof.theorem.id}:", latex(reading.proof.theorem.claim.relation)
    for definition in reading.definitions:
        yield "where", latex(definition)
    for label, assumption, is_used in reading.assumed:
        yield f"{label}, assumed{'' if is_used else ' and not used'}:", _typeset(assumption)
    for line in reading.granted:
        yield f"{line.label} {line.reason}:", latex(line.said)
    for sign in reading.signs:
        yield f"not negative, {sign.why}:", latex(sign.said)
    for line in reading.derived:
        yield from _derived(line, reading)


def _derived(line: Line, reading: Reading) -> Iterator[tuple[str, str]]:
    case = rf" \quad \text{{if }} {', '.join(map(_typeset, line.if_))}" if line.if_ else ""
    yield (
        f"{line.label} {line.why}:".replace(" :", ":"),
        latex(line.said) + case,
    )
    if reading.is_claim(line) and reading.times != lifted(1):
        yield "times, which is positive,", latex(reading.times)
    if line.is_computed:
        yield "is the sum", " + ".join(summands(line))


def summands(line: Line) -> Iterator[str]:
    """Yield the terms of a sum, a number times a label each."""
    for times, label in line.sum:
        number = "" if label and times == lifted(1) else _factor(times) if label else latex(times)
        yield r" \cdot ".join(filter(None, (number, rf"\text{{{label}}}" if label else "")))


def _factor(times: Expression) -> str:
    return rf"\left({latex(times)}\right)" if isinstance(times, Sum) else latex(times)


def _typeset(assumption: Assumption) -> str:
    if isinstance(assumption, Relation):
        return latex(assumption)
    return " ".join(rf"\text{{{part}}}" if isinstance(part, str) else latex(part) for part in parts(assumption))
