"""Names for help and completion are read off files that are not run: they are those of the values."""

from types import SimpleNamespace

from rac_theory import theorems
from rac_theory.advice.advise import SKETCHES
from rac_theory.advice.curvature import _SCALES
from rac_theory.commands import names
from rac_theory.ledger.default_problems import DEFAULT_PROBLEMS
from rac_theory.ledger.theorem_settings import SETTINGS, SPINE
from rac_theory.literature import CLAIMS, counterexamples
from rac_theory.sketches import NAMED, named


def test_names_are_those_of_the_values():
    """A theorem, problem, sketch or setting that is added, renamed or removed, and written so that it is not read."""
    assert tuple(theorems.ALL) == names.THEOREMS
    assert (theorems.T11.id,) == names.IDENTITIES
    assert tuple(counterexamples.ALL) == names.COUNTEREXAMPLES
    assert tuple(CLAIMS) == names.PUBLISHED
    assert tuple(theorems.MARKS) == names.MARKS
    assert tuple(DEFAULT_PROBLEMS) == names.PROBLEMS
    assert tuple(SETTINGS) == names.SETTINGS
    assert tuple(NAMED) == names.OWN_SKETCHES
    assert names.SKETCHES == named.GROUP
    assert [*names.sketches()] == named.sketch_names()
    assert tuple(_SCALES) == names.LOSSES
    assert tuple(SKETCHES) == names.ADVISED_SKETCHES


def test_defaults_that_help_tells_in_words():
    """Four claims; 256 runs, on digits and networks 128 or 64; three sketches and frozen; 2000 steps at most."""
    assert SPINE == ("T1", "T2", "T1_sharp", "T2_sharp")
    few = ("digits", "tanh_network", "two_layers", "two_layers_free")
    runs = {name: (one.runs, one.runs_if_costly) for name, one in DEFAULT_PROBLEMS.items()}
    assert runs == dict.fromkeys(DEFAULT_PROBLEMS, (256, None)) | dict.fromkeys(few, (128, 64))
    assert len(SETTINGS["1/L"].sketches) == 4
    assert SETTINGS["1/L"].sketches[-1] == "frozen"
    assert max(setting.longest for setting in SETTINGS.values()) == 2000
    assert {setting.reduction for setting in SETTINGS.values()} == {10.0, 4.0}
    assert all(setting.costly == (setting.reduction == 4) for name, setting in SETTINGS.items() if name != "horizon")


def test_sketches_of_installed_packages_come_after_ours_which_keep_their_names(monkeypatch):
    offered = [SimpleNamespace(name=name) for name in ("haar", "mine")]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: offered)
    assert list(names.sketches()) == [*names.OWN_SKETCHES, "mine"]
