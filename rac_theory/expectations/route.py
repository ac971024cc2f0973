"""Which moment map an algorithm has on a problem, and why it has none."""

from problems.problem import Problem
from rac_theory.algorithm import Algorithm
from rac_theory.algorithms import Bernoulli, RACLoRA
from rac_theory.expectations.bernoulli_map import bernoulli_map
from rac_theory.expectations.diagonal_map import flat, two_invariants
from rac_theory.expectations.frame import frame_of
from rac_theory.expectations.matrix_map import matrix_map
from rac_theory.expectations.moment_map import MomentMap
from rac_theory.expectations.noisy_map import NoisyMap
from rac_theory.expectations.sketch_moments import invariants_of, isotropic_share, known_second_moment, on_trust
from rac_theory.expectations.unsupported import Unsupported
from rac_theory.gradients import Exact, Noisy


def moment_map(algorithm: Algorithm, problem: Problem) -> MomentMap:
    """Return the cheapest moment map, or raise ``Unsupported`` with the reason."""
    covered = check_covered(algorithm)
    moments = bernoulli_map(covered, problem) if isinstance(covered, Bernoulli) else _rac_lora_map(covered, problem)
    if isinstance(covered.gradients, Noisy):
        return NoisyMap(moments, covered.gradients.sigma**2 / (problem.shape[0] * problem.shape[1]))
    return moments


def _rac_lora_map(algorithm: RACLoRA, problem: Problem) -> MomentMap:
    """One number a column where that will do, else the diagonal, else matrices."""
    sketch, gamma = algorithm.sketch, algorithm.gamma
    frame = frame_of(problem, algorithm.side)
    if sketch is None:
        return two_invariants(frame, gamma, 1.0, 0.0)
    if not frame.whole:
        if len(frame.curvatures) == 1 and (share := isotropic_share(sketch)) is not None:
            return flat(frame, gamma, share)
        if (invariants := invariants_of(sketch)) is not None:
            return two_invariants(frame, gamma, *invariants)
    return matrix_map(frame, gamma, known_second_moment(sketch))


def check_covered(algorithm: Algorithm) -> RACLoRA | Bernoulli:
    """Return the algorithm if its steps are projected ones with exact gradients or additive noise."""
    if not isinstance(algorithm, RACLoRA | Bernoulli):
        raise Unsupported(f"the algorithm must be RACLoRA, Bernoulli or deterministic, got {algorithm!r}")
    if not isinstance(algorithm.gradients, Exact | Noisy):
        raise Unsupported(f"gradients must be Exact() or Noisy(sigma), got {algorithm.gradients!r}")
    if isinstance(algorithm, RACLoRA) and algorithm.lora_alpha is not None:
        raise Unsupported(f"lora_alpha must be None, the projected step, got {algorithm.lora_alpha:g}")
    return algorithm


def rests_on_trust(algorithm: RACLoRA | Bernoulli) -> bool:
    """Whether the curves rest on what a sketch that is not ours says of its own moments."""
    sketches = (algorithm.left, algorithm.right) if isinstance(algorithm, Bernoulli) else (algorithm.sketch,)
    return any(sketch is not None and on_trust(sketch) for sketch in sketches)
