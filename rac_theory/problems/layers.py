"""Several matrices as one: packed into a column, one after the other and each row by row, with views by layer."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from rac_theory.base import Array, Value, being, matrix_shape, printable, shown
from rac_theory.base.checks import one_of
from rac_theory.problems.problem import Problem

T = TypeVar("T")


@dataclass(frozen=True, eq=False, repr=False)
class Layers(Value):
    """The shapes of several matrices that are trained together, which are packed into one column.

    A problem over them is one over W of shape ``(size, 1)``, and says so by its member ``layers``. Theorems, constants
    and runs then need not know of them; an algorithm that treats each layer by itself takes ``views``.

    Parameters
    ----------
    shapes : sequence of (m, n)
        At least one.
    names : sequence of str, optional
        One for each layer, all different; by default ``W1``, ``W2`` and so on.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Layers
    >>> layers = Layers([(2, 3), (3, 1)], names=["hidden", "head"])
    >>> layers
    Layers(hidden 2x3, head 3x1)
    >>> W = layers.pack([np.ones((2, 3)), np.zeros((3, 1))])
    >>> W.shape, [view.shape for view in layers.views(W)]
    ((9, 1), [(2, 3), (3, 1)])
    >>> layers.views(W)[1][0] = 5.0  # they are views: what is written there stands in W
    >>> W.ravel().tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 5.0, 0.0, 0.0]
    """

    shapes: Sequence[tuple[int, int]]
    names: Sequence[str] = ()

    def __post_init__(self) -> None:
        shapes = tuple(matrix_shape(shape) for shape in _listed("shapes", self.shapes, "pairs (m, n)"))
        if not shapes:
            raise ValueError("shapes must have at least one pair (m, n), got none")
        names = tuple(_listed("names", self.names, "names")) or tuple(f"W{i}" for i in range(1, len(shapes) + 1))
        if len(names) != len(shapes):
            raise ValueError(f"names must be one for each of the {len(shapes)} layers, got {shown(names)}")
        for name in names:
            being("names", name, str, " each")
            if not name or name != printable(name):
                raise ValueError(f"names must be ones that can be printed, got {name!r}")
        if len(set(names)) < len(names):
            raise ValueError(f"names must all be different, got {shown(names)}")
        vars(self).update(shapes=shapes, names=names)

    def __len__(self) -> int:
        return len(self.shapes)

    def __repr__(self) -> str:
        parts = (f"{name} {m}x{n}" for name, (m, n) in zip(self.names, self.shapes, strict=True))
        return f"{type(self).__name__}({', '.join(parts)})"

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the column, ``(size, 1)``."""
        return sum(m * n for m, n in self.shapes), 1

    def slices(self) -> Iterator[slice]:
        """Yield where each layer stands in the column."""
        ends = np.cumsum([0, *(m * n for m, n in self.shapes)]).tolist()
        return (slice(first, last) for first, last in pairwise(ends))

    def views(self, W: Array) -> list[Array]:
        """Return the layers of a batch of columns, (..., size, 1), each (..., m, n), without a copy."""
        if W.shape[-2:] != self.shape:
            raise ValueError(f"W must have shape (..., {self.shape[0]}, 1), got {W.shape}")
        lead = W.shape[:-2]
        parts = zip(self.slices(), self.shapes, strict=True)
        return [W[..., part, 0].reshape(*lead, m, n) for part, (m, n) in parts]

    def pack(self, layers: Sequence[Array]) -> Array:
        """Return a new batch of columns, (..., size, 1), from matrices (..., m, n), one for each layer."""
        for name, shape, layer in zip(self.names, self.shapes, self.per_layer("layers", layers), strict=True):
            if np.shape(layer)[-2:] != shape:
                rule = f"layers must have shape (..., {shape[0]}, {shape[1]}) for {name}"
                raise ValueError(f"{rule}, got {np.shape(layer)}")
        lead = np.broadcast_shapes(*(np.shape(layer)[:-2] for layer in layers))
        flat = [np.broadcast_to(layer, (*lead, *np.shape(layer)[-2:])).reshape(*lead, -1, 1) for layer in layers]
        return np.concatenate(flat, axis=-2)

    def per_layer(self, name: str, given: Iterable[T]) -> tuple[T, ...]:
        """Return what is given for each layer; a ``ValueError`` where it is none, or for another number of layers."""
        values: tuple[T, ...] = tuple(_listed(name, given, "one for each layer"))
        if len(values) != len(self):
            raise ValueError(f"{name} must be one for each of {self!r}, got {len(values)}")
        return values

    def index(self, name: str) -> int:
        """Return the place of a layer by its name; a ``ValueError`` has the nearest name."""
        return self.names.index(one_of("layer", name, self.names))


def layers_of(problem: Problem) -> Layers | None:
    """Return the layers that the column of a problem consists of; None where W is one matrix.

    Raises
    ------
    ValueError
        If the member ``layers`` is something else, or of another size.
    """
    layers = getattr(problem, "layers", None)
    if layers is not None:
        being("problem.layers", layers, Layers, ", or None where W is one matrix")
        if layers.shape != tuple(problem.shape):
            raise ValueError(f"problem.layers must be of shape {tuple(problem.shape)}, got {layers!r}, {layers.shape}")
    return layers


def _listed(name: str, given: Any, of: str) -> list[Any]:
    try:
        if not isinstance(given, str):
            return list(given)
    except TypeError:
        pass
    raise ValueError(f"{name} must be a sequence of {of}, got {shown(given)}")
