r"""A federated round: clients descend on their own from the same start, and the server averages those that take part.

A client that takes part counts for 1 / P(it does) of its share. So the mean over those that take part is on average
that over all, and its second moment is known if :math:`P(m, l)/(P(m) P(l))` is one number b for all pairs: for fixed
vectors :math:`x_m`, with shares :math:`p_m` and :math:`\bar x = \sum_m p_m x_m`,

.. math:: E\Big\| \sum_{m \in S} \frac{p_m}{P(m)} x_m \Big\|^2
    = b \|\bar x\|^2 + \sum_m p_m^2 \Big( \frac{1}{P(m)} - b \Big) \|x_m\|^2
    \le \|\bar x\|^2 + \omega \sum_m p_m \|x_m\|^2,
    \qquad \omega = \max_m p_m \Big( \frac{1}{P(m)} - b \Big),

as the pairs m != l have :math:`p_m p_l b \langle x_m, x_l \rangle`, and b <= 1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from rac_theory.algorithms.gradients.gradient_source import GradientSource, Step, check_source
from rac_theory.algorithms.gradients.stochastic import uniform_subsets
from rac_theory.base import Array, checks, having, shown
from rac_theory.numerics import rounded
from rac_theory.problems import Problem, shares_of


class Participation(Protocol):
    """Which of M clients take part in a round. Nothing needs to be inherited.

    Examples
    --------
    >>> from fractions import Fraction
    >>> import numpy as np
    >>> from rac_theory.algorithms.gradients.clients import sampling_variance
    >>> class One:  # one client a round, the first as often as all others together
    ...     def chances(self, clients):
    ...         return (Fraction(1, 2), *(Fraction(1, 2 * (clients - 1)),) * (clients - 1))
    ...
    ...     def joint_ratio(self, clients):
    ...         return Fraction(0)  # no two take part in the same round
    ...
    ...     def draw(self, clients, runs, rng):
    ...         chosen = rng.choice(clients, size=runs, p=[float(chance) for chance in self.chances(clients)])
    ...         return np.arange(clients) == chosen[:, None]
    >>> sampling_variance(One(), [0.5, 0.25, 0.25]), sampling_variance(One(), [0.25, 0.25, 0.5])
    (1.0, 2.0)
    """

    def chances(self, clients: int, /) -> tuple[Fraction, ...]:
        """The probability of each client to take part, (M,); a ``ValueError`` if there cannot be M clients."""

    def joint_ratio(self, clients: int, /) -> Fraction:
        """``P(m, l) / (P(m) P(l))``, the same for all pairs of clients, at most 1."""

    def draw(self, clients: int, runs: int, rng: np.random.Generator, /) -> NDArray[np.bool_]:
        """Who takes part, (runs, M)."""


@dataclass(frozen=True)
class Subset:
    """A uniform subset of the clients, of a fixed size.

    Parameters
    ----------
    size : int
        How many take part, in 1..M.

    Examples
    --------
    >>> from rac_theory.algorithms.gradients.clients import Subset, sampling_variance
    >>> print(sampling_variance(Subset(2), [0.25] * 4))  # (M - C) / (C (M - 1)), as of a minibatch
    0.33333333333333337
    """

    size: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", checks.count("size", self.size))

    def chances(self, clients: int) -> tuple[Fraction, ...]:
        """``size / M`` for each."""
        checks.integer("size", self.size, 1, clients, "the number of clients")
        return (Fraction(self.size, clients),) * clients

    def joint_ratio(self, clients: int) -> Fraction:
        """``M (C - 1) / (C (M - 1))`` for size C."""
        return Fraction(clients * (self.size - 1), self.size * (clients - 1)) if clients > 1 else Fraction(1)

    def draw(self, clients: int, runs: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Who takes part, (runs, M)."""
        present = np.zeros((runs, clients), dtype=np.bool_)
        np.put_along_axis(present, uniform_subsets(clients, self.size, runs, rng), True, axis=1)
        return present


