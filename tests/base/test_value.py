"""What values have in common: read-only, equal by content, one line."""

import copy
import json
import pickle
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from rac_theory.base.value import ReadOnlyDict, Value, in_short, read_only, same
from tests.as_one_test import as_one_test


@dataclass(frozen=True, eq=False, repr=False)
class Sample(Value):
    data: Any
    size: float = float("nan")
    notes: Any = field(default_factory=dict)


def test_a_mapping_refuses_every_change():
    """One way in that was forgotten would be seen."""
    known = ReadOnlyDict(a=1)
    ways = [partial(known.__setitem__, "a", 2), partial(known.__delitem__, "a"), partial(known.update, a=2)]
    ways += [partial(known.setdefault, "b", 2), partial(known.pop, "a"), known.popitem, known.clear]
    for change in (*ways, partial(known.__ior__, {"a": 2})):
        with pytest.raises(TypeError, match="read-only"):
            change()
        assert known == {"a": 1}


def test_a_mapping_is_the_dict_it_looks_like():
    known = ReadOnlyDict(a=1)
    for again in (pickle.loads(pickle.dumps(known)), copy.deepcopy(known), copy.copy(known)):
        assert (type(again), again) == (ReadOnlyDict, {"a": 1})
    assert json.dumps(known) == '{"a": 1}'
    assert {**known, "b": 2} == known | {"b": 2} == {"a": 1, "b": 2}
    assert asdict(Sample(1.0, 2.0, known)) == {"data": 1.0, "size": 2.0, "notes": {"a": 1}}


def test_what_is_writable_is_copied_and_what_is_not_is_kept():
    own = np.ones(3)
    kept = read_only(own)
    own[0] = 5
    assert kept.tolist() == [1, 1, 1]
    assert read_only(kept) is kept


@pytest.mark.parametrize("again", [lambda x: x, lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy, replace])
def test_arrays_stay_read_only_however_deep_and_however_made(again):
    """NumPy forgets the flag of an array that it pickles or copies."""
    value = again(Sample(np.ones(2), notes={"curves": (np.ones(3), {"x": np.ones(1)})}))
    curve, deeper = value.notes["curves"]
    assert not any(array.flags.writeable for array in (value.data, curve, deeper["x"]))
    with pytest.raises(TypeError, match="read-only"):
        value.notes["more"] = 1
    assert value == Sample(np.ones(2), notes={"curves": (np.ones(3), {"x": np.ones(1)})})


@as_one_test(
    ("one", "other"),
    [
        (np.array([1.0, np.nan]), np.array([1.0, np.nan])),
        (float("nan"), np.float64("nan")),
        (np.array([1, None], dtype=object), np.array([1, None], dtype=object)),
        ((np.ones(2), "a"), (np.ones(2), "a")),
        (1, 1.0),
    ],
)
def test_equal_by_content(one, other):
    """And the hash follows, or a set would hold both."""
    assert same(one, other)
    assert Sample(one) == Sample(other)
    assert hash(Sample(one)) == hash(Sample(other))


@as_one_test(
    ("one", "other"),
    [
        (np.ones(2), np.ones((2, 1))),
        (np.ones(2), np.ones(2, dtype=np.float32)),
        (np.ones(2), np.array([1.0, np.nan])),
        (np.ones(1), True),
        (float("nan"), 1.0),
        ((1, 2), (1, 2, 3)),
        ({"a": np.ones(2)}, {"b": np.ones(2)}),
    ],
)
def test_unequal_without_an_error(one, other):
    assert not same(one, other)
    assert Sample(one) != Sample(other)
    assert Sample(other) != Sample(one)


def test_another_class_is_unequal_with_the_same_fields_and_with_others():
    @dataclass(frozen=True, eq=False)
    class Alike(Sample):
        pass

    @dataclass(frozen=True, eq=False)
    class Other(Value):
        width: int

    assert Sample(1.0) != Alike(1.0)
    assert Sample(1.0) != Other(1)
    assert Other(1) != Sample(1.0)
    assert Sample(1.0) != "Sample(data=1.0)"


def test_what_compares_as_an_array_raises_no_error():
    """A user's dataclass that holds an array fails in its own ==, and then is not the same."""

    @dataclass
    class Users:
        data: Any

    assert Sample(Users(np.ones(2))) != Sample(Users(np.ones(2)))
    own = Users(np.ones(2))
    assert Sample(own) == Sample(own)


def test_a_subclass_that_may_hold_more_equals_itself_only():
    class More(Sample):
        def __init__(self, data, more):
            super().__init__(data)
            object.__setattr__(self, "more", more)

    one = More(1.0, 2)
    assert one == one
    assert one != More(1.0, 3)
    assert one != Sample(1.0)
    assert len({one, More(1.0, 2)}) == 2


def test_a_view_that_is_larger_than_memory_is_compared_and_printed_by_what_is_stored():
    """10^12 entries, of which two million are stored."""

    def toeplitz(entry):
        diagonals = np.zeros(2_000_001)
        diagonals[1_000_000] = entry
        diagonals.flags.writeable = False
        return sliding_window_view(diagonals, 1_000_001)[::-1]

    assert Sample(toeplitz(0.5)) == Sample(toeplitz(0.5))
    assert Sample(toeplitz(0.5)) != Sample(toeplitz(0.25))
    assert repr(Sample(toeplitz(0.5))) == repr(Sample(toeplitz(0.5))) != repr(Sample(toeplitz(0.25)))
    dense = np.diag([0.5, 0.5])
    assert Sample(np.broadcast_to(0.5, (2, 2))) != Sample(dense)


def test_the_repr_says_what_differs_from_the_defaults():
    """A mapping is one line between braces. Catches a brace, or what stands for a value, left out."""
    assert in_short({"a": 1, "b": (2,)}) == "{'a': 1, 'b': (2,)}"
    assert repr(Sample(1.0)) == "Sample(data=1.0)"
    assert repr(Sample(np.float64(1.0), 2.0)) == "Sample(data=1.0, size=2.0)"
    assert repr(Sample((len, frozenset("ba")))) == "Sample(data=(len, frozenset({'a', 'b'})))"
    one, other = repr(Sample(np.zeros((3, 2)))), repr(Sample(np.full((3, 2), 1e-9)))
    assert one.startswith("Sample(data=3x2 #")
    assert one != other
