"""Plain data from files: JSON and TOML, read into values by annotations; what does not fit is named by its field."""

import json
import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import EnumType
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from unicodedata import category

from rac_theory.problems.naming import shown

LARGEST = 2**63 - 1
"""The largest integer that SQLite and Parquet can hold."""


def read_json(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises
    ------
    ValueError
        If it cannot be read, is not JSON, nested beyond measure, or names a key twice; ``nan`` is not JSON.
    """
    return _read(path, lambda text: json.loads(text, object_pairs_hook=_once, parse_constant=_no_number))


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file holds; ``ValueError`` as for ``read_json``."""
    content: dict[str, Any] = _read(path, tomllib.loads)
    return content


def from_json(text: str) -> Any:
    """Return what a JSON text holds; ``ValueError`` as for ``read_json``."""
    return _parsed(text, lambda text: json.loads(text, object_pairs_hook=_once, parse_constant=_no_number))


def convert(kind: Any, data: Any, where: str = "") -> Any:
    """Return plain data as a value of a type.

    Parameters
    ----------
    kind
        ``int``, ``float``, ``str``, ``bool``, ``X | None``, a ``Literal`` or enumeration, a list, tuple or dict of
        such, a dataclass, whose fields with a default may be absent, or a mapping from names to types: a dict with
        exactly these names.
    data
        What JSON or TOML holds.
    where : str
        The path of the data in their file, such as ``rows[3].slack``.

    Raises
    ------
    ValueError
        With the path of what does not fit, the rule and what came.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if isinstance(kind, Mapping):
        return _record(kind, frozenset(kind), data, where)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        needed = frozenset(f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING)
        return kind(**_record({f.name: hints[f.name] for f in fields(kind)}, needed, data, where))  # type: ignore[operator]
    if origin in (Union, UnionType):
        (other,) = (part for part in inner if part is not NoneType)
        return None if data is None else convert(other, data, where)
    if isinstance(kind, EnumType):
        members: list[Any] = [*kind]
        return kind(_checked(data, where, f"one of {', '.join(map(str, members))}", lambda it: it in members))
    if origin is Literal:
        return _checked(data, where, f"one of {', '.join(map(repr, inner))}", _is_one_of(inner))
    if origin in (list, tuple):
        items = _checked(data, where, "a list", lambda it: isinstance(it, list | tuple))
        return origin(convert(inner[0], item, f"{where}[{i}]") for i, item in enumerate(items))
    if origin is dict:
        _checked(data, where, "a table", lambda it: isinstance(it, dict))
        return {_text(name, where): convert(inner[1], item, _inside(where, name)) for name, item in data.items()}
    return data if kind is Any else _SCALARS[kind](data, where)


def _read(path: Path, parse: Callable[[str], Any]) -> Any:
    if not path.is_file():  # a pipe or a device might never end
        raise ValueError("there is no such file" if not path.exists() else "it is no regular file")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from error
    return _parsed(text, parse)


def _parsed(text: str, parse: Callable[[str], Any]) -> Any:
    try:
        return parse(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"a key must stand once, got twice {next(n for n in names if names.count(n) > 1)!r}")
    return found


def _no_number(word: str) -> Any:
    raise ValueError(f"a number must be finite, got {word}")


def _record(kinds: Mapping[str, Any], needed: frozenset[str], data: Any, where: str) -> dict[str, Any]:
    _checked(data, where, "a table", lambda it: isinstance(it, dict))
    for name in data:
        if name not in kinds:
            raise ValueError(f"{_inside(where, name)} must be one of the fields {', '.join(kinds)}, got another")
    if absent := [name for name in kinds if name in needed and name not in data]:
        raise ValueError(f"{_inside(where, absent[0])} must be there, got nothing")
    return {name: convert(kinds[name], item, _inside(where, name)) for name, item in data.items()}


def _inside(where: str, name: object) -> str:
    """The path of a part; a name that is no word, or, in a damaged store, no text, as it prints."""
    word = name if isinstance(name, str) and name.isidentifier() and name.isascii() else shown(name)
    return f"{where}.{word}" if where else word


def _checked(data: Any, where: str, rule: str, fits: Callable[[Any], bool]) -> Any:
    if not fits(data):
        raise ValueError(f"{where or 'the content'} must be {rule}, got {shown(data)}")
    return data


def _is_one_of(choices: tuple[Any, ...]) -> Callable[[Any], bool]:
    return lambda data: any(type(data) is type(choice) and data == choice for choice in choices)


def _float(data: Any, where: str) -> float:
    rule = "a finite number"
    _checked(data, where, rule, lambda it: isinstance(it, int | float) and not isinstance(it, bool))
    try:
        number = float(data)
    except OverflowError:
        number = math.inf
    return float(_checked(number, where, rule, math.isfinite))


def _integer(data: Any, where: str) -> int:
    _checked(data, where, "an integer", lambda it: isinstance(it, int) and not isinstance(it, bool))
    return int(_checked(data, where, "an integer of 64 bits", lambda it: -LARGEST <= it <= LARGEST))


def _text(data: Any, where: str) -> str:
    _checked(data, where, "a string", lambda it: isinstance(it, str))
    return str(_checked(data, where, "a string that can be printed", _is_harmless))


def _is_harmless(text: str) -> bool:
    """Whether no character would steer a terminal, or is half of one."""
    return text.isprintable() or not any(category(c) in ("Cc", "Cs") for c in text if c not in "\n\t")


def _boolean(data: Any, where: str) -> bool:
    return bool(_checked(data, where, "true or false", lambda it: isinstance(it, bool)))


_SCALARS: Mapping[type, Callable[[Any, str], Any]] = {int: _integer, float: _float, str: _text, bool: _boolean}
