"""The iterates of an algorithm that is watched as it runs: which components and gradients its steps asked for."""

from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import numpy as np

from rac_theory.algorithms import Implementation, ProjectedDescent
from rac_theory.algorithms.gradients import Clients, Minibatch, Reshuffled
from rac_theory.base.checks import Array
from rac_theory.problems import Indices, Problem
from rac_theory.testing.failures import Refuted

Tapes = tuple[Indices | None, ...]
"""What a problem, and then each of its clients, was asked for: (runs, any), or None if not for all runs at once."""


STEPS = 72  # of a long course: more than are drawn ahead
_SCALES = (0.0, 10.0, 0.1, 100.0, 1.0, 1e-2, 10.0, 1e3)  # how far from the minimum runs start
_SLOWER = 1 / 16
_MOST = 32  # numbers of a run


class Proxy:
    """An object in the place of another, whose class it has for ``isinstance``, with some members of its own."""

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
    """More components are asked for than were recorded."""


class Recorder:
    """A problem that records which components are asked of it, and of each of its clients."""

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

    def read(self, runs: int) -> Tapes:
        """Return the components that were asked for since the last call of this method."""
        tapes = tuple(_joined(heard, runs) for heard in self._heard)
        for heard in self._heard:
            heard.clear()
        return tapes


class Replay:
    """A problem that answers with the recorded components, in their order, whichever are asked for."""

    def __init__(self, problem: Problem, tapes: Tapes) -> None:
        self._left: list[int] = []
        self._tapes = iter(tapes)
        self.problem = self._playing(problem)

    def _playing(self, problem: Any) -> Any:
        tape, number = next(self._tapes), len(self._left)
        length = 0 if tape is None else tape.shape[1]
        self._left.append(length)

        def component_gradient(W: Array, indices: Indices) -> Any:
            first, width = length - self._left[number], indices.shape[1]
            if tape is None or self._left[number] < width:
                raise Exhausted
            self._left[number] -= width
            return problem.component_gradient(W, tape[:, first : first + width])

        return _with(problem, component_gradient, self._playing)

    @property
    def is_over(self) -> bool:
        """Whether all tapes were played, and nothing is left on any."""
        return not any(self._left)


def spread(near: Array, runs: int, seed: list[int]) -> Array:
    """Starts of runs at several distances from a matrix, (m, n): (runs, m, n)."""
    return near + np.resize(_SCALES, runs)[:, None, None] * np.random.default_rng(seed).standard_normal(
        (runs, *near.shape)
    )


def also_slowed(algorithm: Any, problem: Problem, W: Array, seed: int) -> tuple[Problem, ...]:
    """The problem, and a multiple of it on which runs are slower, if the algorithm asks the problem that it is given.

    A descent that has arrived shows no more steps, so that it is watched on both.
    """
    slower = slowed(problem, _SLOWER)
    first, second = (follow(algorithm, run, W, 1, [seed, 11]).W for run in (problem, slower))
    return (problem,) if np.array_equal(first, second, equal_nan=True) else (problem, slower)


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
    return Proxy(problem, **members)


def _with(problem: Any, component_gradient: Any, of_client: Any) -> Any:
    members = {"component_gradient": component_gradient} if hasattr(problem, "component_gradient") else {}
    if hasattr(problem, "clients"):
        members["clients"] = tuple(map(of_client, problem.clients))
    return Proxy(problem, **members)


def _joined(heard: list[Indices], runs: int) -> Indices | None:
    if any(indices.ndim != 2 or len(indices) != runs for indices in heard):
        return None
    return np.concatenate([np.empty((runs, 0), np.intp), *heard], axis=1)


