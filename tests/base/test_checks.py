"""What is no number is named where it comes in: each of these was converted in silence, or failed inside NumPy."""

import math
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from rac_theory.base import checks, nearest
from rac_theory.base.checks import array, count, finite, integer, one_of, sorted_classes, symmetric
from rac_theory.base.naming import printable, shown
from rac_theory.problems import Federated, FromFunctions, LeastSquares, PLSine, Quadratic, SoftmaxRegression
from tests.as_one_test import as_one_test


class Broken:
    """An array that cannot be converted, with a repr that cannot be had."""

    def __array__(self, dtype=None, copy=None):
        raise AttributeError("no such thing")

    def __repr__(self):
        raise RuntimeError("no repr")


NO_ARRAYS = [
    (np.ma.array([1.0, 2.0], mask=[0, 1]), r"a masked array \(its method filled"),
    ([[1.0, np.ma.masked], [0.0, 1.0]], "a masked array"),
    (np.eye(2) + 0j, "complex numbers"),
    (np.array([[np.complex128(1), 1], [1, 2]], dtype=object), "an array with complex128 in it"),
    (np.array([["2020", "2021"]], dtype="M8[D]"), "dates"),
    (np.array([[1, 2]], dtype="m8[s]"), "durations"),
    ([["1", "2"]], "strings"),
    (b"3", "bytes"),
    (np.zeros((2, 2), dtype=[("a", float)]), r"entries of type \[\('a'"),
    (np.array([[1.0, None]], dtype=object), "an array with NoneType in it"),
    ([[1, 10**400]], "a number beyond 1.8e308"),
    ([[Decimal("sNaN")]], "a number that is no float"),
    ({1: 2}, "dict"),
    ([[1.0], [1.0, 2.0]], "list, which is no array: .*inhomogeneous"),
    (Broken(), "Broken, which is no array: no such thing"),
]


@as_one_test(("value", "came"), NO_ARRAYS)
def test_what_is_no_array_of_real_numbers_is_named(value, came):
    with pytest.raises(ValueError, match=f"X must be an array of real numbers, got {came}"):
        array("X", value)
    with pytest.raises(ValueError, match=r"^x must be a finite number, got "):
        finite("x", value)


@as_one_test(
    "value",
    [
        [[True, False]],
        [[Fraction(1, 2), Decimal("0.5")]],
        np.asfortranarray([[1.0, 2], [3, 4]]),
        np.arange(6.0).reshape(2, 3)[::-1, ::-1],
        np.broadcast_to(np.float16(3), (2, 2)),
        np.array([[1, 2]]).view(np.matrix),
        np.array([[1, 2]], dtype=">i2"),
        [[2**70, 1]],
    ],
)
def test_numbers_of_every_type_are_copied(value):
    result = array("X", value, ndim=2)
    np.testing.assert_array_equal(result, np.array(value, dtype=float))
    assert (type(result), result.dtype, result.flags.writeable) == (np.ndarray, np.float64, False)
    assert not np.shares_memory(result, value)


def test_what_is_infinite_or_huge_is_named_before_it_is_cast_or_copied():
    """Extended precision, without a warning; two terabytes that are one number; a shape that is wrong, as such."""
    with pytest.raises(ValueError, match="X must be finite, got 1 nan or infinite entries out of 1"):
        array("X", [np.longdouble("1e400")] if np.finfo(np.longdouble).max > 1e308 else [np.inf])
    huge = np.broadcast_to(1.0, (1 << 20, 1 << 18))
    with pytest.raises(ValueError, match=r"X must have at most 2147483648 entries, got shape \(1048576, 262144\)"):
        array("X", huge)
    with pytest.raises(ValueError, match="X must have shape"):
        array("X", huge, shape=(2, 2))


def test_one_number_of_every_type_is_taken_and_what_is_none_is_named():
    """What counts as one, and what as an integer. Catches booleans that are counted, and lists of one."""
    for value in (3, np.int8(3), np.float32(3), Fraction(3), Decimal(3), np.array(3)):
        assert finite("x", value) == 3
    for value in (True, np.True_, None, [3.0], math.nan, Broken):
        with pytest.raises(ValueError, match="x must be a finite number > 0, got "):
            finite("x", value, above=0)
    for value in (True, 3.0, "3", None, np.True_, np.array([3]), Broken()):
        with pytest.raises(ValueError, match="k must be an integer, got "):
            integer("k", value, 0)


def test_an_integer_without_a_decimal_form_is_named():
    """Python refuses to print it: the message would be about its digits."""
    for check in (lambda x: integer("k", x, 1, 5), lambda x: finite("k", x), lambda x: count("k", x)):
        with pytest.raises(ValueError, match=r"^k must be .*, got something that cannot be shown, of type int"):
            check(10**5000)


