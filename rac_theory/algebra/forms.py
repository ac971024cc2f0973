"""Forms that no operator of Python makes: relations of three terms, sums, roots and choices."""

from fractions import Fraction

from rac_theory.algebra.expression import Choice, Expression, Maximum, Powers, Relation, Symbol, Total, lifted


def between(low: object, middle: object, high: object) -> Relation:
    """Return ``low < middle < high``.

    Parameters
    ----------
    low, middle, high : Expression, int or Fraction

    Returns
    -------
    Relation

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, between
    >>> between(0, Symbol("gamma") * Symbol("L"), 2)
    0 < gamma L < 2
    """
    return Relation((lifted(low), lifted(middle), lifted(high)), ("<", "<"))


def equal(left: object, right: object) -> Relation:
    """Return ``left = right``.

    Parameters
    ----------
    left, right : Expression, int or Fraction

    Returns
    -------
    Relation

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, equal
    >>> equal(Symbol("K"), 1)
    K = 1
    """
    return Relation((lifted(left), lifted(right)), ("=",))


def sqrt(value: object) -> Expression:
    """Return a square root.

    Parameters
    ----------
    value : Expression, int or Fraction

    Returns
    -------
    Expression

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, sqrt
    >>> sqrt(Symbol("T") + 1)
    sqrt(T + 1)
    """
    return lifted(value) ** Fraction(1, 2)


def powers(base: object, first: object, last: object) -> Expression:
    """Return the sum of consecutive powers of a base, from the first to the last.

    Parameters
    ----------
    base, first, last : Expression, int or Fraction
        The base, and the first and the last exponent.

    Returns
    -------
    Expression

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, number, powers
    >>> rho, T = Symbol("rho"), Symbol("T")
    >>> powers(rho, 0, T - 1)
    1 + rho + ... + rho^{T-1}
    >>> float(number(powers(rho, 0, T - 1), {"rho": 0.5, "T": 3.0}))
    1.75
    """
    return Powers(lifted(base), lifted(first), lifted(last))


def total(index: Symbol, steps: object, term: object) -> Expression:
    """Return the sum of a term over ``index < steps``, from 0.

    Parameters
    ----------
    index : Symbol
        What runs over 0, 1, ..., steps - 1.
    steps, term : Expression, int or Fraction
        How many terms there are, and what each of them is.

    Returns
    -------
    Expression

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, number, total
    >>> k, K = Symbol("k"), Symbol("K")
    >>> total(k, K, k**2)
    sum_{k<K} k^2
    >>> float(number(total(k, K, k**2), {"K": 4.0}))
    14.0
    """
    return Total(index, lifted(steps), lifted(term))


def maximum(*of: object) -> Expression:
    """Return the largest of several.

    Parameters
    ----------
    *of : Expression, int or Fraction
        At least one.

    Returns
    -------
    Expression

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, maximum
    >>> maximum(Symbol("s"), 2)
    max{s, 2}
    """
    if not of:
        raise TypeError("a maximum must be one of at least one expression")
    return Maximum(tuple(map(lifted, of)))


def choice(condition: Relation, then: object, otherwise: object) -> Expression:
    """Return ``then`` where a relation holds, else ``otherwise``.

    Parameters
    ----------
    condition : Relation
        The relation that chooses between the two.
    then, otherwise : Expression, int or Fraction

    Returns
    -------
    Expression

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, choice
    >>> choice(Symbol("A") > 0, 4, 2)
    4 if A > 0 else 2
    """
    if not isinstance(condition, Relation):
        raise TypeError(f"the condition of a choice must be a relation, such as A > 0, got {condition!r}")
    return Choice(condition, lifted(then), lifted(otherwise))
