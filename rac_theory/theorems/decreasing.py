r"""RAC-LoRA with stochastic gradients and steps that decrease: no floor of noise is left.

T19 is T5 with steps that fall like :math:`1/\sqrt t`, where the floor becomes a logarithm over :math:`\sqrt T`. Where
noise grows with f, A > 0, it ends at the T at which Q is 1: a longer run needs a shorter first step. T19_pl is T6 with
steps that fall like 1/t, of at least :math:`1/(\mu \lambda_{\min} (t + t_0))`: the gap at the start is forgotten like
:math:`1/T^2`, and noise falls like 1/T.
"""

import math

from rac_theory.algebra import Let, sqrt, total
from rac_theory.algebra.sign import Lemma
from rac_theory.statements.assumptions import (
    bounded_below,
    certified_minimum,
    known_largest_projection,
    polyak_lojasiewicz,
    rac_lora_harmonic_steps,
    rac_lora_root_steps,
    smooth,
    structured_noise,
)
from rac_theory.statements.claim import E
from rac_theory.statements.gradient_with_weights import squared_gradient_with_weights
from rac_theory.statements.metric import gap
from rac_theory.statements.symbols import A, C, L, T, beta, gamma, gap0, gap0_upper, lambda_max, lambda_min, mu, t, t_0
from rac_theory.statements.theorem import Theorem, Tightest

_NOISY = (smooth, structured_noise, lambda_min > 0, known_largest_projection)
_SOURCE = "derived from the descent lemma and the inequality of structured noise, one step size after the other"

# Steps that fall like 1/sqrt(t).
gamma_t = Let("gamma_t", gamma * sqrt(t_0 / (t + t_0)), "size of step t")
H_T = Let("h_T", total(t, T, t_0 / (t + t_0)), "sum of squared steps, relative to the first")
Q = Let("Q", L * A * lambda_max * gamma**2 * H_T, "growth that noise causes, in all steps")

T19 = Theorem(
    id="T19",
    name="rac_lora_sgd_nonconvex_decreasing",
    source=_SOURCE,
    mark="derived",
    about=rac_lora_root_steps,
    given=(*_NOISY, gamma * L * beta < 2, bounded_below, Q < 1),
    claim=E(squared_gradient_with_weights(gamma_t))
    <= (gap0_upper + L * lambda_max * C / 2 * gamma**2 * H_T)
    / (lambda_min * (1 - L * gamma * beta / 2) * (1 - Q) * total(t, T, gamma_t)),
    tightest=Tightest(
        1.0, "GD on x^2/2 with a first step of 1/L: an equality at every T; 0.876 at T = 10 for noise +-1"
    ),
)

# Steps that fall like 1/t.
c = Let("c", gamma * t_0, "gamma_t = c/(t + t_0)")
kappa = Let(
    "kappa", L * c * (beta + lambda_max * A * c), "what the steps lose to curvature and to noise that grows with f"
)

S_T = Let("S_T", total(t, T, (1 + (kappa - 1) / (t + t_0)) ** 2), "what the noise of each step adds, with its weight")
bound = ((t_0 + kappa - 2) ** 2 * gap0 + L * lambda_max * C * c**2 / 2 * S_T) / (T + t_0 + kappa - 2) ** 2

T19_pl = Theorem(
    id="T19_pl",
    name="rac_lora_sgd_pl_decreasing",
    source=_SOURCE,
    mark="derived",
    about=rac_lora_harmonic_steps,
    given=(
        *_NOISY,
        certified_minimum,
        polyak_lojasiewicz,
        c * mu * lambda_min >= 1,
        kappa >= 1,
        t_0 >= kappa + 1,
    ),
    claim=E(gap) <= bound,
    tightest=Tightest(1.0, "x^2/2, H = I, gamma_t = 1/(t + t_0), additive noise: kappa = 1, an equality at every T"),
    lemmas={
        bound: (t_0 >= kappa + 1, Lemma((0, math.inf), dict.fromkeys((L, beta, lambda_max, A, C, gap0), "up"))),
    },
)
