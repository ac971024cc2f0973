"""A user's sketch from the command line: ``module:Name``, imported from the path or the working folder."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

from rac_theory.sketch import Sketch


def load_sketch(name: str) -> Callable[[int, int], Sketch]:
    """Return what makes the sketch ``module:Name`` at a given dim and rank.

    Raises
    ------
    ValueError
        If it cannot be imported or is no class; when called, if it cannot be made from dim and rank.
    """
    module_name, _, class_name = name.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)  # last, so that nothing in the working folder hides an installed package
    try:
        sketch = getattr(importlib.import_module(module_name), class_name)
    except ImportError as error:
        raise ValueError(
            f"sketch must be module:Name with a module that can be imported, got {name!r}: {error}"
        ) from error
    except AttributeError:
        raise ValueError(
            f"sketch must name something in {module_name!r}, got {class_name!r}, which it has not"
        ) from None

    def make(dim: int, rank: int) -> Sketch:
        try:
            made: Sketch = sketch(dim=dim, rank=rank)
        except TypeError as error:
            raise ValueError(f"sketch {name} must accept dim= and rank=, got {error}") from error
        for attribute in ("dim", "rank", "sample"):
            if not hasattr(made, attribute):
                raise ValueError(f"sketch {name} must have {attribute!r}, got {made!r} without it")
        return made

    return make
