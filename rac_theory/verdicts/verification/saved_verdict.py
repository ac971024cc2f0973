"""A verdict that was saved, read again without the code that was judged."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from rac_theory.base import read_json, readable_file, reader
from rac_theory.verdicts.verification.decision import Status
from rac_theory.verdicts.verification.finding import Finding, no_curve
from rac_theory.verdicts.verification.plain_verdict import CURVES, FIELDS, RATE
from rac_theory.verdicts.verification.rate import Rate

_READ, _READ_RATE = reader(FIELDS), reader(RATE)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SavedVerdict(Finding):
    """A verdict that was read from a file: its numbers and sentences; what was judged is told, and no code is run.

    Attributes
    ----------
    status, reason, alpha, levels, evidence, runs
        What became of the claim and by which evidence, as in ``Finding``.
    bound, mean, lower, upper, detectable, sample
        Curves, as in ``Finding``.
    reach, informative_from, log_evidence, violated_at, fitted, promised, versions
        Numbers, as in ``Finding``.
    head, title, label, falls, more
        The sentences that a theorem and a case made.
    about : mapping
        What was judged: of a verdict on a case the theorem, its statement and assumptions, the case, its constants,
        what was not met, and the seed; of one on runs the metric and the claim.

    Examples
    --------
    >>> import tempfile
    >>> from rac_theory import GD, Case, Verdict, verify
    >>> from rac_theory.problems import Quadratic
    >>> verdict = verify("T2", Case(GD(gamma=0.5), Quadratic.left([[1.0]], W_star=[[1.0]]), steps=3))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = Verdict.load(verdict.save(f"{folder}/verdict.json"))
    >>> again.status.name, again.about["theorem"], str(again) == str(verdict), again.to_dict() == verdict.to_dict()
    ('HOLDS', 'T2', True, True)
    """

    head: str = ""
    title: str = ""
    label: str = ""
    falls: Literal["linear", "sublinear"] | None = None
    more: str = ""
    about: Any = None

    def _repr_html_(self) -> str:
        from rac_theory.verdicts.verification.shown_verdict import shown_of_runs

        return shown_of_runs(self)


def load(path: str | Path) -> SavedVerdict:
    """Read a verdict back; a ``ValueError`` for a file that ``save`` has not written, with the field at fault."""
    file = Path(readable_file("path", path, "a verdict that was saved"))
    try:
        data = _READ(read_json(file), "")
        rates = {name: data[name] and _READ_RATE(data[name], name) for name in ("fitted", "promised")}
    except ValueError as error:
        raise ValueError(f"path must be a verdict that was saved, got {str(file)!r}: {error}") from error
    curves = {name: _numbers(data[name]) for name in (*CURVES, "sample")}
    numbers = {name: rate and {key: _number(value) for key, value in rate.items()} for name, rate in rates.items()}
    del data["format"]
    scalars: dict[str, Any] = {"status": Status(data["status"]), "log_evidence": _number(data["log_evidence"])}
    return SavedVerdict(
        **data | data.pop("words") | scalars | curves | {name: rate and Rate(**rate) for name, rate in numbers.items()}
    )


def _number(value: Any) -> Any:
    return math.nan if value is None else float(value) if value in ("inf", "-inf") else value


def _numbers(values: list[Any]) -> Any:
    if values and isinstance(values[0], list):
        return np.array([*map(_numbers, values)])
    return np.array([*map(_number, values)], dtype=np.float64) if values else no_curve()
