"""A bound that is given: a number, an array, a function of t, or a theorem with the constants that it needs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import NotReal, being, checks, float64, function_name, printable, real_numbers, type_name
from rac_theory.base.checks import Array
from rac_theory.cases import Constants
from rac_theory.statements import Condition, Theorem, breach_by_constants, sentence
from rac_theory.theorems import theorem_named
from rac_theory.verdicts.verification.judged_claim import claimed_steps


@dataclass(frozen=True, eq=False)
class GivenBound:
    """What is claimed of given curves.

    Attributes
    ----------
    name : str
        What a sentence calls it.
    values : (steps + 1,)
        nan where nothing is claimed, as at t = 0 of a function.
    theorem : Theorem or None
    constants : Constants
        Unknown ones without a theorem.
    """

    name: str
    values: Array
    theorem: Theorem | None
    constants: Constants

    @classmethod
    def of(cls, bound: Any, constants: Any, steps: int) -> "GivenBound":
        """Read a bound on curves of so many steps.

        Raises
        ------
        ValueError
            For what is no bound, constants without a theorem or the other way round, another length, values that are
            not positive, and a bound that claims nothing at any step.
        """
        if isinstance(bound, Theorem | str):
            theorem = theorem_named(bound)
            known = _constants(constants, theorem)
            values, name = theorem.bound(known, steps), theorem.id
        else:
            theorem, known = None, Constants(gamma=math.nan)
            if constants is not None:
                raise ValueError(f"constants must be None unless bound is a theorem, got bound of {type_name(bound)}")
            values, name = (_along(bound, steps), _named(bound)) if callable(bound) else (_array(bound, steps), "bound")
        given = cls(name, values, theorem, known)
        # Outside of its assumptions the bound of a theorem may be anything.
        return given if given.unmet else replace(given, values=_checked(values, steps))

    @property
    def unmet(self) -> tuple[str, ...]:
        """What the theorem assumes of its constants and they do not meet, one sentence each."""
        steps = len(self.values) - 1
        asked = () if self.theorem is None else (a for a in self.theorem.given if not callable(a))
        return tuple(wrong for each in asked if (wrong := breach_by_constants(each, steps, self.constants)) is not None)

    @property
    def on_trust(self) -> tuple[str, ...]:
        """What the theorem assumes of the algorithm and of f, which nobody can check on curves."""
        if self.theorem is None:
            return ()
        told = [a for a in self.theorem.given if callable(a) or isinstance(a, Condition)]
        return tuple(sentence(each).removesuffix(".") for each in (self.theorem.about, *told))


def _constants(constants: Any, theorem: Theorem) -> Constants:
    """Return constants, also from a mapping; those that the bound is made of have to be known."""
    if isinstance(constants, Mapping):
        known = {field.name for field in fields(Constants)} - {"provenance"}
        for name in constants:
            checks.one_of("constants", name, known)
        constants = Constants(**{"gamma": math.nan, **constants})
    needed = [one.constant for one in theorem.symbols if one.constant]
    being("constants", constants, Constants, f" or a dict, with {', '.join(needed)} for {theorem.id}")
    if missing := [name for name in needed if not math.isfinite(getattr(constants, name))]:
        raise ValueError(
            f"constants must have {', '.join(needed)}, of which the bound of {theorem.id} is made, got none for "
            f"{', '.join(missing)}"
        )
    return constants  # type: ignore[no-any-return]


def _named(function: Any) -> str:
    """The name of a function; one that has none is the bound."""
    name = function_name(function)
    return "bound" if "<" in name else name


def _along(bound: Any, steps: int) -> Array:
    """A function at t = 1, ..., steps, one after the other: it may be of single numbers."""
    values = np.full(steps + 1, np.nan)
    for t in range(1, steps + 1):
        try:
            values[t] = float64(_no_truth(real_numbers(bound(t))))[()]
        except Exception as error:
            raise ValueError(
                f"bound must return a number for each t = 1, ..., {steps}, got {type_name(error)} at t={t} from "
                f"{function_name(bound)}: {printable(str(error))}"
            ) from error
    return values


def _no_truth(given: NDArray[Any]) -> NDArray[Any]:
    """Numbers as they are; a truth value, which an argument in the wrong place may be, is no bound of 1."""
    if given.dtype.kind == "b":
        raise NotReal("a truth value")
    return given


def _array(bound: Any, steps: int) -> Array:
    try:
        values = float64(_no_truth(real_numbers(bound)))
    except NotReal as error:
        raise ValueError(
            f"bound must be a number, an array, a function of t, a theorem or the id of one, got {error}"
        ) from None
    if values.shape not in ((), (steps + 1,)):
        hint = "; put nan before it for the start" if values.shape == (steps,) else ""
        raise ValueError(
            f"bound must be a number, or one for each t = 0, ..., {steps} of the curves, {steps + 1} in all, got shape "
            f"{values.shape}{hint}"
        )
    return np.broadcast_to(values, (steps + 1,)).copy()


def _checked(values: Array, steps: int) -> Array:
    values = np.where(np.isfinite(values), values, np.nan)
    claimed = claimed_steps(values)
    if not claimed.size:
        raise ValueError(f"bound must be a finite number at some t = 1, ..., {steps}, got none: nothing is claimed")
    if not (values[claimed] > 0).all():
        t = int(claimed[np.argmax(values[claimed] <= 0)])
        raise ValueError(
            f"bound must be > 0 at t >= 1, got {values[t]:g} at t={t}; put nan where nothing is claimed, and add to "
            "curves and bound alike what makes both positive"
        )
    return values
