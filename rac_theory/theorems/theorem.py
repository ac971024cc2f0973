"""A theorem is a value: its body is one formula, its docstring the statement, its decorator says the rest."""

import importlib
import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from problems import checks
from problems.checks import Array, one_of
from problems.naming import function_name, type_name
from rac_theory.cases.case import Case
from rac_theory.cases.constants import Constants
from rac_theory.theorems.metric import Metric

Bound: TypeAlias = Callable[[Constants, Array], Array]
"""The bound at each t, (T,) to (T,), in the unit of the metric."""

Assumption: TypeAlias = Callable[[Case, Constants], str | None]
"""None where the assumption is met, else a sentence that names the value which breaks it."""


_LARGEST_POWER = 1000  # t goes up to 2^999, a float like any other
_NEARLY_ZERO = 1e-100


class Tightest(NamedTuple):
    """The largest exact / bound found so far, and the case in one line; 1 says that the bound is attained."""

    ratio: float
    case: str


@dataclass(frozen=True, eq=False)
class Theorem:
    """A bound on an expected metric, with its assumptions, its source and its mark.

    Attributes
    ----------
    id, name : str
        Short and long name.
    statement : str
        The claim; the docstring of the formula.
    source : str
        Where the statement stands.
    mark : "paper", "derived" or "second-hand"
        Whether the source prints it, we prove it, or it is known through others only.
    metric : Metric
        The quantity whose expectation is bounded.
    rate : "linear" or "sublinear"
        Whether the bound falls by a factor a step, or like a power of t.
    assumes : tuple of Assumption
        The first one says which algorithm the theorem is about.
    formula : callable
        (constants, t) to the bound.
    descends : bool
        Whether the assumptions make every single step a descent, so that the metric has a ceiling.
    tightest : Tightest or None
        How near an exact expectation is known to come to the bound; None where nobody has looked.

    Examples
    --------
    >>> from problems import Quadratic
    >>> from rac_theory import GD, Case, Constants
    >>> from rac_theory.theorems import T2
    >>> print(T2.statement)
    E[f(W^T)] - f* <= (1 - gamma mu lambda_min)^T (f(W^0) - f*).
    >>> case = Case(GD(gamma=0.5), Quadratic.left([[1.0]], W_star=[[1.0]]))
    >>> T2.bound(Constants.of(case), steps=3).tolist(), T2.steps_to(1e-3, case)
    ([0.5, 0.25, 0.125, 0.0625], 9)
    """

    id: str
    name: str
    statement: str
    source: str
    mark: Literal["paper", "derived", "second-hand"]
    metric: Metric
    rate: Literal["linear", "sublinear"]
    assumes: tuple[Assumption, ...]
    formula: Bound
    descends: bool
    tightest: Tightest | None = None

    def bound(self, constants: Constants, steps: int) -> Array:
        """Return the bound at t = 0, ..., steps, (steps + 1,); nan where the theorem says nothing.

        Raises
        ------
        ValueError
            If the formula does not return one real number for each t.
        """
        bound = self._at(constants, np.arange(steps + 1.0))
        if steps and np.isnan(bound[1:]).all():  # nan ** 0 is 1: a constant that is unknown would look known at t = 0
            return np.full(steps + 1, np.nan)
        return np.where(np.isfinite(bound), bound, np.nan)

    def steps_to(self, epsilon: float, case: Case | Constants) -> float:
        """Return the horizon that the theorem promises: the smallest T with ``bound(T) <= epsilon``.

        Only the formula is asked, at powers of two and then by bisection, so that the answer is the smallest T
        wherever the bound does not rise with t. For a bound that does, it is a T at which the bound comes down to
        ``epsilon``, though perhaps not for the first time.

        Parameters
        ----------
        epsilon : float
            > 0, absolute, in the unit of the metric: that of f for the gap, that of ``||grad f||^2`` for gradients.
            For a relative one, multiply by ``theorem.metric.ceiling(constants)``.
        case : Case or Constants
            The steps of a case do not matter. Of constants nothing is asked but the numbers in the formula.

        Returns
        -------
        float
            A whole number; inf if the bound never comes down to ``epsilon``, as above a floor of noise or where
            ``lambda_min`` or ``mu`` is zero; nan where a constant that the bound needs is unknown.

        Raises
        ------
        ValueError
            If a case does not meet the assumptions: the theorem promises nothing about it.
        """
        checks.finite("epsilon", epsilon, above=0)
        constants = Constants.of(case) if isinstance(case, Case) else case
        if isinstance(case, Case) and (unmet := self.unmet(case, constants)):
            raise ValueError(f"case must meet the assumptions of {self.id}: {'; '.join(unmet)}")
        powers = np.concatenate([[0.0], 2.0 ** np.arange(_LARGEST_POWER)])
        bound = self._at(constants, powers)
        if np.isnan(bound[1:]).all():
            return math.nan
        (reached,) = np.nonzero(bound <= epsilon)
        if not reached.size:
            return math.inf
        low, high = int(powers[max(reached[0] - 1, 0)]), int(powers[reached[0]])
        while high - low > 1:
            middle = (low + high) // 2
            within = bool(self._at(constants, np.array([float(middle)]))[0] <= epsilon)
            low, high = (low, middle) if within else (middle, high)
        return high

    def _at(self, constants: Constants, t: Array) -> Array:
        """Evaluate the formula, (T,) to (T,): infinite where a constant of zero takes away what it promises."""
        bound = self._evaluated(constants, t)
        zeros = [name for name in ("lambda_min", "mu") if getattr(constants, name) == 0]
        if zeros and np.isnan(bound).any():
            # 0/0 is no unknown constant: beside it there is a bound, and it grows without limit.
            nearly: dict[str, Any] = dict.fromkeys(zeros, _NEARLY_ZERO)
            beside = self._evaluated(replace(constants, **nearly), t)
            bound = np.where(np.isnan(bound) & ~np.isnan(beside), np.inf, bound)
        return bound

    def _evaluated(self, constants: Constants, t: Array) -> Array:
        # As NumPy's scalars: a division by zero and a power that overflows are infinite, and no error.
        scalars: dict[str, Any] = {
            name: np.float64(value) for name, value in vars(constants).items() if isinstance(value, float)
        }
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            bound: Any = self.formula(replace(constants, **scalars), t)
        is_array = isinstance(bound, np.ndarray) and not isinstance(bound, np.ma.MaskedArray)
        if not (is_array and bound.shape == t.shape and bound.dtype.kind in "fiu"):
            came = f"{bound.dtype} {type(bound).__name__} {bound.shape}" if hasattr(bound, "dtype") else repr(bound)
            raise ValueError(
                f"the formula of theorem {self.id} must return a real number for each t, an array of shape {t.shape}, "
                f"got {came}"
            )
        return np.asarray(bound, dtype=np.float64)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """A sentence for each assumption."""
        return tuple(inspect.getdoc(check) or function_name(check) for check in self.assumes)

    def unmet(self, case: Case, constants: Constants) -> tuple[str, ...]:
        """Return one sentence for each assumption that the case does not meet."""
        first, *others = self.assumes
        wrong_algorithm = first(case, constants)
        if wrong_algorithm is not None:  # the other constants mean nothing then
            return (wrong_algorithm,)
        return tuple(sentence for check in others if (sentence := check(case, constants)) is not None)

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Pickle a theorem that its module knows by name as that name: its formula is hidden behind it there."""
        module = self.formula.__module__
        if _named(module, self.name) is self:
            return _named, (module, self.name)
        return super().__reduce__()

    def __repr__(self) -> str:
        return f"<{type_name(self)} {self.id}: {self.statement}>"

    def _repr_html_(self) -> str:
        from rac_theory.drawing import html

        near = "" if self.tightest is None else f"up to {self.tightest.ratio:.6g} of the bound: {self.tightest.case}"
        return html.together(
            html.heading(self.id, f"{self.name} ({self.mark})"),
            html.statement(self.statement),
            html.facts([("source", self.source), ("attained", near)]),
            html.line("It assumes:"),
            html.listed(self.assumptions),
        )


def _named(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name, None)


def theorem(
    *,
    id: str,
    source: str,
    mark: Literal["paper", "derived", "second-hand"],
    metric: Metric,
    rate: Literal["linear", "sublinear"],
    assumes: tuple[Assumption, ...],
    descends: bool = False,
    tightest: tuple[float, str] | None = None,
) -> Callable[[Bound], Theorem]:
    """Turn a formula with a docstring into a ``Theorem``; the arguments are the attributes of that class.

    Examples
    --------
    >>> from problems import Quadratic
    >>> from rac_theory import Case, RACLoRA, sketches, verify
    >>> from rac_theory.theorems import assumptions, gap, theorem
    >>> about = {"source": "nowhere", "mark": "derived", "assumes": (assumptions.rac_lora_exact,)}
    >>> @theorem(id="hopeful", metric=gap, rate="linear", **about)
    ... def hopeful(c, t):
    ...     "E[f(W^T)] - f* <= (1 - gamma mu)^T (f(W^0) - f*)."  # lambda_min is missing
    ...     return c.gap0 * (1 - c.gamma * c.mu) ** t
    >>> problem = Quadratic.left([[1.0, 0.0], [0.0, 1.0]], W_star=[[1.0], [1.0]])
    >>> verify(hopeful, Case(RACLoRA(sketches.Gaussian(2, 1), gamma=0.5), problem, steps=20)).status.name
    'VIOLATED'
    """
    one_of("mark", mark, ("paper", "derived", "second-hand"))
    one_of("rate", rate, ("linear", "sublinear"))

    def decorate(formula: Bound) -> Theorem:
        statement = " ".join((inspect.getdoc(formula) or "").split())
        if not statement:
            raise ValueError(f"theorem {id} must have a statement, got a formula without a docstring")
        name = getattr(formula, "__name__", id)
        found = None if tightest is None else Tightest(*tightest)
        return Theorem(id, name, statement, source, mark, metric, rate, assumes, formula, descends, found)

    return decorate
