"""The draws of a sketch as a check takes them: each one is looked at before anything is made of it."""

import copy
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import cloudpickle
import numpy as np

from rac_theory.base.checks import Array
from rac_theory.sketches import Sketch, claims_a_law, is_deterministic, is_orthonormal
from rac_theory.testing.refuted import Refuted

_SIZES = (3, 1, 0)  # that are asked for first, and again at the end
_COLUMNS = 1e-12  # that products of orthonormal columns may be off by


@dataclass(frozen=True, eq=False)
class Draws:
    """A sketch, and how sentences call it."""

    sketch: Sketch

    @property
    def name(self) -> str:
        """The name of its class."""
        return type(self.sketch).__name__

    def take(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank); anything but finite floats, with the columns that are claimed, is ``Refuted``."""
        taken: Array = self.many(rng, 1, size)[0]
        return taken

    def many(self, rng: np.random.Generator, calls: int, size: int) -> Array:
        """Call ``sample`` again and again with one generator: (calls, size, dim, rank)."""
        shape = (calls, size, self.sketch.dim, self.sketch.rank)
        taken = np.empty(shape)
        for sample in taken:
            sample[...] = self._returned(rng, size)
        entries = taken.ravel()
        if not np.isfinite(np.vdot(entries, entries)) and not np.isfinite(taken).all():  # squares may overflow
            wrong = ~np.isfinite(taken).all(axis=(2, 3))
            raise Refuted(
                f"{self.name}.sample must be finite, it holds nan or infinity in {np.count_nonzero(wrong)} of "
                f"{wrong.size} draws",
                S=taken[wrong][0],
            )
        self._check_columns(taken.reshape(-1, *shape[2:]))
        return taken

    def _returned(self, rng: np.random.Generator, size: int) -> Array:
        shape = (size, self.sketch.dim, self.sketch.rank)
        try:
            sample: Any = self.sketch.sample(rng, size)
        except Exception as error:
            raise Refuted(
                f"{self._call(size)} must return an array of shape {shape}, it raised {type(error).__name__}: {error}"
            ) from error
        if sample is None:
            raise Refuted(f"{self.name}.sample must return its draws: it returned None, is a return missing?")
        if not isinstance(sample, np.ndarray) or isinstance(sample, np.ma.MaskedArray):
            raise Refuted(f"{self.name}.sample must return an array, it returned {type(sample).__name__}")
        if sample.shape != shape:
            raise Refuted(
                f"{self._call(size)} must have shape (size, dim, rank) = {shape}, it has {sample.shape}: "
                "draws go along the first axis, columns along the last"
            )
        if sample.dtype.kind != "f":
            raise Refuted(f"{self.name}.sample must return floats, it returned {sample.dtype}")
        return sample

    def _call(self, size: int) -> str:
        return f"{self.name}.sample(rng, {size})"

    def _check_columns(self, S: Array) -> None:
        if not (is_orthonormal(self.sketch) and len(S)):
            return
        off = np.abs(np.swapaxes(S, 1, 2) @ S - np.eye(self.sketch.rank)).max(axis=(1, 2))
        if (worst := int(off.argmax())) >= 0 and off[worst] > _COLUMNS:
            raise Refuted(
                f"{self.name}.sample must draw orthonormal columns, as {self.name} says of itself: products of columns "
                f"are off by up to {off[worst]:.3g} in {np.count_nonzero(off > _COLUMNS)} of {len(S)} draws",
                S=S[worst],
            )


def check_first(draws: Draws, seed: int) -> Callable[[], None]:
    """Look at small samples, and return what compares them with the same again once the sketch has been used."""
    first = {size: draws.take(np.random.default_rng(seed), size) for size in (*_SIZES, 8)}

    def again() -> None:
        for size, sample in first.items():
            if not np.array_equal(draws.take(np.random.default_rng(seed), size), sample):
                raise Refuted(
                    f"{draws.name}.sample must be a function of the rng that it is given: the same seed gave other "
                    "draws; do not make your own generator, nor keep one, nor count calls"
                )

    return again


def check_fresh(draws: Draws, seed: int) -> None:
    """Raise ``Refuted`` where calls repeat each other, or write to what an earlier call has returned."""
    sketch, name = draws.sketch, draws.name
    returned = sketch.sample(np.random.default_rng([seed, 3]), 8)
    kept = np.array(returned)
    sketch.sample(np.random.default_rng([seed, 4]), 8)
    if not np.array_equal(returned, kept):
        raise Refuted(f"{name}.sample must return a new array, a later call wrote to the array of an earlier one")
    if is_deterministic(sketch) or sketch.dim == 1:  # where all nonzero draws have the same range
        return
    calls = draws.many(np.random.default_rng(seed), 8, 64)
    if (calls == calls[0, 0]).all():
        if not claims_a_law(sketch):
            raise Refuted(
                f"{name}.sample gave the same matrix 512 times: is a draw cached? A sketch that (nearly) always gives "
                "the same matrix must say so with support()"
            )
    elif (calls == calls[:1]).all():
        raise Refuted(f"{name}.sample must give fresh draws, it repeats itself: is a draw cached?")
    elif (calls == calls[:, :1]).all():
        raise Refuted(f"{name}.sample must draw afresh for each of the size matrices")


def sent(sketch: Sketch) -> Sketch:
    """Return a sketch as a worker process gets it, or raise ``Refuted`` if it cannot be sent to one."""
    try:
        return cast(Sketch, cloudpickle.loads(cloudpickle.dumps(sketch)))
    except Exception as error:  # of a user's code, or of what it holds
        raise Refuted(
            f"{type(sketch).__name__} must be such that it can be sent to worker processes, pickling it raised "
            f"{type(error).__name__}: {error}"
        ) from error


def check_sent(sketch: Sketch, there: Sketch, seed: int) -> None:
    """Raise ``Refuted`` if a copy that was sent to a worker draws others than the sketch here."""
    one, other = (s.sample(np.random.default_rng([seed, 5]), 8) for s in (sketch, there))
    if not np.array_equal(one, other):
        raise Refuted(f"{type(sketch).__name__} must draw the same in a worker process, its copy by pickle does not")


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What drawing must leave alone: the global generators, and the parameters of the sketch."""

    sketch: Sketch
    globals: Any
    parameters: dict[str, Any]

    @classmethod
    def of(cls, sketch: Sketch) -> "Surroundings":
        """Remember them."""
        return cls(sketch, _global_states(), copy.deepcopy(_parameters(sketch)))

    def check(self) -> None:
        """Raise ``Refuted`` if they have changed."""
        name = type(self.sketch).__name__
        if not _same(self.globals, _global_states()):
            raise Refuted(f"{name}.sample must draw from the rng that it is given, it drew from a global generator")
        before, now = self.parameters, _parameters(self.sketch)
        if changed := [key for key, value in now.items() if key in before and not _same(value, before[key])]:
            raise Refuted(f"{name} must not change its parameters when it is used: {', '.join(changed)} changed")


def _global_states() -> tuple[Any, Any]:
    return np.random.get_state(), random.getstate()  # noqa: NPY002 (to catch its use by others)


def _parameters(sketch: Sketch) -> dict[str, Any]:
    return dict(getattr(sketch, "__dict__", {}))


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, tuple | list) and type(a) is type(b):
        return len(a) == len(b) and all(map(_same, a, b))
    if hasattr(a, "__dict__") and type(a) is type(b):  # a sketch within a sketch, which may not compare by value
        return all(key in vars(a) and _same(vars(a)[key], value) for key, value in vars(b).items())
    same: Callable[[Any, Any], Any] = np.array_equal if isinstance(a, np.ndarray) else lambda x, y: x == y
    return bool(np.all(same(a, b)))
