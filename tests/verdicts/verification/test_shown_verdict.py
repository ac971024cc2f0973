"""What a notebook shows of a verdict: each line has the number that its name says, in the verdict's own words."""

import re
from dataclasses import dataclass, replace

import numpy as np

from rac_theory import Case, RACLoRA, Status, sketches, verify
from rac_theory.problems import Quadratic

CASE = Case(RACLoRA(sketches.Haar(4, 1), 1.0), Quadratic.left(np.eye(4), np.ones((4, 1))), steps=60)


def lines(verdict):
    """The lines of the table, by name, without those of the constants."""
    shown = verdict._repr_html_().partition("<details>")[0]
    return dict(re.findall(r'<th scope="row"[^>]*>([^<]*)</th><td[^>]*>([^<]*)</td>', shown))


def test_a_sampled_verdict():
    """Would catch a rate that changed places with the promised one, half of a level, or another step."""
    verdict = verify("T2", CASE, runs=64, rng=0, evidence="sampled", alpha=0.002)
    told = lines(verdict)
    assert told["evidence"] == "64 runs"
    assert told["level"] == "0.002: 0.002 for runs"
    assert told["rate"] == f"{verdict.fitted} fitted, {verdict.promised} promised"
    assert "rate" not in lines(replace(verdict, promised=None))
    assert told["bound / mean"] == f"{verdict.slack} at t = {verdict.reach}"
    assert told["reach"] == f"t = {verdict.reach} of 60"
    assert 1 < verdict.reach < 60
    assert "above the bound" not in told


def test_a_refuted_verdict_says_by_how_much_and_where():
    """Would catch evidence with another sign, or that of another step."""
    true = verify("T2", CASE, rng=0).constants
    verdict = verify("T2", CASE, rng=0, evidence="sampled", constants=replace(true, gap0=0.8 * true.gap0))
    told = lines(verdict)
    assert verdict.status is Status.VIOLATED
    assert told["log e-value"] == f"{verdict.log_evidence:.4g} against the claim"
    assert float(told["log e-value"].split()[0]) > 0
    assert told["above the bound"] == f"most at t = {verdict.violated_at}"
    assert verdict.violated_at != verdict.reach


def test_an_exact_verdict_has_no_level_and_is_informative_from_a_later_step():
    """From the first on goes without saying, and so does all of the way. Catches a line for it, and one left out."""
    verdict = verify("T2", CASE, rng=0)
    told = lines(verdict)
    assert told["evidence"] == "exact"
    assert not {"level", "reach"} & told.keys()
    said = [lines(replace(verdict, informative_from=t)).get("informative") for t in (None, 1, 2)]
    assert said == [None, None, "from t = 2"]


def test_assumptions_that_are_not_met_are_listed_where_there_are_two():
    """One stands in the reason. Catches a list of one, which says it twice."""
    verdict = verify("T2", replace(CASE, algorithm=RACLoRA(sketches.Haar(4, 1), 1.5)))
    two = replace(verdict, unmet=verdict.unmet * 2)
    assert [some._repr_html_().count("<li>gamma L &lt;= 1 is not met") for some in (verdict, two)] == [0, 2]


def test_what_a_user_s_repr_says_steers_no_terminal():
    """A colour, a bell, and a line of its own, in the words of a verdict, of a case and of a figure."""

    @dataclass(frozen=True)
    class Loud(sketches.Haar):
        def __repr__(self):
            return "Loud(\x1b[31m\x07\n)"

    case = Case(RACLoRA(Loud(3, 1), gamma=0.5), Quadratic.left(np.diag([0.5, 1.0, 1.0]), np.ones((3, 1))), steps=4)
    verdict = verify("T2", case, rng=0)
    said = (str(verdict), repr(verdict), verdict.title, repr(case), repr(case.algorithm))
    for words in (*said, verdict._repr_html_(), case._repr_html_()):
        assert "\\x1b[31m\\x07\\n" in words
        assert not {"\x1b", "\x07"} & {*words}
    assert "\n" not in str(verdict)
