"""Real data: sets that scikit-learn ships, standardised, svmlight files as they are, and names of problems on data."""

import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rac_theory.base import Array, digest, exactly, import_extra, printable, readable_file, type_name
from rac_theory.base.checks import one_of

BUNDLED = ("breast_cancer", "diabetes", "digits", "linnerud", "wine")
"""The data sets whose numbers come with scikit-learn, so that nothing is downloaded."""


def bundled(name: str) -> tuple[Array, NDArray[Any]]:
    """Return the features, standardised, (N, d), and the targets as they are, of one of ``BUNDLED``."""
    loader = getattr(_reader(), f"load_{one_of('name', name, BUNDLED)}")
    X, targets = loader(return_X_y=True)
    return standardised(X), targets


def standardised(columns: Array) -> Array:
    """Shift and scale each column, (N, ...), to zero mean and unit variance; a constant column becomes zero."""
    constant = columns.max(axis=0) == columns.min(axis=0)
    centred = np.where(constant, 0.0, columns - columns.mean(axis=0))
    return np.asarray(centred / np.where(constant, 1.0, centred.std(axis=0)))


def svmlight(path: str | Path) -> tuple[csr_array, Array]:
    """Read an svmlight file: features, sparse (N, d), and labels, (N,)."""
    file = readable_file("path", path, "a readable svmlight file")
    load = _reader().load_svmlight_file
    refusal = f"path must be a readable svmlight file, got {printable(repr(file))}"
    try:
        X, y = load(file)
    except (ArithmeticError, EOFError, LookupError, OSError, ValueError, zlib.error) as error:
        # A file of results may name any file, and an error of the reader quotes what is in it.
        broken = "a line of it is not as 1 3:0.5 7:2, a label and indices with numbers, in their order"
        raise ValueError(f"{refusal}: {getattr(error, 'strerror', None) or broken}") from None
    if not X.nnz:
        raise ValueError(f"{refusal}: it holds no features")
    if not (np.isfinite(X.data).all() and np.isfinite(y).all()):
        raise ValueError(f"{refusal}: it holds numbers that are not finite")
    return csr_array(X), y


def _reader() -> Any:
    """The ``sklearn.datasets`` module, which only the named data sets and svmlight files need."""
    return import_extra("sklearn.datasets", "data")


def short_name(problem: object, source: str, samples: tuple[int, ...], *data: object, **parameters: float) -> str:
    """``SoftmaxRegression.digits(l2=0.5)`` for a named ``source``, ``LeastSquares(9x4x1 #5f0c1e2a, l2=0.5)`` without.

    ``source`` is the call that loads the data, without the parameters: ``digits()``, which always gives the same, or
    ``svmlight('mushrooms')``, a file that may be another one. ``data`` are the arrays that a digest tells apart.
    """
    method, _, argument = printable(source).removesuffix(")").partition("(")
    arguments = [argument] if method else ["x".join(map(str, samples))]
    if arguments[0]:
        arguments[0] += f" {digest(*data)}"
    arguments += [f"{name}={exactly(value)}" for name, value in parameters.items()]
    return f"{type_name(problem)}{'.' * bool(method)}{method}({', '.join(filter(None, arguments))})"
