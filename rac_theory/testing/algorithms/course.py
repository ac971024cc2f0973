"""The iterates of an algorithm as it runs, with the gradients that were put into its steps, and into which."""

from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import numpy as np

from rac_theory.algorithms import Implementation, ProjectedDescent
from rac_theory.base.checks import Array
from rac_theory.problems import Problem
from rac_theory.testing.algorithms.tape import Instead, Recorder, Tapes
from rac_theory.testing.refuted import Refuted


@dataclass(frozen=True, eq=False)
class Asked:
    """The one gradient of an outer step, (runs, m, n), and the low-rank step that it was put into."""

    step: Any
    g: Array


@dataclass(frozen=True, eq=False)
class Course:
    """What an algorithm did in ``steps`` outer steps.

    Attributes
    ----------
    W : (steps + 1, runs, m, n)
    tapes : list of Tapes
        The components that were asked for in each outer step.
    asked : list of Asked or None
        None where the gradient source was not asked once, for one step from the last iterate.
    """

    W: Array
    tapes: list[Tapes]
    asked: list[Asked | None]


class _Watched(Instead):
    """An algorithm whose methods and properties take what they need from the watched members."""

    @property
    def __dataclass_fields__(self) -> Any:  # which ``replace`` looks for in the true class
        return self._thing.__dataclass_fields__

    def __getattr__(self, name: str) -> Any:
        own: Any = next((vars(kind)[name] for kind in self.__class__.__mro__ if name in vars(kind)), None)
        is_method = isinstance(own, FunctionType) and name not in getattr(self._thing, "__dict__", ())
        return own.__get__(self) if is_method or isinstance(own, property) else super().__getattr__(name)


class _Step(Instead):
    """A low-rank step that remembers where it was last applied; a source may ask it for more than a move."""

    def __call__(self, V: Array, G: Array) -> Any:
        moved = self._thing(V, G)
        vars(self).update(last=(V, np.array(G), moved))
        return moved

    def asked(self, start: Array, result: Array) -> Asked | None:
        """What was asked for, if the last step leads from the start to the result."""
        if (last := vars(self).get("last")) is None:
            return None
        V, G, moved = last
        fits = np.array_equal(V, start) and np.array_equal(moved, result, equal_nan=True)
        return Asked(self._thing, G) if fits else None


@dataclass
class _Spy:
    """The gradient source and the sketches of an algorithm, which remember what they did since last asked."""

    algorithm: Any
    shares_seed: bool = False
    descents: list[tuple[Array, Asked | None]] = field(default_factory=list)
    sketching: list[Any] = field(default_factory=list)

    def spied(self) -> Any:
        """The algorithm with members that remember; an implementation has none that could, and only moves."""
        if isinstance(self.algorithm, Implementation):
            return self.algorithm
        source = Instead(self.algorithm.gradients, descend=self._descend)
        return _Watched(self.algorithm, gradients=source, low_rank_steps=self._low_rank_steps)

    def _low_rank_steps(self, rng: np.random.Generator, W: Array) -> Any:
        self.sketching = [rng, rng.bit_generator.state]
        return self.algorithm.low_rank_steps(rng, W)

    def _descend(self, problem: Problem, W: Array, step: Any, rng: np.random.Generator) -> Any:
        watched = _Step(step)
        start, state, same = W.copy(), rng.bit_generator.state, False
        if self.sketching:
            used, before = self.sketching
            same = used.bit_generator.state != before and state == before
        result = self.algorithm.gradients.descend(problem, W, watched, rng)
        self.shares_seed |= same and rng.bit_generator.state != state
        self.descents.append((start, watched.asked(start, result)))
        return result

    def taken(self, W: Array) -> Asked | None:
        """Return what was asked for since this was last called, if it was one gradient at W."""
        descents, self.descents = self.descents, []
        return descents[0][1] if len(descents) == 1 and np.array_equal(descents[0][0], W) else None


def follow(
    algorithm: ProjectedDescent | Implementation, problem: Problem, W: Array, steps: int, seed: list[int]
) -> Course:
    """Run an algorithm from W, (runs, m, n), as it is.

    Raises
    ------
    Refuted
        If sketches and gradient source were given generators in the same state.
    """
    spy, recorder = _Spy(algorithm), Recorder(problem)
    iterates = spy.spied().iterates(recorder.problem, W.copy(), np.random.default_rng(seed))
    seen, tapes, asked = [W], [], []
    for _ in range(steps):
        seen.append(np.array(next(iterates)))
        tapes.append(recorder.taken(len(W)))
        asked.append(spy.taken(seen[-2]))
        if spy.shares_seed:
            raise Refuted(
                f"{type(algorithm).__name__} must draw sketch and gradient independently: both were given generators "
                "of the same seed"
            )
    return Course(np.stack(seen), tapes, asked)
