"""Step sizes as settings: ``0.5/L`` is a step of half of 1/L with exact gradients, on which any claim may be tried."""

import re
from dataclasses import replace

from problems import checks
from rac_theory.settings import SETTINGS, Setting

_EXACT = (*SETTINGS["1/L"].claims, *SETTINGS["1.5/L"].claims)
_NAME = re.compile(r"(\d[\d.e+-]*)/L")


def step_name(multiple: float) -> str:
    """Return the name of the step ``multiple / L``, from which the number can be read back exactly."""
    return f"{multiple!r}".removesuffix(".0") + "/L"


def step_multiple(name: str) -> float | None:
    """Return what a name gives as a multiple of 1/L; None if it is no step size."""
    match = _NAME.fullmatch(name)
    try:
        return float(match[1]) if match else None
    except ValueError:
        return None


def setting_named(name: str) -> Setting:
    """Return the setting of a name: a step size such as ``0.5/L``, or one of ``SETTINGS``.

    At a step size every claim about exact gradients is tried, whether or not the step is short enough for it: where
    assumptions end is what a sweep over step sizes shows.
    """
    multiple = step_multiple(name)
    if multiple is None:
        return SETTINGS[checks.one_of("setting", name, SETTINGS)]
    return replace(SETTINGS["1/L"], claims=_EXACT, step=lambda c, d, r: multiple / c.L)
