"""Imports at run time: optional packages, or how each is installed, and what a user names; records as a data frame."""

import importlib
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rac_theory.base.meant import nearest

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


def imported(name: str, what: str) -> Any:
    """Return what a user calls ``module:Name``, from the working folder too.

    Raises
    ------
    ValueError
        If it cannot be imported; ``what`` is what it should be.
    """
    module_name, _, class_name = name.partition(":")
    directory = str(Path.cwd())
    if directory not in sys.path:
        sys.path.append(directory)  # last, so that nothing in the working folder hides an installed package
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:  # whatever a user's module does when it is run
        raise ValueError(
            f"{what} must be module:Name that can be imported, got {name!r}: {what_failed(error)}"
        ) from error
    if not hasattr(module, class_name):
        near = nearest(class_name, (attribute for attribute in vars(module) if not attribute.startswith("_")))
        raise ValueError(f"{what} must name something in {module_name!r}, got {class_name!r}, which it lacks{near}")
    return getattr(module, class_name)


def what_failed(error: BaseException) -> str:
    """Say what an import came to."""
    return f"it calls sys.exit({error.code!r})" if isinstance(error, SystemExit) else f"{type(error).__name__}: {error}"
