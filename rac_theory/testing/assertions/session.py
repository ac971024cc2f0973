"""What an assertion and the test that it stands in tell each other, where there is such a test."""

import sys
from typing import Any

from rac_theory.base import checks
from rac_theory.verdicts import Status

DEFAULT_ALPHA = 1e-6
"""The level of an assertion that names none: a thousand of them raise a false alarm once in a thousand sessions."""


def level(alpha: float | None) -> float:
    """Return the level of an assertion: its own, else that of ``--rac-alpha``, else the default."""
    if alpha is None and (test := _running()) is not None:
        alpha = test.alpha
    return DEFAULT_ALPHA if alpha is None else checks.finite("alpha", alpha, above=0, below=1)


def tell(claim: str, status: Status, alpha: float) -> None:
    """Tell the running test what came of a claim, for its summary; alpha is 0 where nothing was left to chance."""
    if (test := _running()) is not None:
        test.claims.append({"claim": claim, "status": status.name, "alpha": alpha})


def _running() -> Any:
    """The test that is running, if pytest has loaded our plugin: nothing here needs pytest."""
    plugin = sys.modules.get("rac_theory.pytest_plugin")
    return plugin.running() if plugin is not None else None
