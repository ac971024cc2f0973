"""Worlds of one step of those that decrease: a noisy one of which t and t_0 are told; gamma is the first."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from rac_theory.statements import assumptions as known

from .one_step import noisy_steps
from .world import World


def decreasing_steps() -> Iterator[World]:
    rng = np.random.default_rng(11)
    for world in noisy_steps():
        if known.rac_lora_stochastic in world.meets:
            for about, power in ((known.rac_lora_root_steps, 1 / 2), (known.rac_lora_harmonic_steps, 1)):
                t, offset = float(rng.integers(0, 4)), 10 ** rng.uniform(-2, 1)
                gamma = world.constants["gamma"] * ((t + offset) / offset) ** power
                constants = {**world.constants, "t": t, "offset": offset, "gamma": gamma}
                yield replace(world, meets=world.meets - {known.rac_lora_stochastic} | {about}, constants=constants)
