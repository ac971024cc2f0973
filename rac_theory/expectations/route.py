"""Which moment map an algorithm has on a problem, and why it has none."""

from dataclasses import replace
from functools import partial

import numpy as np

from problems.finite_sum import components_of
from problems.problem import Problem
from rac_theory.algorithms import Bernoulli, RACLoRA
from rac_theory.algorithms.algorithm import Algorithm
from rac_theory.algorithms.gradients import Clients, Exact, Local, Minibatch, Noisy, Reshuffled
from rac_theory.algorithms.gradients.gradient_source import GradientSource
from rac_theory.algorithms.gradients.noise import minibatch_share
from rac_theory.expectations.bernoulli_map import bernoulli_map, on_all_numbers
from rac_theory.expectations.branches import branch_map
from rac_theory.expectations.components import components_in, pooled
from rac_theory.expectations.diagonal_map import flat, two_invariants
from rac_theory.expectations.frame import frame_of, lifted, whole_frame
from rac_theory.expectations.matrix_map import MatrixMap, matrix_map
from rac_theory.expectations.minibatch_map import MinibatchMap
from rac_theory.expectations.moment_map import MomentMap, Unsupported
from rac_theory.expectations.noisy_map import NoisyMap
from rac_theory.expectations.plain_moments import enumerated_moments, gaussian_invariants, plain_scale, times
from rac_theory.expectations.sketch_moments import invariants_of, isotropic_share, known_second_moment, on_trust
from rac_theory.sketches import Gaussian
from rac_theory.sketches.declarations import is_orthonormal
from rac_theory.sketches.laws.rotation_invariance import from_invariants
from rac_theory.sketches.laws.second_moments import SecondMoment

_SOURCES = (Exact, Noisy, Minibatch, Local, Reshuffled, Clients)


def moment_map(algorithm: Algorithm, problem: Problem) -> MomentMap:
    """Return the cheapest moment map, or raise ``Unsupported`` with the reason."""
    covered, quadratic = _projected(check_covered(algorithm)), pooled(problem)
    source = covered.gradients
    if isinstance(source, Minibatch):
        return _minibatch_map(covered, source, problem, quadratic)
    if not isinstance(source, Noisy) and not _one_full_gradient(source):
        return branch_map(covered, problem)
    moments = bernoulli_map(covered, quadratic) if isinstance(covered, Bernoulli) else _rac_lora_map(covered, quadratic)
    if isinstance(source, Noisy):
        return NoisyMap(moments, source.sigma**2 / (problem.shape[0] * problem.shape[1]))
    return moments


def _rac_lora_map(algorithm: RACLoRA, problem: Problem) -> MomentMap:
    """One number a column where that will do, else the diagonal, else matrices."""
    sketch, gamma = algorithm.sketch, algorithm.gamma
    frame = frame_of(problem, algorithm.side)
    if sketch is None:
        return two_invariants(frame, gamma, 1.0, 0.0)
    if not frame.whole:
        if not algorithm.is_projected and isinstance(sketch, Gaussian):
            q, a, b = gaussian_invariants(sketch, plain_scale(algorithm))
            return two_invariants(frame, gamma, a, b, q)
        if algorithm.is_projected and len(frame.curvatures) == 1 and (share := isotropic_share(sketch)) is not None:
            return flat(frame, gamma, share)
        if algorithm.is_projected and (invariants := invariants_of(sketch)) is not None:
            return two_invariants(frame, gamma, *invariants)
    return matrix_map(frame, gamma, *_moments(algorithm))


def _minibatch_map(
    algorithm: RACLoRA | Bernoulli, source: Minibatch, problem: Problem, quadratic: Problem
) -> MinibatchMap:
    """Columns descend apart under the left step; else all m n numbers go together."""
    moments: MatrixMap
    if isinstance(algorithm, Bernoulli):
        frame, moments = on_all_numbers(algorithm, quadratic)
    else:
        left = algorithm.side == "left"
        lift = partial(lifted, shape=problem.shape, side="right")
        frame = frame_of(quadratic, "left") if left else whole_frame(quadratic, lift)
        moments = matrix_map(frame, algorithm.gamma, *_moments(algorithm))
    components = components_in(frame, quadratic.eigenbasis, problem)  # type: ignore[attr-defined]
    N = components_of(problem, source).n_components
    return MinibatchMap(moments, components, float(minibatch_share(N, source.size, replace=source.replace)))


def _moments(algorithm: RACLoRA) -> tuple[SecondMoment, SecondMoment | None]:
    """M -> E[P M P], and M -> E[P] M unless P is a projection."""
    sketch = algorithm.sketch
    if sketch is None:
        return np.asarray, None
    if algorithm.is_projected:
        return known_second_moment(sketch), None
    scale = plain_scale(algorithm)
    if isinstance(sketch, Gaussian):
        q, a, b = gaussian_invariants(sketch, scale)
        return partial(from_invariants, a, b), partial(np.multiply, q)
    mean, second_moment = enumerated_moments(sketch, scale)
    return second_moment, times(mean)


def _projected(algorithm: RACLoRA | Bernoulli) -> RACLoRA | Bernoulli:
    """The plain step with orthonormal columns is the projected step with another step size."""
    if isinstance(algorithm, Bernoulli) or algorithm.is_projected or algorithm.sketch is None:
        return algorithm
    if not is_orthonormal(algorithm.sketch):
        return algorithm
    return replace(algorithm, gamma=algorithm.gamma * plain_scale(algorithm), lora_alpha=None)


def _one_full_gradient(source: GradientSource) -> bool:
    """Whether a step is one with the gradient of f: the mean over clients of one step each is that, too."""
    if isinstance(source, Clients):
        return _one_full_gradient(source.source)
    return isinstance(source, Exact) or (isinstance(source, Local) and source.steps == 1)


def check_covered(algorithm: Algorithm) -> RACLoRA | Bernoulli:
    """Return the algorithm if it is RAC-LoRA or Bernoulli-LoRA with gradients whose moments can be known."""
    if not isinstance(algorithm, RACLoRA | Bernoulli):
        raise Unsupported(f"the algorithm must be RACLoRA, Bernoulli or deterministic, got {algorithm!r}")
    source = algorithm.gradients
    innermost = source.source if isinstance(source, Clients) else source
    for part, ours in ((algorithm, (RACLoRA, Bernoulli)), (source, _SOURCES), (innermost, _SOURCES)):
        if isinstance(part, ours) and type(part) not in ours:
            raise Unsupported(f"{type(part).__name__} may step otherwise than the class that it inherits from")
    if isinstance(source, Clients) and not isinstance(source.source, Exact | Local):
        raise Unsupported(f"clients must take full gradient steps, Exact() or Local(steps), got {source!r}")
    if not isinstance(source, Exact | Noisy | Minibatch | Local | Reshuffled | Clients):
        raise Unsupported(f"gradients must be of a source of ours, such as Exact() or Minibatch(size), got {source!r}")
    return algorithm


def rests_on_trust(algorithm: RACLoRA | Bernoulli) -> bool:
    """Whether the curves rest on what a sketch that is not ours says of its own moments."""
    sketches = (algorithm.left, algorithm.right) if isinstance(algorithm, Bernoulli) else (algorithm.sketch,)
    return any(sketch is not None and on_trust(sketch) for sketch in sketches)
