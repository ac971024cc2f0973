"""What a sweep is made of: the grid, step sizes as settings, rows, the forecast, and what is asked of the result."""

import csv
import math
from collections import Counter
from contextlib import closing
from dataclasses import replace

import pyarrow.parquet
import pytest

from rac_theory import Constants, Grid, Sweep, sweep
from rac_theory.commands import cli
from rac_theory.ledger import running
from rac_theory.ledger.ensemble import Cell, Key
from rac_theory.ledger.running import Finished, plan
from rac_theory.ledger.sweeps.store import Store
from rac_theory.ledger.sweeps.sweeping import Forecast, memory_of_a_worker, pilots
from rac_theory.ledger.theorem_settings import SETTINGS, setting_named, step_multiple, step_name
from rac_theory.ledger.verdict_row import FAILED, Row

GRID = Grid(
    claims=("T2", "T2_sharp"),
    problems=("quadratic",),
    sketches=("haar", "coordinate"),
    ranks=(1, 4),
    step_sizes=(0.5, 1, 1.5, 3),
    seeds=(3,),
    runs=32,
)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return sweep(GRID, tmp_path_factory.mktemp("sweep") / "s.sqlite", n_jobs=1)


def test_a_step_size_can_be_read_back_from_its_name():
    """Exactly: a rounded name would give two steps one random stream, and one row. Names are those of the ledger."""
    for multiple in (1.0, 0.1, 1 / 3, 1e-7, 2.5e20, 1.5):
        assert step_multiple(step_name(multiple)) == multiple
        assert setting_named(step_name(multiple)).step(Constants(gamma=0.5, L=2.0), None) == multiple / 2
    assert [step_name(multiple) for multiple in (1.0, 1.5)] == ["1/L", "1.5/L"]
    assert step_multiple("noisy") is step_multiple("1.2.3/L") is None
    assert all(setting_named(name) is setting for name, setting in SETTINGS.items())
    assert setting_named("1/L").claims == setting_named("1.5/L").claims == setting_named("0.5/L").claims
    with pytest.raises(ValueError, match=r"setting must be one of .* got 'nois' \(did you mean 'noisy'"):
        setting_named("nois")


def test_one_step_has_one_name_and_one_name_is_one_setting():
    """Another name for it would be another random stream, and another row; 1/L and the step size 1.0 are one."""
    for name in ("1.0/L", "10e-1/L", "0/L", "1e999/L", "01/L", "-1/L"):
        assert step_multiple(name) is None
        with pytest.raises(ValueError, match="setting must be one of"):
            Grid(settings=(name,))
    few = {"claims": ("T1", "T1_sharp", "T2_sharp"), "problems": ("quadratic",), "sketches": ("haar",), "ranks": (1,)}
    assert Grid(**few, settings=("1/L", "1.5/L")).cells == Grid(**few, step_sizes=(1.0, 1.5)).cells


def test_a_file_that_was_written_anew_is_read_anew(tmp_path):
    """Found by reading: a session kept the problem of the old file, under the new one's name and in a new store."""
    path, seen = tmp_path / "data.svm", []
    for scale in (1, 3):
        path.write_text("".join(f"{i % 2} 1:{scale * (i % 7)} 3:{(i * i) % 5}\n" for i in range(30)))
        grid = Grid(("T2",), (str(path),), ("haar",), (1,), ("left",), runs=8, steps=3)
        (row,) = sweep(grid, tmp_path / f"{scale}.sqlite", n_jobs=1).rows
        seen.append(row.constants["L"])
        (e,) = plan(replace(grid, claims=("T2",))).ensembles
        assert row.constants["L"] == e.constants.L
        assert e.case.problem.shape == (3, 1)
        assert e.constants.mu / e.constants.L == pytest.approx(0.2)
    assert seen[0] < seen[1]


def test_a_row_is_that_of_the_ledger(found):
    """Of one stream, with the same steps and constants: catches a builder that strays from ``Ensemble.build``."""
    for claim, setting in (("T2", "1/L"), ("T2_sharp", "1.5/L")):  # beside them, the other claim needs no more steps
        todo = plan(Grid((claim,), ("quadratic",), ("haar",), (4,), ("left",), runs=32, seeds=(3,)))
        ((_, (theirs,)),) = running.run(todo, running.estimate(todo), jobs=1)
        (ours,) = [r for r in found.rows if r.key == theirs.key and r.claim == claim]
        assert ours.setting == setting
        apart = {"number": 0, "seconds": None, "lambda_alpha": 0.0}
        assert replace(ours, **apart).to_json() == replace(theirs, **apart).to_json()


