"""The versions that a number may depend on."""

import importlib.metadata
import platform
from functools import cache

import numpy as np
import scipy


@cache
def own_version() -> str:
    """Return the version of this library as it is installed."""
    return importlib.metadata.version("rac-theory")


def versions() -> dict[str, str]:
    """Return the versions that a number may depend on, by name."""
    return {
        "rac_theory": own_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "python": platform.python_version(),
    }
