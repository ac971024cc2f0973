"""How names and values are shown: on one line, and without a character that a terminal would obey."""

import inspect

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
