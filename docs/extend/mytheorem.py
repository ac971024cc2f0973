# ruff: noqa: D100
import numpy as np
from numpy.typing import NDArray

from problems import LeastSquares, Quadratic
from rac_theory import Case, Constants
from rac_theory.theorems import T2, gap, theorem


def quadratic(case: Case, c: Constants) -> str | None:
    """f is quadratic."""
    return None if isinstance(case.problem, Quadratic | LeastSquares) else f"f must be quadratic, it is {case.problem}"


@theorem(
    id="exponential",
    source="T2 and 1 - x <= exp(-x)",
    mark="derived",
    metric=gap,
    rate="linear",
    assumes=T2.assumes,
    descends=True,
)
def exponential(c: Constants, t: NDArray[np.float64]) -> NDArray[np.float64]:
    """E[f(W^T)] - f* <= exp(-gamma mu lambda_min T) (f(W^0) - f*)."""
    return c.gap0 * np.exp(-c.gamma * c.mu * c.lambda_min * t)


@theorem(
    id="squared",
    source="what gradient descent does on quadratics",
    mark="second-hand",
    metric=gap,
    rate="linear",
    assumes=(*T2.assumes, quadratic),
    descends=True,
)
def squared(c: Constants, t: NDArray[np.float64]) -> NDArray[np.float64]:
    """E[f(W^T)] - f* <= (1 - gamma mu lambda_min)^{2T} (f(W^0) - f*)."""
    return c.gap0 * (1 - c.gamma * c.mu * c.lambda_min) ** (2 * t)
