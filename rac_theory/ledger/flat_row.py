"""A row without nesting, as files and data frames have it: the parts of a value in columns, such as ``slack_value``."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from types import NoneType, UnionType
from typing import Any, get_args

from rac_theory.ledger.row_schema import PARTS
from rac_theory.ledger.verdict_row import Row

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
        yield _taken(stream)
        writer.writerow(_flattened(row))
    yield _taken(stream)


def columns() -> Mapping[str, type]:
    """Return the names of all columns, each with int, float, bool or str; what is neither number nor word is JSON."""
    types = {field.name: field.type for field in fields(Row)}
    found: dict[str, Any] = {}
    for name in FIELDS:
        parts = PARTS.get(name, {})
        found |= {f"{name}_{part}": kind for part, kind in parts.items()} if parts else {name: types[name]}
    return {name: _plain(kind) for name, kind in found.items()}


def _taken(stream: io.StringIO) -> str:
    written = stream.getvalue()
    stream.seek(0)
    stream.truncate()
    return written


def _word(value: Any) -> Any:
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else value


def _plain(kind: Any) -> type:
    """Return int for ``int`` and ``int | None``, and likewise for others."""
    some = [one for one in get_args(kind) if one is not NoneType] if isinstance(kind, UnionType) else [kind]
    return next((number for number in (int, float, bool) if some == [number]), str)
