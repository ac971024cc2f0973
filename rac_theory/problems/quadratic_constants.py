"""L, mu and the modulus of strong convexity of a quadratic, from the factors of its Hessian."""

import math
from fractions import Fraction

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.numerics import eigenvalues, rounded
from rac_theory.problems.rank import rank_bound


def constants(factors: dict[str, Array]) -> dict[str, float]:
    """The eigenvalues of Q are all the products of those of its factors: so are its constants."""
    strong, mu, L = 1.0, 1.0, 1.0
    for name, factor in factors.items():
        factor_strong, factor_mu, factor_L = _curvatures(name, factor)
        strong = _product(strong, factor_strong, towards=-math.inf)
        mu = _product(mu, factor_mu, towards=-math.inf)
        L = _product(L, factor_L, towards=math.inf)
    return {"strong_convexity": strong, "mu": mu, "L": L}


def _curvatures(name: str, S: Array) -> tuple[float, float, float]:
    """Smallest, smallest positive and largest eigenvalue of S, rounded outwards; nan where the rank is undecided."""
    part = core(S)
    if not part.size:
        raise ValueError(f"{name} must have a positive eigenvalue, got largest eigenvalue 0")
    values, error = eigenvalues(part)
    if values[0] < -error:
        raise ValueError(f"{name} must be positive semidefinite, got eigenvalue {values[0]:.6g}")
    positive = values[values > error]
    low, high = float(positive[0]) - error, float(positive[-1]) + error
    highest_rank = len(part) if len(positive) == len(part) else rank_bound(part)
    mu = low if len(positive) == highest_rank else math.nan
    return (mu if highest_rank == len(S) else 0.0), mu, high


def core(S: Array) -> Array:
    """S without its zero rows and columns, and with them as many zero eigenvalues, exactly."""
    kept = S.any(axis=0)
    return S[np.ix_(kept, kept)]


def _product(a: float, b: float, *, towards: float) -> float:
    """``a b``, rounded towards an infinity; nan if a factor is, or if the product is too small for a float."""
    if a == 0 or b == 0:
        return 0.0
    if math.isnan(a) or math.isnan(b):
        return math.nan
    return rounded(Fraction(a) * Fraction(b), towards) or math.nan
