"""How much is enumerated at most, and single steps of maps, by hand."""

from math import comb
from types import SimpleNamespace

import numpy as np
import pytest

from rac_theory import Bernoulli, CyclicRACLoRA, LayeredRACLoRA, RACLoRA, Unsupported
from rac_theory.algorithms import MomentumInLinks
from rac_theory.problems import Layers, Quadratic
from rac_theory.runs.expectations import branches, links_and_cycles
from rac_theory.runs.expectations.expectation import rests_on_trust
from rac_theory.runs.expectations.frame import curved_directions, whole_frame
from rac_theory.runs.expectations.method_map import _largest_root
from rac_theory.runs.simulation.kernels.stepping import block_size
from rac_theory.sketches import Coordinate, FiniteSupport, Haar

UNEVEN = Quadratic.left(np.diag([1.0, 0.5, 0.25, 0.125]), np.ones((4, 2)))


@pytest.mark.parametrize(
    ("of", "algorithm", "numbers"),
    [
        ("link_map", MomentumInLinks(FiniteSupport(np.eye(4)[:3, :, None], [0.5, 0.25, 0.25]), 0.1, 0.5, 2), 3 * 8**2),
        ("cycle_map", CyclicRACLoRA(Coordinate(4, 1), 0.1, order="shuffled"), comb(4, 2) * 4**2),
        ("cycle_map", CyclicRACLoRA(Coordinate(4, 1), 0.1, order="cyclic"), 4 * 4**2),
    ],
)
def test_maps_hold_so_many_numbers(of, algorithm, numbers, monkeypatch):
    """Of all draws of a link twice d squared, of a cycle d squared for each set of blocks before one, most by half."""
    make = getattr(links_and_cycles, of)
    monkeypatch.setattr(links_and_cycles, "_LARGEST", numbers)
    make(algorithm, UNEVEN)
    monkeypatch.setattr(links_and_cycles, "_LARGEST", numbers - 1)
    with pytest.raises(Unsupported, match=f"must be at most {numbers - 1} numbers, got {numbers}"):
        make(algorithm, UNEVEN)


def test_what_does_not_decouple_has_64_numbers():
    with pytest.raises(Unsupported, match="size m n <= 64, got 81"):
        whole_frame(Quadratic.left(np.eye(9), np.ones((9, 9))), lambda moment: moment)


def test_what_is_flat_is_left_alone():
    """Beside the steepest; by a cycle; by a link, where of two coordinates one is flat: the other has half of its
    squares kept, and half of them times a quarter."""
    assert curved_directions(np.array([0.0, 1e-20, 1e-9, 1.0])).tolist() == [False, False, True, True]
    cycle = links_and_cycles.cycle_map(CyclicRACLoRA(Coordinate(4, 1), 0.1), UNEVEN)
    assert cycle._group_rate(0, np.zeros(4, dtype=bool)) == 0
    sketch = FiniteSupport(np.eye(2)[..., None], [0.5, 0.5])
    flat = Quadratic.left(np.diag([1.0, 0.0]), np.ones((2, 1)))
    link = links_and_cycles.link_map(MomentumInLinks(sketch, 0.5, 0.0, 1), flat)
    assert link.rate(1e-9) == pytest.approx(0.5 + 0.5 / 4)


def test_draws_of_a_coin_and_of_layers():
    """Each side with its probability; a layer without a sketch is all of its matrix, and differences without one bend
    along all rows: half of h times each curvature in all columns, S on its diagonal. By hand. Catches as many rows as
    columns."""
    coin = Bernoulli(Coordinate(2, 1), Coordinate(3, 1), 0.1, 0.25)
    P, weights = branches._draws(coin, SimpleNamespace(dim=6), (2, 3))
    np.testing.assert_allclose(weights, [0.125] * 2 + [0.25] * 3)
    assert np.trace(P, axis1=1, axis2=2).tolist() == [3, 3, 2, 2, 2]
    layers = LayeredRACLoRA(Layers([(2, 3), (3, 1)]), [None, Coordinate(3, 1)], 1.0)
    (whole, _), (rows, chances) = branches._of_each_layer(layers)
    np.testing.assert_array_equal(whole, np.eye(6)[None])
    assert (rows.shape, chances.tolist()) == ((3, 3, 3), pytest.approx([1 / 3] * 3))
    moves = branches.bends(RACLoRA(None, 0.1), UNEVEN, 0.5)
    np.testing.assert_allclose(moves, 0.25 * np.repeat(np.diag(UNEVEN.S)[:, None], 2, axis=1)[None])


def test_one_side_that_is_on_trust_is_enough():
    own = type("Own", (Coordinate,), {})  # which may draw as it likes
    assert rests_on_trust(Bernoulli(own(3, 1), Haar(2, 1), 0.1))
    assert rests_on_trust(Bernoulli(Haar(3, 1), own(2, 1), 0.1))
    assert not rests_on_trust(RACLoRA(None, 0.1))


@pytest.mark.parametrize(("c", "size"), [(5.0, 0.0), (1.0, 1.0), (0.1, 5.0), (1e-9, 1.0), (1e-20, 1.0)])
def test_beyond_the_last_pole(c, size):
    """c / (z - 1) is 1 at 1 + c, or at the pole where that is no other number; there the function has no value."""
    assert _largest_root(lambda z: c / (z - 1) - 1, 1.0, size) == pytest.approx(1 + c, rel=1e-13)
    assert _largest_root(lambda z: 1 / z, 0.0, 0.0) == 0  # of what ends in one step, where the pole is a division by 0


def test_blocks_of_the_general_kernel_hold_so_many_numbers():
    """A power of two of runs, 2^15 numbers, from 16 to 256 runs. Catches another stream of random numbers."""
    shapes = [(1, 1), (8, 16), (8, 17), (16, 32), (32, 64), (64, 64), (64, 33)]
    assert [block_size(shape) for shape in shapes] == [256, 256, 128, 64, 16, 16, 16]
