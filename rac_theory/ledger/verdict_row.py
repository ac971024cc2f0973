"""A row of the ledger: a verdict as plain data, its fields in files, its columns in tables, and what rows refute."""

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_type_hints

from rac_theory.base import Value, printable, reader, type_name
from rac_theory.cases import Constants
from rac_theory.ledger.ensemble import Cell, Ensemble, Key, Level
from rac_theory.numerics import Account
from rac_theory.verdicts import Rate, Slack, Status, Verdict


@dataclass(frozen=True, eq=False, repr=False)
class Row(Value):
    """One claim on one case. Numbers that do not exist are None.

    ``slack``, ``reach``, ``fitted``, ``promised`` and the rest mean what they mean in ``Verdict``; ``lambda_alpha`` is
    the level of lambda_min and lambda_max together where they are sampled; ``seconds`` are those of the whole ensemble.

    Examples
    --------
    >>> from rac_theory.ledger.verdict_row import Row
    >>> row = Row.missing(1, "T2", "wine", "it needs scikit-learn", seed=0, alpha=1e-3)
    >>> row.status, row.gamma_L, row.to_json()["gamma_L"]  # JSON has no nan
    ('NEEDS_EXTRA', nan, None)
    """

    number: int
    claim: str
    problem: str
    sketch: str
    side: str
    rank: int
    setting: str
    seed: int
    gamma_L: float
    steps: int
    runs: int
    alpha: float
    lambda_alpha: float
    status: str
    reason: str
    evidence: str
    slack: dict[str, float] | None = None
    reach: int | None = None
    informative_from: int | None = None
    detectable: float | None = None
    fitted: dict[str, Any] | None = None
    promised: dict[str, Any] | None = None
    log_evidence: float | None = None
    violated_at: int | None = None
    constants: dict[str, Any] | None = None
    versions: dict[str, str] | None = None
    figure: str | None = None
    seconds: float | None = None

    def __repr__(self) -> str:
        return f"<{type_name(self)} {self.number}: {self.claim} {self.status} on {self.key}, {self.steps} steps>"

    @classmethod
    def of(cls, number: int, ensemble: Ensemble, verdict: Verdict, **rest: Any) -> "Row":
        """Flatten a verdict.

        Parameters
        ----------
        number : int
            That of the row; the ensemble knows which claim it is for.
        ensemble : Ensemble
        verdict : Verdict
        **rest
            Fields that neither holds: ``figure`` and ``seconds``.
        """
        key = ensemble.key
        return cls(
            number=number,
            claim=dict(ensemble.claims)[number],
            **asdict(key),
            gamma_L=verdict.constants.gamma * verdict.constants.L,
            steps=verdict.case.steps,
            runs=ensemble.runs,
            alpha=verdict.alpha,
            lambda_alpha=ensemble.lambda_alpha,
            status=verdict.status.name,
            reason=printable(verdict.reason),
            evidence=verdict.evidence,
            slack=verdict.slack._asdict() if verdict.slack else None,
            reach=verdict.reach,
            informative_from=verdict.informative_from,
            detectable=float(verdict.detectable[verdict.reach]) if verdict.reach else None,
            fitted=asdict(verdict.fitted) if verdict.fitted else None,
            promised=asdict(verdict.promised) if verdict.promised else None,
            log_evidence=verdict.log_evidence,
            violated_at=verdict.violated_at,
            constants=asdict(verdict.constants),
            versions=dict(verdict.versions),
            **rest,
        )

    @classmethod
    def untried(cls, number: int, claim: str, cell: Cell, level: Level, status: str, reason: str) -> "Row":
        """Make the row of a claim that has no verdict, as its cell raised or could not be made.

        Parameters
        ----------
        number : int
        claim : str
        cell : Cell
        level : Level
        status : str
        reason : str
            Why there is no verdict.
        """
        return cls(
            number,
            claim,
            **asdict(cell.key),
            gamma_L=math.nan,
            steps=level.steps or 0,
            runs=cell.runs,
            alpha=level.alpha,
            lambda_alpha=level.lambda_alpha,
            status=status,
            reason=reason,
            evidence="none",
        )

    @classmethod
    def missing(cls, number: int, claim: str, problem: str, reason: str, seed: int, alpha: float) -> "Row":
        """Make the row of a problem whose data need an extra that is not installed.

        Parameters
        ----------
        number : int
        claim, problem : str
        reason : str
            Which extra is missing.
        seed : int
        alpha : float
        """
        nowhere = Cell(0, Key(problem, "", "", 0, "", seed), (), runs=0)
        return cls.untried(number, claim, nowhere, Level(None, alpha, math.nan), NEEDS_EXTRA, reason)

    @property
    def key(self) -> Key:
        """What the row's ensemble is made of."""
        return Key(self.problem, self.sketch, self.side, self.rank, self.setting, self.seed)

    @property
    def is_sampled(self) -> bool:
        """Whether chance had a part in the verdict, by its runs or by its constants."""
        return self.evidence == "sampled" or (self.evidence == "exact" and self.alpha_spent > 0)

    @property
    def reach_share(self) -> float | None:
        """The share of the steps about which the row says something; None where nothing was tried."""
        return None if self.evidence == "none" else (self.reach or 0) / self.steps

    @property
    def alpha_spent(self) -> float:
        """The probability with which a sampled constant behind this row may be false."""
        return float((self.constants or {}).get("alpha_spent") or 0.0)

    def violates(self, alpha: float) -> bool:
        """Whether the claim is refuted exactly, or by an e-value that passes ``1/alpha``.

        Parameters
        ----------
        alpha : float
            Level of the test.
        """
        if self.status != Status.VIOLATED.name:
            return False
        return self.evidence == "exact" or (self.log_evidence or 0.0) >= math.log(1 / alpha)

    def to_json(self) -> dict[str, Any]:
        """Return plain data in which every number is finite or None, as JSON has no others.

        Returns
        -------
        dict
            By the names of the fields.
        """
        return {name: _plain(getattr(self, name)) for name in _NAMES}


