"""Files that were edited or damaged: ``python -m tests.fuzz files`` tries some thousands."""

import copy
import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from . import ground

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 7, 10**9, 2**63, -(2**64), 10**400, 0.5, -0.5, 1e-320, 1e308, -1e308, 0.0, -0.0),
    *("", " ", "T2", "HOLDS", "VIOLATED", "FAILED", "NEEDS_EXTRA", "exact", "sampled", "none", "left", "both", "1/L"),
    *("haar", "noisy", "federated", "quadratic", "no/such/file", "/dev/zero", "data.svm", "os:system"),
    *("exits_when_imported:X", "\x1b[31m", "\x00", "\ud800", "<script>", "../../etc/passwd", "x" * 5000, "é"),
    *("{{ 7 * 7 }}", "[bold]", "\n", [], {}, [[]], [None], {"": None}, {"value": 1}, ["T2"], [1, 2, 3]),
)
TOML = ("nan", "inf", "-inf", "1979-05-27", "07:32:00", "0xffffffffffffffffffffff", "1e400", "{a = 1}", "[[1]]", "''")


def edited(content: Any, chance: random.Random) -> Any:
    """Return JSON data with one place changed: removed, retyped, swapped, negated, enlarged, nested, or renamed."""
    whole = [copy.deepcopy(content)]
    place: Any = whole
    key: Any = 0
    while isinstance(place[key], dict | list) and place[key] and chance.random() < 0.85:
        place = place[key]
        key = chance.choice([*place] if isinstance(place, dict) else range(len(place)))
    old = place[key]
    number = isinstance(old, int | float) and not isinstance(old, bool)
    change = chance.randrange(9)
    if change == 0 and place is not whole:
        del place[key]
    elif change == 1 and isinstance(place, dict):
        place[chance.choice(("other", "", "é", "rows", "slack"))] = place.pop(key)
    elif change == 2 and isinstance(place, list) and place is not whole:
        place.append(copy.deepcopy(old))
    elif change == 3 and isinstance(place, dict):
        other = chance.choice([*place])
        place[key], place[other] = place[other], old
    else:
        changes = {4: -old if number else str(old), 5: old * 10**30 if number else [old], 6: {"value": old}}
        place[key] = changes.get(change, chance.choice(VALUES))
    return whole[0]


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Return the bytes of a file as an accident leaves them: cut, holed, doubled, or in another encoding."""
    i, j = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    ways: tuple[Callable[[], bytes], ...] = (
        lambda: data[:i],
        lambda: data[:i] + data[j:],
        lambda: data[:i] + bytes(chance.randrange(256) for _ in range(8)) + data[i:],
        lambda: data[:i] + b"\0" * (j - i) + data[j:],
        lambda: data + data,
        lambda: b"\xef\xbb\xbf" + data,
        lambda: data.replace(b"\n", b"\r\n"),
        lambda: data.decode("latin-1").encode("utf-16"),
        lambda: data[i:],
        lambda: b"",
        lambda: b"[" * 100_000 + data,
        lambda: data.replace(b": 1", b": NaN", 1),
        lambda: data.replace(b'"rows"', b'"rows": [], "rows"', 1),
        lambda: bytes(b ^ (chance.random() < 0.001) for b in data),
    )
    return chance.choice(ways)()


def tampered_json(good: Path, chance: random.Random) -> bytes:
    """Return a JSON file after one or two edits, or an accident."""
    data = good.read_bytes()
    if chance.random() < 0.25:
        return damaged(data, chance)
    content = json.loads(data)
    for _ in range(chance.choice((1, 1, 2))):
        content = edited(content, chance)
    return json.dumps(content).encode()


def tampered_store(good: Path, target: Path, chance: random.Random) -> None:
    """Write a store in which one value was set, a table lost, or bytes were damaged."""
    data = good.read_bytes()
    if chance.random() < 0.35:
        target.write_bytes(damaged(data, chance))
        return
    target.write_bytes(data)
    value = chance.choice((*VALUES, b"\0\1\2", "[1, 2", '{"t": 1}', "[" * 5000))
    if isinstance(value, dict | list) or (not isinstance(value, bytes) and chance.random() < 0.3):
        value = json.dumps(value)
    with closing(sqlite3.connect(target)) as connection:
        table = chance.choice(("sweep", "cells", "rows", "rows", "rows", "rows"))
        columns = [record[1] for record in connection.execute(f"PRAGMA table_info({table})")]
        try:
            with connection:
                what = chance.randrange(10)
                if what == 0:
                    connection.execute(f"DROP TABLE {table}")
                elif what == 1:
                    connection.execute(f"DELETE FROM {table} WHERE rowid = 1")
                elif what == 2:
                    connection.execute(f"ALTER TABLE {table} RENAME COLUMN {chance.choice(columns)} TO other")
                else:
                    connection.execute(f"UPDATE {table} SET {chance.choice(columns)} = ? WHERE rowid = 1", (value,))
        except (sqlite3.Error, OverflowError, UnicodeEncodeError):
            target.write_bytes(damaged(data, chance))


def tampered_spec(chance: random.Random) -> bytes:
    """Return a spec in which a line was replaced, doubled or removed, or an accident happened."""
    lines = ground.SPEC.strip().splitlines()
    if chance.random() < 0.25:
        return damaged(ground.SPEC.encode(), chance)
    i = chance.randrange(len(lines))
    name = lines[i].split(" = ")[0]
    value = chance.choice((*TOML, *(json.dumps(v) for v in VALUES if v is not None)))
    value = f"[{value}]" if chance.random() < 0.5 else value
    change = chance.randrange(5)
    lines[i : i + 1] = [[], [lines[i]] * 2, [f"{name} = {value}"], [f"{name} = {value}"], [f"other = {value}"]][change]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def commands_on_tampered_files(chance: random.Random) -> Iterator[tuple[list[str], Path]]:
    """Make tampered files in the working folder for ever; yield with each the command that reads it, and the file."""
    good = Path("good")
    shutil.copytree(good, "bad", dirs_exist_ok=True)
    while True:
        for rest in Path().glob("bad.sqlite*"):
            rest.unlink()
        kind = chance.randrange(6)
        number = chance.choice("1112234")
        if kind in (0, 1):
            file = Path("bad", "counterexamples.json" if kind else "results.json")
            file.write_bytes(tampered_json(good / file.name, chance))
            report, shown = ["report", "--out", "bad"], ["counterexamples", "C8", "--out", "bad"]
            yield chance.choice((report, shown) if kind else (["repeat", str(file), number], report)), file
            if kind == 0 and chance.random() < 0.1:
                yield ["verify", *ground.QUICK, "--claim", "T2", "--sketch", "haar", "--out", "bad"], file
            shutil.copy(good / file.name, file)
        elif kind in (2, 3):
            file = Path("bad.sqlite")
            tampered_store(Path("good.sqlite"), file, chance)
            export = ["--export", "e.csv"] * (chance.random() < 0.5)
            sweep = ["sweep", "spec.toml", "--store", str(file), "--jobs", "1", *export]
            yield chance.choice((["repeat", str(file), number], sweep)), file
        else:
            file = Path("bad.toml")
            file.write_bytes(tampered_spec(chance))
            yield ["sweep", str(file), "--jobs", "1"], file
