"""Runs: what happens to a case. ``simulation`` has ensembles, in blocks with random streams of their own, so that the
bits depend on no number of workers, and in ``kernels`` the loops and the choice of one; ``expectations`` has the
expected value, exactly, by linear maps of second moments, and the exact rate. It uses base, numerics, drawing,
problems, algebra, sketches, algorithms and cases. It must not know bounds: what runs are good for is no matter here.
"""

from rac_theory.base import answering
from rac_theory.runs.expectations.expectation import Expectation, by_moments, exact_rate, expected
from rac_theory.runs.expectations.fastest import CURRENCIES, fastest_learning_rate, fastest_letters, query_rates
from rac_theory.runs.expectations.moment_map import MomentMap, Unsupported
from rac_theory.runs.simulation.history import Record, record
from rac_theory.runs.simulation.kernels.choice import kernel_for
from rac_theory.runs.simulation.simulate import simulate, simulate_part
from rac_theory.runs.simulation.trajectory import Trajectory

__all__ = [
    "CURRENCIES",
    "Expectation",
    "MomentMap",
    "Record",
    "Trajectory",
    "Unsupported",
    "by_moments",
    "exact_rate",
    "expected",
    "fastest_learning_rate",
    "fastest_letters",
    "kernel_for",
    "query_rates",
    "record",
    "simulate",
    "simulate_part",
]

answering(globals())
