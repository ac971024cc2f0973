"""What the gate says of the speed of the engine: which case is named, which is measured again, and which fails it."""

from pathlib import Path

import pytest


@pytest.fixture
def engine(monkeypatch):
    """The benchmark, which is a script and imports what lies beside it."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import engine

    return engine


@pytest.mark.parametrize(
    ("first", "again", "named", "fails"),
    [
        ((0.7, 0.9, 1.1), None, True, False),  # below what it should be, and not far
        ((0.5, 0.6, 0.7), (0.5, 0.6, 0.7), True, False),  # a neighbour uses the memory
        ((0.5, 0.6, 0.7), (1.0, 1.1, 1.2), False, False),  # it did, and is gone
        ((0.3, 0.4, 0.5), (0.4, 0.5, 0.66), True, True),  # the kernel of several steps is lost
        ((1.0, 1.1, 1.2), None, False, False),
    ],
)
def test_what_no_round_reaches_fails(first, again, named, fails, engine, monkeypatch, capsys):
    """Catches a median or a slowest round for the fastest, and a case that is measured once or not named."""
    measured = []

    def shares(name, rounds):
        measured.append((name, rounds))
        high = engine.Spread((2.0,))
        return high if name != "512x512-r1" else engine.Spread(first if rounds == 3 else again)

    monkeypatch.setattr(engine, "_shares", shares)
    assert engine.quick() == ["512x512-r1"] * fails
    assert measured == [(name, 3) for name in engine._AT_LEAST] + [("512x512-r1", 11)] * (again is not None)
    assert ("should be: 512x512-r1 (" in capsys.readouterr().out) == named
