"""A theorem is a value: its body is one formula, its docstring the statement, its decorator says the rest."""

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from problems.checks import Array, one_of
from rac_theory.case import Case
from rac_theory.constants import Constants
from rac_theory.metric import Metric

Bound: TypeAlias = Callable[[Constants, Array], Array]
"""The bound at each t, (T,) to (T,), in the unit of the metric."""

Assumption: TypeAlias = Callable[[Case, Constants], str | None]
"""None where the assumption is met, else a sentence that names the value which breaks it."""


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

    def bound(self, constants: Constants, steps: int) -> Array:
        """Return the bound at t = 0, ..., steps, (steps + 1,); nan where the theorem says nothing."""
        with np.errstate(divide="ignore", invalid="ignore"):
            bound = np.asarray(self.formula(constants, np.arange(steps + 1.0)), dtype=np.float64)
        return np.where(np.isfinite(bound), bound, np.nan)

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
        return f"<Theorem {self.id}: {self.statement}>"


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
) -> Callable[[Bound], Theorem]:
    """Turn a formula with a docstring into a ``Theorem``; the arguments are the attributes of that class."""
    one_of("mark", mark, ("paper", "derived", "second-hand"))
    one_of("rate", rate, ("linear", "sublinear"))

    def decorate(formula: Bound) -> Theorem:
        statement = inspect.getdoc(formula)
        if not statement:
            raise ValueError(f"theorem {id} must have a statement, got a formula without a docstring")
        name = getattr(formula, "__name__", id)
        return Theorem(id, name, statement, source, mark, metric, rate, assumes, formula, descends)

    return decorate
