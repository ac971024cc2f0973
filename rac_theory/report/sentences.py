"""Words as HTML: sentences of the library with their formulas typeset, long names that may be broken."""

import re

from markupsafe import Markup

from rac_theory.drawing.typeset import mathml, parts


def typeset(words: str) -> Markup:
    """Return a sentence as HTML: formulas as MathML, all else escaped."""
    empty = Markup("")
    return empty.join(Markup(mathml(part)) if is_formula else Markup.escape(part) for is_formula, part in parts(words))


def breakable(name: str) -> Markup:
    """Return a name as HTML that a line may break after an underscore, a dot or a colon."""
    return Markup(re.sub(r"([_.:])(?=\w)", r"\1<wbr>", str(Markup.escape(name))))
