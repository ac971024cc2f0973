"""A sketch that passed is not drawn from again, and whatever might not be that sketch is."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from rac_theory.sketches import Haar, draws
from rac_theory.sketches.draws import check_draws


@pytest.fixture
def drawn(monkeypatch):
    """What was drawn from since the test began."""
    seen = []
    monkeypatch.setattr(draws, "draw", lambda *given, draw=draws.draw: seen.append(given[0]) or draw(*given))
    return seen


def normal(rng, shape):
    return rng.standard_normal(shape)


def test_equal_sketches_are_drawn_from_once_while_the_first_of_them_lives(drawn):
    @dataclass(frozen=True)
    class Plain:
        dim: int
        rank: int
        law: object = normal

        def sample(self, rng, size):
            return self.law(rng, (size, self.dim, self.rank))

    first = Plain(3, 1)
    for sketch in (first, Plain(3, 1), Plain(3, 2), first, Plain(3, 1, law=lambda rng, shape: rng.random(shape))):
        check_draws(sketch)
    assert len(drawn) == 3
    drawn.clear()
    del first, sketch
    check_draws(Plain(3, 1))
    assert len(drawn) == 1


def test_sketches_that_are_equal_and_may_differ_are_drawn_from_each_time(drawn):
    @dataclass(frozen=True)
    class Hidden:
        dim: int
        rank: int
        law: object = field(default=normal, compare=False)

        def sample(self, rng, size):
            return self.law(rng, (size, self.dim, self.rank))

    @dataclass
    class Changing:
        dim: int
        rank: int
        __hash__ = object.__hash__

        def sample(self, rng, size):
            return rng.standard_normal((size, self.dim, self.rank))

    class Derived(Haar):
        """It may hold more than the fields that are compared."""

    @dataclass(frozen=True)
    class Unhashable:
        dim: int
        rank: int
        scales: object

        def sample(self, rng, size):
            return self.scales * rng.standard_normal((size, self.dim, self.rank))

    for sketch in (Hidden(3, 1), Changing(3, 1), Derived(3, 1), Unhashable(3, 1, np.ones(1))):
        check_draws(sketch)
        check_draws(sketch)
        assert drawn == [sketch, sketch]
        drawn.clear()


def test_a_failure_is_not_remembered_and_a_size_is_looked_at_each_time(drawn):
    @dataclass(frozen=True)
    class Copies:
        dim: int
        rank: int

        def sample(self, rng, size):
            return np.broadcast_to(rng.standard_normal((1, self.dim, self.rank)), (size, self.dim, self.rank))

    broken, fine = Copies(3, 1), Copies(1, 1)  # of one dimension there is one range
    for _ in range(2):
        with pytest.raises(ValueError, match="got 64 copies of one"):
            check_draws(broken)
    check_draws(fine)
    assert Copies(1, True) == fine
    with pytest.raises(ValueError, match="rank must be an integer"):
        check_draws(Copies(1, True))
    assert drawn == [broken, broken, fine]
