"""Clients descend on their own from the same start, and the server averages: one federated round."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from rac_theory.algorithms.gradients.gradient_source import GradientSource, Step, check_source
from rac_theory.algorithms.gradients.participation import Participation, chances_of, sampling_variance
from rac_theory.base import Array, having, shown
from rac_theory.problems import Problem, shares_of


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
        clients, weights = _clients(problem), _weights(problem)
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


def _weights(problem: Any) -> tuple[float, ...]:
    """What clients weigh; the same where the problem does not say."""
    return getattr(problem, "weights", (1.0,) * len(problem.clients))
