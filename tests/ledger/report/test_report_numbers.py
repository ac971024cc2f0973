"""Numbers on the page of the report."""

import math
from dataclasses import replace
from pathlib import Path

from rac_theory.ledger.report import numbers
from rac_theory.ledger.report.page import _brief
from rac_theory.ledger.report.shown import ShownCase, ShownClaim
from rac_theory.ledger.verdict_row import Row
from rac_theory.theorems import ALL

SHOWN = {None: "–", 0.0: "0", 1.2345: "1.23", 8764.2: "8,760", 1.34e6: "1.34e6", 4.4e-16: "4.4e−16", -2: "−2"}
SHOWN |= {999.0: "999", 1000.0: "1,000", 999_000.0: "999,000", 1e6: "1e6"}


def test_numbers():
    assert {value: numbers.number(value, 3) for value in SHOWN} == SHOWN


def test_intervals_and_rates():
    """An interval without an end is open there; the power of t is a superscript, the factor is none."""
    assert numbers.interval(0.5, None) == "[0.5, ∞)"
    assert numbers.interval(None, 2.0) == "[0, 2]"
    assert numbers.interval(1.0, 1.0) == ""
    power = {"kind": "sublinear", "value": -1.0, "low": -1.1, "high": -0.9, "first": 1, "last": 2}
    assert numbers.rate_interval(power) == "t<sup>−1.00</sup> [t<sup>−1.10</sup>, t<sup>−0.90</sup>]"
    assert numbers.rate(power | {"kind": "linear", "value": 0.5}) == "0.5000"
    assert numbers.rate_interval(power | {"low": None}) == "t<sup>−1.00</sup>"


def test_what_a_row_opens_has_the_numbers_that_exist():
    """Those of a sampled row with all of them, and those that are left out of others. Catches a name for another."""
    rate = {"kind": "linear", "value": 0.5, "low": 0.48, "high": 0.52, "first": 1, "last": 9}
    blank = replace(Row.missing(7, "T2", "wine", "", 3, 1e-3), steps=9, status="VIOLATED")
    row = replace(
        blank,
        runs=64,
        gamma_L=1.5,
        fitted=rate,
        promised=rate | {"low": 0.5, "high": 0.5},
        evidence="sampled",
        informative_from=2,
        detectable=0.12345,
        violated_at=8,
        reach=8,
        log_evidence=7.123456,
    )
    assert ShownCase(row, Path("out")).parameters == [
        *(("seed", "3"), ("steps", "9"), ("runs", "64"), ("gamma L", "1.5"), ("alpha", "0.001")),
        *(("fitted rate", "0.5000 [0.4800, 0.5200]"), ("promised rate", "0.5000"), ("informative from t", "2")),
        *(("detectable at reach", "0.123"), ("exceeds the bound most at t", "8"), ("log e-value against", "7.123")),
    ]
    assert numbers.reach(row) == "8/9"
    assert numbers.reach(replace(row, reach=None)) == "0/9"
    exact = replace(row, evidence="exact", fitted=None, violated_at=None, gamma_L=math.nan)
    shown = [name for name, _ in ShownCase(exact, Path("out")).parameters]
    assert shown == ["seed", "steps", "runs", "alpha", "promised rate", "informative from t", "detectable at reach"]
    assert [numbers.key(value) for value in (None, math.nan, 0.1)] == ["", "", "0.10000000000000001"]
    assert numbers.reach(blank) == numbers.rate(None) == "–"


def test_a_summary_keeps_the_level_of_a_row_and_a_claim_its_sentences():
    """Catches a sampled constant that is left out of what a report spends, and a claim nobody knows that has some."""
    row = Row.missing(1, "T2", "quadratic", "", 0, 1e-3)
    for constants, spent in ((None, 0.0), ({"L": 1.0, "alpha_spent": 2e-4}, 2e-4)):
        assert _brief(replace(row, constants=constants)).alpha_spent == spent
    assert len(ShownClaim("T2", ALL["T2"]).assumptions) == len(ALL["T2"].assumptions) > 0
    assert ShownClaim("T999", None).assumptions == ShownClaim("T999", None).formulas == []
