"""How a claim may follow from one step: what is looked for there, and by which rule it follows then."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from rac_theory.algebra import ONE, Expression, Polynomial, Ratio, Symbol, lifted, powers
from rac_theory.discovery.listed import memory
from rac_theory.discovery.signs import Signs
from rac_theory.proofs import (
    E,
    Fact,
    G,
    Gx,
    H,
    Missing,
    Vector,
    accumulate,
    followed,
    gap_is_positive,
    iterate,
    lyapunov_added,
    one,
    plus,
    power,
    read,
    square,
    sum_of_powers,
    telescope,
    weights,
)
from rac_theory.statements import E as expected
from rac_theory.statements import (
    Assumption,
    Claim,
    Metric,
    Predicate,
    gap,
    mean_squared_gradient,
    weighted_squared_gradient,
)
from rac_theory.statements.assumptions import bounded_below, certified_minimum
from rac_theory.statements.symbols import T, gap0, gap0_upper, j

S = G @ G
_ONE = Ratio(ONE)
Values: TypeAlias = Mapping[str, Ratio]
Write: TypeAlias = Callable[[Ratio], Expression]


@dataclass(frozen=True)
class Template(ABC):
    """A form of a step: ``fixed``, and multiples of what is ``unknown``, are a sum of facts and a number.

    Attributes
    ----------
    about : callable
        The algorithm.
    """

    about: Predicate
    name: ClassVar[str]
    start: ClassVar[Symbol] = gap0_upper
    known: ClassVar[Assumption] = bounded_below
    changing: ClassVar[Symbol | None] = None
    spared: ClassVar[Expression | None] = None

    @property
    @abstractmethod
    def fixed(self) -> Expression:
        """What is no multiple of what is looked for."""

    @property
    @abstractmethod
    def unknown(self) -> Mapping[str, tuple[Expression, float]]:
        """What is looked for: what it is multiplied by, and how much it is worth to have less of it."""

    @abstractmethod
    def is_useful(self, found: Mapping[str, float]) -> bool:
        """Whether numbers for what is looked for make a claim that is worth having."""

    @abstractmethod
    def asked(self, found: Values) -> Iterator[tuple[Ratio, bool]]:
        """Yield what must not be negative for the rule, and whether it must be positive."""

    @abstractmethod
    def conclude(
        self, found: Values, step: Fact, rest: Ratio, signs: Signs, write: Write
    ) -> tuple[Claim, Fact, Fact]:
        """Return the claim, and the facts of its proof, from a step that has ``rest`` beside its letters."""

    def of_multiplier(self, value: Ratio, found: Values) -> tuple[Ratio, ...]:
        """Return what must not be negative so that a fact may be taken so often."""
        return (value,)

    def multiplier(self, value: Ratio, found: Values, signs: Signs) -> Fact:
        """Return the fact that a multiplier is not negative."""
        return signs.known(value)

    @property
    def x(self) -> tuple[Expression, Expression]:
        """What is followed, and what it is on average after a step."""
        course, later = followed(self.start)
        return course.x, later


class Iterated(Template):
    """``x+ <= rho x + e``."""

    name, start, known = "iterate", gap0, certified_minimum

    @property
    def fixed(self) -> Expression:
        return -self.x[1]

    @property
    def unknown(self) -> Mapping[str, tuple[Expression, float]]:
        return {"rho": (self.x[0], 1.0)}

    def is_useful(self, found: Mapping[str, float]) -> bool:
        return found["rho"] < 1 - 1e-6

    def asked(self, found: Values) -> Iterator[tuple[Ratio, bool]]:
        yield found["rho"], False

    def conclude(
        self, found: Values, step: Fact, rest: Ratio, signs: Signs, write: Write
    ) -> tuple[Claim, Fact, Fact]:
        rho = write(found["rho"])
        noise = lifted(0) if rest.is_zero else powers(rho, 0, T - 1) * write(rest)
        bound = rho**T * gap0 if rest.is_zero else rho**T * gap0 + noise
        return expected(gap) <= bound, iterate(step, signs.known(found["rho"]), gap0), one


class Telescoped(Template):
    """``theta ||G||^2 <= (1 + q) x - x+ + e``."""

    name = "telescope"

    @property
    def fixed(self) -> Expression:
        return self.x[0] - self.x[1]

    @property
    def unknown(self) -> Mapping[str, tuple[Expression, float]]:
        return {"q": (self.x[0], 1e3), "theta": (-S, -1.0)}

    def is_useful(self, found: Mapping[str, float]) -> bool:
        return found["theta"] > 1e-6

    def asked(self, found: Values) -> Iterator[tuple[Ratio, bool]]:
        yield found["theta"], True
        yield _ONE + found["q"], True

    def conclude(
        self, found: Values, step: Fact, rest: Ratio, signs: Signs, write: Write
    ) -> tuple[Claim, Fact, Fact]:
        growth, theta = signs.known(_ONE + found["q"]), signs.known(found["theta"])
        floor = lifted(0) if rest.is_zero else write(rest / found["theta"])
        fact = telescope(step, growth, theta, gap0_upper, gap_is_positive[bounded_below])
        if found["q"].is_zero:
            first, metric = gap0_upper * write(_ONE / found["theta"]) / T, mean_squared_gradient
        else:
            w = 1 / write(_ONE + found["q"])
            first, metric = gap0_upper / (write(found["theta"]) * powers(w, 1, T)), weighted_squared_gradient(w)
        return expected(metric) <= (first if rest.is_zero else first + floor), fact, theta * weights(growth)


class Accumulated(Template):
    """``||G||^2 <= p(j+1) x - p(j) x+`` with ``p(j+1) = a p(j) + b``, which is p here for any of its numbers."""

    name, changing = "accumulate", Symbol("p")

    @property
    def fixed(self) -> Expression:
        return -S - self.changing * self.x[1]

    @property
    def unknown(self) -> Mapping[str, tuple[Expression, float]]:
        return {"next": (self.x[0], 1.0)}

    def is_useful(self, found: Mapping[str, float]) -> bool:
        return True

    def asked(self, found: Values) -> Iterator[tuple[Ratio, bool]]:
        yield from ((each, False) for each in self._line(found["next"]))

    def _line(self, value: Ratio) -> tuple[Ratio, Ratio]:
        """What p is multiplied by, and the rest."""
        parts: dict[int, Polynomial] = {}
        for monomial, times in value.numerator.terms:
            degree = dict(monomial).get(self.changing, 0)
            each = Polynomial(frozenset({(monomial - {(self.changing, degree)}, times)}))
            parts[degree] = parts[degree] + each if degree in parts else each
        if parts.keys() - {0, 1} or self.changing in value.denominator.letters():
            raise Missing(f"{value!r} is not linear in what is added up")
        zero = Polynomial(frozenset())
        slope, rest = (Ratio(parts.get(degree, zero)) / Ratio(value.denominator) for degree in (1, 0))
        return slope, rest

    def _falls(self, value: Ratio, found: Values) -> bool:
        """Whether a multiplier falls to zero with the powers of a, as it is zero where p stands still."""
        (slope, rest), (a, b) = self._line(value), self._line(found["next"])
        return not slope.is_zero and (slope * b + rest * (_ONE - a)).is_zero

    def of_multiplier(self, value: Ratio, found: Values) -> tuple[Ratio, ...]:
        slope, rest = self._line(value)
        return (rest,) if self._falls(value, found) else (slope, rest)

    def multiplier(self, value: Ratio, found: Values, signs: Signs) -> Fact:
        slope, rest = self._line(value)
        a = signs.known(self._line(found["next"])[0])
        if self._falls(value, found):
            return signs.known(rest) * power(a, j)
        parts = [signs.known(slope) * self._share(found, signs)] if not slope.is_zero else []
        parts += [signs.known(rest)] if not rest.is_zero else []
        return sum(parts[1:], parts[0])

    def _share(self, found: Values, signs: Signs) -> Fact:
        a, b = map(signs.known, self._line(found["next"]))
        return b * sum_of_powers(a, j)

    def conclude(
        self, found: Values, step: Fact, rest: Ratio, signs: Signs, write: Write
    ) -> tuple[Claim, Fact, Fact]:
        if not rest.is_zero:
            raise Missing("what noise adds is not added up by this rule")
        a, b = map(write, self._line(found["next"]))
        fact = accumulate(step, self._share(found, signs), j, gap0_upper)
        return expected(mean_squared_gradient) <= b / T * powers(a, 0, T - 1) * gap0_upper, fact, plus[T]


class Potential(Template):
    """``theta ||G||^2 <= psi - psi+ + e`` with ``psi = x + c ||M||^2``, M being what is kept."""

    name, spared = "potential", E(Gx @ H(Gx))

    @property
    def fixed(self) -> Expression:
        return self.x[0] - self.x[1]

    @property
    def unknown(self) -> Mapping[str, tuple[Expression, float]]:
        kept, then = self._memory
        return {"theta": (-S, -1.0), "c": (kept @ kept - E(then @ then), 1e-4)}

    @property
    def _memory(self) -> tuple[Vector, Vector]:
        kept = memory(self.about)
        assert kept is not None
        return kept

    def is_useful(self, found: Mapping[str, float]) -> bool:
        return found["theta"] > 1e-6

    def asked(self, found: Values) -> Iterator[tuple[Ratio, bool]]:
        yield found["theta"], True
        yield found["c"], False

    def conclude(
        self, found: Values, step: Fact, rest: Ratio, signs: Signs, write: Write
    ) -> tuple[Claim, Fact, Fact]:
        kept, _ = self._memory
        theta, c = signs.known(found["theta"]), signs.known(found["c"])
        psi = self.x[0] + c.value.expression * (kept @ kept)
        above = gap_is_positive[bounded_below] + c * square(kept)
        fact = lyapunov_added(self.about, psi, step, theta, above, gap0_upper)
        first = gap0_upper * write(_ONE / found["theta"]) / T
        bound = first if rest.is_zero else first + write(rest / found["theta"])
        return expected(mean_squared_gradient) <= bound, fact, theta * plus[T]


def templates(about: Predicate, metric: Metric) -> tuple[Template, ...]:
    """Return the forms of a step from which a bound on a metric may follow.

    Raises
    ------
    ValueError
        If there is none for it.
    """
    if metric is gap:
        return (Iterated(about),)
    if metric is mean_squared_gradient:
        return (Potential(about),) if memory(about) else (Telescoped(about), Accumulated(about))
    raise ValueError(f"metric must be gap or mean_squared_gradient, got {metric!r}")
