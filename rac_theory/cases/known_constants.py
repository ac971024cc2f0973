"""What is known of a case by itself: how each of its constants is found, and rounded to its safe side."""

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from rac_theory.algorithms import (
    CyclicRACLoRA,
    Decreasing,
    FittedDescent,
    GaLore,
    Implementation,
    ProjectedDescent,
    RACLoRA,
    SteepestStep,
    projector_of,
)
from rac_theory.algorithms.gradients import CertifiedStep, Clients, FiniteDifferences, Local, Reshuffled
from rac_theory.base import checks, having
from rac_theory.cases.case import Case
from rac_theory.gains import StepGain, fitted_step, smoothness_along, step_gain
from rac_theory.numerics import Account, Randomness, child, rounded, seed_sequence
from rac_theory.problems import (
    Problem,
    client_heterogeneity,
    components_of,
    heterogeneity,
    heterogeneity_within,
    smoothness_of,
)

_CURVATURE = 2  # the stream of L_H; of a coin the sides have 0 and 1


def of_steps(case: Case, alpha: float, draws: int, rng: Randomness, sources: dict[str, str]) -> dict[str, Any]:
    """Return the constants of steps, by name, and the level that they cost; ``sources`` are completed.

    L_H may have half of alpha, and the two ends of the spectrum share what it leaves. Steps that decrease have no one
    gain.
    """
    algorithm, Q = case.algorithm, smoothness_of(case.problem)
    if isinstance(getattr(algorithm, "gradients", None), CertifiedStep):
        Q = None  # gamma is but a factor of steps: there is no gain, and T16 asks for no L_H
    if isinstance(algorithm, FittedDescent):
        assert Q is not None  # the algorithm has refused the problem otherwise
        gain = fitted_step(algorithm, Q, alpha=alpha, draws=draws, rng=rng)
        return _of_gain(gain, sources) | {"alpha_spent": gain.alpha}
    if isinstance(algorithm, CyclicRACLoRA):
        k = len(algorithm.blocks)
        sources["ell"] = f"the smaller of sqrt(k - 1) and log2(k), rounded up, for k = {k} blocks"
        return {"ell": _of_turns(k)} | of_steps(replace(case, algorithm=algorithm.fresh), alpha, draws, rng, sources)
    if isinstance(algorithm, GaLore):
        sources["leading_share"] = (
            "the largest r of min(m, n) squared singular values, r/min(m, n) of their sum, rounded down"
        )
        return {"leading_share": algorithm.leading_share(case.problem)}
    projector = projector_of(algorithm)
    if projector is None:
        return {}
    if not isinstance(algorithm, ProjectedDescent):  # what is known of its H; a gain is of plain steps of one size
        numbers = of_steps(replace(case, algorithm=projector), alpha, draws, rng, sources)
        for name in ("nu", "longest_step"):
            numbers.pop(name, None), sources.pop(name, None)
        if isinstance(algorithm, SteepestStep):
            sources["norm_share"], sources["span"] = algorithm.provenance
            numbers |= algorithm.norm_constants(numbers["lambda_min"], case.problem.shape)
        return numbers | ({"offset": algorithm.offset} if isinstance(algorithm, Decreasing) else {})
    root, account, numbers = seed_sequence(rng), Account(alpha), {}
    if Q is not None:
        smoothness = smoothness_along(algorithm, Q, alpha=alpha / 2, draws=draws, rng=child(root, _CURVATURE))
        account.draw("L_H", smoothness.alpha)
        numbers["L_H"] = min(smoothness.L_H, float(case.problem.L)) if math.isfinite(case.problem.L) else smoothness.L_H
        sources["L_H"] = smoothness.provenance
    projection = algorithm.projection(alpha=account.left / 2, draws=draws, rng=root)
    for end in ("lambda_min", "lambda_max"):
        account.draw(end, projection.alpha)
        numbers[end] = float(getattr(projection, end))
        sources[end] = projection.provenance
    if Q is not None:
        numbers |= _of_gain(step_gain(algorithm, Q, numbers["L_H"], projection), sources)
    return numbers | {"alpha_spent": math.fsum(account.spent.values())}


def _of_turns(k: int) -> float:
    """The smaller of sqrt(k - 1) and the number of halvings of k blocks."""
    return min(math.nextafter(math.sqrt(k - 1), math.inf), float((k - 1).bit_length()))


def _of_gain(gain: StepGain, sources: dict[str, str]) -> dict[str, Any]:
    sources.update(dict.fromkeys(("nu", "longest_step"), gain.provenance))
    return {"nu": gain.nu, "longest_step": gain.longest}


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


_SAID = (
    *("gamma", "L", "mu", "strong_convexity", "lambda_min", "lambda_max", "L_max", "A", "beta", "C", "D", "D_in"),
    *(
        "omega",
        "sigma_squared",
        "zeta_squared",
        "bias_squared",
        "nu",
        "longest_step",
        "L_H",
        "ell",
        "offset",
        "leading_share",
    ),
)
"""What an algorithm may say of its own steps and gradients."""

