"""The assumptions of the theorems: each docstring is the assumption, a breach is a sentence with the value."""

import math
from collections.abc import Callable

from rac_theory.algorithms import ProjectedDescent, RACLoRA
from rac_theory.algorithms.gradients import Clients, Exact, Local, Reshuffled
from rac_theory.cases.case import Case
from rac_theory.cases.constants import Constants
from rac_theory.sketches import Gaussian

# gamma = 1 / L computed in floating point may exceed 1 / L by a rounding; verdicts allow far more than this.
_ROUNDING = 1 + 1e-12


def rac_lora_exact(case: Case, c: Constants) -> str | None:
    """RAC-LoRA with the projected step and the exact gradient (gradient descent is its case H = I)."""
    return _projected(case) or _gradients(case, Exact, "must be exact")


def rac_lora_stochastic(case: Case, c: Constants) -> str | None:
    """RAC-LoRA with the projected step and one unbiased gradient a sketch, independent of the sketch."""
    known = hasattr(getattr(case.algorithm, "gradients", None), "noise")
    wrong = None if known else _gradients(case, (), "must be one unbiased gradient a sketch with known noise")
    return _projected(case) or wrong


def rac_lora_reshuffled(case: Case, c: Constants) -> str | None:
    """RAC-LoRA with the projected step and one reshuffled epoch a sketch."""
    return _projected(case) or _gradients(case, Reshuffled, "must be those of a reshuffled epoch")


def fed_rac_lora(case: Case, c: Constants) -> str | None:
    """Fed-RAC-LoRA: one shared sketch a round, K full gradient steps of each client, and their mean."""
    wrong = _projected(case) or _gradients(case, Clients, "must be those of clients")
    source = getattr(getattr(case.algorithm, "gradients", None), "source", None)
    if wrong is not None or isinstance(source, Exact | Local):
        return wrong
    return f"clients must take full gradient steps, theirs come from {type(source).__name__}"


def plain_rac_lora(case: Case, c: Constants) -> str | None:
    """RAC-LoRA with the plain step, trained for any number of full gradient steps before the merge."""
    return _plain(case) or _gradients(case, (Exact, Local), "must be full gradients")


def plain_gaussian_rac_lora(case: Case, c: Constants) -> str | None:
    """RAC-LoRA with one plain step under a Gaussian sketch before the merge."""
    wrong = plain_rac_lora(case, c)
    if wrong is None and not isinstance(getattr(case.algorithm, "sketch", None), Gaussian):
        return "the sketch must be Gaussian"
    inner = f"there must be one step before the merge, there are {c.inner_steps}" if c.inner_steps > 1 else None
    return wrong or inner


def _projected(case: Case) -> str | None:
    if not isinstance(case.algorithm, ProjectedDescent):
        return f"the theorem is about RAC-LoRA, the algorithm is {type(case.algorithm).__name__}"
    if isinstance(case.algorithm, RACLoRA) and not case.algorithm.is_projected:
        return f"the theorem is about the projected step, lora_alpha is {case.algorithm.lora_alpha:g}"
    return None


def _plain(case: Case) -> str | None:
    if not isinstance(case.algorithm, RACLoRA) or case.algorithm.is_projected:
        return "the theorem is about RAC-LoRA with the plain step, lora_alpha is not set"
    return None


def _gradients(case: Case, kinds: type | tuple[type, ...], rule: str) -> str | None:
    gradients = getattr(case.algorithm, "gradients", None)
    return None if isinstance(gradients, kinds) else f"gradients {rule}, they come from {type(gradients).__name__}"


def smooth(case: Case, c: Constants) -> str | None:
    """The gradient of f is Lipschitz with a known constant L."""
    return None if 0 < c.L < math.inf else f"L must be known and positive, it is {c.L:g}"


def small_step(case: Case, c: Constants) -> str | None:
    """0 < gamma <= 1/L."""
    return None if c.gamma * c.L <= _ROUNDING else "gamma must be at most 1/L, " + _step(c)


