"""The constants that a bound is made of, each with its provenance; what is unknown is nan."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from rac_theory.base import Value, being, checks, read_only, shown
from rac_theory.cases.case import Case
from rac_theory.cases.known_constants import known_constants
from rac_theory.numerics import Randomness
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
        For the plain step, see ``PlainStep``.
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
        ``rac_theory.verdicts.verification.measured_constants``.
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
