"""Random command lines: ``python -m tests.fuzz lines`` tries some thousands."""

import random
from collections.abc import Callable, Iterator, Sequence

from rac_theory import counterexamples, theorems
from rac_theory.ledger.theorem_settings import SETTINGS
from rac_theory.sketches import NAMED

from . import ground

NONSENSE = (
    *("", " ", "0", "-1", "-0", "1", "7", "99999999999999999999", "1e3", "1e308", "1e400", "nan", "inf", "-inf"),
    *("0x10", "1_0", "１２", "٣", "²", "½", "0.5", "-0.5", "2", "None", "True", "[]", "{}", "*", "?", "~", "$HOME"),
    *("%s", "{0}", "\x1b[31mred", "\x07", "a\nb", "\t", "\udcff", "\x00", "é", "💥", "\u202egnp", "a" * 300, "T1,T2"),
    *("all", "All", "t2", "-", "--", "---", "--out", "-h1", "=", "--=", ":", "::", "a:", ":a", "a:b:c", "a.b.c:d"),
    *(".:x", "..", "../..", "/", "/dev/null", "/dev/zero", "/dev/full", "/proc/self/mem", "no/such/file", "a folder"),
    *("empty", "binary", "closed", "pipe", "good", "good/results.json", "good.sqlite", "spec.toml", "data.svm"),
    *("layers.npz", "haar", "quadratic"),
)
PATHS = (
    *("out", "a folder", "a folder/deep/deeper", "empty", "empty/x", "closed", "no\x1b[2J", "é", ".", "", "pipe"),
    *("good", "/dev/null", "/dev/full", "/proc/nothing", "\x00", "x" * 300, "good/results.json", "good.sqlite"),
    "layers.npz",
)
FILES = (
    *("good/results.json", "good/counterexamples.json", "good.sqlite", "spec.toml", "broken.toml", "foreign.toml"),
    *("empty", "binary", "a folder", "closed", "pipe", "/dev/zero", "/dev/null", "no/such", "", "data.svm"),
    *("layers.npz", "\x00"),
)
SKETCHES = (
    *NAMED,
    *(f"plug_ins_of_the_fuzzer:{name}" for name in (*ground.NAMES, "function", "number", "missing")),
    *("exits_when_imported:X", "raises_when_imported:X", "misspelt:X", "nowhere:X", "os:system", "sys:exit"),
    "math:pi",
)
CLAIMS = (*theorems.ALL, *counterexamples.ALL)

Draw = Callable[[random.Random], list[str]]


def command_lines(chance: random.Random) -> Iterator[tuple[list[str], None]]:
    """Yield command lines for ever: a command with good words, of which some are replaced, left out or doubled."""
    often = (*[_verify] * 3, *[_sketch] * 2, _advise, _judge, _sweep, _repeat, _report, _list, *[_prove] * 2)
    while True:
        words = chance.choice((*often, _words, _discover))(chance)
        for _ in range(chance.choice((0, 0, 1, 1, 2))):
            i = chance.randrange(len(words) + 1)
            change = chance.randrange(4)
            if change == 0:
                words[i:i] = [chance.choice(NONSENSE)]
            elif change == 1 and i < len(words):
                words[i] = chance.choice(NONSENSE)
            elif change == 2:
                del words[i : i + 1]
            else:
                words[i:i] = words[i : i + 2]
        yield words, None


def _options(chance: random.Random, /, **few: Sequence[str]) -> list[str]:
    found = []
    for name, values in few.items():
        if chance.random() < 0.35:
            known = values if chance.random() < 0.8 else NONSENSE
            found += [f"--{name.replace('_', '-')}", *chance.choices(known, k=chance.choice((1, 1, 1, 2)))]
    return found


def _verify(chance: random.Random) -> list[str]:
    fast = ("quadratic", "linnerud", "data.svm")
    few = {
        "claim": CLAIMS[:6] if chance.random() < 0.8 else [c for c in CLAIMS if c not in counterexamples.ALL],
        "problem": fast if chance.random() < 0.8 else FILES,
        "sketch": SKETCHES,
        "rank": ("0", "1", "2", "3", "99"),
        "side": ("left", "right", "both", "top"),
        "setting": ("1/L_H", "coordinate descent", "0.5/L", "noisy", "2/l"),
        "steps": ("0", "1", "5", "-3", "9999999999999999999999"),
        "runs": ("0", "1", "9", "1e3"),
        "alpha": ("0", "1", "0.5", "1e-300", "1e-320", "nan", "0.001"),
        "seed": ("0", "3", "-1", "99999999999999999999"),
        "out": PATHS,
        "jobs": ("1", "0", "-1"),
        "figure": PATHS,
        "latex": PATHS,
    }
    return ["verify", *ground.QUICK, *_options(chance, **few), *["--rows"] * (chance.random() < 0.2)]


def _sketch(chance: random.Random) -> list[str]:
    sizes = ("1", "2", "5", "8", "0", "-1", "17")
    named = [chance.choice(SKETCHES)] if chance.random() < 0.8 else ["--all"] * (chance.random() < 0.2)
    exact = ["--exact"] * (chance.random() < 0.3)
    few = _options(chance, seed=("0", "-1", "5"), out=PATHS, dim=sizes, rank=sizes, figure=PATHS)
    return ["sketch", *named, "--dim", "6", "--rank", "2", *few, *exact]