def stable_step(case: Case, c: Constants) -> str | None:
    """0 < gamma < 2/L."""
    return None if c.gamma * c.L < 2 else "gamma must be below 2/L, " + _step(c)


def bounded_below(case: Case, c: Constants) -> str | None:
    """A lower bound of f is known."""
    return None if math.isfinite(c.gap0_upper) else "a lower bound of f must be known, f_lower is nan"


def certified_minimum(case: Case, c: Constants) -> str | None:
    """The infimum of f is certified: a mere lower bound would make the claim false."""
    return None if math.isfinite(c.gap0) else "the infimum of f must be certified, f_star is nan"


def polyak_lojasiewicz(case: Case, c: Constants) -> str | None:
    """||grad f(W)||^2 / 2 >= mu (f(W) - f*) with a known mu > 0."""
    if c.mu > 0:
        return None
    why = "mu is unknown (nan)" if math.isnan(c.mu) else f"mu is {c.mu:g}"
    return f"f must satisfy the Polyak-Lojasiewicz inequality with a known mu > 0, {why}"


def positive_projection(case: Case, c: Constants) -> str | None:
    """lambda_min(E[H]) > 0: no direction is out of reach of the sketch."""
    if c.lambda_min > 0:
        return None
    return f"lambda_min(E[H]) must be positive, it is {c.lambda_min:g}: some direction is never updated"


def convex(case: Case, c: Constants) -> str | None:
    """f is known to be convex."""
    return None if c.convex else "f must be known to be convex"


def strongly_convex(case: Case, c: Constants) -> str | None:
    """f - (s/2) ||W||^2 is convex with a known s > 0; a PL constant is not enough."""
    return None if c.strong_convexity > 0 else f"f must be strongly convex, the known modulus is {c.strong_convexity:g}"


def known_minimiser(case: Case, c: Constants) -> str | None:
    """A minimiser is known, and with it the distance of the start from it."""
    return None if math.isfinite(c.distance0) else "a minimiser must be known, the problem has no W_star"


def isotropic(case: Case, c: Constants) -> str | None:
    """E[H] is a multiple of the identity, up to rounding."""
    if c.lambda_max <= c.lambda_min * (1 + 1e-9):
        return None
    return f"E[H] must be a multiple of the identity, its eigenvalues reach from {c.lambda_min:g} to {c.lambda_max:g}"


def known_largest_projection(case: Case, c: Constants) -> str | None:
    """lambda_max(E[H]) is known."""
    return None if math.isfinite(c.lambda_max) else "lambda_max(E[H]) must be known, it is nan"


def known_noise(case: Case, c: Constants) -> str | None:
    """The stochastic gradients obey E||Hg||^2 <= beta <G, E[H] G> + lambda_max (2 A (f - f*) + C), constants known."""
    if all(map(math.isfinite, (c.A, c.beta, c.C))) and c.C >= 0:
        return None
    return f"the noise constants must be known and C >= 0, (A, beta, C) is ({c.A:g}, {c.beta:g}, {c.C:g})"


def noisy_step(case: Case, c: Constants) -> str | None:
    """0 < gamma < 2/(beta L)."""
    return None if c.gamma * c.L * c.beta < 2 else "gamma must be below 2/(beta L), " + _step(c, c.beta)


def horizon_step(case: Case, c: Constants) -> str | None:
    """gamma <= 1/(beta L) and gamma <= 1/sqrt(L A lambda_max T), T being the number of steps."""
    if not c.gamma * c.L * c.beta <= _ROUNDING:
        return "gamma must be at most 1/(beta L), " + _step(c, c.beta)
    product = c.L * c.A * c.lambda_max * case.steps
    if not c.gamma**2 * product <= _ROUNDING:
        longest = 1 / math.sqrt(product) if product > 0 else math.nan
        return f"gamma must be at most 1/sqrt(L A lambda_max T)={longest:.6g} for T={case.steps}, it is {c.gamma:.6g}"
    return None


