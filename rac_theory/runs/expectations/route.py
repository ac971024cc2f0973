"""Which moment map an algorithm has on a problem, and why it has none. The first row that applies is taken.

=============================  ==========================================  =================================
gradients of a step            what must be known of the sketch            map
=============================  ==========================================  =================================
one of f, perhaps with noise   none: P = I                                 ``DiagonalMap``
                               E[H] = c I, where curvatures are equal      ``DiagonalMap``, a number a column
                               two invariants of P                         ``DiagonalMap``
                               the two moments of P, be it H or weighted   ``MatrixMap``
                               of both sides of Bernoulli-LoRA             ``DiagonalMap`` or ``MatrixMap``
                               of the sketches of all layers               ``MatrixMap``
a minibatch of least squares   the two moments of P                        ``MethodMap``
several, under one sketch      its support                                 ``BranchMap``
one, by forward differences    its support                                 ``BranchMap``
one, by a step that fits       its support                                 ``MatrixMap``, see ``fitted_map``
one for each block in turn     its support                                 ``CycleMap``
a link of momentum             its support, or E[H] = c I, see there       ``LinkMap``
kept in coordinates of a basis it is ``Haar``                              ``SquaresMap``
one a point of a ``Method``    two invariants or the two moments of H      ``MethodMap``
=============================  ==========================================  =================================

What an algorithm says of itself comes before all of these: ``second_moments(problem)``, which returns a ``MomentMap``.

Noise goes around the map as a ``NoisyMap``. Steps that decrease have at each t the map of their size then, in a
``ChangingMap``. P is what multiplies the gradient, see ``step_moments``.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from rac_theory.algebra import number
from rac_theory.algorithms import (
    PLAIN,
    Algorithm,
    Bernoulli,
    CyclicRACLoRA,
    Decreasing,
    FittedDescent,
    Implementation,
    InverseOnRange,
    KeptCoordinates,
    LayeredRACLoRA,
    MethodDescent,
    MomentumInLinks,
    Preconditioned,
    Program,
    RACLoRA,
    SteepestStep,
    StepPerDraw,
    projector_of,
)
from rac_theory.algorithms.gradients import (
    ByChance,
    Clients,
    Exact,
    FiniteDifferences,
    GradientSource,
    Local,
    Minibatch,
    Noisy,
    Reshuffled,
    Subset,
    minibatch_share,
)
from rac_theory.problems import Problem, components_of
from rac_theory.runs.expectations.branches import branch_map, frame_for
from rac_theory.runs.expectations.components import components_in, energy_roots, pooled
from rac_theory.runs.expectations.fitted_map import fitted_map
from rac_theory.runs.expectations.frame import Frame, frame_of
from rac_theory.runs.expectations.links_and_cycles import cycle_map, kept_map, link_map
from rac_theory.runs.expectations.matrix_map import DiagonalMap, MatrixMap, check_size, flat, matrix_map, two_invariants
from rac_theory.runs.expectations.method_map import (
    Data,
    Law,
    MethodMap,
    Rests,
    check_minibatches,
    in_frame,
    method_map,
    rests_of,
    with_invariants,
)
from rac_theory.runs.expectations.moment_map import ChangingMap, MomentMap, NoisyMap, Unsupported
from rac_theory.runs.expectations.step_moments import (
    Covered,
    bernoulli_map,
    layered_frame,
    on_all_numbers,
    projected,
    step_invariants,
    step_moments,
    weighted,
)
from rac_theory.sketches import Moments

Known: TypeAlias = Covered | FittedDescent | CyclicRACLoRA | MomentumInLinks | KeptCoordinates | Preconditioned
"""What there is a map of, some gradients and problems aside."""

_MAPS: dict[type, Callable[[Any, Problem], MomentMap]] = {
    FittedDescent: fitted_map,
    CyclicRACLoRA: cycle_map,
    MomentumInLinks: link_map,
    KeptCoordinates: kept_map,
    Preconditioned: lambda algorithm, problem: _one_gradient(weighted(algorithm), pooled(problem)),
}


def moment_map(algorithm: Algorithm, problem: Problem) -> MomentMap:
    """Return the cheapest moment map, or raise ``Unsupported`` with the reason."""
    if (moments := own_moments(algorithm)) is not None:
        return moments(problem)
    covered = check_covered(algorithm)
    match algorithm:
        case MethodDescent():
            return _of_method(algorithm.projector, problem, algorithm.program, rests_of(algorithm))
        case Decreasing():
            return ChangingMap(lambda t: moment_map(algorithm.at(t), problem))
    for kind, own_map in _MAPS.items():
        if isinstance(covered, kind):
            return own_map(covered, problem)
    covered, quadratic = projected(covered), pooled(problem)  # type: ignore[arg-type]
    match covered.gradients:
        case Minibatch():
            program = PLAIN.program(lambda expression: float(number(expression, {"gamma": covered.gamma})))
            return _of_method(covered, problem, program, Rests((1.0,), True))
        case Noisy() as source:
            m, n = problem.shape
            quiet = _one_gradient(covered, quadratic)
            return NoisyMap(quiet, source.sigma**2 / (m * n) * quiet.unit_noise())
        case source if _is_one_gradient(source):
            return _one_gradient(covered, quadratic)
    return branch_map(covered, problem)


def own_moments(algorithm: Algorithm) -> Callable[[Problem], MomentMap] | None:
    """Return what an algorithm says of its own second moments, or the object that an implementation is made of."""
    stepper = algorithm.stepper if isinstance(algorithm, Implementation) else algorithm
    moments: Callable[[Problem], MomentMap] | None = getattr(stepper, "second_moments", None)
    return moments


def check_covered(algorithm: Algorithm) -> Known:
    """Return the algorithm if its steps, and its gradients, are ones of which moments can be known.

    Of steps that decrease it is the algorithm that they are made by, of a method the one that draws its H.
    """
    if type(algorithm) in (Decreasing, MethodDescent):
        algorithm = projector_of(algorithm)  # type: ignore[assignment]
    if isinstance(algorithm, SteepestStep):
        raise Unsupported(
            f"a step must be linear in the gradient: of signs and norms no second moments close, got {algorithm!r}"
        )
    links = MomentumInLinks, KeptCoordinates
    kinds = RACLoRA, Bernoulli, LayeredRACLoRA, *links, CyclicRACLoRA, Preconditioned, StepPerDraw, InverseOnRange
    *names, last = (kind.__name__ for kind in kinds)
    _check_kind(f"the algorithm must be {', '.join(names)}, {last} or deterministic", algorithm, *kinds)
    assert isinstance(algorithm, Known)
    source = algorithm.gradients
    ours = "gradients must be of a source with known moments, such as Exact() or Minibatch(size)"
    _check_kind(ours, source, Exact, Noisy, Minibatch, Local, Reshuffled, Clients, FiniteDifferences)
    if isinstance(source, Clients):
        ours = "clients must take full gradient steps or reshuffled epochs, Exact(), Local(steps) or Reshuffled()"
        _check_kind(ours, source.source, Exact, Local, Reshuffled)
        if source.participation is not None:
            _check_kind("participation must be ours", source.participation, Subset, ByChance)
    return algorithm


def rests_on_trust(algorithm: Known) -> bool:
    """Whether the curves rest on what a sketch that is not ours says of its own moments."""
    if isinstance(algorithm, LayeredRACLoRA):
        return any(map(rests_on_trust, algorithm.of_layers))
    sketches = (algorithm.left, algorithm.right) if isinstance(algorithm, Bernoulli) else (algorithm.sketch,)
    return any(sketch is not None and Moments(sketch).on_trust for sketch in sketches)


def _check_kind(rule: str, part: object, *kinds: type) -> None:
    if not isinstance(part, kinds):
        raise Unsupported(f"{rule}, got {part!r}")
    if type(part) not in kinds:
        raise Unsupported(f"{type(part).__name__} may step otherwise than the class that it inherits from")


def _is_one_gradient(source: GradientSource) -> bool:
    """Whether a step is one with the gradient of f: the mean over clients of one step each is that, too.

    So are central differences, on quadratics.
    """
    if isinstance(source, Clients):
        return source.participation is None and _is_one_gradient(source.source)
    if isinstance(source, FiniteDifferences):
        return source.central
    return isinstance(source, Exact) or (isinstance(source, Local) and source.steps == 1)


def _one_gradient(algorithm: Covered | Preconditioned, problem: Problem) -> DiagonalMap | MatrixMap:
    """One number a column where that will do, else the diagonal, else matrices."""
    if isinstance(algorithm, Bernoulli):
        return bernoulli_map(algorithm, problem)
    if isinstance(algorithm, LayeredRACLoRA):
        return matrix_map(layered_frame(algorithm, problem), algorithm.gamma, np.asarray)
    frame, gamma = frame_of(problem, algorithm.side), algorithm.gamma
    if algorithm.sketch is None:
        return two_invariants(frame, gamma, 1.0, 0.0)
    if not frame.is_whole:
        law = Moments(algorithm.sketch)
        share = law.share if len(frame.curvatures) == 1 else None
        if share is not None and isinstance(algorithm, RACLoRA) and algorithm.is_projected:
            return flat(frame, gamma, share)
        if (invariants := step_invariants(algorithm, law)) is not None:
            return two_invariants(frame, gamma, *invariants)
    return matrix_map(frame, gamma, *step_moments(algorithm))


def _minibatches(source: Minibatch, problem: Problem, quadratic: Problem, frame: Frame) -> Data:
    """The gradient of f, and those of its components."""
    rows = components_in(frame, quadratic.eigenbasis, problem)  # type: ignore[attr-defined]
    s = float(minibatch_share(components_of(problem, source).n_components, source.size, replace=source.replace))
    roots = energy_roots(frame)[0]
    Q = np.concatenate([np.diag(roots**2)[None], roots[:, None] * rows.K * roots])[:, None, None]
    if s == 0:
        return Data(Q[:1], 0, np.ones(1))
    k = np.concatenate([np.zeros_like(rows.k[:1]), roots[:, None] * rows.k])[:, None, None]
    return Data(Q, k, np.array([1 - s, *[s / len(rows.K)] * len(rows.K)]), agree=rows.agree)


def _of_method(projector: Any, problem: Problem, program: Program, rests: Rests) -> MethodMap:
    """Eigenvector by eigenvector where H has two invariants and f no components, else on blocks of all numbers."""
    quadratic, source = pooled(problem), projector.gradients
    m, n = problem.shape
    if isinstance(source, Minibatch):
        is_coin = isinstance(projector, Bernoulli)
        frame = on_all_numbers(projector, quadratic)[0] if is_coin else frame_for(projector, quadratic, apart=False)
        data = _minibatches(source, problem, quadratic, frame)
        check_minibatches(program, 1 - data.weights[0])
        return method_map(program, rests, frame, problem.shape, lambda _: data, _law(projector, frame))
    if not (_is_one_gradient(source) or isinstance(source, Noisy)):
        raise Unsupported(f"gradients of a method must be one of f, with noise or of a minibatch, got {source!r}")
    variance = source.sigma**2 / (m * n) if isinstance(source, Noisy) else 0.0
    if isinstance(projector, LayeredRACLoRA):
        frame, invariants = layered_frame(projector, quadratic), None
    else:
        frame = frame_of(quadratic, projector.side)
        invariants = None if frame.is_whole or projector.sketch is None else Moments(projector.sketch).invariants
    if getattr(projector, "sketch", projector) is None:
        law = with_invariants(1.0, 0.0, 1.0)
    elif invariants is not None:
        a, b = map(float, invariants)
        law = with_invariants(a, b, a + (frame.dim + 1) * b)
    else:
        law = _law(projector, frame)

    return method_map(program, rests, frame, problem.shape, lambda Q: Data(Q[None], 0, np.ones(1), variance), law)


def _law(algorithm: Covered, frame: Frame) -> Law:
    """The law of H on all numbers."""
    check_size(frame)
    if isinstance(algorithm, RACLoRA):
        return in_frame(*step_moments(algorithm), frame)
    return in_frame(np.asarray, None, frame)  # the frame lifts whatever it is given to all projections