_NEEDED = ("L", "mu", "strong_convexity", "convex", "f_star", "f_lower")


def known_constants(case: Case, alpha: float, draws: int, rng: Randomness) -> dict[str, Any]:
    """Return the fields of ``Constants`` that are known, by name; see ``Constants.of``."""
    declared, case = _declared(case, alpha), case.as_checked
    problem, level = case.problem, declared.get("alpha_spent", 0.0)
    having("problem", problem, "a problem with its constants", _NEEDED, "; what is not known is nan")
    f0 = float(problem.value(case.start[None])[0])
    f_star = float(problem.f_star)
    # A declared f_star is not known better than to its own rounding.
    error = max(float(getattr(problem, "f_star_error", 0.0)), 8 * float(np.finfo(float).eps) * abs(f_star))
    f_lower = float(problem.f_lower) if math.isfinite(problem.f_lower) else math.nextafter(f_star - error, -math.inf)
    numbers: dict[str, Any] = {name: float(getattr(problem, name)) for name in ("L", "mu", "strong_convexity")}
    numbers |= {"gamma": case.algorithm.gamma, "convex": bool(problem.convex), "f_star": f_star, "f_star_error": error}
    sources = dict(getattr(problem, "provenance", {}))
    _check_start(f0, f_star, f_lower, error)
    if f_lower > f_star + error:
        raise ValueError(f"f_lower must be <= f_star={f_star:g}, got {f_lower:g}")
    if numbers["mu"] > numbers["L"] * (1 + 1e-12):
        raise ValueError(f"mu must be at most L={numbers['L']:g}, got {numbers['mu']:g}")
    numbers |= {"gap0": _fall(f0, f_star), "gap0_upper": _fall(f0, f_lower)}
    numbers |= of_steps(case, alpha - level, draws, rng, sources) | _of_minimiser(case) | _of_gradients(case, sources)
    sources.update(dict.fromkeys(declared, f"{type(case.algorithm).__name__}.constants(problem)"))
    letters = {name: float(value) for name, value in getattr(case.algorithm, "letters", {}).items()}
    return numbers | declared | {"letters": letters, "alpha_spent": numbers.get("alpha_spent", 0.0) + level}


def _declared(case: Case, alpha: float) -> dict[str, Any]:
    """The constants that an algorithm declares, or the object behind an implementation."""
    algorithm: Any = case.algorithm
    implemented = algorithm.stepper if isinstance(algorithm, Implementation) else algorithm
    if not hasattr(implemented, "constants"):
        return {}
    declared = dict(implemented.constants(case.problem))
    for name, value in declared.items():
        checks.real(checks.one_of("constants", name, (*_SAID, "alpha_spent")), value)
    checks.finite("alpha_spent of constants", declared.get("alpha_spent", 0.0), at_least=0, below=alpha)
    return declared


def _fall(f0: float, lowest: float) -> float:
    """``f0 - lowest``, rounded up; nan where either is unknown."""
    is_known = math.isfinite(f0) and math.isfinite(lowest)
    return rounded(Fraction(f0) - Fraction(lowest), math.inf) if is_known else math.nan


def _of_minimiser(case: Case) -> dict[str, Any]:
    W_star = getattr(case.problem, "W_star", None)
    return {} if W_star is None else {"distance0": float(np.linalg.norm(case.start - W_star)) * (1 + 1e-12)}


def _of_gradients(case: Case, sources: dict[str, str]) -> dict[str, Any]:
    """What the gradient source makes of the problem; ``sources`` are completed."""
    gradients, problem = getattr(case.algorithm, "gradients", None), case.problem
    numbers: dict[str, Any] = {"provenance": sources}
    if gradients is not None and hasattr(gradients, "noise"):
        noise = gradients.noise(problem)
        numbers |= {"A": noise.A, "beta": noise.beta, "C": noise.C}
        sources.update(noise.provenance)
    if isinstance(gradients, Clients):
        return numbers | of_clients(gradients, problem, sources)
    if isinstance(gradients, Reshuffled):
        components = components_of(problem, gradients)
        numbers |= {"L_max": float(components.L_max), "D": heterogeneity(components)}
        numbers |= {"sigma_squared": variance_bound(problem), "inner_steps": components.n_components}
        sources["D"] = "2 L_max (f* - mean of the component infima), rounded up"
    projector = projector_of(case.algorithm)
    if isinstance(gradients, FiniteDifferences) and isinstance(projector, RACLoRA):
        directions = projector.directions(problem.shape)
        numbers["bias_squared"] = gradients.bias_squared(problem, directions)
        sources["bias_squared"] = f"(h L / 2)^2 for each of {directions} directional derivatives, rounded up"
    if isinstance(gradients, Local):
        numbers["inner_steps"] = gradients.steps
    return numbers


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