def test_verdicts_over_step_sizes_end_where_assumptions_do(found):
    """T2 asks for gamma <= 1/L, its sharp form for gamma < 2/L."""
    fine, off = Counter(HOLDS=6), Counter(NOT_APPLICABLE=6)
    assert found.verdicts("T2") == {0.5: fine, 1.0: fine, 1.5: off, 3.0: off}
    assert found.verdicts("T2_sharp") == {0.5: fine, 1.0: fine, 1.5: fine, 3.0: off}
    lines = {line.get_label(): line for line in found.plot("T2").get_lines()}
    assert set(lines) == {"HOLDS", "NOT_APPLICABLE"}
    assert lines["HOLDS"].get_xdata().tolist() == [0.5, 1.0, 1.5, 3.0]
    assert lines["HOLDS"].get_ydata().tolist() == [1.0, 1.0, 0.0, 0.0]
    axes = found.plot("T2")
    assert found.plot("T2_sharp", axes) is axes
    with pytest.raises(ValueError, match="claim must be one of T2, T2_sharp, got 'T1'"):
        found.plot("T1")
    with pytest.raises(ValueError, match="tried at step_sizes, got 'T5'"):
        Sweep((Row.missing(1, "T5", "wine", "", 0, 1e-3),), 1, 1).plot("T5")


def test_slacks_by_sketch_and_rank(found):
    """By hand from the rows: catches a mean for a median, and rows of another claim."""
    slacks = found.slacks("T2")
    assert set(slacks) == {("haar", 1), ("haar", 4), ("coordinate", 1), ("coordinate", 4)}
    rows = [row for row in found.rows if (row.claim, row.sketch, row.rank) == ("T2", "haar", 1)]
    mine = sorted(row.slack["value"] for row in rows if row.slack is not None)
    assert slacks["haar", 1] == (mine[0], (mine[1] + mine[2]) / 2, mine[3], 4)
    assert str(slacks["haar", 1]).startswith(f"{slacks['haar', 1].median:.3g} [")


def test_exports_hold_the_same_numbers_and_no_time(found, tmp_path):
    """Floats survive to the last bit; nested values have columns; seconds, which differ each time, are left out."""
    found.export(tmp_path / "e.csv")
    found.export(str(tmp_path / "e.parquet"))
    with (tmp_path / "e.csv").open(newline="", encoding="utf-8") as stream:
        records = list(csv.DictReader(stream))
    table = pyarrow.parquet.read_table(tmp_path / "e.parquet")
    assert table.column_names == list(records[0])
    assert not {"seconds", "figure", "versions"} & set(table.column_names)
    assert table.schema.field("slack_value").type == "double"
    assert table.schema.field("reach").type == "int64"
    for row, record, values in zip(found.rows, records, table.to_pylist(), strict=True):
        assert row.seconds > 0
        assert float(record["gamma_L"]) == row.gamma_L == values["gamma_L"]
        assert float(record["constants_lambda_min"]) == row.constants["lambda_min"] == values["constants_lambda_min"]
        assert values["slack_value"] == (row.slack and row.slack["value"])
        assert record["claim"] == row.claim == values["claim"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e.csv", "e.parquet"]
    with pytest.raises(ValueError, match=r"ends in .csv or .parquet, got .*e.json"):
        found.export(tmp_path / "e.json")
    with pytest.raises(ValueError, match="export must be a file that can be written"):
        found.export(tmp_path / "no" / "e.csv")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("claims = [", "spec must be a TOML file"),
        ("", "at least one of claims, .* must be named, got none"),
        ("alpha = 0.01\nclaims = []", "at least one of claims, .* must be named, got none"),
        ("claims = ['T2', 2]", r"claims\[1\] must be a string, got 2"),
        ("claims = ['T2']\nalpha = nan", "alpha must be a finite number, got nan"),
        (
            f"claims = ['T2']\nruns = 0x{'f' * 5000}",
            "runs must be an integer of 64 bits, got .* cannot be shown, of type",
        ),
        ("claim = ['T2']", r"key must be one of .* got 'claim' \(did you mean 'claims'"),
        ("claims = 'T2'", "claims must be a list, got 'T2'"),
        ("claims = ['T02']", "claim must be one of .*did you mean 'T"),
        ("problems = ['diabets']", "did you mean 'diabetes'"),
        ("sides = ['top']", "side must be one of both, left, right"),
        ("ranks = [0]", "rank must be >= 1, got 0"),
        ("claims = ['T2']\nseeds = []", "seeds must hold at least one seed"),
        ("step_sizes = [0.0]", "step size must be a finite number > 0, got 0.0"),
        ("sketches = ['har']", r"sketch must be one of .* \(did you mean 'haar'"),
        ("ranks = [99]\nproblems = ['quadratic']", r"quadratic, left: rank must be in 1\.\.dim=5, got 99; "),
        ("settings = ['noisy']\nclaims = ['T1']", "claims must be some that are tried in noisy, got T1$"),
        (
            "settings = ['bernoulli']\nsides = ['left']\nclaims = ['T1', 'T2']\nproblems = ['quadratic']",
            "claims must be some that are tried in bernoulli on side left, got T1, T2$",
        ),
        ("settings = ['federated']\nproblems = ['quadratic']\nclaims = ['T10']", "federated is left out, the"),
    ],
)
def test_a_bad_spec_is_a_sentence_and_leaves_no_store(content, message, tmp_path, capsys):
    (tmp_path / "spec.toml").write_text(content)
    assert cli.main(["sweep", str(tmp_path / "spec.toml")]) == 2
    with pytest.raises(ValueError, match=message):
        sweep(Grid.load(tmp_path / "spec.toml"), tmp_path / "s.sqlite")
    assert capsys.readouterr().err.startswith("error: ")
    assert [path.name for path in tmp_path.iterdir()] == ["spec.toml"]


