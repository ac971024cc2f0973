"""Optional packages: imported where they are needed, or how each is installed; records as a data frame of pandas."""

import importlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame


class MissingExtra(ImportError):
    """A package of an extra is not installed. Any other ``ImportError`` is a fault in what is."""


def import_extra(module: str, extra: str) -> Any:
    """Return a module that comes with an extra of rac-theory.

    Raises
    ------
    MissingExtra
        If its package is not installed, with the command that installs it.
    ImportError
        If it is there and cannot be imported.
    """
    package = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name not in (package, module):
            raise
        raise MissingExtra(
            f"{package} is not installed: it needs the extra {extra!r}, python -m pip install {_source(extra)}"
        ) from error


def _source(extra: str) -> str:
    """Return what pip installs: the clone that this file is in, or the one that was installed from."""
    clone = Path(__file__).resolve().parents[2]
    return f'-e "{clone}[{extra}]"' if (clone / "pyproject.toml").is_file() else f'"path/to/your/clone[{extra}]"'


_NUMBERS = {int: "Int64", float: "float64", bool: "boolean"}  # of pandas, where a number need not exist


def frame(kinds: Mapping[str, type], records: Iterable[Mapping[str, Any]]) -> "DataFrame":
    """Return one row for each record.

    Parameters
    ----------
    kinds : mapping of str to type
        The columns in their order, and what is in each: int, float, bool, or words. None is what does not exist.
    records : iterable of mappings
        By column.

    Raises
    ------
    MissingExtra
        Without the extra ``frames``.
    """
    pandas = import_extra("pandas", "frames")
    rows = list(records)
    columns = {
        name: pandas.Series([row[name] for row in rows], dtype=_NUMBERS.get(kind, object))
        for name, kind in kinds.items()
    }
    table: DataFrame = pandas.DataFrame(columns)
    return table
