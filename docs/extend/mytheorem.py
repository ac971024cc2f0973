# ruff: noqa: D100
import numpy as np
from numpy.typing import NDArray

from rac_theory import Case, Constants, Theorem
from rac_theory.problems import LeastSquares, Quadratic
from rac_theory.statements.symbols import T, gamma, gap0, lambda_min, mu
from rac_theory.theorems import T2, E, gap


def quadratic(case: Case, c: Constants) -> str | None:
    """f is quadratic."""
    return None if isinstance(case.problem, Quadratic | LeastSquares) else f"f must be quadratic, it is {case.problem}"


squared = Theorem(
    id="squared",
    source="what gradient descent does on quadratics",
    mark="second-hand",
    about=T2.about,
    given=(*T2.given, quadratic),
    claim=E(gap) <= (1 - gamma * mu * lambda_min) ** (2 * T) * gap0,
)


def decay(c: Constants, t: NDArray[np.float64]) -> NDArray[np.float64]:
    """exp(-gamma mu lambda_min T) (f(W^0) - f*)."""
    return c.gap0 * np.exp(-c.gamma * c.mu * c.lambda_min * t)


exponential = Theorem(
    id="exponential",
    source="T2 and 1 - x <= exp(-x)",
    mark="derived",
    about=T2.about,
    given=T2.given,
    claim=E(gap) <= decay,
    falls="linear",
    descends=True,
)
