"""Rows as plain data: what results.json and the store of a sweep hold of a row, field by field."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, get_type_hints

from rac_theory.base import reader
from rac_theory.cases import Constants
from rac_theory.ledger.verdict_row import FAILED, NEEDS_EXTRA, Row
from rac_theory.verdicts import Rate, Slack, Status


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
    found = [
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
    found.append(("constants", "such that 0 <= alpha_spent < alpha", 0 <= spent < row.alpha))
    for name in _STEPS:
        step = getattr(row, name)
        found.append((name, f"in 0..steps={row.steps}", step is None or 0 <= step <= row.steps))
    if row.slack is not None:
        found.append(("slack", f"that at a t in 0..steps={row.steps}", 0 <= row.slack["t"] <= row.steps))
    found.append(("constants", "there where there is evidence", row.constants is not None or row.evidence == "none"))
    return found
