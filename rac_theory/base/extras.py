"""Optional packages: imported where they are needed, and where one is missing, how it is installed."""

import importlib
from pathlib import Path
from typing import Any


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