UP, DOWN = (lambda x: math.nextafter(x, math.inf)), (lambda x: math.nextafter(x, -math.inf))
BOUNDS = {
    "above": (lambda x: finite("x", x, above=0), [5e-324], [0.0]),
    "at least": (lambda x: finite("x", x, at_least=0), [0.0], [-5e-324]),
    "below": (lambda x: finite("x", x, below=1), [DOWN(1.0)], [1.0]),
    "integer": (lambda x: integer("x", x, 1, 5), [1, 5], [0, 6]),
    "of 64 bits": (lambda x: integer("x", x, 0), [0, 2**63 - 1], [-1, 2**63]),
    "count": (lambda x: count("x", x), [1, 2**31], [0, 2**31 + 1]),
    "workers": (lambda x: checks.workers("x", x), [-(2**31), -1, 1, 2**31], [-(2**31) - 1, 0, 2**31 + 1]),
    "positive": (lambda x: checks.positive("x", x), [1e-100, 1e100], [0.0, DOWN(1e-100), UP(1e100)]),
    "weight": (lambda x: checks.weight("x", x), [0.0, 1e-75, 1e75], [-1e-75, DOWN(1e-75), UP(1e75)]),
    "bounded": (lambda x: checks.bounded("x", x), [-1e75, 0.0, 1e75], [DOWN(-1e75), UP(1e75)]),
    "moderate": (lambda x: checks.moderate("x", np.array([x])), [-1e75, 0.0, 1e-75], [DOWN(-1e75), DOWN(1e-75)]),
    "entries": (lambda x: checks._fits("x", (x,), 1, None), [1, 2**31], [0, 2**31 + 1]),
    "symmetric": (lambda x: symmetric("x", [[1.0, x], [0.0, 1.0]]), [-1e-12, 1e-12], [-1.01e-12, 1.01e-12]),
    "typed": (lambda x: checks.typed(int, x), ["12", "-1"], ["1_0", " 1", "\uff11"]),
}


@as_one_test(("check", "inside", "outside"), BOUNDS.values(), ids=BOUNDS)
def test_each_bound_is_where_it_is_said_to_be(check, inside, outside):
    """The last number that is accepted, and the first that is not. Catches a bound that is moved, or does not count."""
    for number in inside:
        check(number)
    for number in outside:
        with pytest.raises(ValueError, match=r"^x must |is no number in digits"):
            check(number)


@as_one_test(
    ("check", "message"),
    [
        (lambda: finite("x", 2, above=-1, at_least=0, below=1), "must be a finite number > -1 and >= 0 and < 1, got 2"),
        (lambda: finite("x", math.nan), "x must be a finite number, got nan"),
        (lambda: integer("k", 7, 1, 6, "dim"), "k must be in 1..dim=6, got 7"),
        (lambda: integer("k", 7, 1, 6), "k must be in 1..6, got 7"),
        (lambda: integer("k", 0, 1), "k must be >= 1, got 0"),
        (lambda: array("X", [1.0, math.nan]), "X must be finite, got 1 nan or infinite entries out of 2"),
        (lambda: symmetric("S", np.ones((2, 3))), "S must be square, got shape (2, 3)"),
        (lambda: symmetric("S", [[1e-3, 1e-14], [0, 1e-3]]), "S must be symmetric, got entries that differ from"),
        (lambda: one_of("x", "Digit", ["wine", "digits"]), "of digits, wine, got 'Digit' (did you mean 'digits'?)"),
        (lambda: checks.real("x", 10**400), "(floats end at 1.8e308)"),
        (lambda: checks.moderate("x", np.array([1e80])), "x must have a largest entry of size 1e-75..1e75, got 1e+80"),
        (lambda: checks.moderate_size("x", 1e-80), "x must be zero or of size 1e-75..1e75, got 1e-80 (other units?)"),
        (lambda: checks.positive("x", 1e101), "x must be of size 1e-100..1e100, got 1e+101"),
        (lambda: count("k", 10**10), "k must be at most 2147483648, got 10000000000"),
        (lambda: checks.boolean("x", "no"), "x must be True or False, got 'no'"),
        (lambda: one_of("x", np.array(["a", "b"]), ["a", "b"]), "x must be one of a, b, got array(['a', 'b']"),
        (lambda: checks.workers("n", 0), "n must not be 0, got 0; -1 is a worker for each core"),
    ],
)
def test_each_rule_is_said(check, message):
    """Whole sentences. Catches a limit that is left out of them, or is another."""
    with pytest.raises(ValueError, match=re.escape(message)):
        check()


def test_what_may_be_unknown_is_kept_as_it_is():
    for value in (math.nan, -math.inf, np.float32("nan"), 3, Fraction(1, 2), 1e-300):
        assert checks.real("x", value) is value
    for value in (True, "3", Decimal(3), 1j, None, 10**400, Fraction(10**400)):
        with pytest.raises(ValueError, match="x must be a number, nan where it is unknown, got ") as failure:
            checks.real("x", value)
        assert ("floats end" in str(failure.value)) == (type(value) is int)


