"""``list`` without conditions: everything that has a name, once, in the group where it belongs."""

import sys
from collections import Counter

import numpy as np
import pytest

from rac_theory import theorems
from rac_theory.ledger.default_problems import DEFAULT_PROBLEMS
from rac_theory.ledger.theorem_settings import SETTINGS
from rac_theory.literature import CLAIMS, counterexamples
from rac_theory.numerics.linalg import projection
from rac_theory.sketches import NAMED, named_sketch

NAMES = (*theorems.ALL, "T11", *counterexamples.ALL, *CLAIMS, *DEFAULT_PROBLEMS, *NAMED, *SETTINGS)


@pytest.fixture
def groups(output_of, monkeypatch):
    """The lines that are indented by four, by the heading that they stand under, at 80 columns of a terminal."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    found, heading = {}, ""
    printed = output_of("list").splitlines()
    assert max(map(len, printed)) <= 80
    for line in printed:
        indent = len(line) - len(line.lstrip())
        if line and indent < 4:
            heading = line.strip()
        elif indent == 4 and (not line[4:].startswith(NAMES) or heading.startswith("claims")):
            heading += f" {line.strip()}"  # it goes on
        elif indent == 4:
            found.setdefault(heading, []).append(line.strip())
    return found


def kind_by_draws(sketch):
    """Seen in 20,000 draws with a fixed seed: eigenvalues of the mean of H are off by at most 0.02, and a loss of rank
    that is rarer than one draw in 2,000 is missed with a probability below 1e-4.
    """
    H = projection(sketch.sample(np.random.default_rng(5), 20_000))
    low, *_, high = np.linalg.eigvalsh(H.mean(axis=0))
    if low < 0.01:
        return "some never"
    if high - low > 0.05:
        return "favoured"
    return "may lose rank" if np.trace(H, axis1=1, axis2=2).min() < sketch.rank - 0.5 else "alike"


def test_everything_with_a_name_is_listed_once(groups):
    """A second list would forget what is added; a group that takes all would show a name twice."""
    lines = [line for ones in groups.values() for line in ones]
    listed, _, texts = zip(*(line.partition("  ") for line in lines), strict=True)
    assert sorted(listed) == sorted(NAMES)
    assert min(len(text) - len(text.lstrip()) for text in texts if text) == 0  # two spaces behind the longest


def test_each_stands_where_it_belongs(groups):
    """Catches a family that is read off the name: T13 and T15 are about other steps, and both are called gain."""

    def under(words):
        return [line.split()[0] for heading, ones in groups.items() if words in heading for line in ones]

    assert under("the exact gradient (gradient descent is its case H = I)") == [
        *("T1", "T2", "T1_sharp", "T1_tight", "T2_sharp", "T2_tight", "T3", "T3_sharp", "T3_isotropic", "T4"),
        *("T4_gap", "T13", "T13_pl"),
    ]
    assert under("counterexamples") == [*counterexamples.ALL]
    assert under("published by others") == [*CLAIMS]
    kinds = {name: kind_by_draws(named_sketch(name, 8, 3)) for name in NAMED}
    assert Counter(kinds.values()) > Counter({"alike": 5, "may lose rank": 4, "favoured": 2})
    for words, kind in (("lambda_min is r/d", "alike"), *((kind, kind) for kind in ("may lose rank", "favoured"))):
        assert under(words) == [name for name in NAMED if kinds[name] == kind]
    assert under("no rate is promised") == [name for name in NAMED if kinds[name] == "some never"] == ["frozen"]


def test_what_they_are_is_told(groups, output_of, monkeypatch):
    """Data that are not installed are listed with what they need."""
    lines = [" ".join(line.split()) for ones in groups.values() for line in ones]
    for line in (
        "T2 rac_lora_gd_pl gap",
        "digits SoftmaxRegression.digits(l2=1.5), 64 x 10, 1797 samples",
        "haar 0.3750, closed form",
        "federated T9 T9d T9d_sharp T10 T10d T10d_sharp",
        "client epochs T9rr T10rr",
    ):
        assert line in lines
    for module in ("sklearn", "sklearn.datasets"):
        monkeypatch.setitem(sys.modules, module, None)
    assert "digits sklearn is not installed: it needs the extra 'data'" in " ".join(output_of("list").split())
