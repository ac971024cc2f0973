"""Numbers from a CSV file: a table without text, whatever separates its cells; what is none is named by its line.

A table in long form, a row for each run and step, is known by the names of its columns, and made wide.
"""

import csv
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import checks
from rac_theory.base.naming import printable, shown

_RUNS = frozenset(("run", "runs", "run_id", "runid", "seed", "trial", "rep", "repeat", "replicate", "repetition"))
_STEPS = frozenset(("step", "steps", "t", "epoch", "iteration", "iter", "it", "round", "global_step", "_step"))
_SEPARATORS = ",;\t"


def read_csv(path: Path, columns: Literal["steps", "runs"] = "steps") -> NDArray[np.float64]:
    """Return the numbers of a CSV file, (rows, columns); transposed, where its columns are runs.

    A first line with a cell that is no number names the columns and is left out, and so are three or more names 0, 1,
    2, ..., as pandas gives; below an empty name is an index of pandas, which is left out too. Cells are separated by
    commas, semicolons or tabs. A table in long form, with columns named as run, step and a metric, is made wide.

    Raises
    ------
    ValueError
        If the file cannot be read, a row is longer than another, a cell is no number, or a column counts the rows, as
        steps or runs do: it would be taken for data.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from rac_theory.base.csv_numbers import read_csv
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "curves.csv"
    ...     _ = path.write_text(",t0,t1\\n0,1.0,0.5\\n1,1.0,0.25\\n")
    ...     read_csv(path).tolist()
    [[1.0, 0.5], [1.0, 0.25]]
    """
    name = printable(str(path))
    if not path.is_file():  # a pipe or a device might never end
        raise ValueError(f"{name} must be a CSV file, {'it is no file' if path.exists() else 'there is no such file'}")
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            first = stream.readline()
            stream.seek(0)
            separator = max(_SEPARATORS, key=first.count)
            lines = [(i, row) for i, row in enumerate(csv.reader(stream, delimiter=separator), 1) if any(row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{name} must be a CSV file that can be read, got {printable(str(error))}") from error
    header = _header(lines)
    rows = lines[bool(header) :]
    if not rows:
        raise ValueError(f"{name} must have a row of numbers, got {len(lines)} lines without one")
    skipped = int(bool(header) and not header[0].strip())
    numbers = np.array([_row(name, line, row, header or rows[0][1])[skipped:] for line, row in rows])
    names = header[skipped:]
    if is_long(names):
        return wide(name, names, [*numbers.T])
    _refuse_counters(name, numbers, names)
    refuse_counters(name, names)
    return numbers.T if columns == "runs" else numbers


def _header(lines: list[tuple[int, list[str]]]) -> list[str]:
    """The names of the columns; none where the first line is numbers."""
    if not lines:
        return []
    first = lines[0][1]
    counted = len(first) > 2 and [cell.strip() for cell in first] == [*map(str, range(len(first)))]
    return first if counted or any(_number(cell) is None for cell in first) else []


def _number(cell: str) -> float | None:
    """The number in a cell; nan and inf are numbers, and underscores stand in none."""
    try:
        return checks.typed(float, cell.strip())
    except ValueError:
        return None


def _row(name: str, line: int, row: list[str], wide: list[str]) -> list[float]:
    if len(row) != len(wide):
        raise ValueError(f"{name} must have {len(wide)} cells in every line, got {len(row)} in line {line}")
    numbers = []
    for i, cell in enumerate(row):
        number = _number(cell)
        if number is None:
            content = shown(cell) if cell.strip() else "nothing"
            raise ValueError(
                f"{name} must have a number in every cell, got {content} in line {line}, column {i + 1}; leave out "
                "columns of text, and runs that were cut short"
            )
        numbers.append(number)
    return numbers


def _refuse_counters(name: str, numbers: NDArray[np.float64], header: list[str]) -> None:
    """Refuse a column that grows by the same whole number from row to row, over four of them or more."""
    if len(numbers) < 4:
        return
    with np.errstate(invalid="ignore"):
        steps = np.diff(numbers, axis=0)
    counts = (steps == steps[0]).all(axis=0) & (steps[0] >= 1) & (numbers[0] == np.rint(numbers[0]))
    if counts.any():
        column = int(np.argmax(counts))
        called = f" ({shown(header[column])})" if header else ""
        raise ValueError(
            f"{name} must hold values of a metric only, got column {column + 1}{called}, which counts the rows; leave "
            "it out"
        )


def is_long(names: Sequence[Hashable]) -> bool:
    """Whether columns of these names count both runs and steps.

    Examples
    --------
    >>> from rac_theory.base.csv_numbers import is_long
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
    >>> from rac_theory.base.csv_numbers import wide
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