FAILED = "FAILED"
"""The status of the rows of a cell of a sweep that raised; it is no verdict."""

NEEDS_EXTRA = "NEEDS_EXTRA"
"""The status of a row whose data are not installed; it is no verdict."""


_NAMES = tuple(field.name for field in fields(Row))


def _plain(value: Any) -> Any:
    if type(value) in (str, int, bool, NoneType):
        return value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _nullable(kind: type) -> dict[str, Any]:
    """Return the fields of a type with their types; JSON has null where a float is not finite."""
    return {name: hint | None if hint is float else hint for name, hint in get_type_hints(kind).items()}


PARTS: Mapping[str, Mapping[str, Any]] = {
    "slack": _nullable(Slack),
    "fitted": _nullable(Rate),
    "promised": _nullable(Rate),
    "constants": _nullable(Constants)
    | {"alpha_spent": float, "measured": list[str], "provenance": dict[str, str], "letters": dict[str, float]},
}
"""The fields of a row that hold several values, and the types of these."""

STATUSES = (*(status.name for status in Status), FAILED, NEEDS_EXTRA)
"""Whatever the status of a row may be: five verdicts, and two that say why there is none."""


def counts(rows: Iterable[Row]) -> dict[str, int]:
    """Return how many rows have each status that came up, in the order in which they are explained."""
    by_status = Counter(row.status for row in rows)
    return {status: by_status[status] for status in STATUSES if by_status[status]}


_STEPS = ("reach", "informative_from", "violated_at")
_FIELDS: Mapping[str, Any] = {
    **get_type_hints(Row),
    # Unknown where nothing was run.
    "gamma_L": float | None,
    "lambda_alpha": float | None,
    "side": Literal["left", "right", "both", ""],
    "status": Literal[STATUSES],
    "evidence": Literal["exact", "sampled", "none"],
    **dict.fromkeys(PARTS, Any),  # which come second
}


_READ = reader(_FIELDS)
_READ_PARTS = {name: reader(kinds) for name, kinds in PARTS.items()}


def part_from(name: str, data: Any, where: str) -> dict[str, Any]:
    """Return one of ``PARTS``; it raises as ``row_from``."""
    if name == "constants" and isinstance(data, dict):  # rows that were written before there were methods have none
        data = {"letters": {}} | data
    part: dict[str, Any] = _READ_PARTS[name](data, where)
    return part


def row_from(data: Any, where: str, part: Callable[[str, Any, str], dict[str, Any]] = part_from) -> Row:
    """Return the row that ``Row.to_json`` has made these data of.

    Parameters
    ----------
    data
        What JSON holds.
    where : str
        The path of the data in their file.
    part : callable
        Reads what is in ``PARTS``, where that is stored in another way: of name, data and path.

    Raises
    ------
    ValueError
        With the path of a field that is no part of a row, is not there, or cannot have its value.
    """
    values = _READ(data, where)
    for name in PARTS:
        if values[name] is not None:
            values[name] = part(name, values[name], f"{where}.{name}")
    row = Row(**values)
    for name, rule, is_met in _rules(row):
        if not is_met:
            raise ValueError(f"{where}.{name} must be {rule}, got {getattr(row, name)!r}")
    return row


