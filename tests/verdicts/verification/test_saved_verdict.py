"""A verdict as a file: what is written is read back, number by number, and what was changed in it is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest

from rac_theory import GD, Case, Constants, RACLoRA, Status, Verdict, judge_runs, sketches, theorems, verify
from rac_theory.problems import Quadratic
from rac_theory.verdicts import verdict_schema, verdict_table
from tests.as_one_test import as_one_test

PROBLEM = Quadratic.left(np.diag([1.0, 2.0, 4.0]), W_star=np.ones((3, 2)))
CASE = Case(RACLoRA(sketches.Haar(3, 1), gamma=0.25), PROBLEM, steps=20)
SAMPLED = Case(RACLoRA(sketches.KaimingUniform(3, 2), gamma=0.25), PROBLEM, steps=20)
RANDOM = np.random.default_rng(0).random((400, 3))
EVERY = {
    "exact": verify("T2", CASE),
    "sampled": verify("T2", SAMPLED, runs=64, rng=0),
    "unbounded": verify(replace(theorems.T2, id="mine", descends=False), SAMPLED, runs=64, rng=0),
    "violated": verify("T2", CASE, constants=replace(Constants.of(CASE), mu=3.9)),
    "not applicable": verify("T2", Case(GD(0.4), PROBLEM, steps=5)),
    "too long": verify("T2", Case(GD(4.0), PROBLEM, steps=5)),
    "2 / L": verify("T2", Case(GD(0.5), PROBLEM, steps=5)),
    "longer than 2 / L": verify("T2", Case(GD(0.625), PROBLEM, steps=5)),
    "runs": judge_runs(RANDOM, 0.75, ceiling=1.0),
    "runs without a ceiling": judge_runs(RANDOM, 0.75),
}


@pytest.mark.parametrize("name", EVERY)
def test_what_is_written_is_read_back(tmp_path, name):
    verdict = EVERY[name]
    again = Verdict.load(verdict.save(tmp_path / "verdict.json"))
    assert again.to_dict() == verdict.to_dict()
    assert str(again) == str(verdict)
    assert again.slack == verdict.slack
    for curve in ("bound", "mean", "lower", "upper", "detectable", "sample"):
        there, here = getattr(again, curve), getattr(verdict, curve)
        assert np.array_equal(there, here, equal_nan=True) or there.size == here.size == 0, curve
    assert "NaN" not in (tmp_path / "verdict.json").read_text()
    assert again.refuted == verdict.refuted
    assert again._repr_html_().startswith("<")
    if verdict.mean.size:
        assert again.chart == verdict.chart


def test_numbers_that_json_has_not_come_back():
    """Infinite limits of runs without a ceiling, and nan where nothing is judged, are told apart."""
    upper = EVERY["runs without a ceiling"].to_dict()["upper"]
    assert upper == [None, "inf", "inf"]
    assert EVERY["exact"].to_dict()["about"]["statement"] == theorems.T2.statement


def test_another_file_is_refused_with_the_field(tmp_path):
    for name, value, told in (
        ("status", "FINE", "status must be one of 'HOLDS'"),
        ("mean", [1.0, "two"], "mean"),
        ("format", 2, "format must be one of 1, got 2"),
        ("words", {"head": "x"}, "words.title must be there, got nothing"),
        ("runs", 1.5, "runs must be an integer, got 1.5"),
    ):
        (tmp_path / "v.json").write_text(json.dumps(EVERY["exact"].to_dict() | {name: value}))
        with pytest.raises(ValueError, match="path must be a verdict that was saved, got ") as failure:
            Verdict.load(tmp_path / "v.json")
        assert told in str(failure.value)


def test_the_schema_names_what_is_written():
    """Every field of every verdict, and none besides: a field that is new would be seen."""
    schema = verdict_schema()
    for verdict in EVERY.values():
        assert list(verdict.to_dict()) == schema["required"] == list(schema["properties"])
    assert schema["additionalProperties"] is False
    assert schema["properties"]["status"]["enum"] == [status.name for status in Status]
    assert schema["additionalProperties"] is False


@as_one_test(
    ("name", "told"),
    [
        ("exact", "prove(theorem) is about every case"),
        ("sampled", 'runs="until decided"'),
        ("unbounded", "descends=True"),
        ("violated", "verdict.constants says where each comes from"),
        ("not applicable", "T2_sharp"),
        ("too long", "a shorter step: 2 / L is 0.5, and gamma 4"),
        ("2 / L", "another step, sketch or problem"),
        ("longer than 2 / L", "a shorter step: 2 / L is 0.5, and gamma 0.625"),
        ("runs", "verify(theorem, case)"),
        ("runs without a ceiling", "ceiling=, a proved upper end"),
    ],
)
def test_each_verdict_ends_with_what_would_say_more(name, told):
    assert told in EVERY[name].more
    assert str(EVERY[name]).endswith(f" For more: {EVERY[name].more}.")


def test_what_is_not_known_and_what_applies_is_named():
    """Without mu the theorems that need none apply; without gap0 nothing does, and the way to give it is said."""
    known = Constants.of(CASE)
    assert verify("T2", CASE, constants=replace(known, mu=np.nan)).more.startswith("T3, ")
    unknown = replace(known, mu=np.nan, gap0=np.nan, gap0_upper=np.nan, convex=False, strong_convexity=np.nan)
    more = verify("T2", CASE, constants=unknown).more
    assert more.endswith("constants=dataclasses.replace(verdict.constants, mu=..., gap0=...)"), more


def test_a_table_of_verdicts():
    table = verdict_table(EVERY.values())
    assert table.count("\\\\\n") == len(EVERY) + 1
    assert r"T2 & RACLoRA(Haar(dim=3, rank=1), gamma=0.25, side='left') on Quadratic(3x2 \#" in table
    with pytest.raises(ValueError, match=r"verdicts\[0\] must be a Finding, got 'T2'"):
        verdict_table(["T2"])
