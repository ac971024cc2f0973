"""Plain data from files: JSON and TOML, read into values by annotations; what does not fit is named by its field."""

import json
import math
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, fields, is_dataclass
from enum import EnumType
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, NoReturn, TextIO, Union, get_args, get_origin, get_type_hints
from unicodedata import category

from rac_theory.base.naming import shown

LARGEST = 2**63 - 1
"""The largest integer that SQLite and Parquet can hold."""


def read_json(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises
    ------
    ValueError
        If it cannot be read, is not JSON, nested beyond measure, or names a key twice; ``nan`` is not JSON.
    """
    return _read(path, _JSON.decode)


def read_json_items(path: Path, name: str) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a JSON file that holds a table, and one of them, a list, item by item.

    No more of the file than an item is in memory at a time. What is wrong with it is raised where it is come to.

    Parameters
    ----------
    path : Path
    name : str
        The field whose items are yielded.

    Raises
    ------
    ValueError
        As ``read_json``, or if there is no such field or it is no list.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from rac_theory.base.plain_data import read_json_items
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "some.json"
    ...     _ = path.write_text('{"format": 1, "rows": [{"t": 1}, {"t": 2}]}')
    ...     list(read_json_items(path, "rows"))
    [('format', 1), ('rows', {'t': 1}), ('rows', {'t': 2})]
    """
    _refuse_no_file(path)
    try:
        with path.open(encoding="utf-8") as stream:
            yield from _Json(stream).items(name)
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from error
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file holds; ``ValueError`` as for ``read_json``."""
    content: dict[str, Any] = _read(path, tomllib.loads)
    return content


def from_json(text: str) -> Any:
    """Return what a JSON text holds; ``ValueError`` as for ``read_json``."""
    return _parsed(text, _JSON.decode)


def convert(kind: Any, data: Any, where: str = "") -> Any:
    """Return plain data as a value of a type, as a ``reader`` of the type does."""
    return reader(kind)(data, where)


def reader(kind: Any) -> Callable[[Any, str], Any]:
    """Return what reads plain data as values of a type; it is made once for data that come by the thousand.

    Parameters
    ----------
    kind
        ``int``, ``float``, ``str``, ``bool``, ``X | None``, a ``Literal`` or enumeration, a list, tuple or dict of
        such, a dataclass, whose fields with a default may be absent, or a mapping from names to types: a dict with
        exactly these names.

    Returns
    -------
    callable
        From data, which JSON or TOML hold, and the path of the data in their file, such as ``rows[3].slack``, to the
        value. It raises a ``ValueError`` with the path of what does not fit, the rule and what came.

    Examples
    --------
    >>> from rac_theory.base.plain_data import reader
    >>> read = reader({"t": int, "value": float | None})
    >>> read({"t": 3, "value": 2}, "slack")
    {'t': 3, 'value': 2.0}
    >>> read({"t": 3.5, "value": 2}, "slack")
    Traceback (most recent call last):
    ValueError: slack.t must be an integer, got 3.5
    """
    read = _reader(kind)

    def value(data: Any, where: str) -> Any:
        try:
            return read(data)
        except _Misfit as misfit:
            raise ValueError(misfit.sentence(where)) from None

    return value


class _Misfit(Exception):
    """Data that break a rule; the path to them grows from its end as the exception leaves what they are part of."""

    def __init__(self, rule: str, came: str, *path: str | int) -> None:
        self.rule, self.came, self.path = rule, came, [*path]

    def sentence(self, where: str) -> str:
        for part in reversed(self.path):
            where = f"{where}[{part}]" if isinstance(part, int) else _inside(where, part)
        return f"{where or 'the content'} must be {self.rule}, got {self.came}"


def _reader(kind: Any) -> Callable[[Any], Any]:
    """Return what reads data as a type, or raises a ``_Misfit``."""
    origin, inner = get_origin(kind), get_args(kind)
    if isinstance(kind, Mapping):
        return _record(kind, frozenset(kind))
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        needed = frozenset(f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING)
        record = _record({f.name: hints[f.name] for f in fields(kind)}, needed)
        return lambda data: kind(**record(data))  # type: ignore[operator]
    if origin in (Union, UnionType):
        return _either([_reader(part) for part in inner if part is not NoneType])
    if isinstance(kind, EnumType):
        members: list[Any] = [*kind]
        return _checked(f"one of {', '.join(map(str, members))}", lambda data: data in members, kind)
    if origin is Literal:
        return _checked(
            f"one of {', '.join(map(repr, inner))}",
            lambda data: any(type(data) is type(choice) and data == choice for choice in inner),
        )
    if origin in (list, tuple):
        return _sequence(origin, _reader(inner[0]))
    if origin is dict:
        return _table(_reader(inner[1]))
    return (lambda data: data) if kind is Any else _SCALARS[kind]


def _read(path: Path, parse: Callable[[str], Any]) -> Any:
    _refuse_no_file(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from error
    return _parsed(text, parse)


def _refuse_no_file(path: Path) -> None:
    if not path.is_file():  # a pipe or a device might never end
        raise ValueError("there is no such file" if not path.exists() else "it is no regular file")


class _Json:
    """A JSON text that is read as far as it is asked for."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.text, self.at, self.lines, self.ended = "", 0, 0, False

    def items(self, name: str) -> Iterator[tuple[str, Any]]:
        """Yield the fields of a table, and those of one field one by one."""
        if self.glance() != "{":
            raise ValueError(f"the content must be a table, got {shown(self.value())}")
        keys: set[str] = set()
        for _ in self.between("{", "}"):
            if self.glance() != '"':
                self.expect('a name in "')
            key = self.value()
            if key in keys:
                raise ValueError(f"a key must stand once, got twice {key!r}")
            keys.add(key)
            self.take(":")
            if key != name:
                yield key, self.value()
                continue
            if self.glance() != "[":
                raise ValueError(f"{name} must be a list, got {shown(self.value())}")
            for _ in self.between("[", "]"):
                yield key, self.value()
        if self.glance():
            self.expect("nothing after the table")
        if name not in keys:
            raise ValueError(f"{name} must be there, got nothing")

    def between(self, begin: str, end: str) -> Iterator[None]:
        """Yield where each part of a table or a list begins, up to its end."""
        self.take(begin)
        if self.glance() != end:
            yield
            while self.glance() == ",":
                self.take(",")
                yield
        self.take(end)

    def take(self, letter: str) -> None:
        """Pass a letter that must come now."""
        if self.glance() != letter:
            self.expect(f"{letter!r}")
        self.at += 1

    def glance(self) -> str:
        """Pass blanks; return the letter that comes next, empty at the end."""
        while True:
            self.at = _BLANKS.match(self.text, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self.text) or self.ended:
                return self.text[self.at : self.at + 1]
            self.read_on()

    def value(self) -> Any:
        """Return the value that comes next."""
        self.glance()
        while True:
            try:
                value, end = _JSON.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                if self.ended:
                    raise ValueError(f"{error.msg}: line {self.lines + error.lineno}") from None
            else:
                if end < len(self.text) or self.ended:  # else a number might go on
                    self.at = end
                    return value
            self.read_on()

    def read_on(self) -> None:
        """Read as much again as is not understood yet, so that what never ends takes no time squared."""
        self.lines += self.text.count("\n", 0, self.at)
        self.text, self.at = self.text[self.at :], 0
        more = self.stream.read(max(_CHUNK, len(self.text)))
        self.text, self.ended = self.text + more, not more

    def expect(self, what: str) -> NoReturn:
        raise ValueError(f"Expecting {what}: line {self.lines + self.text.count(chr(10), 0, self.at) + 1}")


def _parsed(text: str, parse: Callable[[str], Any]) -> Any:
    try:
        return parse(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"a key must stand once, got twice {next(n for n in names if names.count(n) > 1)!r}")
    return table


def _no_number(word: str) -> Any:
    raise ValueError(f"a number must be finite, got {word}")


def _inner(part: Callable[[Any], Any], data: Any, place: str | int) -> Any:
    """Read a part of data; where it does not fit, its place in them begins the path to what is wrong."""
    try:
        return part(data)
    except _Misfit as misfit:
        misfit.path.append(place)
        raise


def _record(kinds: Mapping[str, Any], needed: frozenset[str]) -> Callable[[Any], dict[str, Any]]:
    readers = {name: _reader(kind) for name, kind in kinds.items()}

    def read(data: Any) -> dict[str, Any]:
        if not _of_table(data).keys() <= readers.keys():
            another = next(name for name in data if name not in readers)
            raise _Misfit(f"one of the fields {', '.join(readers)}", "another", another)
        if absent := needed - data.keys():
            raise _Misfit("there", "nothing", next(name for name in readers if name in absent))
        return {name: _inner(part, data[name], name) for name, part in readers.items() if name in data}

    return read


def _sequence(kind: Callable[[Any], Any], part: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read(data: Any) -> Any:
        if not isinstance(data, list | tuple):
            raise _Misfit("a list", shown(data))
        return kind([_inner(part, member, i) for i, member in enumerate(data)])

    return read


def _table(part: Callable[[Any], Any]) -> Callable[[Any], dict[str, Any]]:
    def read(data: Any) -> dict[str, Any]:
        return {_text(name): _inner(part, value, name) for name, value in _of_table(data).items()}

    return read


def _either(readers: Sequence[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    """Read None, or what the first reader that can reads; where none can, the last says why."""
    *others, last = readers

    def read(data: Any) -> Any:
        if data is None:
            return None
        for alternative in others:
            with suppress(_Misfit):
                return alternative(data)
        return last(data)

    return read


def json_schema(kind: Any) -> dict[str, Any]:
    """Return the JSON schema of what a ``reader`` of a type reads.

    Examples
    --------
    >>> from rac_theory.base.plain_data import json_schema
    >>> json_schema(list[int])
    {'type': 'array', 'items': {'type': 'integer'}}
    """
    origin, inner = get_origin(kind), get_args(kind)
    if isinstance(kind, Mapping):
        parts = {name: json_schema(part) for name, part in kind.items()}
        return {"type": "object", "properties": parts, "required": [*kind], "additionalProperties": False}
    if origin in (Union, UnionType):
        return {"anyOf": [{"type": "null"} if part is NoneType else json_schema(part) for part in inner]}
    if origin is Literal:
        return {"enum": [*inner]}
    if origin is list:
        return {"type": "array", "items": json_schema(inner[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": json_schema(inner[1])}
    return {"type": {int: "integer", float: "number", str: "string", bool: "boolean"}[kind]} if kind is not Any else {}


def _of_table(data: Any) -> dict[Any, Any]:
    if not isinstance(data, dict):
        raise _Misfit("a table", shown(data))
    return data


def _inside(where: str, name: object) -> str:
    """The path of a part; a name that is no word, or, in a damaged store, no text, as it prints."""
    word = name if isinstance(name, str) and name.isidentifier() and name.isascii() else shown(name)
    return f"{where}.{word}" if where else word


def _checked(rule: str, fits: Callable[[Any], bool], make: Callable[[Any], Any] | None = None) -> Callable[[Any], Any]:
    def read(data: Any) -> Any:
        if not fits(data):
            raise _Misfit(rule, shown(data))
        return data if make is None else make(data)

    return read


def _float(data: Any) -> float:
    try:
        if type(data) in (float, int) and math.isfinite(number := float(data)):
            return number
    except OverflowError:
        data = math.inf
    raise _Misfit("a finite number", shown(data))


def _integer(data: Any) -> int:
    if type(data) is not int:
        raise _Misfit("an integer", shown(data))
    if not -LARGEST <= data <= LARGEST:
        raise _Misfit("an integer of 64 bits", shown(data))
    return data


def _text(data: Any) -> str:
    if type(data) is str and data.isprintable():
        return data
    if not isinstance(data, str):
        raise _Misfit("a string", shown(data))
    # What would steer a terminal, or is half of a character.
    if any(category(c) in ("Cc", "Cs") for c in data if c not in "\n\t"):
        raise _Misfit("a string that can be printed", shown(data))
    return data


_SCALARS: Mapping[type, Callable[[Any], Any]] = {
    int: _integer,
    float: _float,
    str: _text,
    bool: _checked("true or false", lambda data: isinstance(data, bool)),
}
_CHUNK = 1 << 18  # letters that are read at a time
_BLANKS = re.compile(r"[ \t\n\r]*")
_JSON = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number)
