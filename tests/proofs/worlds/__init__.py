"""Worlds: functions, sketches and steps that are drawn, in which each letter of a fact has a number."""

from functools import cache

from .constants import constants
from .cycles import blocks_in_turns
from .leading import leading_steps
from .one_step import exact_steps, noisy_steps, plain_steps
from .other_steps import (
    accelerated_steps,
    certified_steps,
    decreasing_steps,
    feedback_steps,
    following_steps,
    links_of_momentum,
    momentum_steps,
    preconditioned_steps,
    steepest_steps,
    steps_along,
    steps_by_differences,
)
from .rounds import epochs, rounds, sampled_rounds
from .world import World

__all__ = ["World", "worlds"]


@cache
def worlds() -> tuple[World, ...]:
    """Return all worlds; they are the same each time."""
    alone = (*exact_steps(), *steps_along(), *certified_steps(), *noisy_steps(), *plain_steps(), *leading_steps())
    alone = (*alone, *blocks_in_turns(), *steps_by_differences(), *decreasing_steps(), *momentum_steps())
    alone = (*alone, *accelerated_steps(), *feedback_steps(), *following_steps())
    alone = (*alone, *preconditioned_steps(), *links_of_momentum(), *steepest_steps())
    return (*alone, *epochs(), *rounds(), *sampled_rounds(), *constants())
