"""A finite sum whose components are divided among clients, and the mean over clients of their means.

Rows are divided evenly or as they are listed; a client inherits what is known of the whole.
"""

import copy
import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from rac_theory.base import (
    Array,
    digest,
    having,
    matrices,
    read_only,
    shown,
    squared_norms,
    type_name,
)
from rac_theory.base.checks import integer
from rac_theory.numerics import rounded
from rac_theory.problems.features import row_numbers
from rac_theory.problems.finite_sum import Divisible, Indices
from rac_theory.problems.layers import Layers, layers_of
from rac_theory.problems.mean import Mean, client_heterogeneity, client_weights, scaled, shares_of, value_and_gradient
from rac_theory.problems.smoothness import Smoothness, smoothness_of

_Weights: TypeAlias = Literal["equal", "rows"] | Sequence[float]


class Federated:
    r"""The mean of M clients, :math:`f = \sum_m p_m f_m`, each the mean of its own components.

    By default all clients weigh the same, :math:`p_m = 1/M`. If each weighs as many rows as it has, as with
    ``weights="rows"`` or where all have equally many, f is ``problem`` itself, and so are its constants. Otherwise f is
    another function, whose constants follow from those of the clients (see ``Mean``) and whose minimum is found anew.
    Minima are found when they are first read.

    It is itself a finite sum, whose components are the :math:`M p_m f_m`, the clients where all weigh the same.

    Parameters
    ----------
    problem : Divisible
        The finite sum to divide, such as ``LeastSquares`` or ``SoftmaxRegression``.
    clients : int, or sequence of M sequences of row numbers
        How many clients share the rows in order, as evenly as can be; or the rows of each, every row once.
    weights : "equal", "rows", or M positive numbers
        What a client weighs in f and in the mean that the server makes; p_m is that over the sum of all.

    Attributes
    ----------
    clients : tuple of M problems
        Each the same kind of problem, on its own rows.
    weights : tuple of M floats
        What each weighs, as given: 1, or its number of rows, or the number given.

    Examples
    --------
    >>> from rac_theory.problems import Federated, LeastSquares
    >>> data = LeastSquares([[1.0], [1.0], [1.0], [1.0]], Y=[0.0, 2.0, 0.0, 2.0])
    >>> [f"{f.D:.3f}" for f in (Federated(data, 2), Federated.by_label(data, 2), Federated.at_random(data, 2, rng=0))]
    ['0.000', '1.000', '1.000']
    >>> uneven = [[0, 1, 2], [3]]  # targets 0, 2, 0 and 2: the mean of all is 1, that of both clients' means is 4/3
    >>> [f"{Federated(data, uneven, weights).W_star.item():.3f}" for weights in ("equal", "rows")]
    ['1.333', '1.000']
    """

    def __init__(self, problem: Divisible, clients: int | Sequence[ArrayLike], weights: _Weights = "equal") -> None:
        N = divisible(problem).n_components
        listed = isinstance(clients, Sequence) and not isinstance(clients, str)
        rows = partition(clients, N) if listed else even_shares(np.arange(N), clients)  # type: ignore[arg-type]
        self._problem = problem
        self._weighed = "" if isinstance(weights, str) and weights == "equal" else f", weights={shown(weights)}"
        partition_text = f"{len(rows)} {digest(*rows)}" if listed else str(len(rows))
        self._made_by = ("", f"clients={partition_text}", "")
        self._clients: tuple[Any, ...] = tuple(client_of(problem, m, client_rows) for m, client_rows in enumerate(rows))
        self._weights = client_weights(weights, [*map(len, rows)])
        shares = shares_of(self)
        self._times = tuple(len(rows) * share for share in shares)  # what a client is multiplied by as a component
        per_row = [share * N / len(client_rows) for share, client_rows in zip(shares, rows, strict=True)]
        self._undivided = all(factor == 1 for factor in per_row)
        self._whole: Any = problem
        if not self._undivided:
            self._whole = Mean(self._clients, inherited_convexity(problem, self.clients, min(per_row)), self._weights)

    @classmethod
    def by_label(cls, problem: Divisible, clients: int, weights: _Weights = "equal") -> Self:
        """Divide the rows sorted by label, or by target, as evenly as can be: clients that differ much."""
        targets = np.asarray(divisible(problem).targets).reshape(problem.n_components, -1)
        split = cls(problem, even_shares(np.lexsort(targets.T[::-1]), clients), weights)
        return split._called(".by_label", f"clients={clients}")

    @classmethod
    def at_random(
        cls, problem: Divisible, clients: int, rng: np.random.Generator | int, weights: _Weights = "equal"
    ) -> Self:
        """Divide the rows at random, as evenly as can be; ``rng`` is a generator or a seed."""
        generator = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(integer("rng", rng, 0))
        order = generator.permutation(divisible(problem).n_components)
        split = cls(problem, even_shares(order, clients), weights)
        return split if rng is generator else split._called(".at_random", f"clients={clients}, rng={shown(rng)}")

    def __repr__(self) -> str:
        method, arguments, after = self._made_by
        return f"{type_name(self)}{method}({self._problem!r}, {arguments}{self._weighed}){after}"

    def _called(self, method: str, arguments: str, after: str = "") -> Self:
        """Remember the call that made this, for the repr."""
        self._made_by = (method, arguments, after)
        return self

    def in_batches(self, batches: int) -> Self:
        """The same f and clients, but the components of each are that many batches of its rows in order, as even as can
        be: an epoch of a client has then so many steps, however many rows it has beyond that."""
        batches = integer(
            "batches", batches, 1, min(client.n_components for client in self.clients), "rows of a client"
        )
        split = copy.copy(self)
        split._clients = tuple(Federated(client, batches, "rows") for client in self.clients)
        return split._called(*self._made_by[:2], f".in_batches({batches})")

    @property
    def clients(self) -> tuple[Any, ...]:
        """The M problems, each on its own rows."""
        return self._clients

    @property
    def weights(self) -> tuple[float, ...]:
        """What each client weighs, (M,)."""
        return self._weights

    @property
    def shape(self) -> tuple[int, int]:
        """The shape (m, n) of W."""
        return self._problem.shape

    @property
    def start(self) -> Array | None:
        """Where runs of the undivided problem start."""
        return getattr(self._problem, "start", None)

    @property
    def layers(self) -> Layers | None:
        """The layers of the undivided problem, None if it has none."""
        return layers_of(self._problem)

    @property
    def L(self) -> float:
        """Lipschitz constant of the gradient of f, rounded up."""
        return float(self._whole.L)

    @property
    def smoothness(self) -> Smoothness | None:
        """How f curves up, see ``Mean``; None if it is unknown."""
        return smoothness_of(self._whole)

    @property
    def mu(self) -> float:
        """Polyak-Lojasiewicz constant of f; nan if unknown."""
        return float(self._whole.mu)

    @property
    def strong_convexity(self) -> float:
        """Modulus of strong convexity of f."""
        return float(self._whole.strong_convexity)

    @property
    def convex(self) -> bool:
        """Whether f is known to be convex."""
        return bool(self._whole.convex)

    @property
    def f_star(self) -> float:
        """Upper end of a certified interval for the infimum of f; nan if unknown."""
        return float(self._whole.f_star)

    @property
    def f_star_error(self) -> float:
        """Width of that interval."""
        return float(self._whole.f_star_error)

    @property
    def f_lower(self) -> float:
        """A proved lower bound of f."""
        return float(self._whole.f_lower)

    @property
    def W_star(self) -> Array | None:
        """A minimiser of f; None if unknown."""
        return getattr(self._whole, "W_star", None)

    @property
    def provenance(self) -> dict[str, str]:
        """Where each constant comes from."""
        of = "of the undivided problem, which is f: " if self._undivided else ""
        return {name: of + line for name, line in self._whole.provenance.items()} | {
            "L_max": "the largest L of a client" + " times M p_m" * (len(set(self.weights)) > 1),
            "D": "2 L (f* - mean of the f_lower of the clients), L the largest of a client, rounded up",
        }

    def value(self, W: Array, /) -> Array:
        """f at each matrix of a batch: (..., m, n) to (...)."""
        return np.asarray(self._whole.value(W))

    def gradient(self, W: Array, /) -> Array:
        """The gradient at each matrix of a batch: (..., m, n) to (..., m, n)."""
        return np.asarray(self._whole.gradient(W))

    def value_and_gradient(self, W: Array, /) -> tuple[Array, Array]:
        """Both in one pass over the data, where the clients can do that."""
        value, gradient = value_and_gradient(self._whole, W)
        return value, gradient

    @property
    def n_components(self) -> int:
        """The number M of clients."""
        return len(self.clients)

    @property
    def L_max(self) -> float:
        """The largest L of a component: of a client where all weigh the same."""
        of_each = zip(self._times, self.clients, strict=True)
        return max(scaled(times, client.L, math.inf) for times, client in of_each)

    @cached_property
    def component_infima(self) -> Array:
        """A lower bound of each component, ``M p_m f_lower`` of a client, (M,); costs their minimisation."""
        infima = [client.f_lower for client in self.clients]
        scales = zip(self._times, infima, strict=True)
        return np.asarray(read_only(np.array([scaled(times, lower, -math.inf) for times, lower in scales])))

    def component_gradient(self, W: Array, indices: Indices, /) -> Array:
        """The mean gradient of the listed components of each run: (runs, m, n), (runs, b) to (runs, m, n)."""
        W = matrices(W, self.shape)
        total = np.zeros_like(W)
        for m, (weight, client) in enumerate(zip(self._times, self.clients, strict=True)):
            times = np.count_nonzero(indices == m, axis=-1)
            (asking,) = np.nonzero(times)  # a client computes only the runs that ask for it
            if asking.size:
                share = float(weight) * times[asking, None, None].astype(W.dtype)
                total[asking] += share.astype(W.dtype) * client.gradient(W[asking])
        return np.asarray(total / indices.shape[-1])

    @cached_property
    def D(self) -> float:
        """The heterogeneity ``2 L (f* - mean of f_m*)``, rounded up, L the largest of a client: it bounds
        ``zeta_squared`` by ``2 L (f - f*) + D``."""
        return client_heterogeneity(self, max(float(client.L) for client in self.clients))

    def zeta_squared(self, W: Array, /) -> Array:
        r"""Return :math:`\sum_m p_m \|\nabla f_m - \nabla f\|^2` at each matrix: (..., m, n) to (...)."""
        W = matrices(W, self.shape)
        G = np.stack([client.gradient(W) for client in self.clients])
        weights = np.array(self.weights).reshape(-1, *(1,) * (G.ndim - 1))
        mean = np.asarray((weights * G).sum(axis=0) / math.fsum(self.weights))
        return np.asarray((weights[..., 0, 0] * squared_norms(G - mean)).sum(axis=0) / math.fsum(self.weights))


