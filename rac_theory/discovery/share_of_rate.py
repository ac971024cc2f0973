"""How much of the exact rate of a case a theorem proves: of what a step takes away, in the exponent."""

from typing import NamedTuple

import numpy as np

from rac_theory.cases import Case, Constants
from rac_theory.runs import exact_rate
from rac_theory.statements import Theorem


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
