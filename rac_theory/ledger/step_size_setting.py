"""Step sizes as settings: ``0.5/L`` is a step of half of 1/L with exact gradients, on which any claim may be tried."""

import re

from rac_theory.base import checks
from rac_theory.ledger.setting import Setting
from rac_theory.ledger.theorem_settings import SETTINGS, step_size

_NAME = re.compile(r"(\d[\d.e+-]*)/L")


def step_name(multiple: float) -> str:
    """Return the name of the step ``multiple / L``, from which the number can be read back exactly."""
    return f"{float(multiple)!r}".removesuffix(".0") + "/L"


def step_multiple(name: str) -> float | None:
    """Return what a name gives as a multiple of 1/L; None if it is no step size, or not as ``step_name`` writes it."""
    match = _NAME.fullmatch(name)
    try:
        multiple = float(match[1]) if match else 0.0
    except ValueError:
        return None
    return multiple if multiple > 0 and step_name(multiple) == name else None


def setting_named(name: str) -> Setting:
    """Return the setting of a name: one of ``SETTINGS``, or a step size such as ``0.5/L``.

    At a step size every claim about exact gradients is tried, whether or not the step is short enough for it: where
    assumptions end is what a sweep over step sizes shows.
    """
    multiple = step_multiple(name)
    if name in SETTINGS or multiple is None:
        try:
            return SETTINGS[checks.one_of("setting", name, SETTINGS)]
        except ValueError as error:
            raise ValueError(f"{error}; or a step size, such as 0.5/L") from None
    return step_size(multiple)