@dataclass(frozen=True)
class ByChance:
    """Each client takes part with a probability of its own, whatever the others do; a round may have none.

    Parameters
    ----------
    chance : float, or tuple of M floats
        The probability of every client, or of each, in (0, 1].

    Examples
    --------
    >>> from rac_theory.algorithms.gradients.clients import ByChance, sampling_variance
    >>> print(sampling_variance(ByChance(0.5), [0.25] * 4))  # (1 - c) / (c M)
    0.25
    """

    chance: float | tuple[float, ...]

    def __post_init__(self) -> None:
        given = self.chance
        if isinstance(given, Sequence) and not isinstance(given, str):
            chances: float | tuple[float, ...] = tuple(
                _chance(f"chance[{m}]", chance) for m, chance in enumerate(given)
            )
        else:
            chances = _chance("chance", given)
        object.__setattr__(self, "chance", chances)

    def chances(self, clients: int) -> tuple[Fraction, ...]:
        """As given."""
        if isinstance(self.chance, float):
            return (Fraction(self.chance),) * clients
        if len(self.chance) != clients:
            raise ValueError(f"chance must have one number for each of {clients} clients, got {len(self.chance)}")
        return tuple(map(Fraction, self.chance))

    def joint_ratio(self, clients: int) -> Fraction:
        """1: they are independent."""
        return Fraction(1)

    def draw(self, clients: int, runs: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Who takes part, (runs, M)."""
        return np.asarray(rng.random((runs, clients)) < np.array(self.chance))


def chances_of(participation: Participation, clients: int) -> tuple[Fraction, ...]:
    """Return the probability of each client to take part, (M,); one that never does would count for 1/0."""
    chances = participation.chances(clients)
    if len(chances) != clients or not all(0 < chance <= 1 for chance in chances):
        raise ValueError(
            f"participation must have chances(M) in (0, 1] for each of {clients} clients, got "
            f"{[*map(str, chances)]} from {shown(participation)}"
        )
    return chances


def sampling_variance(participation: Participation | None, shares: Sequence[Fraction | float]) -> float:
    """Return omega of the formula above, rounded up: what sampling adds to a squared mean, over the mean square."""
    if participation is None:
        return 0.0
    M = len(shares)
    b, chances = participation.joint_ratio(M), chances_of(participation, M)
    if b > 1:
        raise ValueError(f"participation must have joint_ratio(M) at most 1, got {float(b):g} from {participation!r}")
    largest = max(Fraction(p) * (1 / chance - b) for p, chance in zip(shares, chances, strict=True))
    return rounded(max(largest, Fraction(0)), math.inf)


def _chance(name: str, value: float) -> float:
    given = checks.finite(name, value)
    if not 0 < given <= 1:
        raise ValueError(f"{name} must be a probability in (0, 1], got {given:g}")
    return given


@dataclass(frozen=True)
class Clients:
    """The mean over clients of what ``source`` makes of each of them, under the sketch that all of them share.

    The mean has the weights of the problem. The server averages matrices W here. As every client moves in the range of
    one sketch, that is the same as averaging their low-rank factors, which is what they would send.

    Parameters
    ----------
    source : GradientSource
        What a client does in a round, such as ``Local(5)``.
    participation : Participation, optional
        Which clients take part, such as ``Subset(10)`` or ``ByChance(0.1)``; without it all do. The move of one that
        does counts for its share over its probability, so that the move of the server is on average that of all.

    Examples
    --------
    >>> from rac_theory.problems import Federated, LeastSquares
    >>> from rac_theory import SGD, Case, Clients, Local, simulate
    >>> problem = Federated(LeastSquares([[1.0], [2.0]], Y=[0.0, 2.0]), clients=2)
    >>> run = simulate(Case(SGD(0.2, Clients(Local(50))), problem, steps=5))
    >>> print(f"{run.W.item():.4f}, {problem.W_star.item():.4f}")  # the mean of two minimisers, and that of f
    0.5000, 0.8000
    """

    source: GradientSource
    participation: Participation | None = None

    def __post_init__(self) -> None:
        check_source("source", self.source)
        if self.participation is not None:
            having(
                "participation",
                self.participation,
                "one of clients, such as Subset(10)",
                ("chances", "draw", "joint_ratio"),
            )

    @property
    def deterministic(self) -> bool:
        """Whether ``source`` is, and all clients take part."""
        return self.participation is None and self.source.deterministic

    def omega(self, problem: Problem) -> float:
        """What sampling clients adds to a squared mean, over the mean square, see ``participation``; rounded up."""
        _clients(problem)
        return sampling_variance(self.participation, shares_of(problem))

    def check(self, problem: Problem) -> None:
        """Raise a ``ValueError`` if the problem is not federated, or if ``source`` does not fit a client."""
        if self.participation is not None:
            chances_of(self.participation, len(_clients(problem)))
        for m, client in enumerate(_clients(problem)):
            try:
                self.source.check(client)
            except ValueError as error:
                raise ValueError(f"clients[{m}] must fit {shown(self.source)}: {error}") from None

    def descend(self, problem: Problem, W: Array, step: Step, rng: np.random.Generator) -> Array:
        """Return the mean of ``source.descend(client, W, step, rng)`` over clients, drawn one after the other.

        Who takes part is drawn before.
        """
        clients = _clients(problem)
        weights = getattr(problem, "weights", (1.0,) * len(clients))
        present = None if self.participation is None else self._counted(len(clients), len(W), rng).astype(W.dtype)
        total = np.zeros_like(W)
        for m, client in enumerate(clients):
            end = self.source.descend(client, W, step, rng)
            moved = end if present is None else present[:, m, None, None] * (end - W)
            total = weights[m] * moved if m == 0 else total + weights[m] * moved
        mean = total / sum(weights)
        return mean if present is None else W + mean

    def _counted(self, clients: int, runs: int, rng: np.random.Generator) -> Array:
        """How often the move of each client counts, (runs, M): never, or the inverse of its probability."""
        assert self.participation is not None
        chances = np.array([float(chance) for chance in self.participation.chances(clients)])
        return np.asarray(self.participation.draw(clients, runs, rng) / chances)


def _clients(problem: Any) -> tuple[Problem, ...]:
    if not hasattr(problem, "clients"):
        raise ValueError(f"problem must have clients, such as Federated(problem, clients=4), got {shown(problem)}")
    return cast(tuple[Problem, ...], problem.clients)