def even_shares(order: Indices, clients: int) -> list[Indices]:
    """Cut a sequence of all rows into consecutive shares, as even as can be, each in rising order."""
    M = integer("clients", clients, 1, len(order), "n_components")
    return [np.sort(share) for share in np.array_split(order, M)]


def partition(clients: Sequence[ArrayLike], N: int) -> list[Indices]:
    """Accept the rows of each client; every row belongs to exactly one."""
    rows = [row_numbers(f"clients[{m}]", client_rows, "a list") for m, client_rows in enumerate(clients)]
    if np.sort(np.concatenate([np.empty(0, np.intp), *rows])).tolist() != list(range(N)):
        raise ValueError(f"clients must list each row 0..{N - 1} exactly once, got {sum(map(len, rows))} rows")
    return rows


def divisible(problem: Divisible) -> Divisible:
    """Accept a finite sum that can be divided."""
    having("problem", problem, "a finite sum that can be divided", ("subset", "n_components"))
    return problem


def client_of(problem: Divisible, m: int, rows: ArrayLike) -> Divisible:
    """The problem of client m, on its own rows."""
    try:
        return problem.subset(np.asarray(rows))
    except ValueError as error:
        raise ValueError(f"clients[{m}] must have rows that make a problem: {error}") from None


def inherited_convexity(problem: Divisible, clients: Sequence[Divisible], weight: Fraction) -> float:
    """The strong convexity that f has because ``f - weight * problem`` is a non-negative combination of clients."""
    s = float(problem.strong_convexity)
    return rounded(weight * Fraction(s), -math.inf) if s > 0 and all(client.convex for client in clients) else 0.0
