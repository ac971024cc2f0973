"""How much of the exact rate of a case a theorem proves: of what a step takes away, in the exponent."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from rac_theory.algebra import Expression, Relation, symbols_of
from rac_theory.algorithms import Method, move_of
from rac_theory.cases import Case, Constants
from rac_theory.discovery.best_rate import slowest, step_of
from rac_theory.runs import exact_rate
from rac_theory.statements import Condition, Known, Theorem, breach_by_constants, gap

_AT = Constants(gamma=0.5, L=1.0, L_H=1.0, mu=0.1, lambda_min=0.25, lambda_max=0.25, gap0=1.0, A=0.0, beta=1.0, C=0.0)
"""Round constants, at which one rate is put beside another."""


class ShareOfRate(NamedTuple):
    """By what a bound falls in its first step, by what the expectation does in the long run, and the share.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import Case
    >>> from rac_theory.algorithms import PLAIN
    >>> from rac_theory.discovery import share_of_rate
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory.sketches import Coordinate
    >>> from rac_theory.theorems import T2_sharp
    >>> problem = Quadratic.left(np.diag([1.0, 0.1]), np.ones((2, 1)))
    >>> found = share_of_rate(T2_sharp, Case(PLAIN(Coordinate(2, 1), gamma=0.5), problem))
    >>> print(f"{found.proved:.4f} {found.exact:.4f} {found.share:.2f}")
    0.9625 0.9512 0.76
    """

    proved: float
    exact: float

    @property
    def share(self) -> float:
        """1 where nothing is lost."""
        return float(np.log(self.proved) / np.log(self.exact))

    def __str__(self) -> str:
        return (
            f"a factor of {self.proved:.6f} a step, the exact one is {self.exact:.6f}: {self.share:.0%} of its exponent"
        )


def share_of_rate(theorem: Theorem, case: Case) -> ShareOfRate:
    """Return how much of the exact rate of a case without noise a theorem about the gap proves.

    Parameters
    ----------
    theorem : Theorem
    case : Case

    Raises
    ------
    ValueError
        If the case does not meet the assumptions.
    Unsupported
        Where no exact rate is known.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import GD, Case
    >>> from rac_theory.discovery import share_of_rate
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory.theorems import T2_sharp
    >>> problem = Quadratic.left(np.eye(2), np.ones((2, 1)))
    >>> print(f"{share_of_rate(T2_sharp, Case(GD(gamma=0.5), problem)).share:.3f}")
    1.000
    """
    constants = Constants.of(case)
    if unmet := theorem.unmet(case, constants):
        raise ValueError(f"the case must meet the assumptions of {theorem.id}: {'; '.join(unmet)}")
    return ShareOfRate(float(theorem.bound(constants, 1)[1] / constants.gap0), exact_rate(case))


def share_at_round_constants(theorem: Theorem, method: Method) -> tuple[str, ShareOfRate] | None:
    """Return the same at round constants, and which these are; None where the theorem says nothing there, or of a gap.

    Beside the exact rate of a quadratic, where H is I with the chance lambda_min and else 0, and without noise.
    """
    move = [part for part in move_of(method) if isinstance(part, Expression)]
    letters = dict.fromkeys((symbol.name for symbol in symbols_of(*move) if symbol.name != "gamma"), 0.25)
    for gamma in (0.5, 0.1) if theorem.metric is gap else ():
        at = replace(_AT, gamma=gamma, letters=letters)
        given = (assumption for assumption in theorem.given if isinstance(assumption, Relation | Condition | Known))
        if not any(breach_by_constants(assumption, 1, at) for assumption in given):
            where = {"gamma": gamma, "L": at.L, "mu": at.mu, "E[H]": at.lambda_min, **letters}
            description = ", ".join(f"{name} = {size:g}" for name, size in where.items())
            return description, ShareOfRate(float(theorem.bound(at, 1)[1]), slowest(step_of(method, at)))
    return None
