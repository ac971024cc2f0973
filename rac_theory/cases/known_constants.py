"""What is known of a case by itself: how each of its constants is found, and rounded to its safe side."""

import math
from fractions import Fraction
from typing import Any

import numpy as np

from rac_theory.algorithms import Implementation, RACLoRA
from rac_theory.algorithms.gradients import Clients, FiniteDifferences, Local, Reshuffled
from rac_theory.base import checks, having
from rac_theory.cases.case import Case
from rac_theory.cases.known_of_clients import of_clients, variance_bound
from rac_theory.cases.known_steps import of_steps
from rac_theory.numerics import Randomness, rounded
from rac_theory.problems import Problem, components_of, heterogeneity

_SAID = (
    *("gamma", "L", "mu", "strong_convexity", "lambda_min", "lambda_max", "L_max", "A", "beta", "C", "D", "D_in"),
    *("omega", "sigma_squared", "zeta_squared", "bias_squared", "nu", "longest_step", "L_H", "ell", "offset", "kept"),
)
"""What an algorithm may say of its own steps and gradients."""

_NEEDED = ("L", "mu", "strong_convexity", "convex", "f_star", "f_lower")


def known_constants(case: Case, alpha: float, draws: int, rng: Randomness) -> dict[str, Any]:
    """Return the fields of ``Constants`` that are known, by name; see ``Constants.of``."""
    own, case = _said(case, alpha), case.as_checked
    problem, level = case.problem, own.get("alpha_spent", 0.0)
    having("problem", problem, "a problem with its constants", _NEEDED, "; what is not known is nan")
    f0 = float(problem.value(case.start[None])[0])
    f_star = float(problem.f_star)
    # A declared f_star is not known better than to its own rounding.
    error = max(float(getattr(problem, "f_star_error", 0.0)), 8 * float(np.finfo(float).eps) * abs(f_star))
    f_lower = float(problem.f_lower) if math.isfinite(problem.f_lower) else math.nextafter(f_star - error, -math.inf)
    _check_start(f0, f_star, f_lower, error)
    if f_lower > f_star + error:
        raise ValueError(f"f_lower must be <= f_star={f_star:g}, got {f_lower:g}")
    if problem.mu > problem.L * (1 + 1e-12):
        raise ValueError(f"mu must be at most L={problem.L:g}, got {problem.mu:g}")
    known: dict[str, Any] = {
        "gamma": case.algorithm.gamma,
        "L": float(problem.L),
        "mu": float(problem.mu),
        "strong_convexity": float(problem.strong_convexity),
        "convex": bool(problem.convex),
        "f_star": f_star,
        "f_star_error": error,
        "gap0": _fall(f0, f_star),
        "gap0_upper": _fall(f0, f_lower),
    }
    sources = _provenance(problem)
    known |= of_steps(case, alpha - level, draws, rng, sources) | _of_minimiser(case) | _of_gradients(case, sources)
    sources.update(dict.fromkeys(own, f"{type(case.algorithm).__name__}.constants(problem)"))
    letters = {name: float(value) for name, value in getattr(case.algorithm, "letters", {}).items()}
    return known | own | {"letters": letters, "alpha_spent": known.get("alpha_spent", 0.0) + level}


def _said(case: Case, alpha: float) -> dict[str, Any]:
    """What an algorithm, or the object that an implementation is made of, says of its own constants."""
    algorithm: Any = case.algorithm
    own = algorithm.own if isinstance(algorithm, Implementation) else algorithm
    if not hasattr(own, "constants"):
        return {}
    said = dict(own.constants(case.problem))
    for name, value in said.items():
        checks.real(checks.one_of("constants", name, (*_SAID, "alpha_spent")), value)
    checks.finite("alpha_spent of constants", said.get("alpha_spent", 0.0), at_least=0, below=alpha)
    return said


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
    if isinstance(gradients, Clients):
        return found | of_clients(gradients, problem, sources)
    if isinstance(gradients, Reshuffled):
        components = components_of(problem, gradients)
        found |= {"L_max": float(components.L_max), "D": heterogeneity(components)}
        found |= {"sigma_squared": variance_bound(problem), "inner_steps": components.n_components}
        sources["D"] = "2 L_max (f* - mean of the component infima), rounded up"
    if isinstance(gradients, FiniteDifferences) and isinstance(case.algorithm, RACLoRA):
        directions = case.algorithm.directions(problem.shape)
        found["bias_squared"] = gradients.bias_squared(problem, directions)
        sources["bias_squared"] = f"(h L / 2)^2 for each of {directions} directional derivatives, rounded up"
    if isinstance(gradients, Local):
        found["inner_steps"] = gradients.steps
    return found


def _provenance(problem: Problem) -> dict[str, str]:
    return dict(getattr(problem, "provenance", {}))


def _check_start(f0: float, f_star: float, f_lower: float, error: float) -> None:
    reference = f_star if math.isfinite(f_star) else f_lower
    rounding = 64 * float(np.finfo(float).eps) * max(abs(f0), abs(reference))
    if f0 - reference <= error + rounding:
        if math.isfinite(f_star) and f0 < f_star - error - rounding:
            raise ValueError(f"f_star must be the infimum of f, got {f_star:.17g}, but f(W0) = {f0:.17g} is lower")
        raise ValueError(
            f"W0 must not be a minimiser, got f(W0) - f_star = {f0 - reference:.3g}: there is no gap that a "
            "bound could close; start somewhere else"
        )
