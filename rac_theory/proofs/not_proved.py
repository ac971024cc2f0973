"""What is said where no proof was found: that this refutes nothing, and what is missing."""

from rac_theory.algebra import Expression
from rac_theory.base import function_name
from rac_theory.proofs.available import about_constants, available
from rac_theory.proofs.defined import Defined
from rac_theory.proofs.fact import Fact, read
from rac_theory.proofs.shape import shapes
from rac_theory.proofs.writing import Writer
from rac_theory.statements import Theorem, implied

_WAY_ON = (
    "about=about_of(method, ('G',)) knows those of a Method, about=About(function, implies=(rac_lora_exact,)) those of "
    "an algorithm of ours"
)
"""How a theorem comes to be about a step of which there are facts."""


def knows_a_step(theorem: Theorem) -> bool:
    """Whether facts rest on what a theorem is about, or on what that implies."""
    about = {theorem.about, *implied(theorem.about)}
    return any(not fact.by.isdisjoint(about) for fact in available(theorem))


def why_not(theorem: Theorem) -> str:
    """Return a sentence or two about a theorem of which no proof was found.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from rac_theory.proofs.not_proved import why_not
    >>> from rac_theory.theorems import T2
    >>> from rac_theory.statements import E, gap
    >>> from rac_theory.statements.symbols import T, gap0
    >>> print(why_not(replace(T2, id="slow", claim=E(gap) <= gap0 / (T + 1) ** 3)))
    no proof was found, which does not make it false: its bound has no form that follows from what one step does
    """
    reason = "no proof was found, which does not make it false"
    if not knows_a_step(theorem):
        return f"{reason}: no fact is known of a step of {function_name(theorem.about)}, which it is about; {_WAY_ON}"
    if not isinstance(theorem.claim.bound, Expression):
        return f"{reason}: its bound is a function, and nothing but an expression can be proved"
    try:
        Defined(about_constants(theorem)).check(theorem.claim.bound)
        read(theorem.claim.bound)
    except (ValueError, ZeroDivisionError) as error:
        return f"{reason}: {error}"
    shape = next(shapes(theorem), None)
    if shape is None:
        return f"{reason}: its bound has no form that follows from what one step does"
    step = Writer(theorem).relation(Fact(read(shape.goals["step"]), False, frozenset()))
    return f"{reason}: it would follow from {step!r}, for which none was found"
