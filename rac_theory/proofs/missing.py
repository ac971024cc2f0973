"""What is said where a proof is refused."""

from rac_theory.algebra import Ratio

_LONGEST = 300


class Missing(ValueError):
    """What was computed is not what was said: the message has the difference.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol
    >>> from rac_theory.proofs import Missing
    >>> from rac_theory.proofs.fact import granted, proved
    >>> x = Symbol("x")
    >>> try:
    ...     proved("Twice", 3 <= 2 * x, granted("Once", 1 <= x) * 2)
    ... except Missing as error:
    ...     print(error)
    2 x - 3 >= 0 is not what was computed, it is off by -1
    """


def shortened(value: Ratio) -> str:
    """Return a value in a line that can be read."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
