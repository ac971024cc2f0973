"""The folder in which command lines and files are tried: good files of every kind, plug-ins that misbehave, traps."""

import os
import re
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from rac_theory.commands.cli import main

PLUG_INS = """
import os, sys, warnings
import numpy as np
from rac_theory.sketches import Haar

class Good(Haar):
    pass

class Exits(Haar):
    def sample(self, rng, size):
        sys.exit(0)

class ExitsWhenMade:
    def __init__(self, dim, rank):
        sys.exit("enough")

class Raises:
    def __init__(self, dim, rank):
        self.dim, self.rank = dim, rank
    def sample(self, rng, size):
        return {}["no such key"]

class RaisesOddly(Raises):
    def sample(self, rng, size):
        class Odd(BaseException):
            pass
        raise Odd("\\x1b[31mred")

class Nothing(Raises):
    def sample(self, rng, size):
        return None

class Words(Raises):
    def sample(self, rng, size):
        return np.array([["a"] * self.rank] * self.dim)

class NotANumber(Raises):
    def sample(self, rng, size):
        return np.full((size, self.dim, self.rank), np.nan)

class Huge(Raises):
    def sample(self, rng, size):
        return np.full((size, self.dim, self.rank), 1e300)

class Complex(Raises):
    def sample(self, rng, size):
        return rng.normal(size=(size, self.dim, self.rank)) * 1j

class OtherShape(Raises):
    def sample(self, rng, size):
        return rng.normal(size=(size, self.rank, self.dim))

class Recursive(Raises):
    def sample(self, rng, size):
        return self.sample(rng, size)

class NoMemory(Raises):
    def sample(self, rng, size):
        raise MemoryError

class Unreadable(Raises):
    def __repr__(self):
        raise RuntimeError("no repr")
    def sample(self, rng, size):
        return rng.normal(size=(size, self.dim, self.rank))

function = lambda dim, rank: Haar(dim, rank)
number = 7
"""

NAMES = re.findall(r"^class (\w+)", PLUG_INS, re.MULTILINE)

SPEC = """
claims = ["T2", "T2_sharp"]
problems = ["quadratic"]
sketches = ["haar"]
ranks = [1, 2]
sides = ["left"]
step_sizes = [1.0]
seeds = [0]
steps = 4
runs = 8
alpha = 0.001
"""

TEXTS = {
    "plug_ins_of_the_fuzzer.py": PLUG_INS,
    "exits_when_imported.py": "import sys\nsys.exit(3)\n",
    "raises_when_imported.py": "{}['no such key']\n",
    "misspelt.py": "def (:\n",
    "spec.toml": SPEC,
    "broken.toml": "claims = [",
    "foreign.toml": 'sketches = ["plug_ins_of_the_fuzzer:Good"]\nproblems = ["quadratic"]\n',
    "empty": "",
    "closed": "secret",
}

QUICK = ["--problem", "quadratic", "--rank", "1", "--side", "left", "--runs", "8", "--steps", "4", "--jobs", "1"]


@contextmanager
def stood_on() -> Iterator[None]:
    """Stand in a folder of one's own with all of this in it."""
    before = Path.cwd()
    with TemporaryDirectory() as name:
        os.chdir(name)
        try:
            prepare(Path(name))
            yield
        finally:
            os.chdir(before)
            Path(name, "closed").chmod(stat.S_IRUSR | stat.S_IWUSR)  # so that the folder can be removed


def prepare(folder: Path) -> None:
    """Fill an empty folder, which must be the working folder."""
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    (folder / "binary").write_bytes(bytes(range(256)) * 8)
    (folder / "a folder").mkdir()
    (folder / "closed").chmod(0)
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe")
    rng = np.random.default_rng(0)
    lines = [f"{i % 2} " + " ".join(f"{j + 1}:{x:.3f}" for j, x in enumerate(rng.normal(size=3))) for i in range(12)]
    (folder / "data.svm").write_text("\n".join(lines) + "\n")
    np.savez(folder / "layers.npz", first=np.zeros((8, 6)), second=np.zeros(3))
    np.savetxt(folder / "curves.csv", rng.uniform(size=(9, 4)), delimiter=",")
    np.save(folder / "X.npy", np.arange(60.0).reshape(5, 12))
    made = main(["verify", *QUICK, "--claim", "T2", "C6", "--sketch", "haar", "gaussian", "frozen", "--out", "good"])
    swept = main(["sweep", "spec.toml", "--store", "good.sqlite", "--jobs", "1"])
    assert (made, swept) == (0, 0)
    with closing(sqlite3.connect(folder / "good.sqlite")) as connection:  # all of it in one file
        connection.execute("PRAGMA journal_mode = DELETE")
