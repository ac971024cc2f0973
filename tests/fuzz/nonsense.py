"""What people hand to a constructor by mistake, and numbers that are legal but at the edge of floating point."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
from scipy import sparse


class Broken:
    """Cannot be converted, compared or shown."""

    def __array__(self, dtype=None, copy=None):
        raise AttributeError("no array")

    def __repr__(self):
        raise RuntimeError("no repr")


RED = type("\x1b[31m", (), {})  # a class whose name a terminal would obey

NO_NUMBERS = [None, "3", b"3", "\x1b[31m", True, 1j, 3 + 0j, object(), Broken(), RED(), RED, callable, {}, {1.0}, ...]
NO_NUMBERS += [np.datetime64("2020-01-01"), np.timedelta64(3), np.ma.masked, [1.0], np.array([1.0]), np.complex64(1)]
NO_NUMBERS += [float("nan"), float("inf"), -float("inf"), Decimal("sNaN"), Decimal("Infinity"), 10**400, -(10**5000)]
NO_NUMBERS += [Fraction(10**400, 3), np.ma.array(1.0), np.array("3"), sparse.csr_array(np.eye(1)), range(3), slice(3)]

NUMBERS = [0, 0.0, -0.0, -1.0, 5e-324, 1e-320, 1e-300, 1e-200, 1e-101, 1e-99, 1e-76, 1e-74, 1e-38, 1e-16, 1e-8, 0.3]
NUMBERS += [1, 1.0, 2, 1e8, 1e16, 1e38, 1e74, 1e76, 1e99, 1e101, 1e200, 1e308, 1.7e308, 10**300, Fraction(1, 3)]
NUMBERS += [Decimal("0.25"), np.float32(0.1), np.float16(0.1), np.longdouble(0.1), np.array(0.5), np.int8(1)]

INTEGERS = [0, -1, 1, 2, 3, 7, 1 << 33, 1 << 63, 1 << 64, 10**30, 10**400, 10**5000, 3.0, 2.5, np.int8(2)]
INTEGERS += [np.uint64(1 << 63), np.array(2), Fraction(2), Decimal(2), np.float64(2)]


def number(rng, good):
    """A number that may be legal, or something else."""
    return pick(rng, NUMBERS if rng.random() < 0.6 else NO_NUMBERS)


def integer(rng, good):
    """An integer that may be legal, or something else."""
    return pick(rng, INTEGERS if rng.random() < 0.6 else NO_NUMBERS)


def rescaled(rng, good):
    """The same in other units, as far as floats of any kind have some."""
    unit = 10.0 ** (rng.uniform(-45, 45) if rng.random() < 0.8 else rng.uniform(-120, 120))
    return good * unit if isinstance(good, float) or (isinstance(good, np.ndarray) and good.dtype.kind == "f") else good


def other(rng, good):
    """What stands for an argument that is no number."""
    return pick(rng, NO_NUMBERS)


def name(known):
    """What stands for one of some names."""
    return lambda rng, good: pick(rng, [*known, *NO_NUMBERS])


def labels(rng, good):
    """Labels of another kind, some with a gap."""
    kinds = [[1, "a"], ["a", "b"], [b"a", b"b"], [None, 1], [np.nan, "a"], [np.nan, 1.0], [10**400, 1], [1j, 2]]
    kinds += [[(1,), (2,)], [True, False], [Fraction(1, 2), 2], ["\x1b[31m", "b"], [Broken(), 1]]
    some = pick(rng, [*kinds, [np.datetime64("NaT"), 1]])
    listed = [some[int(position) % len(some)] for position in np.ravel(good)]
    return listed if rng.random() < 0.5 else objects(listed)


def objects(listed):
    """An object array of a list, whatever is in it."""
    made = np.empty(len(listed), dtype=object)
    for position, label in enumerate(listed):
        made[position] = label
    return made


def pick(rng, choices):
    return choices[rng.integers(len(choices))]


def array(rng, good):
    """The good array in another guise, another unit, or spoilt."""
    change = pick(rng, CHANGES)
    with np.errstate(all="ignore"):
        return change(rng, np.array(good, dtype=float))


def _unit(rng, A):
    return A * 10.0 ** rng.uniform(-320, 308)


def _rows(rng, A):
    """Every row in a unit of its own."""
    return A * 10.0 ** rng.uniform(-200, 200, (len(A), *(1,) * (A.ndim - 1)))


def _entry(rng, A):
    A.flat[rng.integers(A.size)] = pick(rng, [np.nan, np.inf, 1e308, -1e308, 1e-308, 5e-324, 1e200, 1e-200, 1e40])
    return A


def _objects(rng, A):
    O = A.astype(object)
    odd = [*NO_NUMBERS[:12], 10**400, 10**300, Fraction(1, 3), Decimal("0.5"), np.nan]
    O.flat[rng.integers(A.size)] = pick(rng, odd)
    return O


def _twice(rng, A):
    """Sparse, with an entry that is listed twice."""
    M = np.atleast_2d(A).reshape(-1, A.shape[-1])
    data = (10 * M.ravel()).astype(pick(rng, [np.int8, np.int64, float, bool]))
    rows, columns = np.divmod(np.arange(M.size), M.shape[1])
    return sparse.coo_array((np.append(data, data[0]), (np.append(rows, 0), np.append(columns, 0))), shape=M.shape)


def _sparse(rng, A):
    form = pick(rng, ["csr", "csc", "coo", "bsr", "dia", "dok", "lil"])
    return sparse.csr_array(np.atleast_2d(A).reshape(-1, A.shape[-1])).asformat(form)


def _huge(rng, A):
    """Terabytes, all of them one number."""
    return np.broadcast_to(A.flat[0], tuple(pick(rng, [n, 1 << 18]) for n in A.shape) or (1 << 40,))


def _dates(rng, A):
    return np.round(A).astype("i8").astype(pick(rng, ["M8[D]", "m8[s]"]))


CHANGES = [
    *(_unit, _unit, _rows, _entry, _objects, _twice, _sparse, _huge, _dates),
    lambda rng, A: A * 10.0 ** rng.uniform(-40, 40),
    lambda rng, A: np.ma.array(A, mask=rng.random(A.shape) < 0.3),
    lambda rng, A: [np.ma.array(row, mask=True) for row in np.atleast_1d(A)],
    lambda rng, A: A + 0j,
    lambda rng, A: A.astype(str),
    lambda rng, A: A.astype(pick(rng, ["f2", "f4", "g", "i1", "u2", ">f8", ">i4", "?"])),
    lambda rng, A: A[(slice(None, None, -1),) * A.ndim],
    lambda rng, A: np.asfortranarray(A),
    lambda rng, A: np.broadcast_to(A, A.shape),
    lambda rng, A: A.tolist(),
    lambda rng, A: A[None],
    lambda rng, A: A.ravel(),
    lambda rng, A: A[:0],
    lambda rng, A: A.sum(),
    lambda rng, A: np.zeros_like(A),
    lambda rng, A: np.ones_like(A),
    lambda rng, A: np.round(A),
    lambda rng, A: np.asmatrix(A) if A.ndim < 3 else A,
    lambda rng, A: A.view(type("Mine", (np.ndarray,), {})),
    lambda rng, A: A.view([("a", float)]),
    lambda rng, A: pick(rng, NO_NUMBERS),
]
