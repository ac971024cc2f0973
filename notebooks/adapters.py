"""LoRA and its relatives on all layers at once, as one loop: which factors start random, which move, what restarts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from rac_theory.algorithms import Initialisation
from rac_theory.algorithms.gradients import Exact, GradientSource
from rac_theory.base import checks
from rac_theory.base.checks import Array
from rac_theory.problems import Layers, Problem, layers_of
from rac_theory.sketches import Frozen, Gaussian, Haar

Factor = Literal["B", "A"]
"""Of the product B A that is added to the weights of a layer: B is m x r, A is r x n."""


@dataclass(frozen=True)
class Method:
    """How the weights ``W + B A`` of all layers are trained.

    Attributes
    ----------
    name : str
    starts : sequence of Initialisation
        For each layer, with one of the two factors zero.
    moves : tuple of "B", "A"
        The factors that are trained; the other one stays as it was drawn.
    restarts : bool
        Whether after each link the product is merged, and factors are drawn anew.
    """

    name: str
    starts: tuple[Initialisation, ...]
    moves: tuple[Factor, ...]
    restarts: bool

    def numbers(self, shapes: Sequence[tuple[int, int]]) -> int:
        """Return how many numbers are trained at a time.

        Examples
        --------
        >>> from adapters import lora, rac_lora
        >>> shapes = [(64, 32), (32, 5)]
        >>> lora(shapes, 1, "A").numbers(shapes), rac_lora(shapes, 1, "A").numbers(shapes)
        (133, 96)
        """
        sides = [{"B": m, "A": n} for m, n in shapes]
        return sum(start.rank * side[own] for start, side in zip(self.starts, sides, strict=True) for own in self.moves)


def full(shapes: Sequence[tuple[int, int]]) -> Method:
    """Full training: A is the identity and stays, B is trained.

    Examples
    --------
    >>> from adapters import full
    >>> full([(64, 32), (32, 5)]).numbers([(64, 32), (32, 5)])
    2208
    """
    return Method("full training", tuple(Initialisation(A=Frozen(np.eye(n))) for _, n in shapes), ("B",), False)


def lora(shapes: Sequence[tuple[int, int]], rank: int, random: Factor, *, restarts: bool = False) -> Method:
    """LoRA, or Chain of LoRA: one factor starts Gaussian, with rows or columns of about unit length, the other at zero.

    The rank of a layer is no larger than its sides.

    Examples
    --------
    >>> from adapters import lora
    >>> [start.rank for start in lora([(64, 32), (32, 5)], 8, "A").starts]
    [8, 5]
    """
    ranks = [min(rank, *shape) for shape in shapes]
    starts = tuple(
        Initialisation.kaiming(shape, r)
        if random == "A"
        else Initialisation(B=Gaussian(shape[0], r), scale=shape[0] ** -0.5)
        for shape, r in zip(shapes, ranks, strict=True)
    )
    return Method(f"{'Chain of LoRA' if restarts else 'LoRA'}, {random} random", starts, ("B", "A"), restarts)


def asymmetric_lora(shapes: Sequence[tuple[int, int]], rank: int | Sequence[int], frozen: Factor) -> Method:
    """Asymmetric LoRA: one factor is orthonormal, drawn once and frozen.

    Examples
    --------
    >>> from adapters import asymmetric_lora
    >>> asymmetric_lora([(64, 32), (32, 5)], 1, "B").moves
    ('A',)
    """
    return Method(f"Asymmetric LoRA, {frozen} frozen", *_one_sided(shapes, rank, frozen), False)


def rac_lora(shapes: Sequence[tuple[int, int]], rank: int | Sequence[int], random: Factor) -> Method:
    """RAC-LoRA: one factor is orthonormal, drawn for each link and frozen in it.

    Examples
    --------
    >>> from adapters import rac_lora
    >>> rac_lora([(64, 32), (32, 5)], 1, "A").restarts
    True
    """
    return Method(f"RAC-LoRA, {random} random", *_one_sided(shapes, rank, random), True)


def _one_sided(
    shapes: Sequence[tuple[int, int]], rank: int | Sequence[int], drawn: Factor
) -> tuple[tuple[Initialisation, ...], tuple[Factor, ...]]:
    dims = [m if drawn == "B" else n for m, n in shapes]
    ranks = [rank] * len(dims) if isinstance(rank, int) else rank
    laws = [Haar(dim, min(r, dim)) for dim, r in zip(dims, ranks, strict=True)]
    if drawn == "B":
        return tuple(Initialisation(B=law) for law in laws), ("A",)
    return tuple(Initialisation(A=law) for law in laws), ("B",)


def train(
    problem: Problem,
    W: Array,
    method: Method,
    gamma: float,
    *,
    steps: int,
    link: int,
    local: int = 1,
    source: GradientSource | None = None,
    rng: np.random.Generator,
) -> Array:
    """Return the weights after ``steps`` gradient steps of every run: (runs, m, n) to (runs, m, n).

    One gradient at W serves all layers. On a ``Federated`` problem each client makes ``local`` of the steps from the
    same factors, and the server takes the mean of the factors, B and A each for itself. Where one of them stays that is
    the mean of the products; where both move it is not, and LoRA is still averaged like this as a rule (Zhang et al.,
    arXiv:2305.05644; Sun et al., arXiv:2403.12313, say what it costs).

    Parameters
    ----------
    problem : Problem
        Of one matrix, or of several in a column with its member ``layers``.
    W : (runs, m, n)
        Where each run starts.
    method : Method
    gamma : float
        The size of one gradient step.
    steps, link, local : int
        Gradient steps in all, between restarts, and between two means of the clients; each a multiple of the next.
    source : GradientSource, optional
        Such as ``Minibatch(16)``; None is the exact gradient.
    rng : Generator
        Of factors and minibatches.

    Examples
    --------
    >>> import numpy as np
    >>> from adapters import lora, rac_lora, train
    >>> from rac_theory.problems import Quadratic
    >>> problem, W = Quadratic.left(np.eye(3), W_star=np.diag([3.0, 2.0, 1.0])), np.zeros((1, 3, 3))
    >>> for method in (lora([(3, 3)], 1, "A"), rac_lora([(3, 3)], 1, "A")):
    ...     end = train(problem, W, method, 0.1, steps=400, link=10, rng=np.random.default_rng(0))
    ...     print(f"{method.name}: {problem.value(end).item():.3f}")  # (2^2 + 1^2) / 2, and the minimum
    LoRA, A random: 2.500
    RAC-LoRA, A random: 0.000
    """
    for name, many, few in (("steps", steps, link), ("link", link, local)):
        if checks.integer(name, many, 1) % checks.integer("local", few, 1):
            raise ValueError(f"{name} must be a multiple of {few}, got {many}")
    clients: Sequence[Any] = getattr(problem, "clients", (problem,))
    layers = layers_of(problem)
    descend = (Exact() if source is None else source).descend
    for first in range(0, steps, local):
        if first == 0 or (method.restarts and first % link == 0):
            drawn = [start.draw(rng, view) for start, view in zip(method.starts, _views(layers, W), strict=True)]
            server = _Adapters(layers, W, drawn, method.moves, gamma)
        ends = []
        for client in clients:
            mine, now = replace(server), W
            for _ in range(local):
                now = descend(client, now, mine, rng)
            ends.append(mine.factors)
        server.factors = [_mean(pairs) for pairs in zip(*ends, strict=True)]
        W = server.weights()
    return W


@dataclass
class _Adapters:
    """The factors of all layers; as a step of a gradient source it moves them, and returns the weights."""

    layers: Layers | None
    beneath: Array
    factors: list[tuple[Array, Array]]
    moves: tuple[Factor, ...]
    gamma: float

    def __call__(self, W: Array, G: Array) -> Array:
        self.factors = [
            (
                B - self.gamma * (g @ np.swapaxes(A, 1, 2)) if "B" in self.moves else B,
                A - self.gamma * (np.swapaxes(B, 1, 2) @ g) if "A" in self.moves else A,
            )
            for (B, A), g in zip(self.factors, _views(self.layers, G), strict=True)
        ]
        return self.weights()

    def weights(self) -> Array:
        products = [B @ A for B, A in self.factors]
        return self.beneath + (products[0] if self.layers is None else self.layers.pack(products))


def _views(layers: Layers | None, W: Array) -> list[Array]:
    """One matrix is its only layer."""
    return [W] if layers is None else layers.views(W)


def _mean(pairs: Sequence[tuple[Array, Array]]) -> tuple[Array, Array]:
    """The mean of the B and that of the A of all clients."""
    B, A = (np.asarray(sum(some) / len(pairs)) for some in zip(*pairs, strict=True))
    return B, A
