"""Rows that are saved as they come: after a while, at the end, after an error, and never nothing for what was there."""

import pytest

from rac_theory.ledger import results
from rac_theory.ledger.results import KeptRows
from rac_theory.ledger.verdict_row import Row


def row(number):
    return Row.missing(number, "T2", "quadratic", "", 0, 1e-3)


def numbers(folder):
    return [row.number for row in results.load(folder / results.FILE)]


@pytest.mark.parametrize("error", [None, KeyboardInterrupt, RuntimeError])
def test_what_came_is_there_however_it_ends(tmp_path, error):
    kept = KeptRows(tmp_path / "new", ["rac-theory", "verify"], [row(3)])
    assert kept.figures == tmp_path / "new" / "figures"
    assert kept.figures.is_dir()
    try:
        with kept:
            kept.add([row(2)])
            kept.add([row(1)])
            assert not (tmp_path / "new" / results.FILE).exists()  # not yet: a file for each would take longer
            if error:
                raise error
    except (KeyboardInterrupt, RuntimeError):
        assert error
    assert numbers(tmp_path / "new") == [row.number for row in kept.rows] == [1, 2, 3]
    assert kept.are_of_runs
    assert "verify" in results.to_be_replaced(tmp_path / "new")


def test_old_rows_are_not_replaced_by_nothing(tmp_path):
    """By an interrupt before the first ensemble is done; a ledger in which nothing can be run is complete."""
    results.save(tmp_path, [row(7)])
    kept = KeptRows(tmp_path, [], [row(1)])
    with pytest.raises(KeyboardInterrupt), kept:
        raise KeyboardInterrupt
    assert not kept.are_of_runs
    assert numbers(tmp_path) == [7]
    with kept:
        pass
    assert numbers(tmp_path) == [1]


def test_a_killed_process_leaves_what_came_some_time_ago(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(results.time, "monotonic", lambda: now[0])
    kept = KeptRows(tmp_path, [], [])
    for number, now[0], there in ((1, 1.0, None), (2, 2.5, [1, 2]), (3, 4.0, [1, 2]), (4, 4.6, [1, 2, 3, 4])):
        kept.add([row(number)])
        assert (numbers(tmp_path) if there else (tmp_path / results.FILE).exists()) == (there or False)
