"""A finite sum whose components are divided among clients, and the mean over clients of their means."""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from rac_theory.problems.batch import matrices, squared_norms
from rac_theory.problems.checks import Array, integer
from rac_theory.problems.digest import digest
from rac_theory.problems.finite_sum import Divisible, Indices, heterogeneity
from rac_theory.problems.layers import Layers, layers_of
from rac_theory.problems.mean import Mean, value_and_gradient
from rac_theory.problems.members import having
from rac_theory.problems.naming import shown, type_name
from rac_theory.problems.rounding import rounded
from rac_theory.problems.shares import even_shares, partition
from rac_theory.problems.smoothness import Smoothness, smoothness_of


class Federated:
    r"""The mean of M clients, :math:`f = \frac1M \sum_m f_m`, each the mean of its own components.

    It is itself a finite sum, whose components are the clients: ``L_max`` is the largest L of a client, and
    ``component_infima`` are theirs. If all clients have equally many rows, f is ``problem`` itself, and so are its
    constants. Otherwise rows of small clients weigh more: f is another function, whose constants follow from those of
    the clients (see ``Mean``) and whose minimum is found anew. Minima are found when they are first read.

    Parameters
    ----------
    problem : Divisible
        The finite sum to divide, such as ``LeastSquares`` or ``SoftmaxRegression``.
    clients : int, or sequence of M sequences of row numbers
        How many clients share the rows in order, as evenly as can be; or the rows of each, every row once.

    Attributes
    ----------
    clients : tuple of M problems
        Each the same kind of problem, on its own rows.

    Examples
    --------
    >>> from rac_theory.problems import Federated, LeastSquares
    >>> data = LeastSquares([[1.0], [1.0], [1.0], [1.0]], Y=[0.0, 2.0, 0.0, 2.0])
    >>> [f"{f.D:.3f}" for f in (Federated(data, 2), Federated.by_label(data, 2), Federated.at_random(data, 2, rng=0))]
    ['0.000', '1.000', '1.000']
    """

    def __init__(self, problem: Divisible, clients: int | Sequence[ArrayLike]) -> None:
        N = _divisible(problem).n_components
        listed = isinstance(clients, Sequence) and not isinstance(clients, str)
        rows = partition(clients, N) if listed else even_shares(np.arange(N), clients)  # type: ignore[arg-type]
        self._problem = problem
        told = f"{len(rows)} {digest(*rows)}" if listed else str(len(rows))
        self._made_by = ("", f"clients={told}")
        self._clients = tuple(_client(problem, m, own) for m, own in enumerate(rows))
        largest = max(map(len, rows))
        self._undivided = largest * len(rows) == N
        self._whole: Any = problem
        if not self._undivided:
            self._whole = Mean(self._clients, _inherited(problem, self.clients, Fraction(N, len(rows) * largest)))

    @classmethod
    def by_label(cls, problem: Divisible, clients: int) -> Self:
        """Divide the rows sorted by label, or by target, as evenly as can be: clients that differ much."""
        targets = np.asarray(_divisible(problem).targets).reshape(problem.n_components, -1)
        return cls(problem, even_shares(np.lexsort(targets.T[::-1]), clients))._called("by_label", f"clients={clients}")

    @classmethod
    def at_random(cls, problem: Divisible, clients: int, rng: np.random.Generator | int) -> Self:
        """Divide the rows at random, as evenly as can be; ``rng`` is a generator or a seed."""
        generator = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(integer("rng", rng, 0))
        order = generator.permutation(_divisible(problem).n_components)
        made = cls(problem, even_shares(order, clients))
        return made if rng is generator else made._called("at_random", f"clients={clients}, rng={shown(rng)}")

    def __repr__(self) -> str:
        method, arguments = self._made_by
        return f"{type_name(self)}{'.' * bool(method)}{method}({self._problem!r}, {arguments})"

    def _called(self, method: str, arguments: str) -> Self:
        """Remember the call that made this, for the repr."""
        self._made_by = (method, arguments)
        return self

    @property
    def clients(self) -> tuple[Divisible, ...]:
        """The M problems, each on its own rows."""
        return self._clients

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
        """Those of the undivided problem."""
        return layers_of(self._problem)

    @property
    def L(self) -> float:
        """Lipschitz constant of the gradient of f, rounded up."""
        return float(self._whole.L)

    @property
    def smoothness(self) -> Smoothness | None:
        """That of f, see ``Mean``; None if it is unknown."""
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
            "L_max": "the largest L of a client",
            "D": "2 L_max (f* - mean of the f_lower of the clients), rounded up",
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
        """The largest L of a client."""
        return max(float(client.L) for client in self.clients)

    @cached_property
    def component_infima(self) -> Array:
        """The lower bound ``f_lower`` of each client, (M,); costs their minimisation."""
        infima = np.array([client.f_lower for client in self.clients], dtype=np.float64)
        infima.flags.writeable = False
        return infima

    def component_gradient(self, W: Array, indices: Indices, /) -> Array:
        """The mean gradient of the listed clients of each run: (runs, m, n), (runs, b) to (runs, m, n)."""
        W = matrices(W, self.shape)
        total = np.zeros_like(W)
        for m, client in enumerate(self.clients):  # each computes only the runs that ask for it
            times = np.count_nonzero(indices == m, axis=-1)
            (asking,) = np.nonzero(times)
            if asking.size:
                total[asking] += times[asking, None, None].astype(W.dtype) * client.gradient(W[asking])
        return np.asarray(total / indices.shape[-1])

    @cached_property
    def D(self) -> float:
        """The heterogeneity ``2 L_max (f* - mean of f_m*)``, rounded up: ``zeta^2 <= 2 L_max (f - f*) + D``."""
        return heterogeneity(self)

    def zeta_squared(self, W: Array, /) -> Array:
        r"""Return :math:`\frac1M \sum_m \|\nabla f_m - \nabla f\|^2` at each matrix: (..., m, n) to (...)."""
        G = self._client_gradients(W)
        return np.asarray(squared_norms(G - G.mean(axis=0)).mean(axis=0))

    def _client_gradients(self, W: Array) -> Array:
        """The gradients of all clients: (..., m, n) to (M, ..., m, n)."""
        W = matrices(W, self.shape)
        return np.stack([client.gradient(W) for client in self.clients])


def _divisible(problem: Divisible) -> Divisible:
    """Accept a finite sum that can be divided."""
    having("problem", problem, "a finite sum that can be divided", ("subset", "n_components"))
    return problem


def _client(problem: Divisible, m: int, rows: ArrayLike) -> Divisible:
    try:
        return problem.subset(np.asarray(rows))
    except ValueError as error:
        raise ValueError(f"clients[{m}] must have rows that make a problem: {error}") from None


def _inherited(problem: Divisible, clients: Sequence[Divisible], weight: Fraction) -> float:
    """The strong convexity that f has because ``f - weight * problem`` is a non-negative combination of clients."""
    s = float(problem.strong_convexity)
    return rounded(weight * Fraction(s), -math.inf) if s > 0 and all(client.convex for client in clients) else 0.0
