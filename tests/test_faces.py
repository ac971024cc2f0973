"""What people meet of a value: one line in a terminal, a table in a notebook, arrays that cannot be changed."""

import copy
import pickle
import re
import sys
from dataclasses import fields, is_dataclass, replace
from math import inf, nan

import numpy as np
import pytest

import rac_theory
from rac_theory import Case, Constants, Grid, RACLoRA, simulate, sketches, spectrum, theorems, verify
from rac_theory.advice import advise
from rac_theory.ledger.ledger import Ledger
from rac_theory.problems import Quadratic, TwoLayerNetwork
from rac_theory.sketches import Haar, KaimingUniform
from rac_theory.theorems import E, Theorem, gap
from tests import read_html
from tests.as_one_test import as_one_test
from tests.test_reprs import MADE

PROBLEM = Quadratic.left(np.diag([1.0, 2, 4]), np.ones((3, 1)))
CASE = Case(RACLoRA(Haar(3, 1), gamma=0.25), PROBLEM, steps=20)
SAMPLED = Case(RACLoRA(KaimingUniform(3, 2), gamma=0.25), PROBLEM, np.full((3, 1), 0.5), steps=20)


@pytest.fixture(scope="module")
def values(tmp_path_factory):
    """A value of every public class that computes or holds something."""
    run = simulate(SAMPLED, runs=4, rng=0, record=("W",))
    grid = Grid(("T1", "T2"), ("linnerud",), ("haar",), (1,))
    swept = rac_theory.sweep(grid, tmp_path_factory.mktemp("sweep") / "s", n_jobs=1)
    constants = Constants.of(CASE)
    answer = rac_theory.counterexamples.C1.verdict()
    exact = verify("T2", CASE, rng=0)
    return {
        "case": CASE,
        "network": TwoLayerNetwork(np.eye(2), [0, 1], hidden=3),
        "case with a start": SAMPLED,
        "constants": constants,
        "measured": replace(constants, sigma_squared=1.0, measured=frozenset({"sigma_squared", "D"})),
        "learning rate": rac_theory.learning_rate(PROBLEM, Haar(3, 1)),
        "spectrum": spectrum(Haar(3, 1)),
        "sampled spectrum": spectrum(sketches.FromFunction(3, 1, ones), draws=64, rng=0),
        "exact spectrum": spectrum(sketches.Coordinate(3, 1), exact=True),
        "certificate of a spectrum": spectrum(sketches.Coordinate(3, 1), exact=True).certificate,
        "theorem": theorems.T2,
        "metric": theorems.T2.metric,
        "tightest": theorems.T2.tightest,
        "proof": rac_theory.prove("T2"),
        "proof with lemmas": rac_theory.prove("T8"),
        "expectation": rac_theory.expected(CASE),
        "rational": rac_theory.expected(Case(CASE.algorithm, PROBLEM, steps=3), exact=True),
        "verdict": exact,
        "sampled verdict": verify("T2", SAMPLED, runs=512, rng=0),
        "verdict on runs": rac_theory.judge_runs(run.values, 1e3, ceiling=1e4),
        "violated": verify("T2", CASE, constants=replace(constants, mu=3.9)),
        "not applicable": verify("T2", Case(rac_theory.GD(2.0), PROBLEM, steps=5)),
        "slack": exact.slack,
        "chart": exact.chart,
        "layer": exact.chart.layers[0],
        "rate": rac_theory.empirical_rate(run),
        "trajectory": run,
        "measured smoothness": rac_theory.measured_smoothness(run),
        "diagnosis": rac_theory.diagnose(run)[0],
        "hardest": rac_theory.hardest_case("T2", 40, rng=0),
        "worst": rac_theory.worst_case("T4", L=1, mu=0.5, gamma=1, blocks=1, steps=1, rng=0),
        "certificate": rac_theory.worst_case("T4", L=1, mu=0.5, gamma=1, blocks=1, steps=1, rng=0).certificate,
        "status": rac_theory.Status.HOLDS,
        "grid": Grid(("T1",)),
        "sweep": swept,
        "ledger": swept.rows,
        "row": swept.rows[0],
        "counterexample": rac_theory.counterexamples.C1,
        "answer": answer,
        "witness": answer.witness,
        "picture": answer.witness.picture,
        "check": answer.witness.checks[0],
        "advice": advise([(3, 4)], ranks=(1,)),
        "option": advise([(3, 4)], ranks=(1,)).options[0],
        "eigenbasis": PROBLEM.eigenbasis,
        "noise": CASE.algorithm.gradients.noise(PROBLEM),
    }


