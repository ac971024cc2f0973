"""What is taken for granted of several steps under one sketch: an epoch of N in random order, K of each client; and in
one leading subspace of a gradient."""

from fractions import Fraction

from rac_theory.algebra import between
from rac_theory.proofs.drawn import H, letter, vector
from rac_theory.proofs.fact import granted
from rac_theory.proofs.facts import E, G, descent, gap, gap_next
from rac_theory.proofs.facts_of_gain import gap_first
from rac_theory.statements import symbols
from rac_theory.statements.assumptions import (
    fed_rac_lora,
    fed_rac_lora_sampled,
    galore_exact,
    known_client_heterogeneity,
    known_client_variance,
    known_heterogeneity,
    known_heterogeneity_within,
    known_largest_projection,
    known_sampling,
    known_variance,
    rac_lora_reshuffled,
    smooth,
    smooth_components,
)
from rac_theory.statements.symbols import (
    D,
    D_in,
    K,
    N,
    delta,
    eta,
    gamma,
    lambda_max,
    omega,
    sigma_squared,
    zeta_squared,
)
from rac_theory.statements.symbols import L_max as L
from rac_theory.theorems.client_epochs import r as r_K
from rac_theory.theorems.client_epochs import u, v
from rac_theory.theorems.federated import a
from rac_theory.theorems.sharp_drift import r, s, s_K

ON_AVERAGE = "On average along the iterates"
"""So begins the name of what is not true at each W: it may be added to what is, and not multiplied."""

gbar = vector("gbar", r"\bar g", "H")
_off = (H(G) - H(gbar)) @ (H(G) - H(gbar))
_seen = G @ H(G)
_EACH = "Largest eigenvalue of E[H], for each gradient"
_BELOW = "A component is bounded below: its gradient is as large as its gap allows"

# An epoch, W+ = W - eta N H gbar; s and r are sums over its steps, sigma^2 the variance of the gradients at W.
_EPOCH = smooth_components, rac_lora_reshuffled
_LONG, _SHORT = eta * N * L <= 1, 2 * eta * N * L <= 1
_sigma_H, _sigma = letter("sigma_H^2", r"\sigma_H^2", "H"), letter("sigma^2(W)", r"\sigma^2(W)")
epoch = descent(H(gbar) * (eta * N) * -1, L, *_EPOCH)
epoch_error = granted(
    "Error of an epoch: draws without replacement, and the sums over its steps",
    E(_off) <= s**2 * E(_seen) + s * r * E(_sigma_H),
    *_EPOCH,
    page="t7",
)
s_below_1 = granted("s <= e - 2", s < 1, _LONG, smooth_components, page="t7")
s_sign = granted("A sum of powers", s >= 0, smooth_components)
r_sign = granted("A sum of powers; 0 for N = 1", r >= 0, smooth_components)
simple_s = granted("s by binomials", s**2 <= Fraction(8, 9) * (eta * N * L) ** 2, _SHORT, smooth_components, page="t7")
simple_r = granted(
    "s r by binomials", s * r <= Fraction(4, 9) * eta**2 * L**2 * (N + 1), _SHORT, smooth_components, page="t7"
)
sigma_sign = granted("A variance", _sigma_H >= 0)
sigma_seen = granted(_EACH, E(_sigma_H) <= lambda_max * _sigma, known_largest_projection, rac_lora_reshuffled)
squares_seen = granted(
    _EACH, E(_sigma_H) + E(_seen) <= lambda_max * (_sigma + G @ G), known_largest_projection, rac_lora_reshuffled
)
sigma_known = granted(ON_AVERAGE, _sigma <= sigma_squared, known_variance)
sigma_of_data = granted(_BELOW, _sigma + G @ G <= 2 * L * gap + D, smooth_components, known_heterogeneity, page="t7")

