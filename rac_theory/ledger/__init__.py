"""The ledger: every claim on every default case. What is selected is laid out as cells, by name. Each becomes an
ensemble with its case and constants, is run, and its verdicts become rows that JSON can hold and a command can repeat.
``sweeps`` are grids of claims and cases as one job that may be killed at any moment; ``report`` shows what a folder of
results holds as one page that opens from disk. It uses base, numerics, drawing, problems, algebra, sketches,
algorithms, cases, runs, statements, proofs, theorems, verdicts and literature. It must not know commands, which are
made of its rows.
"""

from rac_theory.base import answering
from rac_theory.ledger import report, results, running, sweeps, table
from rac_theory.ledger.default_problems import DEFAULT_PROBLEMS, DefaultProblem, built
from rac_theory.ledger.ensemble import Cell, Ensemble, Level
from rac_theory.ledger.layout import Axes, Grid, lay_out
from rac_theory.ledger.ledger import Ledger
from rac_theory.ledger.report.gallery import Shown
from rac_theory.ledger.results import KeptRows
from rac_theory.ledger.running import Plan, estimate, plan, run
from rac_theory.ledger.sweeps.found import Sweep
from rac_theory.ledger.sweeps.store import is_store
from rac_theory.ledger.sweeps.sweeping import Progress, sweep
from rac_theory.ledger.theorem_settings import SETTINGS, setting_named
from rac_theory.ledger.verdict_row import FAILED, NEEDS_EXTRA, Row, violated

__all__ = [
    "DEFAULT_PROBLEMS",
    "FAILED",
    "NEEDS_EXTRA",
    "SETTINGS",
    "Axes",
    "Cell",
    "DefaultProblem",
    "Ensemble",
    "Grid",
    "KeptRows",
    "Ledger",
    "Level",
    "Plan",
    "Progress",
    "Row",
    "Shown",
    "Sweep",
    "built",
    "estimate",
    "is_store",
    "lay_out",
    "plan",
    "report",
    "results",
    "run",
    "running",
    "setting_named",
    "sweep",
    "sweeps",
    "table",
    "violated",
]

answering(globals())
