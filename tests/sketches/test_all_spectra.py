"""Every sketch at one size, side by side; and those that installed packages offer."""

import sys

import numpy as np
import pytest

from rac_theory.commands.cli import main
from rac_theory.sketches import NAMED, Haar
from rac_theory.sketches.all_spectra import compare, comparison_plot, description, ranked
from rac_theory.sketches.named import every_factory, sketch_factory, sketch_names
from rac_theory.sketches.spectra import Spectrum, spectrum

OFFERED = {"offered": "Offered", "broken": "Missing", "haar": "Offered"}


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Two packages that offer sketches: a good one, one that cannot be imported, and one that wants our name."""
    offered = "from rac_theory.sketches import Haar\n\nOffered = type('Offered', (Haar,), {})\n"
    (tmp_path / "offered_sketches.py").write_text(offered)
    info = tmp_path / "offered_sketches-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: offered-sketches\nVersion: 1.0\n")
    points = [f"{name} = offered_sketches:{what}" for name, what in OFFERED.items()]
    (info / "entry_points.txt").write_text("\n".join(["[rac_theory.sketches]", *points]))
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("offered_sketches", None)


def test_offered_sketches_are_found_and_loaded_when_asked_for(installed):
    assert {"offered", "broken"} <= set(sketch_names())
    assert "offered_sketches" not in sys.modules  # a name costs no import
    assert type(sketch_factory("offered")(6, 2)).__name__ == "Offered"
    assert type(sketch_factory("haar")(6, 2)) is Haar  # ours come first
    with pytest.raises(ValueError, match="did you mean 'offered'"):
        sketch_factory("ofered")


def test_a_broken_plug_in_warns_and_is_skipped(installed):
    with pytest.raises(ValueError, match="sketch must be one that can be imported, got 'broken'"):
        sketch_factory("broken")
    with pytest.warns(UserWarning, match="the sketch 'broken' is left out"):
        names = [name for name, _ in every_factory()]
    assert "offered" in names
    assert "broken" not in names


def test_every_sketch_has_a_row_or_a_reason():
    """And the comparison is drawn, of what is known."""
    known = compare(6, 2, rng=0)
    assert set(known) >= set(NAMED)
    assert "dim must be a power of two" in known["subsampled_hadamard"]
    values = [float(one.lambda_min) for _, one in ranked(known)]
    assert values == sorted(values, reverse=True)
    assert max(values) == pytest.approx(2 / 6)
    known = {"a": spectrum(Haar(4, 1)), "b": spectrum(Haar(4, 2)), "c": "no reason"}
    ax = comparison_plot(known)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["b", "a"]
    assert sorted(bar.get_width() for bar in ax.patches) == pytest.approx([0.25, 0.5])


def test_descriptions_give_what_is_known():
    text = description(spectrum(Haar(8, 2)))
    for part in ("lambda_min      0.25\n", "slowdown        4 times", "known by        closed form of E[H]"):
        assert part in text
    sampled = Spectrum(0.1, 0.4, 0.2, 0.3, np.eye(2) / 4, "sampled", 0.001, 500)
    assert "lambda_min      [0.1, 0.2]" in description(sampled)
    assert "lambda_max      [0.3, 0.4]" in description(sampled)


def test_the_command_line_compares_and_draws(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["sketch", "--all", "--dim", "4", "--rank", "1"]) == 0
    printed = capsys.readouterr().out
    for name in NAMED:
        assert name in printed
    assert (tmp_path / "results/sketch-every-sketch-4x1.svg").exists()
    assert main(["sketch", "--dim", "4", "--rank", "1"]) == 2
    assert "sketch must be given one name, or --all, got neither" in capsys.readouterr().err
    assert main(["sketch", "haar", "--all", "--dim", "4", "--rank", "1"]) == 2
    assert main(["sketch", "subsampled_hadamard", "--dim", "6", "--rank", "1"]) == 2
    assert "dim must be a power of two" in capsys.readouterr().err
