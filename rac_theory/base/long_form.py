"""Tables in long form, a row for each run and step: known by the names of their columns, and made wide."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from rac_theory.base.naming import shown

_RUNS = frozenset(("run", "runs", "run_id", "runid", "seed", "trial", "rep", "repeat", "replicate", "repetition"))
_STEPS = frozenset(("step", "steps", "t", "epoch", "iteration", "iter", "it", "round", "global_step", "_step"))


def is_long(names: Sequence[Hashable]) -> bool:
    """Whether columns of these names count both runs and steps.

    Examples
    --------
    >>> from rac_theory.base.long_form import is_long
    >>> is_long(["run", "step", "loss"]), is_long(["t0", "t1", "t2"])
    (True, False)
    """
    return {*_kinds(names)} >= {"run", "step"}


def refuse_counters(name: str, names: Sequence[Hashable]) -> None:
    """Raise a ``ValueError`` where a column of several is named by runs or by steps: it would be taken for data."""
    for column, kind in zip(names, _kinds(names), strict=True):
        if kind and len(names) > 1:
            raise ValueError(
                f"{name} must hold values of a metric only, got the column {shown(column)}, which counts {kind}s; "
                "leave it out, or have a column for runs, one for steps and one of the metric, which are made wide"
            )


def wide(name: str, names: Sequence[Hashable], columns: Sequence[NDArray[np.generic]]) -> NDArray[np.float64]:
    """Return curves, (runs, steps + 1), of a table in long form, each column (rows,).

    Runs come in the order in which they are first seen, steps in the order of their numbers. Where no step is 0 there
    is no start, and nan stands for it.

    Raises
    ------
    ValueError
        For more columns than a run, a step and a metric, steps that are no numbers, and a run with a step that
        another one has not, or has twice.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.base.long_form import wide
    >>> run, step, loss = np.array([[0, 0, 1, 1], [0, 1, 1, 0], [4.0, 2.0, 1.0, 4.0]])
    >>> wide("curves", ["run", "step", "loss"], [run, step, loss]).tolist()
    [[4.0, 2.0], [4.0, 1.0]]
    """
    kinds = _kinds(names)
    metrics = [column for column, kind in zip(names, kinds, strict=True) if kind is None]
    if len(names) != 3 or len(metrics) != 1:
        raise ValueError(
            f"{name} must have one column for runs, one for steps and one of the metric to be long, got "
            f"{', '.join(map(shown, names))}; keep one of {', '.join(map(shown, metrics)) or 'each'}"
        )
    run, step, metric = (columns[kinds.index(kind)] for kind in ("run", "step", None))
    try:
        steps, column = np.unique(np.asarray(step, dtype=np.float64), return_inverse=True)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must count its steps by numbers, got {shown(step[0])}") from None
    numbers: dict[object, int] = {}
    row = np.array([numbers.setdefault(label, len(numbers)) for label in run.tolist()])
    times = np.zeros((len(numbers), len(steps)), dtype=int)
    np.add.at(times, (row, column), 1)
    if (times != 1).any():
        i, j = (int(k) for k in np.argwhere(times != 1)[0])
        raise ValueError(
            f"{name} must have each step of each run once, got step {steps[j]:g} {times[i, j]} times in run "
            f"{shown(list(numbers)[i])}; keep the steps that all runs have"
        )
    X = np.empty(times.shape)
    X[row, column] = metric
    return X if steps[0] == 0 else np.column_stack([np.full(len(X), np.nan), X])


def _kinds(names: Sequence[Hashable]) -> list[str | None]:
    """What columns count, by their names: runs, steps, or neither."""
    words = [str(name).strip().lower() for name in names]
    return ["run" if word in _RUNS else "step" if word in _STEPS else None for word in words]
