"""Records as a data frame of pandas, which is imported when one is needed."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rac_theory.base.extras import import_extra

if TYPE_CHECKING:
    from pandas import DataFrame

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
