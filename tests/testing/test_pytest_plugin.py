"""The plugin in projects that have nothing but our installation: most tests run pytest there, in another process."""

import argparse
import json
import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from rac_theory import pytest_plugin as plugin
from tests.testing.cases import cases

SOUND = '''
import numpy as np
import pytest
from dataclasses import dataclass
from hypothesis import Phase, given, settings
from rac_theory.problems import LeastSquares
from rac_theory import GD, Case, RACLoRA, Status, theorems
from rac_theory.testing import assert_converges_to, assert_rate_bound, check_sketch
from rac_theory.testing.strategies import seeds

@dataclass(frozen=True)
class Rows:
    """One row in turn, uniformly."""
    dim: int
    rank: int = 1

    def sample(self, rng, size):
        return np.eye(self.dim)[rng.integers(self.dim, size=size)][:, :, None]

    def expected_projection(self):
        return np.eye(self.dim) / self.dim

data = np.random.default_rng(0)
problem = LeastSquares(data.standard_normal((12, 3)), data.standard_normal((12, 2)))
rac = RACLoRA(Rows(3), gamma=1 / problem.L)

def test_sketch():
    check_sketch(Rows(3), draws=2048)

@pytest.mark.rate
def test_rate(rac_rng):
    assert_rate_bound(theorems.T2, Case(rac, problem, steps=40), rng=rac_rng)

@pytest.mark.rate
@pytest.mark.parametrize("name", ["T1", "T2"])
def test_gradient_descent(name):
    assert assert_rate_bound(name, Case(GD(1 / problem.L), problem, steps=40)).status is Status.HOLDS

def test_limit(rac_rng):
    assert_converges_to(Case(rac, problem, steps=200), problem.f_star, tolerance=1e-3, rng=rac_rng)

@settings(max_examples=5, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
@given(seeds())
def test_any_seed(seed):
    assert_rate_bound("T2", Case(rac, problem, steps=40), rng=seed)
'''

WRONG_SKETCH = SOUND.replace("np.eye(self.dim) / self.dim", "np.diag([0.3, 0.3, 0.4])").replace(
    "rng.integers(self.dim, size=size)", "np.zeros(size, dtype=int) + rng.integers(1, size=size)"
)
TWICE_AS_FAST = "replace(theorems.T2, claim=E(gap) <= (1 - gamma * mu) ** (2 * T) * gap0)"
WRONG_BOUND = SOUND.replace(
    "import numpy as np\n",
    "import numpy as np\nfrom dataclasses import replace\nfrom rac_theory.theorems import E, gap\n"
    "from rac_theory.statements.symbols import T, gamma, gap0, mu\n",
).replace("theorems.T2, Case", f"{TWICE_AS_FAST}, Case")
SHUFFLED = """
import random

def pytest_collection_modifyitems(items):
    random.Random(5).shuffle(items)
"""
USUAL = ["--strict-markers", "-W", "error", "-p", "no:cacheprovider"]


@pytest.fixture
def run_pytest(tmp_path, monkeypatch, capsys):
    """Run pytest to an expected end in this process, where our package stays imported, or apart in one of its own."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def run(expected, *options, apart=False, **files):
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        if apart:
            command = [sys.executable, "-m", "pytest", *USUAL, *options]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120)
            status, output = done.returncode, done.stdout + done.stderr
        else:
            capsys.readouterr()
            status = pytest.main([*USUAL, "--rootdir", str(tmp_path), *options])
            output = "".join(capsys.readouterr())
            for file in tmp_path.glob("*.py"):
                sys.modules.pop(file.stem, None)
        assert status == expected, output
        return output

    return run


def verdicts(output):
    """What verbose output says of each claim: the numbers and levels too, in the order of tests."""
    return re.findall(r"^(?:HOLDS|CONSISTENT|UNDECIDED|VIOLATED) .*$", output, re.MULTILINE)


@pytest.mark.long
def test_a_sound_project_passes_in_any_part_and_in_another_order_on_workers(run_pytest):
    """Would catch a seed that depends on the order, and claims of workers that are lost or counted twice."""
    plain = run_pytest(0, "-v", test_it=SOUND)
    assert len(verdicts(plain)) == 9
    assert "claims tried: " in plain
    # Two are exact; rate, limit and five examples at 1e-6 each.
    assert "one or more false answers with probability at most 7e-06" in plain
    workers = run_pytest(0, "-v", "-n", "2", apart=True, test_it=SOUND, conftest=SHUFFLED)
    assert "2 workers" in workers
    assert verdicts(workers) == verdicts(plain)
    assert "at most 7e-06" in workers
    part = run_pytest(0, "-v", "-m", "rate", "-k", "test_rate or T2")
    assert verdicts(part) == [line for line in verdicts(plain) if "test_rate" in line or "descent[T2]" in line]


@pytest.mark.long
def test_a_wrong_sketch_or_bound_fails_and_the_failure_says_how_to_repeat_it(run_pytest):
    """A sketch that always draws the first row, and a bound without lambda_min, squared. Would catch a verdict that
    believes what the sketch claims, and a failure without its seed."""
    given = "--rac-seed", "7", "--rac-alpha", "1e-4"
    output = run_pytest(1, "-v", *given, test_it=WRONG_SKETCH, test_bound=WRONG_BOUND)
    failed = set(re.findall(r"^FAILED test_it\.py::(\w+)", output, re.MULTILINE))
    assert failed == {"test_sketch", "test_rate", "test_limit", "test_any_seed"}
    assert re.findall(r"^FAILED test_bound\.py::(\w+)", output, re.MULTILINE) == ["test_rate"]
    assert "T2 VIOLATED: refuted at level 7.5e-05" in output  # a quarter of it bounds L_H from draws
    assert re.search(r"again +assert_rate_bound\(", output)
    assert "seed 7; again: pytest test_it.py::test_rate --rac-seed 7 --rac-alpha 0.0001" in output
    again = run_pytest(1, "test_it.py::test_rate", *given)
    (first,) = set(re.findall(r"E +rac_theory\.testing\.failures\.NotShown: (.*)", again))
    assert first in output


LIGHT = """
import sys

