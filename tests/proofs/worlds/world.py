"""A world: which assumptions it meets, and a number for each letter that a fact about it could have."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import combinations_with_replacement

import numpy as np

from rac_theory.algebra import Relation, Symbol, symbols_of, truth
from rac_theory.proofs.drawn import Drawn, H, Vector, vector
from rac_theory.statements.assumption import Assumption, KnownConstant

from .functions import Function
from .sketches import Sketch

ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class World:
    """Numbers by name. A letter's are of shape (draws, clients, steps), with ones for what it does not depend on."""

    name: str
    meets: frozenset[Assumption]
    constants: Mapping[str, float]
    letters: Mapping[str, np.ndarray]

    def has(self, symbol: Symbol) -> bool:
        """Whether it has a number for a symbol."""
        return symbol.name in self.letters if isinstance(symbol, Drawn) else _key(symbol) in self.constants

    def is_met(self, assumption: Assumption) -> bool:
        if isinstance(assumption, Relation):
            known = all(map(self.has, symbols_of(assumption)))
            return known and bool(
                truth(assumption, {one.name: self._number(one) for one in symbols_of(assumption)}, ROUNDING)
            )
        if isinstance(assumption, KnownConstant) and assumption.unless is not None and self.is_met(assumption.unless):
            return True
        return assumption in self.meets

    @cached_property
    def kind(self) -> Hashable:
        """What it has in common with worlds that one table is made of: what it meets and has, and in which shapes."""
        shapes = tuple([numbers.shape for numbers in self.letters.values()])
        return self.meets, frozenset(self.constants), (*self.letters,), shapes

    def _number(self, one: Symbol) -> np.ndarray | float:
        return self.letters[one.name] if isinstance(one, Drawn) else self.constants[_key(one)]


@dataclass(frozen=True, eq=False)
class Alike:
    """Worlds of one kind: what holds of one of them holds of all, but for what numbers say."""

    worlds: tuple[World, ...]

    @cache  # noqa: B019  # there are some hundreds, as long as their worlds
    def met(self, assumption: Assumption) -> np.ndarray:
        """Return in which of them an assumption is met, (worlds,)."""
        return np.array([_is_met(one, assumption) for one in self.worlds])

    def table(self, symbols: Sequence[Symbol], chosen: np.ndarray) -> np.ndarray:
        """Return numbers (points, symbols), at each draw, client and step of some worlds; nan for what has none."""
        each = [self._numbers(one)[chosen] if self.worlds[0].has(one) else np.nan for one in symbols]
        shapes = {one.shape for one in each if isinstance(one, np.ndarray)}
        rows = np.empty((*np.broadcast_shapes((int(chosen.sum()), 1, 1, 1), *shapes), len(each)))
        for k, one in enumerate(each):
            rows[..., k] = one
        return rows.reshape(-1, len(each))

    @cache  # noqa: B019
    def _numbers(self, one: Symbol) -> np.ndarray:
        """A symbol's, (worlds, draws, clients, steps)."""
        return np.stack([_shaped(world._number(one)) for world in self.worlds])


@cache
def _is_met(world: World, assumption: Assumption) -> bool:
    return world.is_met(assumption)


@cache
def alike(worlds: tuple[World, ...]) -> list[Alike]:
    """Return worlds by kind: they are thousands, of some hundreds of kinds."""
    by_kind: dict[Hashable, list[World]] = {}
    for world in worlds:
        by_kind.setdefault(world.kind, []).append(world)
    return [Alike(tuple(of_one_kind)) for of_one_kind in by_kind.values()]


def _key(symbol: Symbol) -> str:
    return symbol.constant or symbol.name


def within(
    inner: Callable[[Vector, Vector], Drawn],
    operator: np.ndarray,
    vectors: Mapping[tuple[str, str], np.ndarray],
    H_drawn: np.ndarray,
) -> Iterator[tuple[Drawn, np.ndarray]]:
    """Yield inner products of vectors by (name, over), (d,) or (draws, d), with an operator between.

    They are as they are, and in the range of H.
    """
    drawn = np.stack([np.broadcast_to(v, H_drawn.shape[:2]) for v in vectors.values()])
    both = np.concatenate([drawn, np.einsum("nij,knj->kni", H_drawn, drawn)])
    numbers = np.einsum("ani,bni->abn", both @ operator, both)
    names = [(key, is_seen) for is_seen in (False, True) for key in vectors]
    for (i, left), (j, right) in combinations_with_replacement(enumerate(names), 2):
        is_fixed = not any(is_seen or vectors[key].ndim > 1 for key, is_seen in (left, right))
        yield _between(inner, left, right), numbers[i, j, 0] if is_fixed else numbers[i, j]


@cache
def _between(inner, one, other) -> Drawn:
    return inner(*(H(v) if is_seen else v for (name, over), is_seen in (one, other) for v in [vector(name, over=over)]))


def with_means(letters: Iterable[tuple[Drawn, np.ndarray]], p: np.ndarray) -> dict[str, np.ndarray]:
    """Return numbers by name, with the means over clients of what has no step, and over draws."""
    by_name: dict[str, np.ndarray] = {}
    means: dict[str, np.ndarray] = {}
    for letter, numbers in letters:
        by_name[letter.name] = numbers = _shaped(numbers)
        if letter.over == {"H", "m"} and numbers.shape[2] == 1:
            letter, numbers = _mean(letter, "m"), numbers.mean(axis=1, keepdims=True)
            by_name[letter.name] = numbers
        if letter.over == {"H"}:
            means[_mean(letter, "H").name] = numbers[:, 0, 0]
    table = np.empty((len(p), len(means)))
    for k, numbers in enumerate(means.values()):
        table[:, k] = numbers
    return by_name | dict(zip(means, (p @ table)[:, None, None, None], strict=True))


@cache
def _mean(letter: Drawn, draw: str) -> Drawn:
    return letter.mean(draw)


def of_a_function(f: Function, W: np.ndarray, sketch: Sketch) -> dict[str, float]:
    """Return the constants of f and of a sketch."""
    least, most = sketch.spectrum
    along = {} if f.curvature is None else {"L_H": sketch.along(f.curvature)}
    return along | {
        "L": f.L, "L_max": f.L, "mu": f.mu, "strong_convexity": f.s, "lambda_min": least, "lambda_max": most, "T": 3.0,
    }  # fmt: skip


def _shaped(numbers: np.ndarray) -> np.ndarray:
    numbers = np.asarray(numbers, dtype=float)
    return numbers.reshape(*numbers.shape, *[1] * (3 - numbers.ndim)) if numbers.ndim else numbers.reshape(1, 1, 1)
