"""Verdicts: from runs or expectations to what they say of a claim. ``verification`` judges a theorem, a bound or runs
of any origin, at a level; ``sharpness`` says how near the truth comes to a bound: on one case, on the hardest one, over
whole classes of functions. It uses base, numerics, drawing, problems, sketches, algorithms, gains, cases, runs,
statements and theorems. It must not know which cases are tried: each is given.
"""

from rac_theory.base import answering
from rac_theory.verdicts.sharpness.certificate import Certificate
from rac_theory.verdicts.sharpness.example import Example, Huber, Rotated, SlowDirection
from rac_theory.verdicts.sharpness.function_conditions import Condition
from rac_theory.verdicts.sharpness.hardest_case import HardestCase, hardest_case
from rac_theory.verdicts.sharpness.setting import Setting
from rac_theory.verdicts.sharpness.tightness import tightness
from rac_theory.verdicts.sharpness.worst_case import WorstCase, worst_case, worst_step
from rac_theory.verdicts.sharpness.worst_case_comparison import Comparison, side_by_side
from rac_theory.verdicts.verification.citation import Work, card_entry, citation
from rac_theory.verdicts.verification.decision import Slack, Status
from rac_theory.verdicts.verification.finding import Finding, versions
from rac_theory.verdicts.verification.judge_runs import compare_runs, judge_runs
from rac_theory.verdicts.verification.measured_smoothness import MeasuredSmoothness, measured_smoothness
from rac_theory.verdicts.verification.plain_verdict import verdict_schema
from rac_theory.verdicts.verification.rate import Rate, empirical_rate
from rac_theory.verdicts.verification.saved_verdict import SavedVerdict
from rac_theory.verdicts.verification.shown_verdict import verdict_table
from rac_theory.verdicts.verification.verdict import RunsVerdict, Verdict
from rac_theory.verdicts.verification.verify import judge, verify

__all__ = [
    "Certificate",
    "Comparison",
    "Condition",
    "Example",
    "Finding",
    "HardestCase",
    "Huber",
    "MeasuredSmoothness",
    "Rate",
    "Rotated",
    "RunsVerdict",
    "SavedVerdict",
    "Setting",
    "Slack",
    "SlowDirection",
    "Status",
    "Verdict",
    "Work",
    "WorstCase",
    "card_entry",
    "citation",
    "compare_runs",
    "empirical_rate",
    "hardest_case",
    "judge",
    "judge_runs",
    "measured_smoothness",
    "side_by_side",
    "tightness",
    "verdict_schema",
    "verdict_table",
    "verify",
    "versions",
    "worst_case",
    "worst_step",
]

answering(globals())