def _rules(row: Row) -> list[tuple[str, str, bool]]:
    """Say for each field what else must be true of it, and whether it is."""
    tried = row.status != NEEDS_EXTRA
    rules = [
        ("number", ">= 1", row.number >= 1),
        ("rank", ">= 1 where there are data", row.rank >= tried),
        ("seed", ">= 0", row.seed >= 0),
        ("runs", ">= 1 where there are data", row.runs >= tried),
        ("side", "left, right or both where there are data", bool(row.side) or not tried),
        ("lambda_alpha", "a number where there are data", row.lambda_alpha is not None or not tried),
        ("steps", ">= 1 where there is evidence", row.steps >= (row.evidence != "none")),
        ("alpha", "> 0 and < 1", 0 < row.alpha < 1),
        ("lambda_alpha", ">= 0 and < 1", 0 <= (row.lambda_alpha or 0.0) < 1),
    ]
    spent = row.constants["alpha_spent"] if row.constants is not None else 0.0
    rules.append(("constants", "such that 0 <= alpha_spent < alpha", 0 <= spent < row.alpha))
    for name in _STEPS:
        step = getattr(row, name)
        rules.append((name, f"in 0..steps={row.steps}", step is None or 0 <= step <= row.steps))
    if row.slack is not None:
        rules.append(("slack", f"that at a t in 0..steps={row.steps}", 0 <= row.slack["t"] <= row.steps))
    rules.append(("constants", "there where there is evidence", row.constants is not None or row.evidence == "none"))
    return rules


_ELSEWHERE = ("versions", "figure", "seconds")
FIELDS = tuple(field.name for field in fields(Row) if field.name not in _ELSEWHERE)
"""The fields of a row that say what was asked and what came out, and not when, with what, or where it is drawn."""


def flat(row: Row) -> dict[str, Any]:
    """Return the columns of a row."""
    return _flattened(row.to_json())


def _flattened(plain: Mapping[str, Any]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for name in FIELDS:
        if name in PARTS:
            nested = plain[name] or {}
            record |= {f"{name}_{part}": _word(nested.get(part)) for part in PARTS[name]}
        else:
            record[name] = plain[name]
    return record


def csv_lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what a CSV file holds of rows: the names of the columns, and each row; a word may have lines of its own.

    Parameters
    ----------
    rows : iterable of mappings
        As ``Row.to_json`` returns them.
    """
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(columns()), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        yield _written(stream)
        writer.writerow(_flattened(row))
    yield _written(stream)


def columns() -> Mapping[str, type]:
    """Return the names of all columns, each with int, float, bool or str; what is neither number nor word is JSON."""
    types = {field.name: field.type for field in fields(Row)}
    kinds: dict[str, Any] = {}
    for name in FIELDS:
        parts = PARTS.get(name, {})
        kinds |= {f"{name}_{part}": kind for part, kind in parts.items()} if parts else {name: types[name]}
    return {name: _type_of(kind) for name, kind in kinds.items()}


def _written(stream: io.StringIO) -> str:
    written = stream.getvalue()
    stream.seek(0)
    stream.truncate()
    return written


def _word(value: Any) -> Any:
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else value


def _type_of(kind: Any) -> type:
    """Return int for ``int`` and ``int | None``, and likewise for others."""
    some = [member for member in get_args(kind) if member is not NoneType] if isinstance(kind, UnionType) else [kind]
    return next((number for number in (int, float, bool) if some == [number]), str)


def violated(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that refute a claim when alpha is shared among all sampled rows (Bonferroni).

    What the rows have spent on sampled constants is taken from alpha first.

    Parameters
    ----------
    rows : iterable of Row
        All rows of a ledger: alpha is shared among them.

    Raises
    ------
    ValueError
        If they have spent more than alpha.
    """
    rows = list(rows)
    sampled = [row for row in rows if row.is_sampled]
    if not sampled:
        return [row for row in rows if row.status == Status.VIOLATED.name]
    account = Account(min(row.alpha for row in sampled))
    for row in sampled:
        account.draw("sampled constants", row.alpha_spent)
    level = account.rest("e-values") / len(sampled)
    return [row for row in rows if row.violates(level)]