def contracting(factor: Callable[[Constants], float]) -> Callable[[Case, Constants], str | None]:
    """Return the assumption that a factor is below one, and not negative, as it is for constants that are true."""

    def contracts(case: Case, c: Constants) -> str | None:
        """0 <= rho < 1."""
        rho = factor(c)
        return None if 0 <= rho < 1 else f"rho must be in [0, 1), it is {rho:.6g}: the bound would not fall"

    return contracts


def smooth_components(case: Case, c: Constants) -> str | None:
    """The gradient of every component, or client, is Lipschitz with a known common constant L_max."""
    return None if 0 < c.L_max < math.inf else f"L_max must be known and positive, it is {c.L_max:g}"


def reshuffling_step(case: Case, c: Constants) -> str | None:
    """0 < eta <= 1/(2 L_max N)."""
    return _total_step(c, "2 L_max N", 2 * c.gamma * c.L_max * c.inner_steps)


def epoch_step(case: Case, c: Constants) -> str | None:
    """0 < eta N <= 1/L_max."""
    return _total_step(c, "L_max N", c.gamma * c.L_max * c.inner_steps)


def local_step(case: Case, c: Constants) -> str | None:
    """0 < eta K <= 1/L_max."""
    return _total_step(c, "L_max K", c.gamma * c.L_max * c.inner_steps)


def _total_step(c: Constants, inverse: str, product: float) -> str | None:
    if product <= _ROUNDING:
        return None
    came = "L_max is not known" if math.isnan(product) else f"it is {product:.6g} times that"
    return f"gamma must be at most 1/({inverse}), {came}"


def known_heterogeneity(case: Case, c: Constants) -> str | None:
    """The infima of the components, or clients, are bounded below, so that D is known."""
    return None if 0 <= c.D < math.inf else f"D must be known, it is {c.D:g}"


def known_client_heterogeneity(case: Case, c: Constants) -> str | None:
    """The infima of the clients are bounded below, so that D is known; not needed if K = 1."""
    return None if c.inner_steps == 1 else known_heterogeneity(case, c)


def known_variance(case: Case, c: Constants) -> str | None:
    """sigma^2 bounds the mean variance of component gradients along the iterates."""
    if 0 <= c.sigma_squared < math.inf:
        return None
    return _not_given("sigma_squared", c.sigma_squared)


def known_client_variance(case: Case, c: Constants) -> str | None:
    """zeta^2 bounds the mean variance of client gradients along the iterates; not needed if K = 1."""
    if c.inner_steps == 1 or 0 <= c.zeta_squared < math.inf:
        return None
    return _not_given("zeta_squared", c.zeta_squared)


def _not_given(name: str, value: float) -> str:
    return (
        f"{name} must be given or measured, it is {value:g}: no formula for this problem bounds it along the iterates"
    )


def bounded_plain_step(case: Case, c: Constants) -> str | None:
    """tau ||B||^2 < 2/L for every draw B, where tau = gamma (lora_alpha/r)^2."""
    if c.longest_step < 2:
        return None
    return f"L tau ||B||^2 must be below 2 for every draw, at its largest it is {c.longest_step:g}"


def positive_gain(case: Case, c: Constants) -> str | None:
    """nu = lambda_min(E[2 tau B B' - L tau^2 (B B')^2]) is known and positive."""
    return None if c.nu > 0 else f"nu must be known and positive, it is {c.nu:g}"


def _step(c: Constants, beta: float = 1.0) -> str:
    if math.isnan(c.L) or math.isnan(beta):
        return f"{'L' if math.isnan(c.L) else 'beta'} is not known"
    return f"gamma={c.gamma:.6g} is {c.gamma * c.L:.6g}/L" + ("" if beta == 1 else f" and beta is {beta:g}")
