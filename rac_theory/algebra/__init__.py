"""Expressions, and how they are read: as a number, an exact fraction, text, LaTeX, a polynomial, a direction of
rounding. It uses problems. It must not know what its symbols stand for.
"""

from rac_theory.algebra.direction import direction
from rac_theory.algebra.expression import Expression, Let, Symbol
from rac_theory.algebra.forms import between, choice, equal, maximum, powers, sqrt, total
from rac_theory.algebra.fraction import fraction
from rac_theory.algebra.latex import latex
from rac_theory.algebra.number import number, truth
from rac_theory.algebra.polynomial import identical, polynomial
from rac_theory.algebra.polynomials import Polynomial
from rac_theory.algebra.ratio import Ratio
from rac_theory.algebra.relation import Relation
from rac_theory.algebra.sign import Lemma, Region, sign
from rac_theory.algebra.text import text
from rac_theory.algebra.walk import definitions_in, symbols_of

Expression.__repr__ = Relation.__repr__ = text  # type: ignore[assignment]

__all__ = [
    "Expression",
    "Lemma",
    "Let",
    "Polynomial",
    "Ratio",
    "Region",
    "Relation",
    "Symbol",
    "between",
    "choice",
    "definitions_in",
    "direction",
    "equal",
    "fraction",
    "identical",
    "latex",
    "maximum",
    "number",
    "polynomial",
    "powers",
    "sign",
    "sqrt",
    "symbols_of",
    "text",
    "total",
    "truth",
]
