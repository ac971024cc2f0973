"""How much of the exact rate of a case a theorem proves: of what a step takes away, in the exponent."""

from collections.abc import Mapping
from dataclasses import replace
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from scipy import optimize

from rac_theory.algebra import Expression, Polynomial, Ratio, Relation, number, truth
from rac_theory.algorithms import Method
from rac_theory.base import checks
from rac_theory.base.checks import Array
from rac_theory.cases import Case, Constants
from rac_theory.discovery.best_rate import slowest, step_of
from rac_theory.discovery.linear import numbers
from rac_theory.proofs import assumed
from rac_theory.runs import exact_rate
from rac_theory.statements import Condition, KnownConstant, Theorem, breach_by_constants
from rac_theory.statements.symbols import T, constants_in, second_young, share_of_memory, young, young_of_memory

_RANGES = {young: (1e-3, 1), share_of_memory: (1e-5, 1), young_of_memory: (1e-2, 1e2), second_young: (1e-4, 1e2)}
"""The letters of a claim that is a bound for each of their numbers, and between which these are looked for."""
_SEARCH: Any = {"popsize": 60, "maxiter": 150, "tol": 1e-7, "strategy": "rand1bin", "mutation": 0.5, "seed": 0}
_SEARCH |= {"recombination": 0.95, "polish": False, "vectorized": True, "updating": "deferred"}
_BROKEN = 1e100


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
    letters: Mapping[str, float] = {}  # the best numbers of a theorem that has a bound for each

    @property
    def share(self) -> float:
        """1 where nothing is lost, as where neither falls at all, or both at once to zero."""
        if self.proved == self.exact:
            return 1.0
        with np.errstate(divide="ignore"):  # the logarithm of zero
            return float(np.log(self.proved) / np.log(self.exact))

    def __str__(self) -> str:
        numbers = ", ".join(f"{name} = {value:.3g}" for name, value in self.letters.items())
        proved = f"a factor of {self.proved:.6f} a step{' with ' * bool(numbers)}{numbers}"
        return f"{proved}, the exact one is {self.exact:.6f}: {self.share:.0%} of its exponent"


def best_letters(theorem: Theorem, constants: Constants) -> Mapping[str, float]:
    """Return the numbers of letters that are free in a claim for which its bound after a step is least.

    They are looked for by differential evolution: any number makes a true bound, and the least may be missed.

    Parameters
    ----------
    theorem : Theorem
        One that was found, with ``y, u, v`` of inequalities, or a ``z`` of a potential; of others nothing is free.
    constants : Constants

    Raises
    ------
    ValueError
        If the theorem says nothing at these constants, whatever the letters are.

    Examples
    --------
    >>> from rac_theory import Constants
    >>> from rac_theory.discovery import best_letters
    >>> from rac_theory.statements import E, Theorem, gap, rac_lora_exact
    >>> from rac_theory.statements.symbols import L, T, gamma, gap0, young
    >>> loss = gamma * L * (1 - young) * young
    >>> claim = E(gap) <= (1 - loss) ** T * gap0
    >>> theorem = Theorem(id="T", source="here", mark="derived", about=rac_lora_exact, given=(), claim=claim)
    >>> best = best_letters(theorem, Constants(gamma=1.0, L=1.0, gap0=1.0))
    >>> print(f"{best['y']:.3f}")
    0.500
    """
    bound = theorem.claim.bound
    if not isinstance(bound, Expression):
        return {}
    relations = [part for part in theorem.given if isinstance(part, Relation)]
    symbols = constants_in(bound, *relations)
    free = [symbol for symbol in _RANGES if symbol in symbols and symbol.name not in constants.letters]
    if not free:
        return {}
    conditions = [fact.value.numerator for relation in relations for fact in assumed(relation)]
    conditions = [p for p in conditions if p.letters() & {*free}]
    slacks = [Ratio(p, Polynomial(frozenset((monomial, max(x, -x)) for monomial, x in p.terms))) for p in conditions]
    known = {symbol: getattr(constants, symbol.constant) for symbol in symbols}

    def cost(logarithms: Array) -> Any:
        """The bound after a step; where a condition is broken, more than that, by how much it is."""
        letters = dict(zip(free, np.exp(logarithms), strict=True))
        at = {**{symbol: np.full(logarithms.shape[1:], value) for symbol, value in known.items()}, **letters}
        named = {symbol.name: value for symbol, value in at.items()}
        bounds = number(bound, {**named, T.name: 1.0})
        allowed = reduce(np.logical_and, (truth(relation, named) for relation in relations), np.isfinite(bounds))
        broken = sum(np.maximum(-numbers(slack, at), 0) for slack in slacks)
        return np.where(allowed, bounds, _BROKEN * (1 + broken))

    ranges: Any = [np.log(_RANGES[symbol]) for symbol in free]
    answer = optimize.differential_evolution(cost, ranges, **_SEARCH)
    if not answer.fun < _BROKEN:
        raise ValueError(f"{theorem.id} says nothing at these constants for any {' and '.join(x.name for x in free)}")
    return {symbol.name: float(np.exp(x)) for symbol, x in zip(free, answer.x, strict=True)}


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
    letters = best_letters(theorem, constants)
    constants = replace(constants, letters={**constants.letters, **letters})
    if unmet := theorem.unmet(case, constants):
        raise ValueError(f"the case must meet the assumptions of {theorem.id}: {'; '.join(unmet)}")
    return ShareOfRate(max(0.0, float(theorem.bound(constants, 1)[1] / constants.gap0)), exact_rate(case), letters)


def share_at(
    theorem: Theorem, method: Method, *, gamma: float, mu: float, share: float, **letters: float
) -> ShareOfRate:
    """Return how much of the exact rate of a quadratic along coordinates a theorem proves: L = 1, no case is needed.

    Parameters
    ----------
    theorem : Theorem
    method : Method
    gamma, mu : float
    share : float
        Of the coordinates along which a step goes: E[H] is this multiple of I.
    letters : float
        Of the method, and of the theorem: those of the latter that are not given have the best numbers.

    Raises
    ------
    ValueError
        If gamma is not positive, mu or the share is not in (0, 1], these do not meet the assumptions, or a letter of
        the method is not known.

    Examples
    --------
    >>> from rac_theory.algorithms import PLAIN
    >>> from rac_theory.discovery import share_at
    >>> from rac_theory.theorems import T2_sharp
    >>> print(share_at(T2_sharp, PLAIN, gamma=1.0, mu=0.1, share=0.25))
    a factor of 0.975000 a step, the exact one is 0.952500: 52% of its exponent
    """
    checks.finite("gamma", gamma, above=0)
    if not (0 < mu <= 1 and 0 < share <= 1):
        raise ValueError(f"mu, for L = 1, and share must be in (0, 1], got {mu:g} and {share:g}")
    scale = Constants(gamma=gamma, L=1.0, L_H=1.0, gap0=1.0, A=0.0, beta=1.0, C=0.0)
    at = replace(scale, mu=mu, lambda_min=share, lambda_max=share, letters=letters)
    best = best_letters(theorem, at)
    at = replace(at, letters={**letters, **best})
    given = (part for part in theorem.given if isinstance(part, Relation | Condition | KnownConstant))
    if unmet := [breach for part in given if (breach := breach_by_constants(part, 1, at))]:
        raise ValueError(f"the constants must meet the assumptions of {theorem.id}: {'; '.join(unmet)}")
    return ShareOfRate(max(0.0, float(theorem.bound(at, 1)[1])), slowest(step_of(method, at)), best)
