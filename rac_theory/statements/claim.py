"""A claim: the expectation of a metric, what bounds it, and after how many steps the bound is down to an accuracy."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np

from rac_theory.algebra import (
    LONGEST,
    Expression,
    Let,
    Power,
    Powers,
    Quotient,
    Relation,
    Symbol,
    Total,
    definitions_in,
    equal,
    lifted,
    number,
    symbols_of,
    text,
)
from rac_theory.base import Array, being, function_name, said_by
from rac_theory.cases import Constants
from rac_theory.statements.metric import Metric
from rac_theory.statements.symbols import T, constants_in, is_word

Function: TypeAlias = Callable[[Constants, Array], Array]
"""A bound that the algebra cannot say: (constants, t) to the bound at each t, (T,) to (T,)."""

Rate: TypeAlias = Literal["linear", "sublinear"]

_NEARLY_ZERO = 1e-100


@dataclass(frozen=True, eq=False)
class E:
    """The expectation of a metric at T; ``E(metric) <= bound`` is a claim.

    Examples
    --------
    >>> from rac_theory.statements import E, gap
    >>> from rac_theory.statements.symbols import T, gap0, mu
    >>> E(gap) <= (1 - mu) ** T * gap0
    E[f(W^T)] - f* <= (1 - mu)^T (f(W^0) - f*)
    """

    metric: Metric

    def _refused(self, bound: object) -> "Claim":
        raise TypeError("a claim bounds an expectation from above: write E(metric) <= bound")

    __lt__ = __gt__ = __ge__ = _refused

    def __le__(self, bound: "Expression | Function | int") -> "Claim":
        is_function = callable(bound) and not isinstance(bound, Expression)
        return Claim(self.metric, bound if is_function else lifted(bound))  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Claim:
    """A metric and the bound on its expectation, an expression or a function.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import Constants
    >>> from rac_theory.statements import E, gap
    >>> from rac_theory.statements.symbols import T, gamma, gap0, mu
    >>> claim = E(gap) <= (1 - gamma * mu) ** T * gap0
    >>> claim
    E[f(W^T)] - f* <= (1 - gamma mu)^T (f(W^0) - f*)
    >>> claim.at(Constants(gamma=0.5, mu=1.0, gap0=8.0), np.arange(4.0)).tolist()
    [8.0, 4.0, 2.0, 1.0]
    """

    metric: Metric
    bound: Expression | Function

    def __post_init__(self) -> None:
        being("metric", self.metric, Metric, ", such as gap")
        if not isinstance(self.bound, Expression | Callable) or isinstance(self.bound, type):
            raise ValueError(f"bound must be an expression, or a function of constants and t, got {self.bound!r}")
        constants_in(self.relation)
        own = [let.name for let in definitions_in(self._shown)]
        check_names([*own, *{let.name for let in self.definitions}.difference(own)], self.relation)
        if isinstance(self.bound, Expression):
            strange = [symbol.name for symbol in symbols_of(self.bound) if symbol not in (*self._constants, T)]
            if strange:
                raise ValueError(f"bound must be made of constants of a case and of T, not of {', '.join(strange)}")

    def at(self, constants: Constants, t: Array) -> Array:
        """Evaluate the bound, (T,) to (T,): infinite where a constant of zero takes away what it promises.

        Raises
        ------
        ValueError
            If a function does not return one real number for each t.
        """
        bound = self._evaluated(constants, t)
        zeros = [name for name in ("lambda_min", "mu") if getattr(constants, name) == 0]
        if zeros and np.isnan(bound).any():
            # 0/0 is no unknown constant: beside it there is a bound, and it grows without limit.
            nearly: dict[str, Any] = dict.fromkeys(zeros, _NEARLY_ZERO)
            nearby = self._evaluated(replace(constants, **nearly), t)
            bound = np.where(np.isnan(bound) & ~np.isnan(nearby), np.inf, bound)
        return bound

    def _evaluated(self, constants: Constants, t: Array) -> Array:
        if isinstance(self.bound, Expression):
            values = {symbol.name: _finite_or_nan(getattr(constants, symbol.constant)) for symbol in self._constants}
            return np.broadcast_to(number(self.bound, values | {T.name: t}), t.shape)
        # As NumPy's scalars: a division by zero and a power that overflows are infinite, and no error.
        scalars: dict[str, Any] = {
            name: np.float64(value) for name, value in vars(constants).items() if isinstance(value, float)
        }
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            bound: Any = self.bound(replace(constants, **scalars), t)
        is_array = isinstance(bound, np.ndarray) and not isinstance(bound, np.ma.MaskedArray)
        if not (is_array and bound.shape == t.shape and bound.dtype.kind in "fiu"):
            outcome = f"{bound.dtype} {type(bound).__name__} {bound.shape}" if hasattr(bound, "dtype") else repr(bound)
            raise ValueError(
                f"the bound {function_name(self.bound)} must return a real number for each t, an array of shape "
                f"{t.shape}, got {outcome}"
            )
        return np.asarray(bound, dtype=np.float64)

    @property
    def relation(self) -> Relation:
        """The claim as a relation; a function stands in it as what its docstring begins with."""
        return Relation((self.metric.expected, self._shown), ("<=",))

    @cached_property
    def definitions(self) -> tuple[Let, ...]:
        """The names that the claim uses, each defined once."""
        return definitions_in(self.relation)

    @property
    def formulas(self) -> tuple[Relation, ...]:
        """The claim and its definitions."""
        return (self.relation, *(equal(let, let.value) for let in self.definitions))

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The symbols on the right side and in the weights on the left, of constants and T."""
        return tuple(symbol for symbol in symbols_of(self.relation) if symbol.constant or symbol == T)

    @cached_property
    def _constants(self) -> tuple[Symbol, ...]:
        return constants_in(self._shown)

    @property
    def statement(self) -> str:
        """The claim and its definitions in a line."""
        return ", ".join(map(text, self.formulas)) + "."

    @cached_property
    def rate(self) -> Rate:
        """ "linear" where the bound falls by a factor a step, "sublinear" where it falls like a power of t."""
        return "linear" if isinstance(self.bound, Expression) and _only_in_exponents(self.bound) else "sublinear"

    @property
    def _shown(self) -> Expression:
        if isinstance(self.bound, Expression):
            return self.bound
        words = said_by(self.bound)
        return Symbol(words, rf"\text{{{words}}}")

    def __repr__(self) -> str:
        return self.statement.removesuffix(".")