def test_what_is_accepted_comes_back():
    assert one_of("x", "a", ["a", "b"]) == "a"
    assert nearest("other", ["digits"]) == ""
    assert symmetric("x", [[1e3, 1e-9], [0.0, 1e3]]).tolist() == [[1e3, 5e-10], [5e-10, 1e3]]


def test_nothing_that_is_shown_is_obeyed_by_a_terminal():
    assert printable("plain ö") == "plain ö"
    assert printable("\x1b[31m\n\x00\u202e\udcff") == "\\x1b[31m\\n\\x00\\u202e\\udcff"
    assert shown(np.eye(2)) == "array([[1., 0.], [0., 1.]])"
    assert len(shown("x" * 1000)) < 130
    assert shown(Broken()) == "something that cannot be shown, of type Broken"
    red = type("\x1b[31m", (), {})()
    assert shown(red).isprintable()
    with pytest.raises(ValueError, match="got ") as failure:
        array("X", red)
    assert str(failure.value).isprintable()


X, Y = np.arange(12.0).reshape(6, 2), np.ones((6, 1))


@as_one_test(
    ("make", "message"),
    [
        # The example of the referees: each array alone is moderate, X'X and Y'Y are not.
        (lambda: LeastSquares(1e-65 * X, 1e90 * Y), "X must have a mean squared norm of its rows of size 1e-75..1e75"),
        (lambda: SoftmaxRegression(X, [0, 1, 0, 1, 1, 0], l2=1e200), "l2 must be zero or of size"),
        (lambda: Quadratic.left([[1.0]], [[1e60]]), "W_star must have a value of f at the start of"),
        (lambda: Quadratic.left([[1.0]], [[1.0]], start=[[1e40]]), "start must have a value"),
        (lambda: Quadratic.kronecker([[1e50]], [[1e50]], [[1.0]]), "S and R must have a largest eigenvalue of Q of"),
        (lambda: FromFunctions((1, 1), abs, abs, L=1e-200), "L must be zero or of size"),
        (lambda: FromFunctions((1, 1), abs, abs, f_star=-1e200), "f_star must be at most 1e75 in size"),
        (lambda: PLSine((10**9, 10**9)), r"shape\[0\] shape\[1\] must be at most 2147483648"),
        (lambda: Federated(LeastSquares, 2), "problem must be a finite sum .*, got the class LeastSquares"),
        (lambda: Federated(LeastSquares(X, Y), [[0.5, 1], [2]]), r"clients\[0\] must be a list of row numbers"),
        (lambda: Federated.at_random(LeastSquares(X, Y), 2, "seed"), "rng must be an integer, got 'seed'"),
    ],
)
def test_products_beyond_floating_point_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@as_one_test(
    "labels",
    [
        [3, 1, 2, 1],
        ["c", "a", "b", "a"],
        [0.5, -1.0, 0.0, -1.0],
        [b"c", b"a", b"b", b"a"],
        [10**400, 0, 1, 0],
        np.array(["z", "x", "y", "x"], dtype=object),
    ],
)
def test_positions_point_into_the_sorted_classes(labels):
    """Which are read-only. Catches positions that are not those of the labels, and an order of first sight."""
    classes, positions = sorted_classes("labels", labels, 4)
    assert positions.tolist() == [2, 0, 1, 0]
    assert [classes[p] for p in positions] == list(labels)
    assert not classes.flags.writeable
    assert not positions.flags.writeable


def test_booleans_are_numbers():
    for labels in ([True, False, True], [1, True, 0]):
        assert sorted_classes("labels", labels, 3)[1].tolist() == np.array(labels, int).tolist()


@as_one_test(
    ("labels", "message"),
    [
        (np.array([0.0, 1.0, np.nan], dtype=object), "labels must be finite, got nan or infinite labels"),
        ([0.0, 1.0, -np.inf], "labels must be finite, got nan or infinite labels"),
        ([0.0, 1.0, np.inf], "labels must be finite, got nan or infinite labels"),
        (["a", "b", np.nan], "labels must be labels of one kind, got a mixture of numbers and strings"),
        (np.array(["a", None, "b"], dtype=object), "got a mixture of NoneType and strings"),
        (np.ma.array([0, 1, 1], mask=[0, 0, 1]), r"labels must be an array of labels, got a masked array"),
        (np.array([0, 1j, 1]), "labels must be numbers, strings or booleans, got complex128"),
        ([0j, 1j, 1j], "labels must be numbers, strings or booleans, got complex"),
        ([[0], [1, 2], [3]], "labels must be an array of labels, got list, which is no array"),
        (["\x1b[31m"] * 3, r"labels must have at least two distinct labels, got 1: \\x1b\[31m"),
        (None, r"labels must have 1 axis, got shape \(\)"),
    ],
)
def test_labels_that_are_none_are_named(labels, message):
    with pytest.raises(ValueError, match=message):
        sorted_classes("labels", labels, 3)
