"""Curves that are given: runs of any origin as an array, from a data frame or a file, checked for what they can say."""

import math
from pathlib import Path
from typing import Any

import numpy as np

from rac_theory.base import (
    NotReal,
    checks,
    float64,
    is_long,
    printable,
    read_csv,
    real_numbers,
    refuse_counters,
    shown,
    wide,
)
from rac_theory.base.checks import Array

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
