"""What would say more than a verdict does: a sentence for each status, from the numbers behind it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rac_theory.statements import relations_in
from rac_theory.statements.symbols import constants_in
from rac_theory.theorems import ALL
from rac_theory.verdicts.verification.status import Status

if TYPE_CHECKING:
    from rac_theory.verdicts.verification.finding import Finding
    from rac_theory.verdicts.verification.runs_verdict import RunsVerdict
    from rac_theory.verdicts.verification.verdict import Verdict

_MORE_RUNS = "more runs; a claim that is met with equality stays as it is"


def more_than(verdict: "Verdict") -> str:
    """Say what would tell more of a theorem and a case."""
    match verdict.status:
        case Status.HOLDS:
            return "prove(theorem) is about every case, and hardest_case(theorem) looks for one on which it fails"
        case Status.VIOLATED:
            return "the claim fails here, or a constant is wrong: verdict.constants says where each comes from"
        case Status.NOT_APPLICABLE:
            return _that_applies(verdict)
    unknown = _unknown(verdict)
    if unknown:
        return _given(unknown)
    if verdict.evidence == "sampled" and _is_unbounded(verdict):
        return "if its assumptions make every step a descent, a theorem with descends=True can be confirmed"
    if verdict.evidence == "sampled":
        return f'runs="until decided" for {_MORE_RUNS}'
    return "other steps, or other units: what is judged must stand out from rounding and from f_star"


def _unknown(verdict: "Verdict") -> list[str]:
    """The constants that the claim, its assumptions or its metric need, and that are not known."""
    theorem = verdict.theorem
    asked = [one.constant for one in (*theorem.symbols, *constants_in(*relations_in(*theorem.given))) if one.constant]
    return [
        name for name in dict.fromkeys((*asked, *theorem.metric.needs)) if np.isnan(getattr(verdict.constants, name))
    ]


def _given(unknown: Sequence[str]) -> str:
    names = ", ".join(f"{name}=..." for name in unknown)
    return f"what is proved of a constant is given by constants=dataclasses.replace(verdict.constants, {names})"


def more_than_runs(verdict: "RunsVerdict") -> str:
    """Say what would tell more of runs and a bound."""
    match verdict.status:
        case Status.HOLDS:
            return "verify(theorem, case) judges a case, whose constants are proved, in the place of these runs"
        case Status.VIOLATED:
            return "the bound is too small for the mean of these runs: look at the constants that it is made of"
        case Status.NOT_APPLICABLE:
            return "constants that meet what is given, or another theorem: theorems.listed() has all"
    if _is_unbounded(verdict):
        return "ceiling=, a proved upper end of the metric, without which runs confirm nothing"
    return _MORE_RUNS


def _is_unbounded(verdict: "Finding") -> bool:
    return not np.isfinite(verdict.upper).any()


def _that_applies(verdict: "Verdict") -> str:
    """Name the theorems of ours that apply, those with the metric of this one first."""
    metric = verdict.theorem.metric
    known = [one for one in ALL.values() if not one.unmet(verdict.case, verdict.constants)]
    found = [one.id for one in known if one.metric is metric] or [one.id for one in known]
    if found:
        return f"{', '.join(found[:4])} {'applies' if len(found) == 1 else 'apply'} to this case"
    if "the algorithm is" in verdict.unmet[0]:
        return "theorems know a step that is linear as a Method, and one that is meant to be ours as an Implementation"
    if verdict.constants.gamma * verdict.constants.L > 2:
        return f"a shorter step: 2 / L is {2 / verdict.constants.L:.4g}, and gamma {verdict.constants.gamma:.4g}"
    if unknown := _unknown(verdict):
        return _given(unknown)
    return "another step, sketch or problem: theorems.listed(given=...) says what is assumed"
