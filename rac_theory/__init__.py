"""The convergence theory of Randomized Asymmetric Chain of LoRA (arXiv:2410.08305), as values that can be run.

The paper's full text has not been read here: two of its theorems are known from its abstract and public summaries, all
others are derived, and each theorem says which.
"""

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the same names for type checkers, which do not run __getattr__
    from rac_theory import algorithms as algorithms
    from rac_theory import problems as problems
    from rac_theory import sketches as sketches
    from rac_theory import testing as testing
    from rac_theory import theorems as theorems
    from rac_theory.algorithms import GD as GD
    from rac_theory.algorithms import SGD as SGD
    from rac_theory.algorithms import AsymmetricLoRA as AsymmetricLoRA
    from rac_theory.algorithms import Bernoulli as Bernoulli
    from rac_theory.algorithms import ChainOfLoRA as ChainOfLoRA
    from rac_theory.algorithms import CyclicRACLoRA as CyclicRACLoRA
    from rac_theory.algorithms import Decreasing as Decreasing
    from rac_theory.algorithms import GaLore as GaLore
    from rac_theory.algorithms import Implementation as Implementation
    from rac_theory.algorithms import Initialisation as Initialisation
    from rac_theory.algorithms import InverseOnRange as InverseOnRange
    from rac_theory.algorithms import LayeredRACLoRA as LayeredRACLoRA
    from rac_theory.algorithms import LoRA as LoRA
    from rac_theory.algorithms import Method as Method
    from rac_theory.algorithms import RACLoRA as RACLoRA
    from rac_theory.algorithms import StepPerDraw as StepPerDraw
    from rac_theory.algorithms.gradients import ByChance as ByChance
    from rac_theory.algorithms.gradients import CertifiedStep as CertifiedStep
    from rac_theory.algorithms.gradients import Clients as Clients
    from rac_theory.algorithms.gradients import Exact as Exact
    from rac_theory.algorithms.gradients import FiniteDifferences as FiniteDifferences
    from rac_theory.algorithms.gradients import Local as Local
    from rac_theory.algorithms.gradients import Minibatch as Minibatch
    from rac_theory.algorithms.gradients import Noisy as Noisy
    from rac_theory.algorithms.gradients import Reshuffled as Reshuffled
    from rac_theory.algorithms.gradients import Subset as Subset
    from rac_theory.cases import Case as Case
    from rac_theory.cases import Constants as Constants
    from rac_theory.gains import LearningRate as LearningRate
    from rac_theory.gains import best_step as best_step
    from rac_theory.gains import coordinates_for as coordinates_for
    from rac_theory.gains import learning_rate as learning_rate
    from rac_theory.gains import longest_step as longest_step
    from rac_theory.ledger import Grid as Grid
    from rac_theory.ledger import Sweep as Sweep
    from rac_theory.ledger import sweep as sweep
    from rac_theory.literature import counterexamples as counterexamples
    from rac_theory.literature import diagnose as diagnose
    from rac_theory.numerics import project as project
    from rac_theory.proofs import Proof as Proof
    from rac_theory.runs import Expectation as Expectation
    from rac_theory.runs import Trajectory as Trajectory
    from rac_theory.runs import Unsupported as Unsupported
    from rac_theory.runs import exact_rate as exact_rate
    from rac_theory.runs import expected as expected
    from rac_theory.runs import fastest_learning_rate as fastest_learning_rate
    from rac_theory.runs import fastest_letters as fastest_letters
    from rac_theory.runs import simulate as simulate
    from rac_theory.sketches import Spectrum as Spectrum
    from rac_theory.sketches import spectrum as spectrum
    from rac_theory.statements import Theorem as Theorem
    from rac_theory.theorems import prove as prove
    from rac_theory.verdicts import Certificate as Certificate
    from rac_theory.verdicts import Comparison as Comparison
    from rac_theory.verdicts import HardestCase as HardestCase
    from rac_theory.verdicts import MeasuredSmoothness as MeasuredSmoothness
    from rac_theory.verdicts import Rate as Rate
    from rac_theory.verdicts import RunsVerdict as RunsVerdict
    from rac_theory.verdicts import Status as Status
    from rac_theory.verdicts import Verdict as Verdict
    from rac_theory.verdicts import WorstCase as WorstCase
    from rac_theory.verdicts import citation as citation
    from rac_theory.verdicts import compare_runs as compare_runs
    from rac_theory.verdicts import empirical_rate as empirical_rate
    from rac_theory.verdicts import hardest_case as hardest_case
    from rac_theory.verdicts import judge_runs as judge_runs
    from rac_theory.verdicts import measured_smoothness as measured_smoothness
    from rac_theory.verdicts import side_by_side as side_by_side
    from rac_theory.verdicts import tightness as tightness
    from rac_theory.verdicts import verify as verify
    from rac_theory.verdicts import worst_case as worst_case
    from rac_theory.verdicts import worst_step as worst_step