def check_names(definitions: Iterable[str], *said: Expression | Relation) -> None:
    """Raise a ``ValueError`` unless each definition and index has a name that is a word, and stands for nothing else.

    A name such as ``1/2`` or ``E`` would be read as what it is not.
    """
    definitions = list(definitions)
    symbols = {(symbol.name, bool(symbol.constant)) for symbol in (T, *symbols_of(*said))}
    names = Counter([*(name for name, _ in symbols), *definitions])
    indices = {part.index.name for one in said for part in one.within() if isinstance(part, Total)}
    names.update(indices - {name for name, _ in symbols})  # one that is called like a symbol hides it: that is no proof
    if several := [name for name, times in names.items() if times > 1]:
        raise ValueError(f"a name in a claim must mean one thing, not several: {', '.join(several)}")
    within = {word for name, is_constant in symbols if not is_constant for word in re.findall(r"[A-Za-z]+", name)}
    words = [name for name in {*definitions, *indices} if not is_word(name)]
    if strange := sorted([*words, *within.intersection(definitions)]):
        raise ValueError(
            "the name of a definition must be a word, such as rho or q_1, and none of those that a claim is printed "
            f"with, got {', '.join(strange)}"
        )


def _finite_or_nan(constant: float) -> float:
    """A constant that is infinite bounds nothing: it is not known, and times a zero it is zero."""
    return constant if math.isfinite(constant) else math.nan


def _only_in_exponents(bound: Expression) -> bool:
    """Whether T stands in exponents alone, and in none that divides."""
    match bound:
        case Quotient(numerator, denominator):
            return T not in symbols_of(denominator) and _only_in_exponents(numerator)
        case Power(base=base) | Powers(base=base):
            return T not in symbols_of(base)
    return bound != T and all(map(_only_in_exponents, bound.inside))


_LARGEST_POWER = 1000  # t goes up to 2^999, a float like any other
_PARTS = 64  # into which what holds the answer is cut, each time


def smallest_horizon(claim: Claim, epsilon: float, at: Callable[[Array], Array]) -> float:
    """Return the smallest whole T with ``at(T) <= epsilon``, as far as the bound of a claim does not rise with T.

    ``at`` is that bound, -inf where what is given of T is not true.

    It is looked for at powers of two, and then ever closer between two of them: inf where the bound is above epsilon
    at all powers, nan where it is no number at any. A bound that is made of sums over t < T is only looked at where
    these can be added up: nan, if it is finite and does not come down to epsilon before. Such a bound may rise before
    what is given of T is no longer true, and is looked at everywhere then.
    """
    is_sum = isinstance(claim.bound, Expression) and any(map(_adds_up, claim.bound.within()))
    largest = LONGEST.bit_length() if is_sum else _LARGEST_POWER
    powers = np.concatenate([[0.0], 2.0 ** np.arange(largest)])
    bound = at(powers)
    begin = powers[np.argmax(bound != -math.inf)]

    def claimed(t: Array) -> Array:
        """Nothing where what is given is not true yet."""
        values = at(t)
        return np.where((values == -math.inf) & (t < begin), math.inf, values)

    bound = claimed(powers)
    if np.isnan(bound[1:]).all():
        return math.nan
    (reached,) = np.nonzero(bound <= epsilon)
    if not reached.size:
        return math.nan if is_sum and np.isfinite(bound[1:]).any() else math.inf
    low, high = int(powers[max(reached[0] - 1, 0)]), int(powers[reached[0]])
    while high - low > 1:
        parts = min(high - low, _PARTS)
        between = [low + (high - low) * i // parts for i in range(parts + 1)]
        inside = claimed(np.array(between[1:-1], dtype=np.float64)) <= epsilon
        first = int(np.argmax([*inside, True]))
        low, high = between[first], between[first + 1]
    if claimed(np.array([float(high)])) > -math.inf:
        return high
    (reached,) = np.nonzero(claimed(np.arange(float(high if is_sum else 0))) <= epsilon)
    return int(reached[0]) if reached.size else math.inf


def _adds_up(expression: Expression) -> bool:
    """Whether it is a sum over t < T."""
    return isinstance(expression, Total) and T in symbols_of(expression.steps)
