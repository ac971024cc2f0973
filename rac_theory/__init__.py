"""Every claim of Randomized Asymmetric Chain of LoRA (arXiv:2410.08305) as a value that can be run."""

import importlib
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the same names for type checkers, which do not run __getattr__
    from rac_theory import algorithms as algorithms
    from rac_theory import counterexamples as counterexamples
    from rac_theory import sketches as sketches
    from rac_theory import theorems as theorems
    from rac_theory.algorithms import GD as GD
    from rac_theory.algorithms import SGD as SGD
    from rac_theory.algorithms import AsymmetricLoRA as AsymmetricLoRA
    from rac_theory.algorithms import Bernoulli as Bernoulli
    from rac_theory.algorithms import ChainOfLoRA as ChainOfLoRA
    from rac_theory.algorithms import GaLore as GaLore
    from rac_theory.algorithms import Initialisation as Initialisation
    from rac_theory.algorithms import LoRA as LoRA
    from rac_theory.algorithms import RACLoRA as RACLoRA
    from rac_theory.case import Case as Case
    from rac_theory.constants import Constants as Constants
    from rac_theory.diagnosis import diagnose as diagnose
    from rac_theory.expectation import Expectation as Expectation
    from rac_theory.expectation import Unsupported as Unsupported
    from rac_theory.expectation import exact_rate as exact_rate
    from rac_theory.expectation import expected as expected
    from rac_theory.gradients import Clients as Clients
    from rac_theory.gradients import Exact as Exact
    from rac_theory.gradients import Local as Local
    from rac_theory.gradients import Minibatch as Minibatch
    from rac_theory.gradients import Noisy as Noisy
    from rac_theory.gradients import Reshuffled as Reshuffled
    from rac_theory.linalg import project as project
    from rac_theory.pep import WorstCase as WorstCase
    from rac_theory.pep import worst_case as worst_case
    from rac_theory.pep_comparison import Comparison as Comparison
    from rac_theory.pep_comparison import side_by_side as side_by_side
    from rac_theory.rate import Rate as Rate
    from rac_theory.rate import empirical_rate as empirical_rate
    from rac_theory.simulation import simulate as simulate
    from rac_theory.spectra import Spectrum as Spectrum
    from rac_theory.spectra import spectrum as spectrum
    from rac_theory.sweeps import Grid as Grid
    from rac_theory.sweeps import Sweep as Sweep
    from rac_theory.sweeps import sweep as sweep
    from rac_theory.theorem import Theorem as Theorem
    from rac_theory.tightness_meter import tightness as tightness
    from rac_theory.tightness_search import HardestCase as HardestCase
    from rac_theory.tightness_search import hardest_case as hardest_case
    from rac_theory.trajectory import Trajectory as Trajectory
    from rac_theory.verdict import Status as Status
    from rac_theory.verdict import Verdict as Verdict
    from rac_theory.verification import verify as verify

__version__ = "0.1.0"

# Public names and where they live. They are loaded when first used, so that importing the package costs nothing.
# No module shares its name with a function: importing such a module would hide the function behind it.
_HOMES = {
    "Bernoulli": "algorithms",
    "SGD": "algorithms",
    "AsymmetricLoRA": "algorithms",
    "Case": "case",
    "ChainOfLoRA": "algorithms",
    "Clients": "gradients",
    "Comparison": "pep_comparison",
    "Constants": "constants",
    "Exact": "gradients",
    "Expectation": "expectation",
    "GD": "algorithms",
    "GaLore": "algorithms",
    "Grid": "sweeps",
    "HardestCase": "tightness_search",
    "Initialisation": "algorithms",
    "LoRA": "algorithms",
    "Local": "gradients",
    "Minibatch": "gradients",
    "Noisy": "gradients",
    "RACLoRA": "algorithms",
    "Rate": "rate",
    "Reshuffled": "gradients",
    "Spectrum": "spectra",
    "Status": "verdict",
    "Sweep": "sweeps",
    "Theorem": "theorem",
    "Trajectory": "trajectory",
    "Unsupported": "expectation",
    "Verdict": "verdict",
    "diagnose": "diagnosis",
    "WorstCase": "pep",
    "empirical_rate": "rate",
    "exact_rate": "expectation",
    "expected": "expectation",
    "hardest_case": "tightness_search",
    "project": "linalg",
    "side_by_side": "pep_comparison",
    "simulate": "simulation",
    "spectrum": "spectra",
    "sweep": "sweeps",
    "tightness": "tightness_meter",
    "verify": "verification",
    "worst_case": "pep",
}
_MODULES = ("algorithms", "counterexamples", "sketches", "theorems")

__all__ = [*_HOMES, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"rac_theory.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'rac_theory' has no attribute {name!r}")
    return getattr(importlib.import_module(f"rac_theory.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def _foreign_problems() -> str | None:
    """Return the file that stands where our package ``problems`` should be, if one does."""
    ours = Path(__file__).resolve().parent.parent / "problems" / "__init__.py"
    loaded = sys.modules.get("problems")
    spec = loaded.__spec__ if loaded is not None else PathFinder.find_spec("problems")
    found = getattr(loaded, "__file__", None) or (spec.origin if spec is not None else None)
    return None if found is not None and Path(found).resolve() == ours else str(found or "nothing")


if (_foreign := _foreign_problems()) is not None:
    _message = (
        f"problems must be the package that comes with rac_theory, got {_foreign}; rename that file, or keep its "
        "folder off the path: use the command rac-theory, or python -P"
    )
    if sys.argv[:1] == ["-m"]:  # python -m rac_theory: a sentence and the exit status of bad input, not a traceback
        print(f"error: {_message}", file=sys.stderr)
        sys.exit(2)
    raise ImportError(_message)
