"""Values are frozen: who is given one may keep it."""

import dataclasses
import importlib
import inspect
import pkgutil
from dataclasses import fields
from pathlib import Path

import rac_theory

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"  # what several of them share is imported from there
COUNTED_UP = {"Bets", "Frequencies", "Marginals", "Mean", "Reading", "Running", "SecondMoment", "_Adapters", "_Spy"}
"""What is made once and filled."""


def test_every_dataclass_is_frozen_but_those_that_are_filled():
    """Of all modules that can be imported here, some 240. Would catch ``frozen=True`` left out of any.

    Nor are any compared by fields that are arrays: the answer would be an array, or an error.
    """
    classes = []
    modules = pkgutil.walk_packages(rac_theory.__path__, "rac_theory.")
    for name in [*(module.name for module in modules), *(path.stem for path in NOTEBOOKS.glob("*.py"))]:
        try:
            members = vars(importlib.import_module(name))
        except ImportError:  # an extra that is not installed
            continue
        classes += [one for one in members.values() if inspect.isclass(one) and one.__module__ == name]
    values = {one for one in classes if "__dataclass_params__" in vars(one)}
    assert len(values) > 200
    assert all(map(dataclasses.is_dataclass, values))
    made = {kind: vars(kind)["__dataclass_params__"] for kind in values}
    assert {kind.__name__ for kind in values if not made[kind].frozen} == COUNTED_UP
    assert [kind for kind in values if made[kind].eq and any("Array" in str(one.type) for one in fields(kind))] == []
