"""Sentences of the library with their formulas typeset."""

from markupsafe import Markup

from rac_theory.typeset import mathml, parts


def typeset(words: str) -> Markup:
    """Return a sentence as HTML: formulas as MathML, all else escaped."""
    empty = Markup("")
    return empty.join(Markup(mathml(part)) if is_formula else Markup.escape(part) for is_formula, part in parts(words))
