"""Checks of arguments by kind: an instance of a class, or a value with the members that are needed."""

import inspect
from collections.abc import Iterable
from typing import Any

from rac_theory.base.naming import printable, shown


def having(name: str, value: object, kind: str, members: Iterable[str], hint: str = "") -> None:
    """Raise a ``ValueError`` if a value that may be a user's is not called yet, or lacks a member.

    Parameters
    ----------
    name : str
        The argument.
    value : object
    kind : str
        What it must be, such as "a problem".
    members : iterable of str
        What will be asked of it.
    hint : str
        What may be wrong, for the end of the sentence.
    """
    for member in members:
        # A property that fails is there, and is named when it is asked.
        if is_uncalled(value) or not (hasattr(type(value), member) or hasattr(value, member)):
            without = "" if is_uncalled(value) else f" without {member!r}"
            raise ValueError(f"{name} must be {kind}, got {described(value)}{without}{hint}")


def being(name: str, value: object, kind: type, source: str = "") -> None:
    """Raise a ``ValueError`` unless a value is of a class of this library, which ``source`` says how to get."""
    if not isinstance(value, kind):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise ValueError(f"{name} must be {article} {kind.__name__}{source}, got {described(value)}")


def is_uncalled(value: object) -> bool:
    """Whether this is a class or a function, and so not what it makes."""
    return isinstance(value, type) or inspect.isroutine(value)


def described(value: Any) -> str:
    """Say what came: of a class or a function that it must be called, of anything else how it prints."""
    if not is_uncalled(value):
        return shown(value)
    kind = "class" if isinstance(value, type) else "function"
    name = printable(value.__name__)
    return f"the {kind} {name}; write {name}({'...' if _needs_arguments(value) else ''})"


def _needs_arguments(function: Any) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some that are written in C do not say
        return True
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return any(p.default is p.empty and p.kind not in optional for p in parameters)
