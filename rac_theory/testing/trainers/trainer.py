"""A trainer as a check sees it: functions of a state, and what they show at the ends of a link of the chain."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.testing.trainers.arrays import Format, read

COUNTERS = ("step", "steps", "count", "t")
"""What libraries call the number of steps that corrections for bias go by."""


@dataclass(frozen=True, eq=False)
class Adapter:
    """What is added to a matrix of weights: ``scale B A``, (m, n); without factors, the product alone."""

    product: Array
    size: Array  # |B| |A| entry by entry, to which rounding of the product is in proportion
    unit: float
    scale: float = 1.0
    factors: Mapping[str, Array] = dataclasses.field(default_factory=dict)  # B, (m, r), and A, (r, n)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What a trainer shows of a state; what it does not show is empty."""

    outputs: Array
    kind: Format
    adapters: Mapping[str, Adapter]
    weights: Mapping[str, tuple[Array, Format]]
    moments: Mapping[tuple[str, ...], Array]

    @property
    def unit(self) -> float:
        """The largest unit roundoff of what the outputs are computed from."""
        weights = (kind.unit for _, kind in self.weights.values())
        return max(self.kind.unit, *weights, *(adapter.unit for adapter in self.adapters.values()), 0.0)


@dataclass(frozen=True, eq=False)
class Link:
    """One link of a chain: as it began, as its training ended, and once it was merged."""

    number: int
    begin: Snapshot
    end: Snapshot
    after: Snapshot


@dataclass(frozen=True, eq=False)
class Trainer:
    """The functions of a user; those that are None show nothing."""

    new: Callable[[int], Any]
    train: Callable[[Any, int], Any]
    merge: Callable[[Any], Any]
    outputs: Callable[[Any], Any]
    adapter: Callable[[Any], Any] | None
    weights: Callable[[Any], Any] | None
    moments: Callable[[Any], Any] | None

    def chain(self, seed: int, steps: int, links: int) -> Iterator[Link]:
        """Yield links of a chain, one after the other."""
        state = self.new(seed)
        after = self.snapshot(state)
        for number in range(1, links + 1):
            begin = after
            state = self.trained(state, steps)
            end = self.snapshot(state)
            state = _moved(state, self.merge(state))
            after = self.snapshot(state)
            yield Link(number, begin, end, after)

    def trained(self, state: Any, steps: int) -> Any:
        """The state after some steps."""
        return _moved(state, self.train(state, steps))

    def snapshot(self, state: Any) -> Snapshot:
        """Read all that is shown of a state, in copies."""
        outputs, kind = read("outputs(state)", self.outputs(state))
        adapters = {} if self.adapter is None else _layers("adapter(state)", self.adapter(state), _adapter)
        weights = {} if self.weights is None else _layers("weights(state)", self.weights(state), _matrix)
        for layer in {*adapters} & {*weights}:
            product, W = adapters[layer].product, weights[layer][0]
            if product.shape != W.shape:
                raise ValueError(
                    f"adapter(state) must give B and A whose product has the shape of the weights{of(layer)}, "
                    f"{W.shape}, got {product.shape}: is one of them transposed?"
                )
        moments = {} if self.moments is None else dict(_leaves((), self.moments(state)))
        return Snapshot(outputs, kind, adapters, weights, moments)


def of(layer: str) -> str:
    """Name a layer in a sentence; the only one has no name."""
    return f" of {layer!r}" if layer else ""


def _moved(state: Any, returned: Any) -> Any:
    """The state after a function that returns it anew, or changes it in place and returns nothing."""
    return state if returned is None else returned


def _layers(name: str, value: Any, parse: Callable[[str, Any], Any]) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return {str(layer): parse(f"{name}[{layer!r}]", part) for layer, part in value.items()}
    return {"": parse(name, value)}


def _matrix(name: str, value: Any) -> tuple[Array, Format]:
    matrix, kind = read(name, value)
    if matrix.ndim != 2:
        raise ValueError(f"{name} must be a matrix, got shape {matrix.shape}: a dict holds those of several layers")
    return matrix, kind


def _adapter(name: str, value: Any) -> Adapter:
    if not isinstance(value, list | tuple):
        product, kind = _matrix(name, value)
        return Adapter(product, np.abs(product), kind.unit)
    if len(value) not in (2, 3):
        raise ValueError(f"{name} must be (B, A), (B, A, scale) or their product, got {len(value)} parts")
    (B, kind_B), (A, kind_A) = (_matrix(f"{name}[{i}]", value[i]) for i in (0, 1))
    scale = float(value[2]) if len(value) == 3 else 1.0
    if B.shape[1] != A.shape[0]:
        raise ValueError(f"{name} must be B, (m, r), and A, (r, n), got {B.shape} and {A.shape}: in this order?")
    size = abs(scale) * np.abs(B) @ np.abs(A)
    return Adapter(scale * B @ A, size, max(kind_B.unit, kind_A.unit), scale, {"B": B, "A": A})


def _leaves(path: tuple[str, ...], value: Any) -> Iterator[tuple[tuple[str, ...], Array]]:
    """Yield the arrays of dicts, tuples and dataclasses within each other, and the counters beside them."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        value = dict(zip(value._fields, value, strict=True))
    elif isinstance(value, list | tuple):
        value = dict(enumerate(value))
    if isinstance(value, Mapping):
        for index, (key, part) in enumerate(value.items()):
            yield from _leaves((*path, str(key) if isinstance(key, str | int) else str(index)), part)
    elif path and path[-1] in COUNTERS:
        yield path, np.asarray(float(value))
    elif not isinstance(value, bool | int | str | None):
        yield path, read(f"moments(state)[{' '.join(path)}]", value)[0]
