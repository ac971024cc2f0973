"""Values are frozen: who is given one may keep it."""

import dataclasses
import importlib
import inspect
import pkgutil
from functools import cache
from pathlib import Path

import rac_theory
from rac_theory.base import Value

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"  # what several of them share is imported from there
COUNTED_UP = {"Bets", "Frequencies", "Marginals", "Mean", "Reading", "Running", "SecondMoment", "_Adapters", "_Spy"}
"""What is made once and filled."""


@cache
def dataclasses_of_the_library():
    """Those of all modules that can be imported here."""
    classes = []
    modules = pkgutil.walk_packages(rac_theory.__path__, "rac_theory.")
    for name in [*(module.name for module in modules), *(path.stem for path in NOTEBOOKS.glob("*.py"))]:
        try:
            members = vars(importlib.import_module(name))
        except ImportError:  # an extra that is not installed
            continue
        classes += [one for one in members.values() if inspect.isclass(one) and one.__module__ == name]
    return {one for one in classes if "__dataclass_params__" in vars(one)}


def test_every_dataclass_is_frozen_but_those_that_are_filled():
    """Would catch ``frozen=True`` left out of any of some 240."""
    values = dataclasses_of_the_library()
    assert len(values) > 200
    assert all(map(dataclasses.is_dataclass, values))
    assert {one.__name__ for one in values if not vars(one)["__dataclass_params__"].frozen} == COUNTED_UP


def test_values_are_compared_by_their_base():
    """Catches ``eq=False`` left out: a subclass would be compared by some fields, and arrays not at all."""
    values = {one for one in dataclasses_of_the_library() if issubclass(one, Value)}
    assert len(values) > 50
    assert not [one for one in values if vars(one)["__dataclass_params__"].eq]