# Public names by the doors that they are behind. They are loaded when first used, so that importing the package costs
# nothing. No module shares its name with a function: importing such a module would hide the function behind it.
_DOORS = {
    "algorithms": [
        "AsymmetricLoRA",
        "Bernoulli",
        "ChainOfLoRA",
        "CyclicRACLoRA",
        "Decreasing",
        "GaLore",
        "GD",
        "Implementation",
        "Initialisation",
        "InverseOnRange",
        "LayeredRACLoRA",
        "LoRA",
        "Method",
        "RACLoRA",
        "SGD",
        "StepPerDraw",
    ],
    "algorithms.gradients": [
        "ByChance",
        "CertifiedStep",
        "Clients",
        "Exact",
        "FiniteDifferences",
        "Local",
        "Minibatch",
        "Noisy",
        "Reshuffled",
        "Subset",
    ],
    "cases": ["Case", "Constants"],
    "gains": ["best_step", "coordinates_for", "learning_rate", "LearningRate", "longest_step"],
    "ledger": ["Grid", "Sweep", "sweep"],
    "literature": ["diagnose"],
    "numerics": ["project"],
    "proofs": ["Proof"],
    "runs": [
        "exact_rate",
        "Expectation",
        "expected",
        "fastest_learning_rate",
        "fastest_letters",
        "simulate",
        "Trajectory",
        "Unsupported",
    ],
    "sketches": ["Spectrum", "spectrum"],
    "statements": ["Theorem"],
    "theorems": ["prove"],
    "verdicts": [
        "Certificate",
        "citation",
        "compare_runs",
        "Comparison",
        "empirical_rate",
        "hardest_case",
        "HardestCase",
        "judge_runs",
        "measured_smoothness",
        "MeasuredSmoothness",
        "Rate",
        "RunsVerdict",
        "side_by_side",
        "Status",
        "tightness",
        "Verdict",
        "verify",
        "worst_case",
        "worst_step",
        "WorstCase",
    ],
}
_HOMES = {name: door for door, names in _DOORS.items() for name in names}
_MODULES = {name: name for name in ("algorithms", "problems", "sketches", "testing", "theorems")}
_MODULES["counterexamples"] = "literature.counterexamples"
_BEHIND = ("problems", "sketches", "theorems", "testing")
"""Where else a name is looked for, so that ``from rac_theory import LeastSquares`` is no dead end."""

__all__ = [*_HOMES, *_MODULES]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # slow to import, and seldom asked for

        return version("rac-theory")
    if name in _MODULES:
        return importlib.import_module(f"rac_theory.{_MODULES[name]}")
    if name in _HOMES:
        return getattr(importlib.import_module(f"rac_theory.{_HOMES[name]}"), name)
    for door in _BEHIND if name[0].isalpha() else ():
        if name in (module := importlib.import_module(f"rac_theory.{door}")).__all__:
            return getattr(module, name)
    from rac_theory.base import NoMember

    raise NoMember(sys.modules[__name__], name)


def __dir__() -> list[str]:
    return sorted(__all__)