# A round, W+ = W - eta K H gbar; first one step of a client m, W_k to W_k+1; s_K and a are means over its steps.
_ROUND = smooth_components, fed_rac_lora
moved = letter("||W_k - W||", r"\Vert W_k - W \Vert", "Hm")
moved_next = letter("||W_k+1 - W||", r"\Vert W_{k+1} - W \Vert", "Hm")
moved_mean = letter("mean_k||W_k - W||", r"\mathrm{mean}_k \Vert W_k - W \Vert", "Hm")
own = letter("||HG_m||", r"\Vert H G_m \Vert", "Hm")
_turned = letter("||H (G_m(W_k) - G_m)||", r"\Vert H (\nabla f_m(W_k) - G_m) \Vert", "Hm")
_error = letter("||HG - Hgbar||", r"\Vert HG - H \bar g \Vert", "H")
_zeta_H, _zeta = letter("zeta_H^2", r"\zeta_H^2", "H"), letter("zeta^2(W)", r"\zeta^2(W)")
local_triangle = granted("Triangle inequality", moved_next <= moved + eta * own + eta * _turned, *_ROUND)
local_smooth = granted("H does not lengthen, the gradient is Lipschitz", _turned <= L * moved, *_ROUND)
round_ = descent(H(gbar) * (eta * K) * -1, L, *_ROUND)
round_error = granted("Triangle inequality, the gradient is Lipschitz", _error <= L * moved_mean.mean("m"), *_ROUND)
squared_error = granted("A square, multiplied out", _off <= _error**2)
error_sign, own_sign = granted("A length", _error >= 0), granted("A length", own.mean("m") >= 0)
jensen = granted("Jensen's inequality, over clients", own.mean("m") ** 2 <= _seen + _zeta_H)
s_K_sign = granted("A mean of powers", s_K >= 0, smooth_components)
simple_s_K = granted("Jensen's inequality, over steps", s_K**2 <= a)
a_below_1 = granted("A mean of powers below an integral", a < 1, eta * K * L <= 1, smooth_components, page="t9")
zeta_sign = granted("A variance", _zeta_H >= 0)
zeta_seen = granted(_EACH, E(_zeta_H) <= lambda_max * _zeta, known_largest_projection, fed_rac_lora)
client_squares_seen = granted(
    _EACH, E(_zeta_H) + E(_seen) <= lambda_max * (_zeta + G @ G), known_largest_projection, fed_rac_lora
)
zeta_known = granted(f"{ON_AVERAGE}; where K = 1 it is multiplied by 0", _zeta <= zeta_squared, known_client_variance)
_ONE_STEP = f"{_BELOW}; where K = 1 it is multiplied by 0"
zeta_of_data = granted(
    _ONE_STEP, _zeta + G @ G <= 2 * L * gap + D, smooth_components, known_client_heterogeneity, page="t9"
)

# A round of clients that are sampled, W+ = W - eta K H ghat, each with an epoch of its own; gbar is that of all.
_SAMPLED = smooth_components, fed_rac_lora_sampled
ghat = vector("ghat", r"\hat g", "H")
_way = letter("mean_m||Hgbar_m||^2", r"\mathrm{mean}_m \Vert H \bar g_m \Vert^2", "H")
_squares_H = letter("mean_m||HG_m||^2", r"\mathrm{mean}_m \Vert H G_m \Vert^2", "H")
_all_squares_H = letter("mean_mi||HG_mi||^2", r"\mathrm{mean}_{mi} \Vert H G_{mi} \Vert^2", "H")
_squares = letter("mean_m||G_m||^2", r"\mathrm{mean}_m \Vert G_m \Vert^2")
_all_squares = letter("mean_mi||G_mi||^2", r"\mathrm{mean}_{mi} \Vert G_{mi} \Vert^2")
sampled_round = descent(H(ghat) * (eta * K) * -1, L, *_SAMPLED)
unbiased_sample = granted(
    "On average those that take part move as all do", E(G @ H(gbar)) <= E(G @ H(ghat)), fed_rac_lora_sampled
)
sampled_square = granted(
    "The second moment of a mean over clients that are sampled",
    E(H(ghat) @ H(ghat)) <= E(H(gbar) @ H(gbar)) + omega * E(_way),
    *(fed_rac_lora_sampled, known_sampling),
    page="t9rr",
)
client_error = granted(
    "Error of the epoch of each client, and Jensen's inequality over clients",
    E(_off) <= s_K * (s_K - r_K) * E(_squares_H) + s_K * r_K * E(_all_squares_H),
    *_SAMPLED,
    page="t9rr",
)
client_length = granted(
    "How far an epoch goes: its gradient and its error, by Young's inequality",
    E(_way) <= (1 + s_K) * (1 + s_K - r_K) * E(_squares_H) + (1 + s_K) * r_K * E(_all_squares_H),
    *_SAMPLED,
    page="t9rr",
)
r_K_sign = granted("A sum of powers", r_K >= 0, smooth_components)
r_K_below_s = granted("r <= s, term by term", r_K <= s_K, smooth_components, page="t7")
at_least_v, at_least_u = (granted("What it stands for", each.value <= each) for each in (v, u))
clients_seen = granted(_EACH, E(_squares_H) <= lambda_max * _squares, known_largest_projection, fed_rac_lora_sampled)
components_seen = granted(
    _EACH, E(_all_squares_H) <= lambda_max * _all_squares, known_largest_projection, fed_rac_lora_sampled
)
clients_of_data = granted(_BELOW, _squares <= 2 * L * gap + D, smooth_components, known_heterogeneity, page="t9rr")
components_of_data = granted(
    _BELOW,
    _all_squares <= 2 * L * gap + D + D_in,
    *(smooth_components, known_heterogeneity, known_heterogeneity_within),
    page="t9rr",
)
# Steps along the leading subspace of the gradient at W, where H is not drawn; W_1 is where the first of them leads.
leading_first = descent(H(G) * gamma * -1, symbols.L, smooth, galore_exact, to=gap_first)
leading_later = granted(
    "No step in that subspace rises", gap_next <= gap_first, smooth, galore_exact, between(0, gamma * symbols.L, 2)
)
leading = granted("The largest r of min(m, n) squares", delta * (G @ G) <= G @ H(G), galore_exact)
delta_below_1 = granted("A share", delta <= 1)
