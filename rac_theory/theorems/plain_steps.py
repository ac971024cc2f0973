"""RAC-LoRA as it is trained in practice: plain steps on one factor, merged; nu stands for gamma lambda_min."""

from rac_theory.theorems.assumptions import (
    bounded_below,
    certified_minimum,
    plain_gaussian_rac_lora,
    plain_rac_lora,
    polyak_lojasiewicz,
    positive_gain,
    positive_gaussian_gain,
    smooth,
)
from rac_theory.theorems.claim import E
from rac_theory.theorems.metric import gap, mean_squared_gradient
from rac_theory.theorems.symbols import T, gap0, gap0_upper, longest_step, mu, nu
from rac_theory.theorems.theorem import Theorem, Tightest

_SOURCE = "derived from the descent lemma and the second moment of B B'"

T12_nonconvex = Theorem(
    id="T12_nonconvex",
    name="plain_rac_lora_nonconvex",
    source=_SOURCE,
    mark="derived",
    about=plain_rac_lora,
    given=(smooth, longest_step < 2, positive_gain, bounded_below),
    claim=E(mean_squared_gradient) <= 2 * gap0_upper / (nu * T),
    descends=True,
    tightest=Tightest(1.0, "orthonormal columns, where it is T1_sharp"),
)

T12_pl = Theorem(
    id="T12_pl",
    name="plain_rac_lora_pl",
    source=_SOURCE,
    mark="derived",
    about=plain_rac_lora,
    given=(smooth, longest_step < 2, positive_gain, certified_minimum, polyak_lojasiewicz),
    claim=E(gap) <= (1 - mu * nu) ** T * gap0,
    descends=True,
    tightest=Tightest(
        1.0, "a multiple of the identity, E[2 tau B B' - L tau^2 (B B')^2] too, K = 1: an equality at every T"
    ),
)

T12_gaussian = Theorem(
    id="T12_gaussian",
    name="plain_gaussian_rac_lora_pl",
    source=_SOURCE,
    mark="derived",
    about=plain_gaussian_rac_lora,
    given=(smooth, positive_gaussian_gain, certified_minimum, polyak_lojasiewicz),
    claim=E(gap) <= (1 - mu * nu) ** T * gap0,
    tightest=Tightest(1.0, "a multiple of the identity: an equality at every T"),
)