def ones(rng):
    return np.ones((3, 1)) + rng.standard_normal((3, 1))


# --- one line


@pytest.mark.long
def test_every_public_class_is_here_or_with_the_reprs(values):
    """A class that is new in the package must be added here, but algorithms and gradients, which are asked there."""
    there = {type(value) for value in values.values()} | {kind for kind, _, _ in MADE}
    apart = {rac_theory.Comparison, rac_theory.Unsupported}
    public = {name: getattr(rac_theory, name) for name in rac_theory.__all__}
    assert {v for v in public.values() if isinstance(v, type)} - apart <= there


@pytest.mark.long
def test_a_value_is_one_line_without_arrays_or_addresses_with_its_own_class(values):
    """Of a subclass, whose numbers may be others."""
    for name, value in values.items():
        text = repr(value)
        assert "\n" not in text, name
        assert len(text) < 400, name
        assert not re.search(r"array\(|0x[0-9a-f]{6}|dtype", text), (name, text)
        if is_dataclass(value):
            mine = object.__new__(type("Mine", (type(value),), {}))
            vars(mine).update(vars(value))
            assert re.match(r"<?Mine\b", repr(mine)), name


def test_constants_say_what_is_known(values):
    assert not any("nan" in repr(values[name]) for name in ("constants", "measured"))
    assert repr(Constants(gamma=0.1)) == "Constants(gamma=0.1)"
    assert "measured=frozenset({'D', 'sigma_squared'})" in repr(values["measured"])
    assert repr(Constants(gamma=0.1)) != repr(Constants(gamma=0.1 + 1e-15))


def test_what_can_be_read_back_is_equal(values):
    names = {"Grid": Grid, "Rate": type(values["rate"]), "Slack": type(values["slack"])}
    names |= {"Constants": Constants, "inf": inf}
    for name in ("grid", "rate", "slack", "constants", "measured"):
        assert eval(repr(values[name]), dict(names)) == values[name]


def test_another_start_is_told_apart(values):
    usual = Case(SAMPLED.algorithm, PROBLEM, steps=20)
    assert repr(usual) != repr(SAMPLED)
    assert str(verify("T2", usual, runs=8, rng=0)).replace(" from ", "") != str(verify("T2", SAMPLED, runs=8, rng=0))
    assert "W0=3x1 #" in repr(SAMPLED)
    assert " from 3x1 #" in str(values["sampled verdict"])
    assert " from " not in str(values["verdict"])


# --- read-only


def arrays_of(value):
    for field in fields(value):
        found = [getattr(value, field.name)]
        while found:
            item = found.pop()
            if isinstance(item, np.ndarray):
                yield field.name, item
            elif isinstance(item, dict):
                found += item.values()
                with pytest.raises(TypeError, match="read-only"):
                    item["new"] = 1
            elif isinstance(item, tuple):
                found += item


FROZEN = (
    *("case", "spectrum", "sampled spectrum", "exact spectrum", "expectation"),
    *("verdict", "sampled verdict", "trajectory"),
)


