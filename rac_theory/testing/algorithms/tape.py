"""Which components of a problem were asked for, and the same components again for another.

A problem that is watched, played or slowed is another thing, which hands on what it does not answer itself.
"""

from typing import Any

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.problems import Indices, Problem

Tapes = tuple[Indices | None, ...]
"""What a problem, and then each of its clients, was asked for: (runs, any), or None if not for all runs at once."""


class Instead:
    """Stands for a thing, whose class it says is its own, with some members in the place of the thing's."""

    def __init__(self, thing: Any, **members: Any) -> None:
        vars(self).update(_thing=thing, **members)

    __class__ = property(lambda self: type(self._thing))

    def __getattr__(self, name: str) -> Any:
        if name == "_thing":  # of one that is being made
            raise AttributeError(name)
        return getattr(self._thing, name)

    def __repr__(self) -> str:
        return repr(self._thing)


class Exhausted(Exception):
    """More components are wanted than are on the tape."""


class Recorder:
    """A problem that remembers which components it, and each of its clients, is asked for."""

    def __init__(self, problem: Problem) -> None:
        self._heard: list[list[Indices]] = []
        self.problem = self._listening(problem)

    def _listening(self, problem: Any) -> Any:
        heard: list[Indices] = []
        self._heard.append(heard)

        def component_gradient(W: Array, indices: Indices) -> Any:
            heard.append(np.array(indices))
            return problem.component_gradient(W, indices)

        return _with(problem, component_gradient, self._listening)

    def taken(self, runs: int) -> Tapes:
        """Return what was asked for since this was last called."""
        tapes = tuple(_joined(heard, runs) for heard in self._heard)
        for heard in self._heard:
            heard.clear()
        return tapes


class Replay:
    """A problem whose components are those on the tapes, one after the other, whichever are asked for."""

    def __init__(self, problem: Problem, tapes: Tapes) -> None:
        self._left: list[int] = []
        self._tapes = iter(tapes)
        self.problem = self._playing(problem)

    def _playing(self, problem: Any) -> Any:
        tape, place = next(self._tapes), len(self._left)
        length = 0 if tape is None else tape.shape[1]
        self._left.append(length)

        def component_gradient(W: Array, indices: Indices) -> Any:
            first, width = length - self._left[place], indices.shape[1]
            if tape is None or self._left[place] < width:
                raise Exhausted
            self._left[place] -= width
            return problem.component_gradient(W, tape[:, first : first + width])

        return _with(problem, component_gradient, self._playing)

    @property
    def is_over(self) -> bool:
        """Whether all tapes were played, and nothing is left on any."""
        return not any(self._left)


def slowed(problem: Any, factor: float) -> Any:
    """The problem ``factor f``: as if a run took shorter steps, and had not arrived after a few."""
    members: dict[str, Any] = {
        "value": lambda W: factor * problem.value(W),
        "gradient": lambda W: factor * problem.gradient(W),
        "value_and_gradient": lambda W: tuple(factor * part for part in problem.value_and_gradient(W)),
        "component_gradient": lambda W, indices: factor * problem.component_gradient(W, indices),
    }
    members = {name: member for name, member in members.items() if hasattr(problem, name)}
    if hasattr(problem, "clients"):
        members["clients"] = tuple(slowed(client, factor) for client in problem.clients)
    return Instead(problem, **members)


def _with(problem: Any, component_gradient: Any, of_client: Any) -> Any:
    members = {"component_gradient": component_gradient} if hasattr(problem, "component_gradient") else {}
    if hasattr(problem, "clients"):
        members["clients"] = tuple(map(of_client, problem.clients))
    return Instead(problem, **members)


def _joined(heard: list[Indices], runs: int) -> Indices | None:
    if any(indices.ndim != 2 or len(indices) != runs for indices in heard):
        return None
    return np.concatenate([np.empty((runs, 0), np.intp), *heard], axis=1)
