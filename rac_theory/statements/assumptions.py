"""What theorems assume: which algorithm they are about, and what they ask of f, its noise and the sketch.

A function here is a predicate: its docstring is the assumption, a breach is a sentence. All else is written in the
symbols of the theorems, and says by itself what breaks it.
"""

from rac_theory.algebra import Symbol, equal
from rac_theory.cases import Case, Constants
from rac_theory.statements.about import bernoulli_lora as bernoulli_lora
from rac_theory.statements.about import fed_rac_lora as fed_rac_lora
from rac_theory.statements.about import fed_rac_lora_sampled as fed_rac_lora_sampled
from rac_theory.statements.about import fresh_projection as fresh_projection
from rac_theory.statements.about import galore_exact as galore_exact
from rac_theory.statements.about import momentum_in_links as momentum_in_links
from rac_theory.statements.about import one_exact_step as one_exact_step
from rac_theory.statements.about import plain_gaussian_rac_lora as plain_gaussian_rac_lora
from rac_theory.statements.about import plain_or_fitted as plain_or_fitted
from rac_theory.statements.about import rac_lora_accelerated as rac_lora_accelerated
from rac_theory.statements.about import rac_lora_by_differences as rac_lora_by_differences
from rac_theory.statements.about import rac_lora_certified as rac_lora_certified
from rac_theory.statements.about import rac_lora_ef21 as rac_lora_ef21
from rac_theory.statements.about import rac_lora_exact as rac_lora_exact
from rac_theory.statements.about import rac_lora_feedback as rac_lora_feedback
from rac_theory.statements.about import rac_lora_harmonic_steps as rac_lora_harmonic_steps
from rac_theory.statements.about import rac_lora_in_turns as rac_lora_in_turns
from rac_theory.statements.about import rac_lora_momentum as rac_lora_momentum
from rac_theory.statements.about import rac_lora_preconditioned as rac_lora_preconditioned
from rac_theory.statements.about import rac_lora_reshuffled as rac_lora_reshuffled
from rac_theory.statements.about import rac_lora_root_steps as rac_lora_root_steps
from rac_theory.statements.about import rac_lora_steepest as rac_lora_steepest
from rac_theory.statements.about import rac_lora_stochastic as rac_lora_stochastic
from rac_theory.statements.assumption import Condition, KnownConstant
from rac_theory.statements.symbols import (
    L_H,
    A,
    C,
    D,
    D_in,
    K,
    L,
    L_max,
    beta,
    bias_squared,
    distance0,
    ell,
    gap0,
    gap0_upper,
    lambda_max,
    mu,
    nu,
    omega,
    s,
    sigma_squared,
    span,
    zeta_squared,
)

_gradient = Symbol("||grad f(W)||", r"\Vert \nabla f(W) \Vert")
_excess = Symbol("f(W) - f*", r"f(W) - f^\star", is_sum=True)
_straight = Symbol("<grad f(W), V - W>", r"\langle \nabla f(W), V - W \rangle")
_apart = Symbol("||V - W||", r"\Vert V - W \Vert")
_steeper = Symbol("||grad f(V) - grad f(W)||", r"\Vert \nabla f(V) - \nabla f(W) \Vert")
_higher = Symbol("f(V) - f(W)", r"f(V) - f(W)", is_sum=True)

smooth = Condition("Lipschitz gradient of f", _steeper <= L * _apart, (L > 0,))

smooth_components = Condition(
    "Lipschitz gradient of every component or client",
    Symbol("||grad f_i(V) - grad f_i(W)||", r"\Vert \nabla f_i(V) - \nabla f_i(W) \Vert") <= L_max * _apart,
    (L_max > 0,),
)

# Q is an operator that bounds how f is curved: f(W + D) <= f(W) + <grad f(W), D> + <D, Q D> / 2 for all W and D.
smooth_along_sketch = Condition(
    "Curvature of f at most Q, and that of Q along the sketch at most L_H",
    Symbol("E[H Q H]", r"\mathrm{E}[H Q H]") <= L_H * Symbol("E[H]", r"\mathrm{E}[H]"),
    (L_H > 0,),
)

polyak_lojasiewicz = Condition("Polyak-Lojasiewicz inequality", _gradient**2 / 2 >= mu * _excess, (mu > 0,))

strongly_convex = Condition("Strong convexity", _higher >= _straight + s / 2 * _apart**2, (s > 0,))

structured_noise = Condition(
    "Structured noise",
    Symbol("E||Hg||^2", r"\mathrm{E} \Vert H g \Vert^2")
    <= beta * Symbol("<G, E[H] G>", r"\langle G, \mathrm{E}[H] G \rangle") + lambda_max * (2 * A * _excess + C),
    (A >= 0, beta >= 0, C >= 0),
)

positive_gain = Condition(
    "Curvature of f at most Q, and the gain of a step",
    equal(nu, Symbol("lambda_min(E[2M - M Q M])", r"\lambda_{\min}(\mathrm{E}[2M - M Q M])")),
    (nu > 0,),
)

_tau, _r = Symbol("tau"), Symbol("r")
_of_gaussian = Symbol(
    "lambda_max((r + 1) Q + tr(Q) I)", r"\lambda_{\max}((r + 1) Q + \mathrm{tr}(Q) I)"
)  # traces are of the side of B

positive_gaussian_gain = Condition(
    "Curvature of f at most Q, and the gain of a plain Gaussian step",
    equal(nu, 2 * _r * _tau - _r * _of_gaussian * _tau**2),
    (nu > 0,),
)

bounded_below = KnownConstant(gap0_upper)
certified_minimum = KnownConstant(gap0)
known_minimiser = KnownConstant(distance0)
known_cost_of_turns = KnownConstant(ell)
known_largest_projection = KnownConstant(lambda_max)
known_heterogeneity = KnownConstant(D)
known_client_heterogeneity = KnownConstant(D, unless=equal(K, 1))
known_variance = KnownConstant(sigma_squared)
known_bias = KnownConstant(bias_squared)
known_heterogeneity_within = KnownConstant(D_in)
known_sampling = KnownConstant(omega)
known_span = KnownConstant(span)
known_client_variance = KnownConstant(zeta_squared, unless=equal(K, 1))


def convex(case: Case, c: Constants) -> str | None:
    """f is known to be convex."""
    return None if c.convex else "f must be known to be convex"


def isotropic(case: Case, c: Constants) -> str | None:
    """E[H] is a multiple of the identity, up to rounding."""
    if c.lambda_max <= c.lambda_min * (1 + 1e-9):
        return None
    return f"E[H] must be a multiple of the identity, its eigenvalues reach from {c.lambda_min:g} to {c.lambda_max:g}"
