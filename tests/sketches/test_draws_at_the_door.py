"""A sketch that passed is not drawn from again, and whatever might not be that sketch is."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pytest

from rac_theory import RACLoRA, sketches
from rac_theory.sketches import draws
from rac_theory.sketches.draws import check_draws, steps_ahead
from rac_theory.testing import check_sketch
from tests.refused import refused


@pytest.fixture
def drawn(monkeypatch):
    """What was drawn from since the test began."""
    seen = []
    monkeypatch.setattr(draws, "draw", lambda *given, draw=draws.draw: seen.append(given[0]) or draw(*given))
    return seen


class Normal:
    """Draws of normal numbers, of whatever size they are said to be."""

    def sample(self, rng, size):
        return rng.standard_normal((size, self.dim, self.rank))


def test_equal_sketches_are_drawn_from_once_while_the_first_of_them_lives(drawn):
    @dataclass(frozen=True)
    class Plain(Normal):
        dim: int
        rank: int
        law: str = "normal"

    first = Plain(3, 1)
    for sketch in (first, Plain(3, 1), Plain(3, 2), first, Plain(3, 1, "another")):
        check_draws(sketch)
    assert len(drawn) == 3
    drawn.clear()
    del first, sketch
    check_draws(Plain(3, 1))
    assert len(drawn) == 1


def test_sketches_that_are_equal_and_may_differ_are_drawn_from_each_time(drawn):
    @dataclass(frozen=True)
    class Hidden(Normal):
        dim: int
        rank: int
        law: str = field(default="normal", compare=False)

    @dataclass
    class Changing(Normal):
        dim: int
        rank: int
        __hash__ = object.__hash__

    class Derived(sketches.Haar):
        """It may hold more than the fields that are compared."""

    @dataclass(frozen=True)
    class Unhashable(Normal):
        dim: int
        rank: int
        scales: object

    for sketch in (Hidden(3, 1), Changing(3, 1), Derived(3, 1), Unhashable(3, 1, np.ones(1))):
        check_draws(sketch)
        check_draws(sketch)
        assert drawn == [sketch, sketch]
        drawn.clear()


def test_a_failure_is_not_remembered_and_a_size_is_looked_at_each_time(drawn):
    @dataclass(frozen=True)
    class Copies(Normal):
        dim: int
        rank: int

        def sample(self, rng, size):
            return np.repeat(super().sample(rng, 1), size, axis=0)

    broken, fine = Copies(2, 1), Copies(1, 1)  # of one dimension there is one range
    for _ in range(2):
        with pytest.raises(ValueError, match="got 64 copies of one"):
            check_draws(broken)
    check_draws(fine)
    assert Copies(1, True) == fine
    with pytest.raises(ValueError, match="rank must be an integer"):
        check_draws(Copies(1, True))
    assert drawn == [broken, broken, fine]


@pytest.mark.long
def test_laws_that_rarely_vary_are_laws_too():
    """64 equal draws prove nothing where a support or a closed form says why."""
    for sketch in (
        sketches.FiniteSupport([np.eye(3)[:, :1]] * 2, [0.5, 0.5]),
        sketches.FiniteSupport([np.eye(3)[:, :1], np.eye(3)[:, 1:2]], [0.999, 0.001]),
        sketches.Mixture([sketches.Frozen(np.eye(3)[:, :1]), sketches.Haar(3, 1)], [0.999, 0.001]),
        sketches.WeightedCoordinate(3, 1, weights=[1e6, 1.0, 1.0]),
        sketches.SparseSigns(3, 1, p=1e-4),
        sketches.WeightedCoordinate(1, 1, weights=[1.0]),
    ):
        check_draws(sketch)
        check_sketch(sketch)


def test_steps_are_drawn_ahead_by_their_size():
    """The most round number of which no more than 2^17 numbers are drawn at once, or one. By hand, of 8 x 4."""
    most = {81: 50, 82: 25, 163: 25, 164: 10, 409: 10, 410: 5, 4096: 1, 10**6: 1}
    assert {runs: steps_ahead(8, 4, runs) for runs in most} == most


def test_what_is_said_of_draws_must_be_so():
    """Of a support of one matrix, or one run would be taken for all, and its verdict for exact; of columns that are
    orthonormal, or runs would not project, and the plain step have a rate that it has not."""

    class Lying(sketches.Coordinate):
        def support(self):
            return np.eye(3)[None, :, :1], np.ones(1)

    @dataclass(frozen=True)
    class Claiming(sketches.Gaussian):
        orthonormal: ClassVar[bool] = True

    columns = r"Claiming\.sample must draw orthonormal columns"
    refused(
        (lambda: check_draws(Lying(3, 1)), "must list every value of the sketch"),
        (lambda: RACLoRA(Claiming(5, 2), 0.1), columns),
    )
    refused((lambda: check_sketch(Claiming(5, 2)), columns), error=AssertionError)
