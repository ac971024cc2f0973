"""How names and values are shown: on one line, without a character that a terminal would obey, an array by a digest."""

import hashlib
import inspect
from typing import Any

import numpy as np


def is_sparse(value: Any) -> bool:
    """Whether a value is a sparse array by rows, without loading SciPy to ask."""
    return hasattr(value, "indptr")


def digest(*data: Any) -> str:
    """Return ``#`` and eight digits that arrays of other numbers, or of another shape, do not share.

    Parameters
    ----------
    *data : array_like, sparse array or None
        Numbers, labels or Fractions.
    """
    state = hashlib.blake2b(digest_size=4)
    for item in data:
        parts = (item.data, item.indices, item.indptr) if is_sparse(item) else (np.asarray(item),)
        for part in parts:
            state.update(f"{part.dtype} {part.shape} ".encode())
            state.update(repr(part.tolist()).encode() if part.dtype == object else np.ascontiguousarray(part).tobytes())
    return f"#{state.hexdigest()}"


_WIDTH = 120


def printable(text: str) -> str:
    r"""Write each character that has no sign, ESC and new lines among them, as a string literal does: ``\x1b``.

    Names of files, classes and tensors may come from others, and a terminal obeys the control characters it is sent.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def shown(value: object) -> str:
    """What came, for a message: its repr, on one printable line that is not long."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # an integer of more than 4,300 digits has none, and a user's class may fail
        return f"something that cannot be shown, of type {type_name(value)}"
    text = printable(text)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}..."


def repr_of(value: object) -> str:
    r"""The whole repr of a value, which may be a user's: on one printable line.

    Examples
    --------
    >>> from rac_theory.base.naming import repr_of
    >>> class Mine:
    ...     def __repr__(self):
    ...         return "Mine(\x1b[2J)"
    >>> print(repr_of(Mine()))
    Mine(\x1b[2J)
    """
    return printable(repr(value))


def type_name(value: object) -> str:
    """The name of the class of a value."""
    return printable(type(value).__name__)


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


def exactly(value: float) -> str:
    """Return the shortest decimal from which a float can be read back, without a final ``.0``."""
    return f"{float(value)!r}".removesuffix(".0")


def function_name(function: object) -> str:
    """The name of a function, as its address is another one each time."""
    return printable(str(getattr(function, "__name__", type(function).__name__)))


def said_by(function: object) -> str:
    """What a function says of itself: the first paragraph of its docstring in a line, or else its name."""
    paragraph, *_ = (inspect.getdoc(function) or function_name(function)).strip().split("\n\n")
    return printable(" ".join(paragraph.split())).rstrip(".")
