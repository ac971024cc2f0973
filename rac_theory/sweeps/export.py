"""Rows as a flat table in a file, CSV or Parquet: the same rows give the same bytes."""

import csv
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from rac_theory.constants import Constants
from rac_theory.rate import Rate
from rac_theory.row import Row
from rac_theory.sweeps.store import COLUMNS
from rac_theory.verdict import Slack

_PARTS = {
    "slack": dict(Slack.__annotations__),
    "fitted": {field.name: field.type for field in fields(Rate)},
    "promised": {field.name: field.type for field in fields(Rate)},
    "constants": {field.name: field.type for field in fields(Constants)},
}


def write(rows: Sequence[Row], path: Path) -> None:
    """Write rows, in their order, as the suffix of the path says; a reader sees the old file or the new one.

    Nothing that depends on time is written, and parts of nested values have columns of their own, as ``slack_value``.

    Raises
    ------
    ValueError
        For another suffix, a missing extra, or a folder that cannot be written.
    """
    writers: dict[str, Callable[[Path, list[dict[str, Any]]], None]] = {".csv": _write_csv, ".parquet": _write_parquet}
    if path.suffix not in writers:
        raise ValueError(f"export must be a file that ends in .csv or .parquet, got {str(path)!r}")
    records = [_flat(row) for row in rows]
    try:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            part = Path(folder) / path.name
            writers[path.suffix](part, records)
            part.replace(path)
    except OSError as error:
        raise ValueError(f"export must be a file that can be written, got {str(path)!r}: {error}") from error


def columns() -> dict[str, Any]:
    """Return the columns of a file, each with its Python type; what is neither number nor word is JSON."""
    types = {field.name: field.type for field in fields(Row)}
    flat: dict[str, Any] = {}
    for name in COLUMNS:
        parts = _PARTS.get(name)
        flat |= {f"{name}_{part}": kind for part, kind in parts.items()} if parts else {name: types[name]}
    return flat


def _flat(row: Row) -> dict[str, Any]:
    plain = row.to_json()
    record: dict[str, Any] = {}
    for name in COLUMNS:
        if name in _PARTS:
            nested = plain[name] or {}
            record |= {f"{name}_{part}": _word(nested.get(part)) for part in _PARTS[name]}
        else:
            record[name] = plain[name]
    return record


def _word(value: Any) -> Any:
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else value


def _write_csv(path: Path, records: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(columns()), lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)


def _write_parquet(path: Path, records: list[dict[str, Any]]) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise ValueError("export must end in .csv unless rac-theory[parquet] is installed, got .parquet") from error
    arrow = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}
    schema = pa.schema([(name, arrow.get(_kind(type_), pa.string())) for name, type_ in columns().items()])
    parquet.write_table(pa.Table.from_pylist(records, schema=schema), path)


def _kind(type_: Any) -> str:
    """Return int for ``int`` and ``int | None``, and likewise for others."""
    return str(getattr(type_, "__name__", type_)).removesuffix(" | None")
