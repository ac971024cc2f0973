"""What is known of a federated case: how clients, and their components, are curved and differ, and who takes part."""

import math
from typing import Any

from rac_theory.algorithms.gradients import Clients, Local, Reshuffled
from rac_theory.problems import Problem, client_heterogeneity, heterogeneity_within


def of_clients(gradients: Clients, problem: Problem, sources: dict[str, str]) -> dict[str, Any]:
    """Return the constants of clients, by name; ``sources`` are completed.

    L_max is the largest constant of a gradient along which a client steps: of a client, or where clients take
    reshuffled epochs of a component of one.
    """
    clients: tuple[Any, ...] = problem.clients  # type: ignore[attr-defined]
    shuffled = isinstance(gradients.source, Reshuffled)
    names = ("L", "L_max") if shuffled else ("L",)
    curvatures = [float(getattr(client, name)) for client in clients for name in names]
    L = math.nan if any(map(math.isnan, curvatures)) else max(curvatures)
    sources["L_max"] = "the largest L of a component of a client" if shuffled else "the largest L of a client"
    sources["D"] = "2 L_max (f* - mean of the f_lower of clients), rounded up"
    sources["D_in"] = "2 L_max (mean of f_m* - mean of the component infima of clients), rounded up"
    sources["omega"] = "of who takes part, rounded up" if gradients.participation else "0: all clients take part"
    if not shuffled:
        sources["D_in"] = "0: clients take full gradient steps"
    steps = gradients.source.steps if isinstance(gradients.source, Local) else 1
    return {
        "L_max": L,
        "D": client_heterogeneity(problem, L),
        "D_in": heterogeneity_within(problem, L) if shuffled else 0.0,
        "omega": gradients.omega(problem),
        "zeta_squared": variance_bound(problem),
        "inner_steps": max(client.n_components for client in clients) if shuffled else steps,
    }


def variance_bound(problem: Any) -> float:
    """A bound that a problem has proved on the variance of its gradients, at every W; nan if it has none."""
    return float(getattr(problem, "variance_bound", math.nan))
