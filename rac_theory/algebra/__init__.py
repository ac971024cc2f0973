"""Expressions, and how they are read: as a number, an exact fraction, text, LaTeX, a polynomial, a direction of
rounding. It uses base. It must not know what its symbols stand for.
"""

from rac_theory.algebra.box import Range
from rac_theory.algebra.direction import direction, slacks, together
from rac_theory.algebra.division import cancelled, divided, simplified
from rac_theory.algebra.expression import (
    Choice,
    Expression,
    Let,
    Maximum,
    Negative,
    Number,
    Power,
    Powers,
    Product,
    Quotient,
    Relation,
    Sum,
    Symbol,
    Total,
    definitions_in,
    lifted,
    symbols_of,
)
from rac_theory.algebra.forms import between, choice, equal, maximum, powers, sqrt, total
from rac_theory.algebra.fraction import LONGEST, fraction
from rac_theory.algebra.latex import latex, named, pieces
from rac_theory.algebra.number import number, truth
from rac_theory.algebra.polynomial import identical, in_letters, polynomial
from rac_theory.algebra.polynomials import ONE, Atom, Monomial, Polynomial, constant, symbols_in, term
from rac_theory.algebra.ratio import Ratio, summed
from rac_theory.algebra.roots import without_squares
from rac_theory.algebra.sign import Lemma, Region, Way, sign
from rac_theory.algebra.text import text

Expression.__repr__ = Relation.__repr__ = text  # type: ignore[assignment]

__all__ = [
    "LONGEST",
    "ONE",
    "Atom",
    "Choice",
    "Expression",
    "Lemma",
    "Let",
    "Maximum",
    "Monomial",
    "Negative",
    "Number",
    "Polynomial",
    "Power",
    "Powers",
    "Product",
    "Quotient",
    "Range",
    "Ratio",
    "Region",
    "Relation",
    "Sum",
    "Symbol",
    "Total",
    "Way",
    "between",
    "cancelled",
    "choice",
    "constant",
    "definitions_in",
    "direction",
    "divided",
    "equal",
    "fraction",
    "identical",
    "in_letters",
    "latex",
    "lifted",
    "maximum",
    "named",
    "number",
    "pieces",
    "polynomial",
    "powers",
    "sign",
    "simplified",
    "slacks",
    "sqrt",
    "summed",
    "symbols_in",
    "symbols_of",
    "term",
    "text",
    "together",
    "total",
    "truth",
    "without_squares",
]