def cell(number, problem="wine", setting="1/L", rank=1):
    return Cell(number, Key(problem, "haar", "left", rank, setting, 0), ((1, "T2"),), 8)


def test_the_forecast_is_the_mean_of_the_cells_that_are_most_alike():
    """Pilots are of every kind before any is of the same."""
    forecast = Forecast()
    assert math.isnan(forecast.seconds(cell(0)))
    for one, seconds in ((cell(0), 1.0), (cell(1), 3.0), (cell(2, "digits"), 11.0)):
        forecast.learn(one, seconds)
    assert forecast.seconds(cell(3)) == forecast.seconds(cell(3, rank=2)) == 2.0
    assert forecast.seconds(cell(3, "digits", "noisy")) == 11.0
    assert forecast.seconds(cell(3, "diabetes")) == 5.0
    assert forecast.total([cell(3), cell(4, "digits")], workers=2) == 6.5
    cells = [cell(0), cell(1), cell(2, setting="noisy"), cell(3, "digits"), cell(4)]
    assert [pilot.number for pilot in pilots(cells)] == [0, 2, 3, 1, 4]


def test_memory_is_told_in_bytes(monkeypatch):
    """What Linux counts in kilobytes of 1024, macOS in bytes; it only grows. Catches kilobytes of another size."""
    told = []
    for system in ("darwin", "linux", "darwin"):
        monkeypatch.setattr("sys.platform", system)
        told.append(memory_of_a_worker())
    assert 1024 * told[0] <= told[1] <= 1024 * told[2]


def test_the_estimate_comes_before_the_workers(tmp_path):
    told = []
    sweep(replace(GRID, step_sizes=(1.0,)), tmp_path / "s.sqlite", watch=told.append)
    assert told[0].total == 6
    assert told[-1].done == 6
    assert told[-1].seconds_left == 0
    assert 5e7 < told[0].memory < 1e10  # the bytes of an interpreter with NumPy at least
    assert str(told[-1]) == "6 of 6 cells are done"
    half = replace(told[0], done=3, seconds_left=4.0, memory=2.0**30, workers=1)
    assert str(half) == "3 of 6 cells are done; the rest needs about 4 s and 1 GiB of memory, with 1 worker"
    assert "an unknown amount of memory" in str(replace(half, memory=math.nan))
    assert "needs less than a second and" in str(replace(half, seconds_left=0.4))


def test_a_row_knows_the_cell_that_it_is_of(found):
    """By its names, seed and level it is run again. Catches a part of the key, or the level, that is another."""
    cells = {number: cell for cell in GRID.cells for number, _ in cell.claims}
    level = GRID.layout.level
    for row in found.rows:
        assert (row.key, row.runs, row.lambda_alpha) == (cells[row.number].key, 32, level.lambda_alpha)
    failed = Row.untried(1, "T2", GRID.cells[0], replace(level, steps=7), FAILED, "why")
    assert (failed.key, failed.steps, failed.lambda_alpha) == (GRID.cells[0].key, 7, level.lambda_alpha)


def test_a_cell_that_two_processes_ran_is_kept_once(found, tmp_path):
    """The second is left alone, and is no error. Catches rows that are written twice."""
    with closing(Store(tmp_path / "s.sqlite", GRID)) as store:
        for seconds in (1.0, 2.0):
            store.add(Finished(0, list(found.rows[:2]), seconds))
        assert store.seconds() == {0: 1.0}
        assert len(list(store.rows())) == 2
