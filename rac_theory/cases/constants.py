"""The constants that a bound is made of: how each is found and rounded to its safe side; what is unknown is nan."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
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
from rac_theory.base import Value, being, checks, having, read_only, shown
from rac_theory.cases.case import Case
from rac_theory.gains import StepGain, fitted_step, smoothness_along, step_gain
from rac_theory.numerics import EPS, Account, Randomness, child, rounded, seed_sequence
from rac_theory.problems import (
    Problem,
    client_heterogeneity,
    components_of,
    heterogeneity,
    heterogeneity_within,
    smoothness_of,
)
from rac_theory.sketches import DRAWS


@dataclass(frozen=True, eq=False, repr=False)
class Constants(Value):
    """The numbers of one case. Replace one with ``dataclasses.replace`` to see what a false one would do.

    Two are equal if their numbers are, unknown ones included, wherever they come from. The repr says what is known.

    Attributes
    ----------
    gamma : float
        Size of one gradient step, the first if they decrease; a factor, where they fit the draw or are certified at W.
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
        Bounds of the noise of stochastic gradients, see ``Noise``.
    D : float
        How far gradients of components, or of clients, differ, see ``heterogeneity``; squared units of the gradient.
    D_in : float
        How far gradients of the components of each client differ, see ``heterogeneity_within``; 0 where clients take
        full gradient steps.
    omega : float
        What sampling clients adds to a squared mean, over the mean square, see ``Participation``; 0 if all take part.
    sigma_squared, zeta_squared : float
        Bounds on the variance of the gradients of components, or of clients, along the iterates: ``variance_bound`` of
        a problem that has proved one for every W; else nan, unless ``replace`` or a measurement gives them.
    bias_squared : float
        Most that the squared errors of the directional derivatives of a step sum to, of finite differences.
    inner_steps : int
        Gradient steps under one sketch: N for a reshuffled epoch, K for steps of a client, else 1.
    distance0 : float
        ``||W0 - W*||``, rounded up, for the minimiser that the problem knows; nan if it knows none.
    nu, longest_step : float
        For a step W - M G: the smallest eigenvalue of E[2M - MQM], and the largest of ``M^(1/2) Q M^(1/2)`` over all
        draws; see ``StepGain``.
    L_H : float
        Smoothness of f along the sketch: ``E[H Q H] <= L_H E[H]``, where f is curved by no more than Q.
    ell : float
        What it costs that blocks take turns, see ``CyclicRACLoRA``.
    offset : float
        t_0 of steps that decrease, see ``Decreasing``; nan where they have one size.
    leading_share : float
        For ``GaLore``: a lower bound of the share of a squared gradient that lies in its leading subspace, r/min(m, n)
        rounded down.
    letters : mapping
        The numbers of the letters of a ``Method``; the symbol ``letter("beta")`` of a theorem reads ``letters.beta``.
    norm_share, span : float
        Of steepest steps: a lower bound of the share of a gradient's norm that the sketch keeps, and an upper bound of
        the squared length of a step of size 1; see ``SteepestStep``.
    alpha_spent : float
        The probability with which a constant that is sampled may be false, all together; 0 for closed forms.
    measured : frozenset of str
        The names of those that are estimates from runs, and no bounds: see
        ``rac_theory.verdicts.verification.verify``.
    provenance : mapping
        For each name above, one line that says where the number comes from.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import GD, Case, Constants, verify
    >>> case = Case(GD(gamma=0.1), Quadratic.left([[1.0]], W_star=[[1.0]]), steps=20)
    >>> constants = Constants.of(case)
    >>> claims = constants, replace(constants, mu=3.0)
    >>> [verify("T2", case, constants=claimed).status.name for claimed in claims]
    ['HOLDS', 'VIOLATED']
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
    D_in: float = math.nan
    omega: float = math.nan
    sigma_squared: float = math.nan
    zeta_squared: float = math.nan
    bias_squared: float = math.nan
    inner_steps: int = 1
    distance0: float = math.nan
    nu: float = math.nan
    longest_step: float = math.nan
    L_H: float = math.nan
    ell: float = math.nan
    offset: float = math.nan
    leading_share: float = math.nan
    norm_share: float = math.nan
    span: float = math.nan
    letters: Mapping[str, float] = field(default_factory=dict)
    alpha_spent: float = 0.0
    measured: frozenset[str] = frozenset()
    provenance: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        for member in fields(self):
            if member.type is float:
                checks.real(member.name, getattr(self, member.name))
        checks.boolean("convex", self.convex)
        names = [member.name for member in fields(self)]
        for name in checks.several("measured", self.measured):
            checks.one_of("measured", name, names)
        if not isinstance(self.provenance, Mapping):
            raise ValueError(f"provenance must be a mapping of names to words, got {shown(self.provenance)}")
        checks.integer("inner_steps", self.inner_steps, 1)
        for name, value in self.letters.items():
            checks.real(name, value)
        vars(self).update(provenance=read_only(self.provenance), letters=read_only(self.letters))
        object.__setattr__(self, "measured", frozenset(self.measured))

    def __getattr__(self, name: str) -> float:
        """A letter, ``letters.beta``: nan if there is none, as of all that is unknown."""
        if not name.startswith("letters."):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return float(self.letters.get(name.removeprefix("letters."), math.nan))

    def _repr_html_(self) -> str:
        from rac_theory.drawing import html

        members = [member for member in fields(self) if member.repr and member.name not in ("measured", "letters")]
        values = {member.name: getattr(self, member.name) for member in members} | dict(self.letters)
        rows = [
            (name, f"{value:.6g}" if isinstance(value, float) else str(value), self._known_by(name))
            for name, value in values.items()
            if value == value  # not nan
        ]
        unknown = ", ".join(name for name, value in values.items() if value != value)
        return html.together(
            html.table(("constant", "value", "known by"), rows), html.line(f"Unknown: {unknown or 'none'}.")
        )

    def _known_by(self, name: str) -> str:
        return "an estimate from runs, " * (name in self.measured) + self.provenance.get(name, "")

    @classmethod
    def of(cls, case: Case, *, alpha: float = 5e-4, draws: int = DRAWS, rng: Randomness = None) -> "Constants":
        """Compute the constants of a case.

        ``alpha``, ``draws`` and ``rng`` matter only for a sketch whose moments have to be sampled: lambda_min and
        lambda_max are then bounded at half of alpha each, or at a quarter where L_H has to be sampled too, which takes
        half of it. Steps that fit the draw have one such number, nu. An algorithm that has a member
        ``constants(problem)`` says itself what it returns there, by name; if that holds with a probability only, its
        ``alpha_spent`` is part of alpha.

        Raises
        ------
        ValueError
            If the start is a minimiser already, as there is no gap that a bound could close, or if the problem's
            constants contradict each other.

        Examples
        --------
        >>> from rac_theory.problems import LeastSquares
        >>> from rac_theory import Case, Constants, RACLoRA
        >>> from rac_theory.sketches import Gaussian
        >>> problem = LeastSquares([[1.0, 0.0], [0.0, 2.0]], Y=[1.0, 1.0])
        >>> constants = Constants.of(Case(RACLoRA(Gaussian(2, 1), gamma=0.5), problem))
        >>> print(f"L = {constants.L:.4f}, mu = {constants.mu:.4f}, lambda_min = {constants.lambda_min:.4f}")
        L = 2.0000, mu = 0.5000, lambda_min = 0.5000
        >>> constants.provenance["mu"]
        'the smallest positive s^2/N + l2, s the singular values of X and 0 for its null space, rounded down'
        """
        being("case", case, Case, ", such as Case(algorithm, problem)")
        return cls(**known_constants(case, alpha, draws, rng))


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
        ell = min(math.nextafter(math.sqrt(k - 1), math.inf), float((k - 1).bit_length()))
        return {"ell": ell} | of_steps(replace(case, algorithm=algorithm.fresh), alpha, draws, rng, sources)
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


