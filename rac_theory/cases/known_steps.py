"""What is known of the steps of a case: the spectrum of E[H], L_H, and the gain; what is sampled shares one level."""

import math
from dataclasses import replace
from typing import Any

from rac_theory.algorithms import (
    CyclicRACLoRA,
    Decreasing,
    FittedDescent,
    GaLore,
    MethodDescent,
    ProjectedDescent,
    RACLoRA,
)
from rac_theory.algorithms.gradients import CertifiedStep
from rac_theory.cases.case import Case
from rac_theory.gains import StepGain, fitted_step, plain_step, projected_step, smoothness_along
from rac_theory.numerics import Account, Randomness, child, seed_sequence
from rac_theory.problems import Smoothness, smoothness_of
from rac_theory.sketches import Spectrum

_CURVATURE = 2  # the stream of L_H; of a coin the sides have 0 and 1


def of_steps(case: Case, alpha: float, draws: int, rng: Randomness, sources: dict[str, str]) -> dict[str, Any]:
    """Return the constants of steps, by name, and the level that they cost; ``sources`` are completed.

    L_H may have half of alpha, and the two ends of the spectrum share what it leaves. Steps that decrease have no one
    gain.
    """
    algorithm, Q = case.algorithm, smoothness_of(case.problem)
    if isinstance(algorithm, Decreasing):
        known = of_steps(replace(case, algorithm=algorithm.algorithm), alpha, draws, rng, sources)
        for name in ("nu", "longest_step"):
            known.pop(name, None), sources.pop(name, None)
        return known | {"offset": algorithm.offset}
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
    if isinstance(algorithm, MethodDescent):  # what is known of its H; a gain is that of the plain step
        known = of_steps(replace(case, algorithm=algorithm.projector), alpha, draws, rng, sources)
        return {name: value for name, value in known.items() if name not in ("nu", "longest_step")}
    if isinstance(algorithm, GaLore):
        sources["kept"] = "the largest r of min(m, n) squared singular values, r/min(m, n) of their sum, rounded down"
        return {"kept": algorithm.kept(case.problem)}
    if not isinstance(algorithm, ProjectedDescent):
        return {}
    root, account, known = seed_sequence(rng), Account(alpha), {}
    if Q is not None:
        along = smoothness_along(algorithm, Q, alpha=alpha / 2, draws=draws, rng=child(root, _CURVATURE))
        account.draw("L_H", along.alpha)
        known["L_H"] = min(along.L_H, float(case.problem.L)) if math.isfinite(case.problem.L) else along.L_H
        sources["L_H"] = along.provenance
    projection = algorithm.projection(alpha=account.left / 2, draws=draws, rng=root)
    for end in ("lambda_min", "lambda_max"):
        account.draw(end, projection.alpha)
        known[end] = float(getattr(projection, end))
        sources[end] = projection.provenance
    if Q is not None:
        known |= _of_gain(_gain(algorithm, Q, known["L_H"], projection), sources)
    return known | {"alpha_spent": math.fsum(account.spent.values())}


def _of_turns(k: int) -> float:
    """The smaller of sqrt(k - 1) and the number of halvings of k blocks."""
    return min(math.nextafter(math.sqrt(k - 1), math.inf), float((k - 1).bit_length()))


def _gain(algorithm: ProjectedDescent, Q: Smoothness, L_H: float, projection: Spectrum) -> StepGain:
    if isinstance(algorithm, RACLoRA) and not algorithm.is_projected:
        return plain_step(algorithm, Q, L_H, projection)
    return projected_step(algorithm, Q, L_H, projection)


def _of_gain(gain: StepGain, sources: dict[str, str]) -> dict[str, Any]:
    sources.update(dict.fromkeys(("nu", "longest_step"), gain.provenance))
    return {"nu": gain.nu, "longest_step": gain.longest}