@dataclass(frozen=True, eq=False)
class Request:
    """The one gradient of an outer step, (runs, m, n), and the low-rank step that was applied to it."""

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
    requests : list of Request or None
        None where the gradient source was not asked once, for one step from the last iterate.
    """

    W: Array
    tapes: list[Tapes]
    requests: list[Request | None]


class _Watched(Proxy):
    """An algorithm whose methods and properties take what they need from the watched members."""

    @property
    def __dataclass_fields__(self) -> Any:  # which ``replace`` looks for in the true class
        return self._thing.__dataclass_fields__

    def __getattr__(self, name: str) -> Any:
        member: Any = next((vars(kind)[name] for kind in self.__class__.__mro__ if name in vars(kind)), None)
        is_method = isinstance(member, FunctionType) and name not in getattr(self._thing, "__dict__", ())
        return member.__get__(self) if is_method or isinstance(member, property) else super().__getattr__(name)


class _Step(Proxy):
    """A low-rank step that remembers where it was last applied; a source may ask it for more than a move."""

    def __call__(self, V: Array, G: Array) -> Any:
        moved = self._thing(V, G)
        vars(self).update(last=(V, np.array(G), moved))
        return moved

    def request(self, start: Array, result: Array) -> Request | None:
        """What was asked for, if the last step leads from the start to the result."""
        if (last := vars(self).get("last")) is None:
            return None
        V, G, moved = last
        fits = np.array_equal(V, start) and np.array_equal(moved, result, equal_nan=True)
        return Request(self._thing, G) if fits else None


@dataclass
class _Spy:
    """The gradient source and the sketches of an algorithm, with a record of what they did in the current step."""

    algorithm: Any
    shares_seed: bool = False
    descents: list[tuple[Array, Request | None]] = field(default_factory=list)
    sketching: list[Any] = field(default_factory=list)

    def spied(self) -> Any:
        """The algorithm with members that remember; an implementation has none that could, and only moves."""
        if isinstance(self.algorithm, Implementation):
            return self.algorithm
        source = Proxy(self.algorithm.gradients, descend=self._descend)
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
        self.descents.append((start, watched.request(start, result)))
        return result

    def request(self, W: Array) -> Request | None:
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
    path, tapes, requests = [W], [], []
    for _ in range(steps):
        path.append(np.array(next(iterates)))
        tapes.append(recorder.read(len(W)))
        requests.append(spy.request(path[-2]))
        if spy.shares_seed:
            raise Refuted(
                f"{type(algorithm).__name__} must draw sketch and gradient independently: both were given generators "
                "of the same seed"
            )
    return Course(np.stack(path), tapes, requests)


def check_drawn(source: Any, problem: Any, tapes: Tapes) -> str | None:
    """Return a sentence if what was asked for is no minibatch, or no epoch, of the source; else None.

    Nothing is said where nothing was asked for: components are not the only way to a gradient.
    """
    first, leaf = (1, source.source) if isinstance(source, Clients) else (0, source)
    parts = (problem, *getattr(problem, "clients", ()))
    for part, tape in zip(parts[first:], tapes[first:], strict=False):
        if tape is None or not tape.shape[1]:
            continue
        N = part.n_components
        different = (np.diff(np.sort(tape, axis=1), axis=1) > 0).sum(axis=1) + 1
        if isinstance(leaf, Reshuffled) and (different < N).any():
            return f"an epoch must take each of the N = {N} components, one took {different.min()}"
        if isinstance(leaf, Minibatch) and not leaf.replace and tape.shape[1] == leaf.size > different.min():
            return f"a minibatch without replacement must have {leaf.size} components, one has {different.min()}"
    return None


def numbers(source: Any, N: int, tape: Indices | None) -> Array | None:
    """Return numbers of each run whose law is that of the draws, (runs, k), each in [-1, 1]; None if there are none.

    Of a minibatch, which components it has; of an epoch, when each comes, and whether neighbours come together: each
    place is as likely for a component where a fixed order is shifted, but not for two of them.
    """
    if tape is None:
        return None
    runs, width = tape.shape
    k = min(N, _MOST)
    if isinstance(source, Reshuffled) and width == N and (np.sort(tape, axis=1) == np.arange(N)).all():
        when = np.empty((runs, N))
        np.put_along_axis(when, tape, np.linspace(-1, 1, N)[None], axis=1)
        places = np.linspace(0, N - 1, k).astype(int)
        return np.concatenate([when[:, places], when[:, places] * when[:, (places + 1) % N]], axis=1)
    if isinstance(source, Minibatch) and width == source.size:
        counts = np.zeros((runs, k))
        for column in tape.T:
            counts[np.arange(runs), column * k // N] += 1 / width
        return counts
    return None
