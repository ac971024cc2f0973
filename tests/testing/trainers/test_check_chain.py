"""The check of chains: right trainers pass, whatever the seed, and each fault gets its own sentence.

The one test about chance has alpha 1e-6; seeds are fixed.
"""

import pytest

from rac_theory.testing import Refuted, check_chain
from tests.testing.trainers import chains


def checked(kind, rng=0, **changes):
    """Check a chain with all that it shows."""
    shown = {
        "adapter": lambda state: state.adapter(),
        "weights": lambda state: state.shown() if hasattr(state, "shown") else state.W,
        "moments": lambda state: state.moments(),
        "pruned": 0.9 if issubclass(kind, chains.Pruned) else 1.0,
    }
    check_chain(
        kind,
        lambda state, steps: state.train(steps),
        lambda state: state.merge(),
        lambda state: state.outputs(),
        rng=rng,
        **(shown | changes),
    )


@pytest.mark.parametrize("kind", chains.RIGHT)
def test_right_trainers_pass(kind):
    checked(kind)


WRONG = chains.MERGE | chains.MEMORY | chains.FRESH | chains.DRIFT


@pytest.mark.parametrize("kind", WRONG)
def test_each_fault_has_its_sentence(kind):
    with pytest.raises(Refuted, match=WRONG[kind]):
        checked(kind)
