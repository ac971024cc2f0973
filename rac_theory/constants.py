"""The constants that a bound is made of, each with its provenance; what is unknown is nan."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from fractions import Fraction
from numbers import Real
from typing import Any

import numpy as np

from problems.finite_sum import components_of, heterogeneity
from problems.members import being, having
from problems.problem import Problem
from problems.rounding import rounded
from rac_theory.account import Account
from rac_theory.algorithms import ProjectedDescent, RACLoRA
from rac_theory.case import Case
from rac_theory.gradients import Clients, Local, Reshuffled
from rac_theory.plain_step import plain_step
from rac_theory.randomness import Randomness
from rac_theory.spectra import DRAWS, UNKNOWN, Spectrum

_NEEDED = ("L", "mu", "strong_convexity", "convex", "f_star", "f_lower")


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
    L_max : float
        Lipschitz constant of the gradient of every component, or of every client.
    A, beta, C : float
        How far stochastic gradients stray, see ``Noise``.
    D : float
        How far gradients of components, or of clients, differ, see ``heterogeneity``; squared units of the gradient.
    sigma_squared, zeta_squared : float
        Bounds on the variance of the gradients of components, or of clients, along the iterates: ``variance_bound`` of
        a problem that has proved one for every W; else nan, unless ``replace`` or a measurement gives them.
    inner_steps : int
        Gradient steps under one sketch: N for a reshuffled epoch, K for local steps, else 1.
    distance0 : float
        ``||W0 - W*||``, rounded up, for the minimiser that the problem knows; nan if it knows none.
    nu, longest_step : float
        For the plain step, see ``PlainStep``.
    alpha_spent : float
        The probability with which a sampled lambda_min or lambda_max may be false, both together; 0 for closed forms.
    measured : frozenset of str
        The names of those that are estimates from runs, and no bounds: see ``rac_theory.measured``.
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
    L_max: float = math.nan
    A: float = math.nan
    beta: float = math.nan
    C: float = math.nan
    D: float = math.nan
    sigma_squared: float = math.nan
    zeta_squared: float = math.nan
    inner_steps: int = 1
    distance0: float = math.nan
    nu: float = math.nan
    longest_step: float = math.nan
    alpha_spent: float = 0.0
    measured: frozenset[str] = frozenset()
    provenance: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        for known in fields(self):
            value = getattr(self, known.name)
            if known.type is float and (isinstance(value, bool) or not isinstance(value, Real)):
                raise ValueError(f"{known.name} must be a number, nan where it is unknown, got {value!r}")

    @classmethod
    def of(cls, case: Case, *, alpha: float = 5e-4, draws: int = DRAWS, rng: Randomness = None) -> "Constants":
        """Compute the constants of a case.

        ``alpha``, ``draws`` and ``rng`` matter only for a sketch whose spectrum has to be sampled: lambda_min and
        lambda_max are then bounded at half of alpha each.

        Raises
        ------
        ValueError
            If the start is a minimiser already, for every bound would be zero, or if the problem's constants
            contradict each other.
        """
        being("case", case, Case, ", as Case(algorithm, problem, W0, steps)")
        problem = case.problem
        having("problem", problem, "a problem with its constants", _NEEDED, "; what is not known is nan")
        f0 = float(problem.value(case.start[None])[0])
        f_star = float(problem.f_star)
        # A declared f_star is not known better than to its own rounding.
        error = max(float(getattr(problem, "f_star_error", 0.0)), 8 * float(np.finfo(float).eps) * abs(f_star))
        f_lower = (
            float(problem.f_lower) if math.isfinite(problem.f_lower) else math.nextafter(f_star - error, -math.inf)
        )
        _check_start(f0, f_star, f_lower, error)
        if f_lower > f_star + error:
            raise ValueError(f"f_lower must be <= f_star={f_star:g}, got {f_lower:g}")
        if problem.mu > problem.L * (1 + 1e-12):
            raise ValueError(f"mu must be at most L={problem.L:g}, got {problem.mu:g}")
        algorithm = case.algorithm
        projection, account = UNKNOWN, Account(alpha)
        if isinstance(algorithm, ProjectedDescent):
            projection = algorithm.projection(alpha=alpha / 2, draws=draws, rng=rng)
            for end in ("lambda_min", "lambda_max"):
                account.draw(end, projection.alpha)
        known: dict[str, Any] = {
            "gamma": case.algorithm.gamma,
            "L": float(problem.L),
            "mu": float(problem.mu),
            "strong_convexity": float(problem.strong_convexity),
            "convex": bool(problem.convex),
            "lambda_min": float(projection.lambda_min),
            "lambda_max": float(projection.lambda_max),
            "f_star": f_star,
            "f_star_error": error,
            "gap0": _fall(f0, f_star),
            "gap0_upper": _fall(f0, f_lower),
            "alpha_spent": math.fsum(account.spent.values()),
        }
        sources = _provenance(problem) | dict.fromkeys(("lambda_min", "lambda_max"), projection.provenance)
        return cls(
            **known, **_of_minimiser(case), **_of_gradients(case, sources), **_of_plain_step(case, projection, sources)
        )


def _fall(f0: float, lowest: float) -> float:
    """``f0 - lowest``, rounded up; nan where either is unknown."""
    known = math.isfinite(f0) and math.isfinite(lowest)
    return rounded(Fraction(f0) - Fraction(lowest), math.inf) if known else math.nan


def _of_minimiser(case: Case) -> dict[str, Any]:
    W_star = getattr(case.problem, "W_star", None)
    return {} if W_star is None else {"distance0": float(np.linalg.norm(case.start - W_star)) * (1 + 1e-12)}


def _of_gradients(case: Case, sources: dict[str, str]) -> dict[str, Any]:
    """What the gradient source makes of the problem; ``sources`` are completed."""
    gradients, problem = getattr(case.algorithm, "gradients", None), case.problem
    found: dict[str, Any] = {"provenance": sources}
    if gradients is not None and hasattr(gradients, "noise"):
        noise = gradients.noise(problem)
        found |= {"A": noise.A, "beta": noise.beta, "C": noise.C}
        sources.update(noise.provenance)
    if isinstance(gradients, Reshuffled | Clients):
        components = components_of(problem, gradients)
        found |= {"L_max": float(components.L_max), "D": heterogeneity(components)}
        sources["D"] = "2 L_max (f* - mean of the component infima), rounded up"
        name = "sigma_squared" if isinstance(gradients, Reshuffled) else "zeta_squared"
        found[name] = float(getattr(components, "variance_bound", math.nan))
    if isinstance(gradients, Reshuffled):
        found["inner_steps"] = components.n_components
    local = gradients.source if isinstance(gradients, Clients) else gradients
    if isinstance(local, Local):
        found["inner_steps"] = local.steps
    return found


def _of_plain_step(case: Case, projection: Spectrum, sources: dict[str, str]) -> dict[str, Any]:
    if not isinstance(case.algorithm, RACLoRA) or case.algorithm.is_projected:
        return {}
    known = plain_step(case.algorithm, float(case.problem.L), projection)
    sources.update(dict.fromkeys(("nu", "longest_step"), known.provenance))
    return {"nu": known.nu, "longest_step": known.longest}


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
