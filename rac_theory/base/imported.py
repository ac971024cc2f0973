"""What a user calls ``module:Name``, imported."""

import importlib
import sys
from pathlib import Path
from typing import Any

from rac_theory.base.meant import nearest


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