_OF_THE_START = ("f_star", "f_star_error", "gap0", "gap0_upper", "distance0")
_SAID = tuple(field.name for field in fields(Constants) if field.type is float and field.name not in _OF_THE_START)
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
    error = max(float(getattr(problem, "f_star_error", 0.0)), 8 * EPS * abs(f_star))
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
    if (W_star := getattr(problem, "W_star", None)) is not None:
        numbers["distance0"] = float(np.linalg.norm(case.start - W_star)) * (1 + 1e-12)
    numbers |= of_steps(case, alpha - level, draws, rng, sources) | _of_gradients(case, sources)
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
        checks.real(checks.one_of("constants", name, _SAID), value)
    checks.finite("alpha_spent of constants", declared.get("alpha_spent", 0.0), at_least=0, below=alpha)
    return declared


def _fall(f0: float, lowest: float) -> float:
    """``f0 - lowest``, rounded up; nan where either is unknown."""
    is_known = math.isfinite(f0) and math.isfinite(lowest)
    return rounded(Fraction(f0) - Fraction(lowest), math.inf) if is_known else math.nan


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
    rounding = 64 * EPS * max(abs(f0), abs(reference))
    if f0 - reference <= error + rounding:
        if math.isfinite(f_star) and f0 < f_star - error - rounding:
            raise ValueError(f"f_star must be the infimum of f, got {f_star:.17g}, but f(W0) = {f0:.17g} is lower")
        raise ValueError(
            f"W0 must not be a minimiser, got f(W0) - f_star = {f0 - reference:.3g}: there is no gap that a "
            "bound could close; start somewhere else"
        )
