"""Every client descends on its own from the same start, and the server averages: one federated round."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from rac_theory.algorithms.gradients.gradient_source import GradientSource, Step, check_source
from rac_theory.problems.checks import Array
from rac_theory.problems.naming import shown
from rac_theory.problems.problem import Problem


@dataclass(frozen=True)
class Clients:
    """The mean over clients of what ``source`` makes of each of them, under the sketch that all of them share.

    The server averages matrices W here. As every client moves in the range of one sketch, that is the same as averaging
    their low-rank factors, which is what they would send.

    Parameters
    ----------
    source : GradientSource
        What a client does in a round, such as ``Local(5)``.

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

    def __post_init__(self) -> None:
        check_source("source", self.source)

    @property
    def deterministic(self) -> bool:
        """Whether ``source`` is."""
        return self.source.deterministic

    def check(self, problem: Problem) -> None:
        """Raise a ``ValueError`` if the problem is not federated, or if ``source`` does not fit a client."""
        for m, client in enumerate(_clients(problem)):
            try:
                self.source.check(client)
            except ValueError as error:
                raise ValueError(f"clients[{m}] must fit {shown(self.source)}: {error}") from None

    def descend(self, problem: Problem, W: Array, step: Step, rng: np.random.Generator) -> Array:
        """Return the mean of ``source.descend(client, W, step, rng)`` over clients, drawn one after the other."""
        clients = _clients(problem)
        total = self.source.descend(clients[0], W, step, rng)
        for client in clients[1:]:
            total = total + self.source.descend(client, W, step, rng)
        return total / len(clients)


def _clients(problem: Any) -> tuple[Problem, ...]:
    if not hasattr(problem, "clients"):
        raise ValueError(f"problem must have clients, such as Federated(problem, clients=4), got {shown(problem)}")
    return cast(tuple[Problem, ...], problem.clients)
