"""Plain data become values of their types, or a sentence with the field; files are whole, whatever ends the writer."""

import enum
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pytest

from rac_theory.base import plain_data
from rac_theory.base.files import write_whole
from rac_theory.base.plain_data import convert, from_json, read_json, read_json_items, read_toml
from rac_theory.cases.constants import Constants
from rac_theory.ledger.verdict_row import Row, row_from
from tests.as_one_test import as_one_test


class Colour(enum.StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Point:
    x: float
    name: str = ""
    near: tuple[int, ...] = ()


@as_one_test(
    ("kind", "data", "value"),
    [
        (int, 2**63 - 1, 2**63 - 1),
        (int, 1 - 2**63, 1 - 2**63),
        (float, 7, 7.0),
        (str, "T2\n", "T2\n"),
        (bool, True, True),
        (int | None, None, None),
        (Literal["a", 1], "a", "a"),
        (Colour, "red", Colour.RED),
        (tuple[float, ...], [1, 2], (1.0, 2.0)),
        (dict[str, int], {"a": 1}, {"a": 1}),
        (Point, {"x": 1}, Point(1.0)),
        (list[Point], [{"x": 1, "near": [2]}], [Point(1.0, near=(2,))]),
        ({"a": int}, {"a": 1}, {"a": 1}),
        (Any, [None], [None]),
    ],
)
def test_what_fits_becomes_a_value(kind, data, value):
    found = convert(kind, data)
    assert found == value
    assert type(found) is type(value)


@as_one_test(
    ("kind", "data", "message"),
    [
        (int, True, "x must be an integer, got True"),
        (int, 1.0, "x must be an integer, got 1.0"),
        (int, 2**63, "x must be an integer of 64 bits, got 9223372036854775808"),
        (float, "1", "x must be a finite number, got '1'"),
        (float, True, "x must be a finite number, got True"),
        (float, 10**400, "x must be a finite number, got inf"),
        (float, float("nan"), "x must be a finite number, got nan"),
        (str, 1, "x must be a string, got 1"),
        (str, "\x1b[2J", r"x must be a string that can be printed, got '\\x1b\[2J'"),
        (str, "\ud800", "x must be a string that can be printed"),
        (bool, 1, "x must be true or false, got 1"),
        (Literal[1], True, "x must be one of 1, got True"),
        (Colour, "blue", "x must be one of red, got 'blue'"),
        (list[int], {}, r"x must be a list, got \{\}"),
        (list[int], [1, [2]], r"x\[1\] must be an integer, got \[2\]"),
        (dict[str, int], [], r"x must be a table, got \[\]"),
        (dict[str, int], {"a b": None}, "x.'a b' must be an integer, got None"),
        (Point, {}, "x.x must be there, got nothing"),
        (Point, {"x": 1, "y": 2}, "x.y must be one of the fields x, name, near, got another"),
        (Point, {"x": 1, "near": [0, "1"]}, r"x.near\[1\] must be an integer, got '1'"),
        ({"a": int}, {}, "x.a must be there, got nothing"),
        # A damaged store may hold bytes where its column says text; the name once was asked whether it is a word.
        ({"cells": int}, {"cells": 1, b"rows\x00": 2}, r"x\..* must be one of the fields cells, got another"),
    ],
)
def test_what_does_not_fit_is_named_with_its_field(kind, data, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        convert(kind, data, "x")


@as_one_test(
    ("text", "message"),
    [
        ('{"a": 1, "a": 2}', "a key must stand once, got twice 'a'"),
        ('{"a": NaN}', "a number must be finite, got NaN"),
        ("[" * 100_000, "nested too deeply"),
        ("9" * 5000, "integer string conversion"),
    ],
)
def test_what_is_not_json_is_a_sentence(text, message):
    with pytest.raises(ValueError, match=message):
        from_json(text)


def test_what_is_no_file_of_text_is_a_sentence(tmp_path):
    (tmp_path / "latin").write_bytes(b"\xe9")
    (tmp_path / "deep").write_text("a = " + "[" * 100_000)
    for path, message in (("latin", "utf-8"), ("no", "no such file"), (".", "no regular file")):
        with pytest.raises(ValueError, match=message):
            read_json(tmp_path / path)
    with pytest.raises(ValueError, match="nested too deeply"):
        read_toml(tmp_path / "deep")


KNOWN = asdict(Constants(gamma=1.0)) | {"measured": []}
KNOWN = {name: None if value != value else value for name, value in KNOWN.items()}


@as_one_test(
    ("field", "value", "message"),
    [
        ("status", "FINE", "rows.status must be one of 'HOLDS', .*, got 'FINE'"),
        ("slack", {"t": 1, "low": 1.0, "value": "2", "high": 1.0}, "rows.slack.value must be a finite number, got '2'"),
        ("slack", {"t": 1}, "rows.slack.low must be there, got nothing"),
        ("fitted", {"kind": "cubic"}, "rows.fitted.value must be there, got nothing"),
        ("constants", KNOWN | {"alpha_spent": None}, "rows.constants.alpha_spent must be a finite number, got None"),
        ("constants", KNOWN | {"L": "1"}, "rows.constants.L must be a finite number, got '1'"),
    ],
)
def test_what_no_row_can_hold_is_named(field, value, message):
    """Each of these was a traceback in a report or a table. What a row may be is asked in tests/ledger."""
    row = Row.missing(1, "T2", "quadratic", "", 0, 1e-3).to_json()
    with pytest.raises(ValueError, match=message):
        row_from(row | {field: value}, "rows")


def test_a_file_is_the_old_one_or_the_new_one(tmp_path, monkeypatch):
    waited = []
    monkeypatch.setattr("os.fsync", waited.append)
    path = write_whole(write_whole(tmp_path / "f", "first"), "old", durable=True)
    assert len(waited) == 1
    assert path.stat().st_mode & 0o777 == 0o644
    for error in (OSError(28, "No space left on device"), KeyboardInterrupt()):

        def fails(self, target, error=error):
            if isinstance(error, KeyboardInterrupt):  # just after
                self.unlink()
            raise error

        monkeypatch.setattr("pathlib.Path.replace", fails)
        with pytest.raises(type(error)) as caught:
            write_whole(path, b"new")
        assert isinstance(error, KeyboardInterrupt) or f"{str(path)!r} cannot be written: No space" in str(caught.value)
        assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("f", "old")]
    monkeypatch.undo()
    assert write_whole(path, b"new").read_text() == "new"
    with pytest.raises(OSError, match="no/f' cannot be written: No such file"):
        write_whole(tmp_path / "no" / "f", "")


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_a_list_in_a_file_is_read_item_by_item(tmp_path, monkeypatch, chunk):
    """A letter lost where one part ends, a number that is cut in two, more of the file in memory than is needed."""
    monkeypatch.setattr(plain_data, "_CHUNK", chunk)
    rows = [{"a": [1.5e-7, None]}, {}, "x", [], -1234567]
    content = {"format": 12345, "é": 'a\\u00e9"]}', "rows": rows, "last": {"b": 1}}
    for indent in (None, 3):
        path = tmp_path / "some.json"
        path.write_text(json.dumps(content, indent=indent, ensure_ascii=False), encoding="utf-8")
        found = [*read_json_items(path, "rows")]
        expected = [*content.items()]
        assert found == [*expected[:2], *(("rows", row) for row in rows), expected[3]]
    path.write_text('{"rows": []}')
    assert [*read_json_items(path, "rows")] == []
    path.write_text('{"rows": [{"a": 1}, {"a": ' + "1" * 50)
    items = read_json_items(path, "rows")
    assert next(items) == ("rows", {"a": 1})  # before what is wrong with the next one is come to
    with pytest.raises(ValueError, match="Expecting ',' delimiter"):
        next(items)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the content must be a table|Expecting value"),
        ("[1]", "the content must be a table"),
        ("{}", "rows must be there, got nothing"),
        ('{"rows": 3}', "rows must be a list, got 3"),
        ('{"rows": [] "x": 1}', "Expecting '}': line 1"),
        ('{"rows": [],}', 'Expecting a name in ": line 1'),
        ('{"rows": [1 2]}', "Expecting ']': line 1"),
        ('{"rows": [1,]}', "Expecting value: line 1"),
        ('{"rows": []} x', "Expecting nothing after the table: line 1"),
        ('{"rows": [],\n\n"a": }', "Expecting value: line 3"),
        ('{"a": 1, "a": 2, "rows": []}', "a key must stand once, got twice 'a'"),
        ('{"rows": [NaN]}', "a number must be finite, got NaN"),
        ('{"rows": [' + "[" * 100_000, "it is nested too deeply"),
    ],
)
def test_what_is_no_such_file_is_refused(tmp_path, monkeypatch, text, message):
    """Catches a line that is not counted as its end begins a part."""
    path = tmp_path / "some.json"
    path.write_text(text)
    for chunk in (plain_data._CHUNK, 1):
        monkeypatch.setattr(plain_data, "_CHUNK", chunk)
        with pytest.raises(ValueError, match=message):
            [*read_json_items(path, "rows")]
