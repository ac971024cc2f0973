"""The constants that a bound is made of, each with its provenance; what is unknown is nan."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from problems.problem import Problem
from rac_theory.algorithms import RACLoRA
from rac_theory.case import Case
from rac_theory.randomness import Randomness
from rac_theory.spectra import DRAWS, Spectrum, spectrum


@dataclass(frozen=True)
class Constants:
    """The numbers of one case. Replace one with ``dataclasses.replace`` to see what a false one would do.

    Attributes
    ----------
    gamma : float
        Size of one gradient step.
    L : float
        Lipschitz constant of the gradient.
    mu : float
        Polyak-Lojasiewicz constant.
    strong_convexity : float
        Modulus of strong convexity.
    convex : bool
        Whether f is known to be convex.
    lambda_min, lambda_max : float
        Extreme eigenvalues of the expected projection, or their safe ends where they are sampled; dimensionless.
    f_star : float
        Upper end of the certified interval for the infimum of f.
    f_star_error : float
        Width of that interval.
    gap0 : float
        ``f(W0) - f_star``, which the statements about the gap start from.
    gap0_upper : float
        ``f(W0) - f_lower``: the most that f can fall, which the statements about gradients start from.
    alpha_spent : float
        The probability with which a sampled lambda_min may be false, and likewise lambda_max; 0 for closed forms.
    provenance : mapping
        For each name above, one line that says where the number comes from.
    """

    gamma: float
    L: float = math.nan
    mu: float = math.nan
    strong_convexity: float = math.nan
    convex: bool = False
    lambda_min: float = math.nan
    lambda_max: float = math.nan
    f_star: float = math.nan
    f_star_error: float = 0.0
    gap0: float = math.nan
    gap0_upper: float = math.nan
    alpha_spent: float = 0.0
    provenance: Mapping[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, case: Case, *, alpha: float = 5e-4, draws: int = DRAWS, rng: Randomness = None) -> "Constants":
        """Compute the constants of a case.

        ``alpha``, ``draws`` and ``rng`` matter only for a sketch whose spectrum has to be sampled.

        Raises
        ------
        ValueError
            If the start is a minimiser already, for every bound would be zero, or if the problem's constants
            contradict each other.
        """
        problem = case.problem
        f0 = float(problem.value(case.start[None])[0])
        f_star = float(problem.f_star)
        # A declared f_star is not known better than to its own rounding.
        error = max(float(getattr(problem, "f_star_error", 0.0)), 8 * float(np.finfo(float).eps) * abs(f_star))
        f_lower = float(problem.f_lower) if math.isfinite(problem.f_lower) else f_star - error
        _check_start(f0, f_star, f_lower, error)
        if f_lower > f_star + error:
            raise ValueError(f"f_lower must be <= f_star={f_star:g}, got {f_lower:g}")
        if problem.mu > problem.L * (1 + 1e-12):
            raise ValueError(f"mu must be at most L={problem.L:g}, got {problem.mu:g}")
        projection = _projection_spectrum(case, alpha, draws, rng)
        return cls(
            gamma=case.algorithm.gamma,
            L=float(problem.L),
            mu=float(problem.mu),
            strong_convexity=float(problem.strong_convexity),
            convex=bool(problem.convex),
            lambda_min=float(projection.lambda_min),
            lambda_max=float(projection.lambda_max),
            f_star=f_star,
            f_star_error=error,
            gap0=f0 - f_star,
            gap0_upper=f0 - f_lower,
            alpha_spent=projection.alpha,
            provenance=_provenance(problem) | dict.fromkeys(("lambda_min", "lambda_max"), projection.provenance),
        )


def _projection_spectrum(case: Case, alpha: float, draws: int, rng: Randomness) -> Spectrum:
    """Return the spectrum of the sketch of RAC-LoRA: 1 without a sketch, unknown for any other algorithm."""
    algorithm, nothing = case.algorithm, np.empty((0, 0))
    if not isinstance(algorithm, RACLoRA):
        return Spectrum(math.nan, math.nan, math.nan, math.nan, nothing, "unknown")
    if algorithm.sketch is None:
        return Spectrum(1.0, 1.0, 1.0, 1.0, nothing, "closed form")
    return spectrum(algorithm.sketch, alpha=alpha, draws=draws, rng=rng)


def _provenance(problem: Problem) -> dict[str, str]:
    return dict(getattr(problem, "provenance", {}))


def _check_start(f0: float, f_star: float, f_lower: float, error: float) -> None:
    reference = f_star if math.isfinite(f_star) else f_lower
    rounding = 64 * float(np.finfo(float).eps) * max(abs(f0), abs(reference))
    if f0 - reference <= error + rounding:
        if math.isfinite(f_star) and f0 < f_star - error - rounding:
            raise ValueError(f"f_star must be the infimum of f, got {f_star:.17g}, but f(W0) = {f0:.17g} is lower")
        raise ValueError(
            f"W0 must not be a minimiser, got f(W0) - f_star = {f0 - reference:.3g}: every bound would be zero; "
            "start somewhere else"
        )
