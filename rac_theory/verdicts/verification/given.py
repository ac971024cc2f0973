"""What a user gives: runs of any origin from an array, a data frame or a file, their ceiling, and a bound on them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import (
    Array,
    NotReal,
    being,
    checks,
    float64,
    function_name,
    is_long,
    printable,
    read_csv,
    real_numbers,
    refuse_counters,
    shown,
    type_name,
    wide,
)
from rac_theory.cases import Constants
from rac_theory.statements import Condition, Theorem, breach_by_constants, sentence
from rac_theory.theorems import theorem_named
from rac_theory.verdicts.verification.judged_claim import claimed_steps

_FEWEST_TO_BE_SORTED = 13  # in any order, so many different numbers are sorted with probability 2/13! < 4e-10

_BY_CHANCE, _WHERE_APART = 1e-9, 1e-3
"""How seldom a law of few values may give all of its rows equally often; where no two share a single value, too."""

_DIFFERENT = 64  # rows that share no value, of which copies are no draws of a law with few values


def given_curves(name: str, curves: Any) -> Array:
    """Return curves of a metric, (runs, steps + 1), from an array, a data frame of pandas or the path of a CSV file.

    The start, t = 0, is not judged and may be nan. One number of each run, (runs,) or (runs, 1), stands at
    t = 1.

    Raises
    ------
    ValueError
        For what is no such table of numbers, one run, no step, values that are not finite or below zero, runs that are
        sorted by what they came to, and rows that are copies of others.
    """
    if isinstance(curves, str | Path):
        curves = read_csv(Path(curves))
    X = _numbers(name, curves)
    if X.ndim == 2 and X.shape[1] == 1:
        X = X[:, 0]
    if X.ndim == 1:
        X = np.column_stack([np.full(len(X), np.nan), X])
    if X.ndim != 2 or X.shape[1] < 2:
        raise ValueError(
            f"{name} must be of shape (runs, steps + 1), a run in each row and its start in the first column, or "
            f"(runs,), got {X.shape}"
        )
    if len(X) < 2:
        raise ValueError(
            f"{name} must have 2 runs or more, got {len(X)}: one run says nothing of a mean; of a method without "
            "chance compare it with the bound"
        )
    _refuse_values(name, X)
    checks.moderate(name, X[:, 1:])
    _refuse_sorted(name, X)
    _refuse_copies(name, X)
    return X


def _numbers(name: str, curves: Any) -> Array:
    if hasattr(curves, "select_dtypes"):  # a data frame of pandas, which may hold text
        names = [*curves.columns]
        if is_long(names):
            return wide(name, names, [curves[column].to_numpy() for column in names])
        refuse_counters(name, names)
        for column, kind in zip(curves.columns, curves.dtypes, strict=True):
            if getattr(kind, "kind", "O") not in "biuf":
                raise ValueError(
                    f"{name} must have columns of numbers, got {shown(column)} of type {kind}; leave it out, as in "
                    f"{name}.select_dtypes('number')"
                )
        curves = curves.to_numpy(dtype=np.float64, na_value=np.nan)
    try:
        return float64(real_numbers(curves))
    except NotReal as error:
        raise ValueError(f"{name} must be an array of real numbers, got {error}") from None


def _refuse_values(name: str, X: Array) -> None:
    judged = X[:, 1:]
    for wrong, rule, fix in (
        (~np.isfinite(judged), "finite", "a run that diverged has no number: judge the steps before it"),
        (
            judged < 0,
            ">= 0",
            "take off a proved lower end of the metric, from the bound too; of rounding, np.maximum(.., 0)",
        ),
    ):
        if wrong.any():
            run, t = (int(i) for i in np.argwhere(wrong)[0])
            raise ValueError(
                f"{name} must be {rule} at t >= 1, got {judged[run, t]:g} in run {run} at t={t + 1}, the first of "
                f"{np.count_nonzero(wrong)}; {fix}"
            )


def _refuse_sorted(name: str, X: Array) -> None:
    """Refuse runs in the order of their values: a bet knows the runs before its own, and would win by the order."""
    if len(X) < _FEWEST_TO_BE_SORTED:
        return
    steps = np.diff(X[:, 1:], axis=0)
    ordered = (steps > 0).all(axis=0) | (steps < 0).all(axis=0)
    if ordered.any():
        raise ValueError(
            f"{name} must be in an order that does not look at their values, got rows sorted by t="
            f"{int(np.argmax(ordered)) + 1}; shuffle them, as in np.random.default_rng(0).permutation({name})"
        )


def _refuse_copies(name: str, X: Array) -> None:
    """Refuse runs that are there several times: each copy would be a bet that cannot be lost.

    Runs of a law with few values may be equal. Such a law does not give each of many runs equally often; and as long
    as it draws, two runs may have one value at one step and part at another.
    """
    rows, counts = np.unique(X[:, 1:], axis=0, return_counts=True)
    n, k = len(X), len(rows)
    if k == n:
        return
    apart = X.shape[1] > 2 and all(len(np.unique(column)) in (1, k) for column in rows.T)
    evenly = math.inf if np.ptp(counts) else math.lgamma(n + 1) - k * math.lgamma(counts[0] + 1) - n * math.log(k)
    if evenly < math.log(_WHERE_APART if apart else _BY_CHANCE) or (apart and k >= _DIFFERENT):
        raise ValueError(
            f"{name} must be independent runs, got {n} rows of which {k} differ, the others are exact copies; leave "
            f"them out, as in np.unique({name}, axis=0), and shuffle what is left"
        )


def given_ceiling(ceiling: Any, **runs: Array) -> Array | None:
    """Return a ceiling at t = 0, ..., steps, (steps + 1,), None for None; a ``ValueError`` where runs pass it."""
    if ceiling is None:
        return None
    shape = next(iter(runs.values())).shape[1:]
    top = checks.moderate("ceiling", checks.array("ceiling", ceiling))
    if top.shape not in ((), shape):
        raise ValueError(f"ceiling must be a number, or one for each t = 0, ..., {shape[0] - 1}, got shape {top.shape}")
    top = np.broadcast_to(top, shape)
    if not (top > 0).all():
        raise ValueError(f"ceiling must be > 0, got {top.min():g}")
    for name, X in runs.items():
        over = X[:, 1:] > top[1:]
        if over.any():
            run, t = (int(i) for i in np.argwhere(over)[0])
            raise ValueError(
                f"ceiling must be a proved upper end of the metric, got {float(top[t + 1])!r}, but {name} "
                f"have {float(X[run, t + 1])!r} in run {run} at t={t + 1}; what was not proved is no ceiling"
            )
    return np.asarray(top)


def given_name(argument: str, name: Any) -> str:
    """Return a name for sentences: short, on one line, without what would steer a terminal."""
    if not isinstance(name, str) or not name.strip() or len(name) > 80:
        raise ValueError(f"{argument} must be words, at most 80 letters of them, got {shown(name)}")
    return printable(name.strip())


@dataclass(frozen=True, eq=False)
class GivenBound:
    """What is claimed of given curves.

    Attributes
    ----------
    name : str
        What a sentence calls it.
    values : (steps + 1,)
        nan where nothing is claimed, as at t = 0 of a function.
    theorem : Theorem or None
    constants : Constants
        Unknown ones without a theorem.
    """

    name: str
    values: Array
    theorem: Theorem | None
    constants: Constants

    @classmethod
    def of(cls, bound: Any, constants: Any, steps: int) -> "GivenBound":
        """Read a bound on curves of so many steps.

        Raises
        ------
        ValueError
            For what is no bound, constants without a theorem or the other way round, another length, values that are
            not positive, and a bound that claims nothing at any step.
        """
        if isinstance(bound, Theorem | str):
            theorem = theorem_named(bound)
            numbers = _constants(constants, theorem)
            values, name = theorem.bound(numbers, steps), theorem.id
        else:
            theorem, numbers = None, Constants(gamma=math.nan)
            if constants is not None:
                raise ValueError(f"constants must be None unless bound is a theorem, got bound of {type_name(bound)}")
            values = _along(bound, steps) if callable(bound) else _array(bound, steps)
            is_named = callable(bound) and "<" not in function_name(bound)
            name = function_name(bound) if is_named else "bound"
        given = cls(name, values, theorem, numbers)
        # Outside of its assumptions the bound of a theorem may be anything.
        return given if given.unmet else replace(given, values=_checked(values, steps))

    @property
    def unmet(self) -> tuple[str, ...]:
        """What the theorem assumes of its constants and they do not meet, one sentence each."""
        steps = len(self.values) - 1
        relations = () if self.theorem is None else (a for a in self.theorem.given if not callable(a))
        return tuple(
            wrong
            for relation in relations
            if (wrong := breach_by_constants(relation, steps, self.constants)) is not None
        )

    @property
    def on_trust(self) -> tuple[str, ...]:
        """What the theorem assumes of the algorithm and of f, which nobody can check on curves."""
        if self.theorem is None:
            return ()
        predicates = [a for a in self.theorem.given if callable(a) or isinstance(a, Condition)]
        return tuple(sentence(assumption).removesuffix(".") for assumption in (self.theorem.about, *predicates))


def _constants(constants: Any, theorem: Theorem) -> Constants:
    """Return constants, also from a mapping; those that the bound is made of have to be known."""
    if isinstance(constants, Mapping):
        names = {field.name for field in fields(Constants)} - {"provenance"}
        for name in constants:
            checks.one_of("constants", name, names)
        constants = Constants(**{"gamma": math.nan, **constants})
    needed = [symbol.constant for symbol in theorem.symbols if symbol.constant]
    being("constants", constants, Constants, f" or a dict, with {', '.join(needed)} for {theorem.id}")
    if missing := [name for name in needed if not math.isfinite(getattr(constants, name))]:
        raise ValueError(
            f"constants must have {', '.join(needed)}, of which the bound of {theorem.id} is made, got none for "
            f"{', '.join(missing)}"
        )
    return constants  # type: ignore[no-any-return]


def _along(bound: Any, steps: int) -> Array:
    """The values of a function at t = 1, ..., steps. It is called with one number at a time."""
    values = np.full(steps + 1, np.nan)
    for t in range(1, steps + 1):
        try:
            values[t] = float64(_no_truth(real_numbers(bound(t))))[()]
        except Exception as error:
            raise ValueError(
                f"bound must return a number for each t = 1, ..., {steps}, got {type_name(error)} at t={t} from "
                f"{function_name(bound)}: {printable(str(error))}"
            ) from error
    return values


def _no_truth(given: NDArray[Any]) -> NDArray[Any]:
    """Return numbers as they are; refuse truth values: True is an argument in the wrong place."""
    if given.dtype.kind == "b":
        raise NotReal("a truth value")
    return given


def _array(bound: Any, steps: int) -> Array:
    try:
        values = float64(_no_truth(real_numbers(bound)))
    except NotReal as error:
        raise ValueError(
            f"bound must be a number, an array, a function of t, a theorem or the id of one, got {error}"
        ) from None
    if values.shape not in ((), (steps + 1,)):
        hint = "; put nan before it for the start" if values.shape == (steps,) else ""
        raise ValueError(
            f"bound must be a number, or one for each t = 0, ..., {steps} of the curves, {steps + 1} in all, got shape "
            f"{values.shape}{hint}"
        )
    return np.broadcast_to(values, (steps + 1,)).copy()


def _checked(values: Array, steps: int) -> Array:
    values = np.where(np.isfinite(values), values, np.nan)
    claimed = claimed_steps(values)
    if not claimed.size:
        raise ValueError(f"bound must be a finite number at some t = 1, ..., {steps}, got none: nothing is claimed")
    if not (values[claimed] > 0).all():
        t = int(claimed[np.argmax(values[claimed] <= 0)])
        raise ValueError(
            f"bound must be > 0 at t >= 1, got {values[t]:g} at t={t}; put nan where nothing is claimed, and add to "
            "curves and bound alike what makes both positive"
        )
    return values
