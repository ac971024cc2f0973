"""What a step of a method does to the point that it reports, read off its lines: all that theorems about it rest on."""

from collections.abc import Mapping
from typing import NamedTuple

from rac_theory.algebra import Expression, lifted, polynomial, simplified
from rac_theory.algorithms.method import Combination, Gradient, Method, Projected, State


class Move(NamedTuple):
    """The reported point W moves by ``-length H g``, with g a gradient at W, or ahead of it along what is kept.

    Attributes
    ----------
    length : Expression
    memory, ahead : Expression, optional
        Where g is a gradient at ``W + ahead M``: M is zero at first, and after a step it is ``memory M + H g``.
    is_whole : bool
        Whether W moves by all of ``-length g``, and M is after a step what H leaves out of ``M + g``: error feedback.
    """

    length: Expression
    memory: Expression | None = None
    ahead: Expression | None = None
    is_whole: bool = False


def move_of(method: Method) -> Move:
    """Return what a step does to the reported point.

    Raises
    ------
    ValueError
        If it is no move along H of a gradient at that point, or ahead of it by a vector that is kept, and no error
        feedback.

    Examples
    --------
    However states are called, scaled and shifted:

    >>> from rac_theory.algebra import Symbol
    >>> from rac_theory.algorithms import H, Method, gradient, move_of, state
    >>> X, D = state("X", "D")
    >>> gamma, b = Symbol("gamma"), Symbol("b")
    >>> P = H(2 * gradient(X + b * D))
    >>> move_of(Method({X: X - gamma * P, D: b * D - gamma * P}, start={D: 0}))
    Move(length=2 gamma, memory=b, ahead=-2 b gamma, is_whole=False)
    >>> move_of(Method({X: X - gamma * gradient(X)}))
    Traceback (most recent call last):
    ValueError: a step must move what is reported along H of a gradient, here it is moved by (-gamma) (grad f(X))
    """
    W = method.reported
    moved = _at(method, W, method.lines) - W
    match moved.terms:
        case ((Projected(Combination(((Gradient(at), factor),))) as drawn, coefficient),):
            length = _plain(-coefficient * factor)
        case ((Gradient(at), coefficient),) if _is_kept_back(method, at - W, moved * -1):
            return Move(_plain(-coefficient), lifted(1), _plain(-coefficient), is_whole=True)
        case _:
            by = Combination(tuple((atom, _plain(coefficient)) for atom, coefficient in moved.terms))
            raise ValueError(f"a step must move what is reported along H of a gradient, here it is moved by {by!r}")
    kept = at - W  # M times what is ahead
    if not kept.terms:
        return Move(length)
    first, times = kept.terms[0]
    after = _at(method, kept, method.lines)
    memory = _plain(after.coefficients.get(first, lifted(0)) / times)
    match (after - kept * memory).terms:
        case ((atom, coefficient),) if atom == drawn and not _at(method, kept, method.starts).terms:
            return Move(length, memory, _plain(coefficient * factor))
    raise ValueError(
        f"a gradient must be taken at what is reported, or ahead of it by what is kept, 0 at first, got one at {at!r}"
    )


def _is_kept_back(method: Method, kept: Combination, step: Combination) -> bool:
    """Whether what is kept is nothing at first, and after a step what H leaves out of it and of the step."""
    whole = kept + step
    match (_at(method, kept, method.lines) - whole).terms:
        case ((Projected(of), coefficient),):
            return of * -coefficient == whole and bool(kept.terms) and not _at(method, kept, method.starts).terms
    return False


def _at(method: Method, of: Combination, values: Mapping[Combination, Combination]) -> Combination:
    """What a combination of states is where each has a value."""
    by_name = {State(name): value for name, value in zip(method.names, values.values(), strict=True)}
    return sum((by_name[atom] * coefficient for atom, coefficient in of.terms if isinstance(atom, State)), of * 0)


def _plain(expression: Expression) -> Expression:
    """Without what cancels."""
    return simplified(polynomial(expression)).expression
