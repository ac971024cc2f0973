"""Cases: what a claim is tried on, an algorithm on a problem from a start for some steps, and the constants of it that
formulas take, each found, rounded to its safe side and with its provenance. It uses base, numerics, drawing, problems,
sketches, algorithms and gains. It must not know theorems: a constant is not made for the bound that it goes into.
"""

from rac_theory.base import answering
from rac_theory.cases.case import Case, check_deterministic, check_once, check_runs, starting_point
from rac_theory.cases.constants import Constants

__all__ = ["Case", "Constants", "check_deterministic", "check_once", "check_runs", "starting_point"]

answering(globals())
