"""Worlds of constants alone, for what is said of sums over many steps and of Gaussian sketches of high rank."""

from collections.abc import Iterator
from itertools import product

from rac_theory.statements import assumptions as known

from .world import World


def constants() -> Iterator[World]:
    about = frozenset({known.smooth, known.smooth_components})
    gaussian = about | {known.positive_gaussian_gain, known.plain_gaussian_rac_lora, known.polyak_lojasiewicz}
    for steps, size, L in product((1, 2, 3, 10, 1000), (0.2, 0.5, 1.0, 2.0), (0.1, 3.0)):
        numbers = {"L_max": L, "gamma": size / steps / L, "inner_steps": float(steps)}
        yield World(f"{steps} steps, eta L times them {size:g}", about, numbers, {})
    for d, r, L in product((1, 2, 10), (1, 3, 1000), (0.1, 3.0)):
        tau = 1 / (L * (d + r + 1))  # the best
        nu = 2 * r * tau - L * r * (d + r + 1) * tau**2
        yield World(f"Gaussian, {d} by {r}", gaussian, {"L": L, "mu": L, "nu": nu}, {})
