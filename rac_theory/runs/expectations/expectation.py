"""Expectations without sampling: E f and E||grad f||^2 along a run, the rate they end up with, and by which moment map.

The first row that applies to an algorithm on a problem is taken; where none does, ``Unsupported`` says why.

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
kept in coordinates            it is ``Haar``                              ``SquaresMap``
one a point of a ``Method``    two invariants or the two moments of H      ``MethodMap``
=============================  ==========================================  =================================

What an algorithm says of itself comes before all of these: ``second_moments(problem)``, which returns a ``MomentMap``.

Noise goes around the map as a ``NoisyMap``. Steps that decrease have at each t the map of their size then, in a
``ChangingMap``. P is what multiplies the gradient, see ``step_moments``.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

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
from rac_theory.base import Array, Value, being, checks, one_blas_thread, repr_of, type_name
from rac_theory.cases import Case, check_deterministic, check_runs
from rac_theory.problems import Problem, components_of
from rac_theory.runs.expectations.branches import branch_map, frame_for
from rac_theory.runs.expectations.fitted_map import fitted_map
from rac_theory.runs.expectations.frame import Frame, components_in, energy_roots, frame_of, minimum, pooled
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
from rac_theory.runs.expectations.moment_map import ChangingMap, MomentMap, NoisyMap, Unsupported, curves
from rac_theory.runs.expectations.rational_moments import rational_curves
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
from rac_theory.runs.simulation.simulate import simulate
from rac_theory.sketches import Moments

Mapped: TypeAlias = Covered | FittedDescent | CyclicRACLoRA | MomentumInLinks | KeptCoordinates | Preconditioned
"""What there is a map of, some gradients and problems aside."""

Recursion: TypeAlias = Callable[[Array, int], NDArray[Any]]
"""A start and a number of steps to the three curves of an ``Expectation``, (3, steps + 1)."""

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


def check_covered(algorithm: Algorithm) -> Mapped:
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
    assert isinstance(algorithm, Mapped)
    source = algorithm.gradients
    ours = "gradients must be of a source with known moments, such as Exact() or Minibatch(size)"
    _check_kind(ours, source, Exact, Noisy, Minibatch, Local, Reshuffled, Clients, FiniteDifferences)
    if isinstance(source, Clients):
        ours = "clients must take full gradient steps or reshuffled epochs, Exact(), Local(steps) or Reshuffled()"
        _check_kind(ours, source.source, Exact, Local, Reshuffled)
        if source.participation is not None:
            _check_kind("participation must be ours", source.participation, Subset, ByChance)
    return algorithm


def rests_on_trust(algorithm: Mapped) -> bool:
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
        frame = on_all_numbers(projector, quadratic)[0] if is_coin else frame_for(projector, quadratic, decoupled=False)
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


__all__ = ["Expectation", "Unsupported", "exact_rate", "expected"]


@dataclass(frozen=True, eq=False)
class Expectation(Value):
    """What happens on average at t = 0, ..., steps.

    Attributes
    ----------
    gap : (steps + 1,)
        ``E f(W^t) - f*``; nan if f* is unknown.
    squared_gradient : (steps + 1,)
        ``E||grad f(W^t)||^2``.
    squared_distance : (steps + 1,)
        ``E||W^t - W*||^2``; nan unless f is strongly convex with a known minimiser.
    minimum : float
        The value that gaps are counted from: that at a minimiser, of which ``f_star`` is a rounded bound.
    how : str
        "recursion", "one run" of a deterministic method, or "rational": then both curves hold Fractions.
    on_trust : bool
        Whether they rest on moments that a user's sketch declares, unchecked.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, RACLoRA, expected
    >>> from rac_theory.sketches import Coordinate
    >>> problem = Quadratic.left([[1.0, 0.0], [0.0, 1.0]], W_star=[[1.0], [1.0]])
    >>> expectation = expected(Case(RACLoRA(Coordinate(2, 1), gamma=1.0), problem, steps=3))
    >>> expectation.how
    'recursion'
    >>> print([f"{gap:.4f}" for gap in expectation.gap])  # halved each time, as one coordinate of two arrives
    ['1.0000', '0.5000', '0.2500', '0.1250']
    """

    gap: NDArray[Any]
    squared_gradient: NDArray[Any]
    squared_distance: NDArray[Any]
    minimum: float
    how: Literal["recursion", "one run", "rational"]
    on_trust: bool = False

    @property
    def values(self) -> Array:
        """``E f(W^t)``, (steps + 1,), in floats; small gaps are more accurate in ``gap`` than as a difference."""
        return np.asarray(self.gap.astype(np.float64) + self.minimum)

    def __repr__(self) -> str:
        name, curve = ("E||grad f||^2", self.squared_gradient) if np.isnan(float(self.gap[0])) else ("gap", self.gap)
        trust = ", on trust" if self.on_trust else ""
        return (
            f"<{type_name(self)} by {self.how}{trust}, {len(self.gap) - 1} steps, {name} {float(curve[0]):.4g} to "
            f"{float(curve[-1]):.4g}>"
        )


def expected(case: Case, *, exact: bool = False) -> Expectation:
    r"""Return ``E f - f*`` and ``E||grad f||^2`` at t = 0, ..., steps, without sampling.

    For RAC-LoRA, either side, and Bernoulli-LoRA, on quadratics and least squares, with any sketch that has two
    invariants, a second moment in closed form, or a listed support, whether steps have one size or decrease:

    - exact gradients or additive noise, and on least squares minibatches, with projected steps, or with plain ones
      (``lora_alpha``) if the sketch is Gaussian, has orthonormal columns or a listed support;
    - several steps under one sketch with a listed support: ``Local``, and on least squares ``Clients`` with full
      gradients and ``Reshuffled`` with at most five components;
    - cycles of blocks, ``CyclicRACLoRA``, and fixed weights in the range, ``Preconditioned``;
    - links of momentum, ``MomentumInLinks``, where curvatures are equal or the sketch has a listed support, and
      ``KeptCoordinates`` with Haar columns;
    - a ``Method`` with exact gradients or additive noise, and on least squares minibatches.

    An algorithm that has a member ``second_moments(problem)``, which returns a ``MomentMap``, is asked first.

    A deterministic method is run once, on any problem.

    Parameters
    ----------
    case : Case
        With the number of steps.
    exact : bool
        Compute in rational arithmetic, up to 4 x 4, from the data as they are stored, and return Fractions.

    Returns
    -------
    Expectation

    Raises
    ------
    Unsupported
        A ``ValueError`` with the reason, for everything else.

    References
    ----------
    The recursion is derived in ``rac_theory.runs.expectations.moment_map``, the two invariants in
    ``rac_theory.sketches.laws.rotation_invariance``.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, RACLoRA, expected
    >>> from rac_theory.sketches import CountSketch
    >>> problem = Quadratic.left([[1.0, 0.0], [0.0, 2.0]], W_star=[[1.0], [1.0]])
    >>> case = Case(RACLoRA(CountSketch(2, 1), gamma=0.5), problem, steps=2)
    >>> expected(case, exact=True).gap.tolist()
    [Fraction(3, 2), Fraction(23, 32), Fraction(203, 512)]
    """
    check_runs(case)
    exact = checks.boolean("exact", exact)
    if exact or not case.algorithm.deterministic:
        return by_moments(case, exact=exact)
    problem = case.problem
    unique = problem.strong_convexity > 0 and getattr(problem, "W_star", None) is not None
    run = simulate(case, record=["distances"] if unique else [])
    check_deterministic(case)
    distances = np.full((1, case.steps + 1), np.nan) if run.squared_distances is None else run.squared_distances
    return Expectation(run.gaps[0], run.squared_gradients[0], distances[0], float(problem.f_star), "one run")


def by_moments(case: Case, *, exact: bool = False) -> Expectation:
    """Return the expectation by the recursion of second moments, as ``expected`` does unless one run decides.

    Parameters
    ----------
    case : Case
    exact : bool
        Compute in rational arithmetic.

    Raises
    ------
    Unsupported
        Where there is no such recursion; the message is the reason.
    """
    algorithm, problem, steps = case.algorithm, case.problem, case.steps
    claims = own_moments(algorithm) is not None or rests_on_trust(check_covered(algorithm))
    with one_blas_thread():  # products of a few hundred rows: more threads wait for each other
        if exact:
            recursion: Recursion = partial(rational_curves, algorithm, problem)
        else:
            recursion = partial(curves, moment_map(algorithm, problem))
        _check_gradient(problem, case.start, recursion)
        read = recursion(case.start, steps)
    if not problem.strong_convexity > 0:  # there may be other minimisers
        read[2] = np.nan
    gap, squares, distances = read
    return Expectation(gap, squares, distances, minimum(problem), "rational" if exact else "recursion", claims)


def exact_rate(case: Case) -> float:
    """Return the factor a step by which ``E f - f*`` changes in the end, from a generic start.

    It is the spectral radius of the recursion that ``expected`` runs: at or below the factor of any true theorem about
    the gap. A start that misses the slowest direction may do better. With additive noise it is the factor by which the
    distance from the floor changes; with minibatches, reshuffling and clients that disagree, too, and there the mean of
    W may be what is slowest.

    Parameters
    ----------
    case : Case
        Its number of steps does not matter.

    Returns
    -------
    float
        The factor; above 1 where f rises.

    Raises
    ------
    Unsupported
        Where ``expected`` has no recursion, if steps decrease, which have no rate, or if the rank of the Hessian is
        undecided: a direction that may or may not be flat decides the rate.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, RACLoRA, exact_rate
    >>> from rac_theory.sketches import Gaussian
    >>> problem = Quadratic.left([[1.0, 0.0], [0.0, 1.0]], W_star=[[1.0], [1.0]])
    >>> print(f"{exact_rate(Case(RACLoRA(Gaussian(2, 1), gamma=1.0), problem)):.4f}")  # 1 - r/d: T2 is attained
    0.5000
    """
    being("case", case, Case, ", such as Case(algorithm, problem)")
    problem = case.problem
    moments = moment_map(case.algorithm, problem)
    _check_gradient(problem, case.start, partial(curves, moments))
    if not problem.mu > 0:
        raise Unsupported(f"the rank of the Hessian must be known, got mu = {problem.mu} for {repr_of(problem)}")
    with one_blas_thread():
        return moments.rate(problem.mu / 2)


def _check_gradient(problem: Problem, start: Array, recursion: Recursion) -> None:
    """Refuse a problem whose gradient is not that of the recursion, as in a subclass that changes one of them.

    At the start, and a random step away from it, as the gradient of a penalty may be zero at W0. At a minimiser the
    terms of a gradient cancel, and what is left of them is rounding: of ``X' (X W - Y)`` it is in proportion to
    ``||X|| ||X W - Y||``, which is ``sqrt(2 L f)``, also where W is zero.
    """
    length = np.fmax(np.linalg.norm(start), np.linalg.norm(problem.gradient(start[None])) / problem.L) or 1.0
    away = start + length * np.random.default_rng(0).standard_normal(start.shape)
    for at, W in (("W0", start), ("a step away from W0", away)):
        truth, square = float(np.square(problem.gradient(W[None])).sum()), float(recursion(W, 0)[1, 0])
        terms = problem.L * float(np.linalg.norm(W)) + math.sqrt(2 * problem.L * abs(float(problem.value(W))))
        if abs(square - truth) > 1e-6 * truth + np.fmax((1e-10 * terms) ** 2, 0.0):
            raise Unsupported(
                f"{type(problem).__name__}.eigenbasis must be that of its gradient, got squared norm {square:.6g} at "
                f"{at} against {truth:.6g}; who overrides value or gradient must override it too"
            )