def _advise(chance: random.Random) -> list[str]:
    few = {
        "rank": ("1", "4,8", "0", "99", "1,,2", ","),
        "sketch": SKETCHES,
        "mixture": ("0.5", "0", "1", "2", "nan"),
        "epsilon": ("0.01", "0", "-1", "2", "1e-320", "nan"),
        "condition": ("1000", "0", "1", "inf", "-3"),
        "rho": ("2", "0", "nan", "13", "1"),
        "data": ("X.npy", "layers.npz", "no.npy", "", *FILES),
        "spectrum": ("4,1", "1,,0", "-1", "x.txt", "X.npy", "", *FILES),
        "loss": ("logistic", "hinge", ""),
        "l2": ("0.1", "0", "-1", "nan", "1e300"),
        "features": ("left", "right", "top"),
        "examples": ("10", "0", "-1", "x"),
        "only": ("*", "first", "[", ""),
        "learning_rate": ("16", "0", "nan", "1e-320"),
        "seed": ("0", "-1"),
        "out": PATHS,
        "lora_alpha": ("16", "0", "nan", "1e308"),
    }
    shapes = ("16x12", "layers.npz", "3x4", "1x1", "0x3", "9x", "x", "-1x5", "3x4x5", *FILES)
    of = "16x12" if chance.random() < 0.7 else chance.choice(shapes)
    return ["advise", of, *_options(chance, **few), *["--all"] * (chance.random() < 0.3)]


def _judge(chance: random.Random) -> list[str]:
    few = {
        "bound": ("0.9", "-1", "nan", "T2", "T99", "plug_ins_of_the_fuzzer:number", "curves.csv", *FILES),
        "below": ("curves.csv", *FILES),
        "constant": ("L=1", "L=nan", "L", "=", "gamma=0.1"),
        "ceiling": ("1", "0", "-1", "nan"),
        "columns": ("steps", "runs", "rows"),
        "metric": ("loss", "", "\x1b[31m"),
        "alpha": ("0.01", "0", "nan", "1e-320"),
        "out": PATHS,
    }
    curves = "curves.csv" if chance.random() < 0.7 else chance.choice(FILES)
    return ["judge", curves, "--bound", "0.9", *_options(chance, **few)]


def _sweep(chance: random.Random) -> list[str]:
    exports = ("e.csv", "e.parquet", "e.txt", "no/e.csv", "a folder", ".csv", "", "closed/e.csv", "/dev/full.csv")
    trust = ["--trust"] * (chance.random() < 0.2)
    spec = chance.choice(("spec.toml", "spec.toml", *FILES, "/dev/zero"))
    stores, jobs = ("s.sqlite", *PATHS), ("1", "0", "x")
    few = _options(chance, store=stores, export=exports, jobs=jobs, claim=CLAIMS, latex=PATHS)
    return ["sweep", spec, "--jobs", "1", *few, *trust]


def _repeat(chance: random.Random) -> list[str]:
    number = chance.choice(("1", "2", "3", "0", "-1", "99", "x", "1e3", "99999999999999999999"))
    return ["repeat", chance.choice(FILES[:4] if chance.random() < 0.7 else FILES), number]


def _report(chance: random.Random) -> list[str]:
    return ["report", *_options(chance, out=("good", *PATHS))]


def _discover(chance: random.Random) -> list[str]:
    """So short that little is found: what is found is tried elsewhere."""
    given, metrics = ("smooth", "along", "pl", "magic"), ("gap", "gradient", "loss")
    values = ("gamma=0.5", "gamma", "=", "gamma=nan", "b=x")
    named = chance.choice(("rac_lora", "momentum", "T2", "no.module:x", "os:path", "plug_ins_of_the_fuzzer:number", ""))
    latex = ["--latex"] * (chance.random() < 0.3)
    few = _options(chance, given=given, metric=metrics, at=values, seed=("0", "-1", "x"))
    return ["discover", named, "--seconds", "0.01", *few, *latex]


def _list(chance: random.Random) -> list[str]:
    assumptions, marks = ("convex", "gamma L <= 1", "magic"), (*theorems.MARKS, "proved")
    return ["list", *_options(chance, setting=(*SETTINGS, "T2"), assumption=assumptions, mark=marks)]


def _prove(chance: random.Random) -> list[str]:
    named = chance.choice((*theorems.ALL, "all", "T11", "no.module:x", "os:path", ":", "", "\x00"))
    kernel = _options(chance, kernel=("python", "lean", "coq"), out=PATHS, export=PATHS)
    if "coq" in kernel and named == "all":
        named = "T2"  # of all it would take a minute
    return ["prove", named, *["--latex"] * (chance.random() < 0.3), *kernel]


def _words(chance: random.Random) -> list[str]:
    explained = ["explain", chance.choice((*CLAIMS, "T11"))]
    shown = ["counterexamples", chance.choice(("C6", "C8")), *_options(chance, out=PATHS)]
    return chance.choice((explained, shown, ["cite", "--json"], ["--version"], ["--help"], ["sketch", "--help"]))