@pytest.mark.parametrize("name", [*FROZEN, "hardest", "witness", "picture", "constants", "diagnosis", "noise", "row"])
def test_nothing_in_a_value_can_be_changed(values, name):
    """Nor in a copy of it, nor after a worker sent it."""
    made = [lambda x: x, copy.copy, copy.deepcopy]
    made += [lambda x: pickle.loads(pickle.dumps(x))] if name not in ("picture", "witness") else []
    for again in made:
        held = [*arrays_of(again(values[name]))]
        assert held or name not in FROZEN
        assert [field for field, array in held if array.flags.writeable] == []


def test_what_a_trajectory_computes_later_is_read_only_too():
    """Of a new one, as a copy of an older one seals what it finds."""
    for name in ("gaps", "W"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(simulate(SAMPLED, rng=0), name)[0] = 1


# --- equality


def test_what_was_sent_is_equal_to_what_is_here(values):
    """Unknown numbers, which nan is unequal to itself in, and arrays, whose == is one, must not get in the way."""
    for name in ("case", "constants", "spectrum", "expectation", "verdict", "rate", "grid", "row", "noise"):
        again = pickle.loads(pickle.dumps(values[name]))
        assert again is not values[name], name
        assert again == values[name], name


def test_what_is_made_alike_is_equal_and_has_one_hash(values):
    def made():
        return Case(RACLoRA(Haar(3, 1), gamma=0.25), Quadratic.left(np.diag([1.0, 2, 4]), np.ones((3, 1))), steps=20)

    assert {made(), made()} == {CASE}
    assert made() != SAMPLED
    for change in ({"steps": 21}, {"W0": np.ones((3, 1)) / 2}, {"algorithm": rac_theory.GD(0.25)}):
        assert replace(made(), **change) != CASE
    assert verify("T2", made(), rng=0) == values["verdict"]
    assert verify("T2", made(), rng=0, constants=replace(values["constants"], mu=0.9)) != values["verdict"]
    assert Constants.of(made()) == values["constants"] != replace(values["constants"], mu=0.9)
    assert {Constants(1.0), Constants(1.0, L=float("nan"))} == {Constants(1.0)}


def test_a_trajectory_equals_itself_only(values):
    other = simulate(SAMPLED, runs=4, rng=0)
    assert values["trajectory"] == values["trajectory"] != other


# --- notebooks


class Reader(read_html.Reader):
    """Reads a fragment, and refuses tags that are not closed and what would be loaded from elsewhere."""

    def __init__(self, fragment):
        super().__init__(fragment)
        assert not self.open
        self.tags = [tag for tag, _ in self.elements]
        assert not {"script", "link", "img", "iframe", "style"} & {*self.tags}
        for name, value in (one for _, attributes in self.elements for one in attributes.items()):
            assert name not in ("src", "href", "xlink:href", "onload"), (name, value)
            assert "url(" not in (value or "")
        self.text = " ".join(self.text.split())

    def handle_data(self, data):
        super().handle_data(f"{data} ")


def read(value):
    """What a notebook shows of a value, as a browser reads it."""
    return Reader(value._repr_html_())


SHOWN = (
    *("verdict", "sampled verdict", "violated", "not applicable", "theorem", "spectrum", "sampled spectrum", "case"),
    *("exact spectrum", "case with a start", "constants", "measured", "sweep", "ledger", "advice", "answer"),
    *("proof", "proof with lemmas"),
)


@pytest.mark.parametrize("name", SHOWN)
def test_a_notebook_shows_a_fragment_that_needs_nothing_else(values, name):
    """No ids, which two verdicts in one notebook would share; no colour of words, which a dark page would swallow."""
    found = read(values[name])
    assert not [tag for tag, attributes in found.elements if "id" in attributes]
    outside = re.sub(r"<svg.*</svg>", "", values[name]._repr_html_(), flags=re.DOTALL)
    assert not re.search(r"[\";]\s*(color|background-color)\s*:", outside)
    assert len(found.text) > 20


def test_a_verdict_shows_its_numbers_and_its_chart(values):
    for name in ("verdict", "sampled verdict", "violated"):
        verdict, found = values[name], read(values[name])
        assert {"svg", "math"} <= {*found.tags}
        case = repr(verdict.case.algorithm), repr(verdict.case.problem)
        for said in (f"T2 {verdict.status.name}: {verdict.reason}", *case, str(verdict.slack), str(verdict.promised)):
            assert said in found.text, said
    assert "512 runs" in read(values["sampled verdict"]).text
    assert "W0 = 3x1 #" in read(values["sampled verdict"]).text
    assert "most at t = " in read(values["violated"]).text


def test_a_verdict_without_runs_shows_why_and_no_chart(values):
    found = read(values["not applicable"])
    assert "svg" not in found.tags
    assert values["not applicable"].reason in found.text
    assert "nothing was run" in found.text


def test_constants_show_their_provenance_and_what_is_unknown(values):
    text = read(values["measured"]).text
    assert "largest eigenvalue of Q, rounded up" in text
    assert "sigma_squared 1 an estimate from runs" in text
    assert re.search(r"Unknown: L_max, .*longest_step", text)
    assert not re.search(r"Unknown: .*\b(mu|gamma)\b", text)


def test_theorem_spectrum_and_counterexample_show_what_they_are(values):
    found = read(theorems.T2)
    assert theorems.T2.source in found.text
    assert "(paper)" in found.text
    assert found.tags.count("li") == len(theorems.T2.assumptions) == 1 + len(theorems.T2.given)
    assert "1/3" in read(values["exact spectrum"]).text
    assert re.search(r"in \[0\.\d+, 0\.\d+\]", read(values["sampled spectrum"]).text)
    assert all(check.sentence in read(values["answer"]).text for check in values["answer"].witness.checks)


TAGS = ("<script>alert(1)</script> <= 1", "2^{ <b>", r"\unknown{x} & <i>", "<img src=x onerror=y>")


@as_one_test("words", [*TAGS, r"\text{<b>} <= x^2^3 <script>"])
def test_the_words_of_a_user_are_words(words):
    """A statement, a name or a reason with a tag in it; and one that is no mathematics at all."""

    def bound(c, t):
        return c.gap0 * np.ones_like(t)

    def met(case, constants):
        return None

    bound.__doc__ = met.__doc__ = words
    claim = Theorem(id=words, name=words, source=words, mark="derived", about=met, given=(met,), claim=E(gap) <= bound)
    read(claim)
    read(replace(verify(claim, CASE), reason=words, unmet=(words, words)))
    read(Case(type(words, (RACLoRA,), {})(Haar(3, 1), gamma=0.25), PROBLEM, steps=2))


def test_no_row_of_a_sweep_says_so():
    assert repr(rac_theory.Sweep(Ledger(), 0, 3)) == "<Sweep: 0 of 3 cells, 0 rows: none>"
    read(rac_theory.Sweep(Ledger(), 0, 3))


# --- data frames


def test_frames_have_a_line_for_each(values):
    ledger, advice, answer = values["ledger"], values["advice"], values["answer"]
    frame = ledger.to_frame()
    assert list(frame["claim"]) == [row.claim for row in ledger]
    slacks = [row.slack["value"] if row.slack else nan for row in ledger]
    assert list(frame["slack_value"]) == pytest.approx(slacks, nan_ok=True)
    types = [str(frame[name].dtype) for name in ("number", "gamma_L", "constants_convex")]
    assert types == ["Int64", "float64", "boolean"]
    assert values["sweep"].to_frame().equals(frame)
    frame = advice.to_frame()
    assert list(frame["slowdown"]) == [option.slowdown for option in advice.options]
    assert list(frame["m"]) == [3] * len(advice.options)
    frame = answer.to_frame()
    assert list(frame["sentence"]) == [check.sentence for check in answer.witness.checks]
    assert frame["holds"].all()


def test_without_pandas_a_frame_says_what_to_install(values, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    for name in ("ledger", "sweep", "advice", "answer"):
        with pytest.raises(ImportError, match=r"pandas is not installed: it needs the extra 'frames', python -m pip"):
            values[name].to_frame()
