"""Worlds: functions, sketches and steps that are drawn, in which each letter of a fact has a number."""

from functools import cache

from . import other_steps as other
from .one_step import exact_steps, noisy_steps, plain_steps
from .rounds import blocks_in_turns, constants, epochs, rounds, sampled_rounds
from .world import World

__all__ = ["World", "worlds"]


@cache
def worlds() -> tuple[World, ...]:
    """Return all worlds; they are the same each time."""
    return (
        *(*exact_steps(), *other.steps_along(), *other.certified_steps(), *noisy_steps(), *plain_steps()),
        *(*other.leading_steps(), *blocks_in_turns(), *other.steps_by_differences(), *other.decreasing_steps()),
        *(*other.momentum_steps(), *other.accelerated_steps(), *other.feedback_steps(), *other.following_steps()),
        *(*other.preconditioned_steps(), *other.links_of_momentum(), *other.steepest_steps()),
        *(*epochs(), *rounds(), *sampled_rounds(), *constants()),
    )