import pytest

@pytest.mark.rate
def test_nothing():
    assert "numpy" not in sys.modules
    assert "rac_theory.problems" not in sys.modules

def test_generator(rac_rng):
    assert rac_rng.integers(2**32) != {drawn}
"""


@pytest.mark.long
def test_a_sweep_runs_every_seed_and_names_the_one_that_fails(run_pytest):
    """A test that fails for what seed 42 draws first, in a project with a ``problems.py`` of its own."""
    light = LIGHT.format(drawn=np.random.default_rng(42).integers(2**32))
    output = run_pytest(1, "--rac-seed", "all", apart=True, test_it=light, problems="x = 1\n")
    assert "1 failed, 100 passed" in output
    assert "seed 42; again: pytest 'test_it.py::test_generator[seed=42]' --rac-seed all" in output
    assert "marked rate, but no rate was asserted: test_it.py::test_nothing" in output
    output = run_pytest(1, "--rac-seed", "42", "-k", "generator", test_it=light)
    assert "seed 42; again: pytest test_it.py::test_generator --rac-seed 42" in output
    run_pytest(0, "-k", "generator")


@pytest.mark.long
def test_the_fixture_of_curves_hears_the_level_of_the_session(run_pytest):
    """Catches a fixture that is not found, a level that is not heard, and a claim that the summary does not count."""
    content = (
        "def test_mine(rac_mean_below, rac_rng):\n"
        "    losses = rac_rng.beta(2, 8, size=300)\n"
        "    assert rac_mean_below(losses, 0.4, ceiling=1.0, metric='loss').alpha == 0.002\n"
    )
    output = run_pytest(0, "--rac-alpha=0.002", "-v", test_it=content)
    assert "E[loss] <= bound, alpha=0.002" in output
    assert "claims tried: 1 HOLDS; one or more false answers with probability at most 0.002" in output


@cases(
    "option, value, rule",
    ("--rac-alpha", "1.5", "must be a number > 0 and < 1, got '1.5'"),
    ("--rac-seed", "-1", "must be an integer >= 0 or 'all', got '-1'"),
)
def test_options_that_make_no_sense_are_refused(run_pytest, option, value, rule):
    assert rule in run_pytest(4, f"{option}={value}")


def test_the_plugin_is_light():
    """Nothing but the standard library beside pytest, and less than 50 ms in one of five processes."""
    code = (
        "import pytest, sys, time; before = set(sys.modules); start = time.process_time(); "
        "import rac_theory.pytest_plugin; "
        "print(time.process_time() - start, *(set(sys.modules) - before))"
    )
    for _ in range(5):
        time, *loaded = subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60).split()
        ours = {name for name in loaded if name.partition(".")[0] not in sys.stdlib_module_names}
        assert ours == {"rac_theory", "rac_theory.pytest_plugin"}
        if float(time) < 0.05:
            return
    raise AssertionError


def test_the_entry_point_is_the_plugin_of_this_package(pytestconfig):
    plugin = pytestconfig.pluginmanager.get_plugin("rac_theory")
    assert plugin.__name__ == "rac_theory.pytest_plugin"
    assert Path(plugin.__file__).parent == Path(__import__("rac_theory").__file__).parent


@cases(
    "read, text, value",
    (plugin._level, "1e-4", 1e-4),
    (plugin._level, "0.999", 0.999),
    (plugin._seed, "0", 0),
    (plugin._seed, "9" * 99, int("9" * 99)),
    (plugin._seed, "all", "all"),
    *((plugin._level, text, None) for text in ("0", "1", "1.5", "nan", "0.0_1", "\N{SUPERSCRIPT TWO}", "x")),
    *((plugin._seed, text, None) for text in ("-1", "1.0", "9" * 100, "\N{ARABIC-INDIC DIGIT TWO}", "", "ALL")),
)
def test_options_are_read_as_a_level_below_one_and_a_whole_number(read, text, value):
    with pytest.raises(argparse.ArgumentTypeError, match="must be") if value is None else nullcontext():
        assert read(text) == value


@cases(
    "alphas, sentence",
    ([], "claims tried: none"),
    ([0.0, 0.0], "claims tried: 2 HOLDS; no answer was left to chance"),
    ([0.25, 0.5], "one or more false answers with probability at most 0.75, the sum of their alphas (union bound)"),
    ([0.75, 0.5], "with probability at most 1, the sum"),
)
def test_a_summary_says_how_likely_a_false_answer_is(alphas, sentence):
    assert sentence in plugin._outcome([{"status": "HOLDS", "alpha": alpha} for alpha in alphas])


@pytest.mark.parametrize("verbosity", [0, 1])
def test_the_summary_lists_claims_and_tests_that_tried_none(verbosity):
    """Of the last report of each test; claims are listed where output is verbose. Of no claims nothing is said."""
    summary, lines = plugin._Summary(), []
    config = SimpleNamespace(get_verbosity=lambda: verbosity)
    terminal = SimpleNamespace(config=config, section=lines.append, line=lines.append)
    summary.pytest_terminal_summary(terminal)
    assert not lines
    claims = [{"claim": "T1", "status": "HOLDS", "alpha": 0.0}, {"claim": "T2", "status": "CONSISTENT", "alpha": 1e-6}]
    for when in ("call", "teardown"):
        for node, properties in {
            "b": [(plugin._CLAIM, json.dumps(claims[0]))],
            "a": [("other", ""), (plugin._CLAIM, json.dumps(claims[1]))],
            "c": [(plugin._UNTRIED, "")],
        }.items():
            summary.pytest_runtest_logreport(SimpleNamespace(when=when, nodeid=node, user_properties=properties))
    summary.pytest_terminal_summary(terminal)
    listed = ["CONSISTENT     T2, alpha=1e-06, a", "HOLDS          T1, exact, b"]
    untried = "marked rate, but no rate was asserted: c"
    assert lines[:-1] == ["rac-theory", *listed[: 2 * verbosity], untried]
    assert lines[-1].startswith("claims tried: 1 CONSISTENT, 1 HOLDS; one or more false")
    summary.claims.clear()
    summary.pytest_terminal_summary(terminal)
    assert lines[-1] == "claims tried: none"


def test_a_test_is_repeated_with_its_seed_and_level():
    options = {"rac_seed": 7, "rac_alpha": None}
    item = SimpleNamespace(nodeid="test_it.py::test[a b]", config=SimpleNamespace(getoption=options.get))
    assert plugin._again(item) == "pytest 'test_it.py::test[a b]' --rac-seed 7"
    options["rac_alpha"] = 1e-4
    assert plugin._again(item).endswith(" --rac-seed 7 --rac-alpha 0.0001")


def reported(test, *, failed=False, when="call", marked=True, tried=False):
    """What the hook makes of a report."""
    item = SimpleNamespace(
        user_properties=[(plugin._CLAIM, "")] * tried,
        nodeid="test",
        config=SimpleNamespace(getoption={"rac_seed": 7}.get),
        get_closest_marker=lambda name: marked or None,
    )
    report = SimpleNamespace(failed=failed, passed=not failed, when=when, sections=[])
    plugin._STACK.append(test)
    hook = plugin.pytest_runtest_makereport(item)
    next(hook)
    with pytest.raises(StopIteration) as ended:
        hook.send(report)
    plugin._STACK.pop()
    assert ended.value.value is report
    return [name for name, _ in item.user_properties], report.sections


def test_a_report_has_the_claims_and_the_seed_of_a_failure():
    """And a mark where a rate was to be asserted and was not: of a call that passes alone."""
    assert reported(plugin.Running(None)) == ([plugin._UNTRIED], [])
    for nothing in ({"when": "setup"}, {"marked": False}):
        assert reported(plugin.Running(None), **nothing) == ([], [])
    assert reported(plugin.Running(None), tried=True) == ([plugin._CLAIM], [])
    test = plugin.Running(None, [{"claim": "T1"}], 7)
    assert reported(test, failed=True) == ([plugin._CLAIM], [("rac_rng", "seed 7; again: pytest test --rac-seed 7")])
    assert not test.claims
    assert reported(plugin.Running(None), failed=True) == ([], [])
