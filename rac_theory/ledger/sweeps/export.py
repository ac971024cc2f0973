"""Rows as a flat table in a file, CSV or Parquet: the same rows give the same bytes."""

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rac_theory.base import import_extra, write_whole
from rac_theory.ledger.flat_row import columns, csv_lines, flat
from rac_theory.ledger.verdict_row import Row


def check(path: Path) -> None:
    """Raise a ``ValueError`` for another suffix, a missing extra, or a folder that is not there."""
    if path.suffix not in _CONTENT:
        raise ValueError(f"export must be a file that ends in .csv or .parquet, got {str(path)!r}")
    if not path.parent.is_dir():
        raise ValueError(f"export must be a file that can be written, got {str(path)!r}: its folder is not there")
    if path.is_dir():
        raise ValueError(f"export must be a file that can be written, got {str(path)!r}: it is a folder")
    if path.suffix == ".parquet":
        _arrow()


def write(rows: Sequence[Row], path: Path) -> None:
    """Write rows, in their order, as the suffix of the path says; a reader sees the old file or the new one.

    Nothing that depends on time is written, and parts of nested values have columns of their own, as ``slack_value``.

    Raises
    ------
    ValueError
        As ``check``.
    OSError
        If the file cannot be written.
    """
    check(path)
    write_whole(path, _CONTENT[path.suffix](rows))


def _csv(rows: Sequence[Row]) -> bytes:
    return "".join(csv_lines(row.to_json() for row in rows)).encode()


def _parquet(rows: Sequence[Row]) -> bytes:
    pa, parquet = _arrow()
    arrow = {int: pa.int64(), float: pa.float64(), bool: pa.bool_(), str: pa.string()}
    schema = pa.schema([(name, arrow[kind]) for name, kind in columns().items()])
    stream = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist([flat(row) for row in rows], schema=schema), stream)
    return stream.getvalue()


def _arrow() -> tuple[Any, Any]:
    return import_extra("pyarrow", "parquet"), import_extra("pyarrow.parquet", "parquet")


_CONTENT: Mapping[str, Callable[[Sequence[Row]], bytes]] = {".csv": _csv, ".parquet": _parquet}
