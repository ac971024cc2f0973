"""Arrays of any library are read by what they can do; stand-ins here, the libraries themselves in tests/torch."""

from collections import namedtuple
from dataclasses import make_dataclass

import numpy as np
import pytest

from rac_theory.testing.trainers.arrays import FORMATS, read
from rac_theory.testing.trainers.trainer import Trainer
from tests.testing.cases import cases


class Tensor:
    """What a tensor that needs a gradient, on another device, in bfloat16, lets be done with it."""

    dtype = "torch.bfloat16"

    def __init__(self, values):
        self.values = values

    def cpu(self):
        return self

    detach = cpu

    def double(self):
        return np.array(self.values, dtype=np.float64)

    def __array__(self, *_args, **_kwargs):
        raise TypeError("unsupported type BFloat16")


def test_a_tensor_is_widened_by_its_own_library_and_what_numpy_lacks_or_python_has_by_numpy():
    """With the unit of bfloat16: one of float64, what it converts to, would allow no rounding to such weights. As those
    of JAX the second names its own type and converts to one of NumPy."""
    extension = np.array([1.0, 0.10009765625]).view(type("Extension", (np.ndarray,), {"dtype": "bfloat16"}))
    for given, numbers, name in (
        (Tensor([1.0, 2.0]), [1, 2], "bfloat16"),
        (extension, [1.0, 0.10009765625], "bfloat16"),
        (1.5, 1.5, "float64"),
    ):
        values, kind = read("x", given)
        assert values.tolist() == numbers
        assert kind is FORMATS[name]


def test_a_copy_is_read():
    """States may be changed in place."""
    given = np.ones(2)
    values, _ = read("x", given)
    given[0] = 5
    assert values.tolist() == [1, 1]


@cases(
    "value, message",
    ([1.0], "x must be an array, got a list: make one of it"),
    (None, "x must be an array.*a missing return statement"),
    (np.ones(2, dtype=int), "x must be of type float64, float32, float16, bfloat16, got int64: dequantise"),
    (np.ones(2, dtype=complex), "x must be"),
    (np.array([1.0, np.nan]), "x must be finite, got 1 nan or infinite entries out of 2"),
    ("text", "x must be an array"),
)
def test_what_is_no_array_is_refused(value, message):
    with pytest.raises(ValueError, match=message):
        read("x", value)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_formats_are_those_of_numpy(kind):
    """Spacing, rounding and the smallest number by another route, subnormal ones and ties too."""
    ours, info = FORMATS[kind.__name__], np.finfo(kind)
    assert ours.unit == info.eps / 2
    assert ours.smallest == float(info.smallest_subnormal)
    x = np.ldexp(np.random.default_rng(0).random(200) + 0.5, np.random.default_rng(1).integers(-13, 13, size=200))
    exact = x.astype(kind).astype(float)
    assert (ours.rounded(exact) == exact).all()
    assert (ours.spacing(exact) == np.spacing(x.astype(kind)).astype(float)).all()
    if kind is not np.float64:
        assert (ours.rounded(x) == exact).all()
        ties = exact + ours.spacing(exact) / 2
        assert (ours.rounded(ties) == ties.astype(kind)).all()


def test_subnormal_numbers_are_evenly_spaced():
    """Catches a spacing that goes on shrinking: such numbers would be exact, and their loss unseen."""
    half = FORMATS["float16"]
    assert half.spacing(np.array([0.0, 2.0**-24, 2.0**-20])).tolist() == [2.0**-24] * 3
    assert half.rounded(np.array([1.4 * 2.0**-24])).tolist() == [2.0**-24]


def test_bfloat16_has_eight_bits():
    half = FORMATS["bfloat16"]
    assert half.rounded(np.array([1 + 2.0**-8, 1 + 3 * 2.0**-8, 1 + 2.0**-7])).tolist() == [1, 1 + 2.0**-6, 1 + 2.0**-7]


Moments, Held = namedtuple("Moments", "count mu nu"), make_dataclass("Held", ["momentum"])


def shown(**functions):
    nothing = dict.fromkeys(("adapter", "weights", "moments"))
    given = nothing | {name: (lambda _, value=value: value) for name, value in functions.items()}
    return Trainer(int, lambda *_: None, lambda *_: None, lambda _: np.ones(1), **given).snapshot(None)


def test_moments_of_any_nesting_are_found():
    """A dict by parameters, named tuples, tuples, dataclasses; what is no array is passed over."""
    seen = shown(moments={0: (Moments(3, np.ones(2), np.ones(2)), None), "b": [Held(np.ones(1))], "name": "adam"})
    assert set(seen.moments) == {("0", "0", "count"), ("0", "0", "mu"), ("0", "0", "nu"), ("b", "0", "momentum")}
    assert float(seen.moments["0", "0", "count"]) == 3


def test_adapters_are_pairs_triples_or_products():
    B, A = np.ones((4, 2)), np.ones((2, 3))
    assert (shown(adapter=(B, A)).adapters[""].product == 2).all()
    assert (shown(adapter={"q": (B, A, 3.0)}).adapters["q"].product == 6).all()
    assert not shown(adapter=B @ A).adapters[""].factors


@cases(
    "functions, message",
    ({"adapter": (np.ones((2, 3)), np.ones((4, 2)))}, r"must be B, \(m, r\), and A, \(r, n\), got .* in this order"),
    ({"adapter": (np.ones((2, 3)),)}, r"must be \(B, A\), \(B, A, scale\) or their product, got 1 parts"),
    ({"adapter": np.ones(3)}, "must be a matrix"),
    (
        {"adapter": (np.ones((4, 2)), np.ones((2, 3))), "weights": np.ones((3, 4))},
        r"has the shape of the weights, \(3, 4\), got \(4, 3\): is one of them transposed",
    ),
    ({"moments": {"m": np.ones(3, dtype=np.uint8)}}, r"moments\(state\)\[m\] must be of type"),
)
def test_what_cannot_be_read_is_named(functions, message):
    with pytest.raises(ValueError, match=message):
        shown(**functions)
