"""Every command with its options and an example: all that help and completion read, without what a command does."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rac_theory.commands import names
from rac_theory.commands.parsing import Example, Word, add_command, flag, integer, number, option


def add_out(group: Any, what: str) -> None:
    """Add the folder of what is written."""
    option(group, "--out", Word("FOLDER", _folder), f"folder for {what} (default: results)", default=Path("results"))


def add_figure(group: Any, what: str) -> None:
    """Add a file for a figure, of whatever kind a paper wants."""
    option(
        group,
        "--figure",
        Word("FILE", Path),
        f"where else to save the figure{what}, as .pdf, .png or .svg (default: nowhere)",
    )


def add_latex(group: Any) -> None:
    """Add a file for the table of what was found."""
    option(
        group,
        "--latex",
        Word("FILE", Path),
        "where to write the table for LaTeX, with rules of booktabs (default: nowhere)",
    )


def _folder(text: str) -> Path:
    try:
        text.encode()
    except UnicodeEncodeError:  # pages and results name it, and they are UTF-8
        raise argparse.ArgumentTypeError(f"must be a path in UTF-8, got {text!r}") from None
    return Path(text)


def add_jobs(group: Any) -> None:
    """Add the number of processes."""
    option(group, "--jobs", integer("N", ">= 1"), "worker processes (default: one for each core)")


def add_seed(group: Any, what: str) -> None:
    """Add the seed of what is random."""
    option(group, "--seed", integer("N", ">= 0"), f"seed of {what} (default: 0)", default=0)


def add_alpha(group: Any, what: str) -> None:
    """Add a level."""
    option(
        group,
        "--alpha",
        number("P", "> 0 and < 1"),
        f"significance level{what}, > 0 and < 1 (default: 0.001)",
        default=1e-3,
    )


VERIFY = Example(
    "verify --claim T2 --problem breast_cancer --sketch haar --rank 4",
    """
    #  claim  case                        setting  verdict  slack [interval] ...
    1  T2     breast_cancer haar r4 left  1/L      HOLDS    62.7 [3.18, 69.8] ...
    1 HOLDS
    """,
)


def _verify(commands: Any) -> None:
    parser = add_command(
        commands,
        "verify",
        "try theorems on problems: a verdict for each, figures, results.json",
        "verify:run",
        VERIFY,
        "Try theorems on problems. Without options the paper's two theorems and their sharp forms are tried on the "
        "default problems, and the table has a line for each problem. Where at most 12 rows were run, it shows them.",
    )
    option(parser, "theorem", Word("ID", words=names.THEOREMS), "as --claim", nargs="*")
    tried = parser.add_argument_group("what is tried")
    option(
        tried,
        "--claim",
        Word("ID", words=("all", *names.THEOREMS, *names.COUNTEREXAMPLES)),
        "claims by id, as in list, theorems of yours as module:name, or all (default: T1, T2, T1_sharp, T2_sharp)",
        several=True,
    )
    option(
        tried,
        "--problem",
        Word("NAME", words=names.PROBLEMS),
        "problems by name, or paths of svmlight files (default: all those with a name)",
        several=True,
    )
    option(
        tried,
        "--sketch",
        Word("NAME", words=names.sketches),
        "sketches by name, or classes of yours as module:Name (default: three, and frozen as a control)",
        several=True,
    )
    option(
        tried,
        "--rank",
        integer("R", ">= 1"),
        "ranks of the sketch, at most its dimension (default: those of the problem, 1 and 4 as a rule)",
        several=True,
    )
    option(
        tried,
        "--side",
        Word("SIDE", words=names.SIDES),
        "left, right, or both: a coin decides in every step (default: left and right, where there are two)",
        several=True,
    )
    option(
        tried,
        "--setting",
        Word("NAME", words=names.SETTINGS),
        "settings by name, as in list, or step sizes such as 0.5/L (default: those of the claims)",
        several=True,
    )
    how = parser.add_argument_group("how it is tried")
    option(
        how,
        "--steps",
        integer("T", ">= 1"),
        "steps of a run (default: until every bound is a tenth of what is known without it, or a quarter where "
        "each step takes several passes over the data; at most 2000)",
    )
    option(
        how,
        "--runs",
        integer("N", ">= 1"),
        "runs of each case, where they are sampled (default: 256, on digits and networks 128 or 64)",
    )
    add_seed(how, "all runs")
    add_alpha(how, " of each row")
    add_jobs(how)
    output = parser.add_argument_group("what is shown and kept")
    add_figure(output, " of the one row that is run")
    add_latex(output)
    flag(output, "--rows", "print every row, however many there are")
    add_out(output, "results.json, figures and report.html")


def _repeat(commands: Any) -> None:
    does = "write what verify left in a folder as one page, report.html"
    example = Example("report --out results", "results/report.html")
    page = add_command(commands, "report", does, "repeat:report", example)
    add_out(page, "the page, with what verify wrote")
    does = "run one row of verify or of a sweep again and compare the numbers"
    example = Example("repeat results/results.json 1", "the same numbers as row 1")
    parser = add_command(commands, "repeat", does, "repeat:run", example)
    option(parser, "results", Word(None, Path), "a results.json, or the SQLite file of a sweep")
    option(parser, "row", integer(None, ">= 1"), "the number of the row")
    flag(parser, "--trust", "import what the file names that is not part of rac_theory")


_SWEEP = Example(
    "sweep grid.toml",
    """
    T2: 4 HOLDS
    slack       rank 1  rank 2
    haar        ...
    4 rows in grid.sqlite. One row again: rac-theory repeat grid.sqlite NUMBER
    """,
)


def _sweep(commands: Any) -> None:
    parser = add_command(
        commands,
        "sweep",
        "try a grid of claims and cases as one job that may be killed at any moment",
        "sweep:run",
        _SWEEP,
        "Try a grid of claims and cases as one job that may be killed at any moment: the same command goes on where "
        "it was. The example is of a file with claims = ['T2'], problems = ['quadratic'], sketches = ['haar', "
        "'coordinate'], ranks = [1, 2] and sides = ['left'].",
    )
    option(parser, "spec", Word(None, Path), "a TOML file with the axes of the grid")
    option(
        parser,
        "--store",
        Word("FILE", Path),
        "SQLite file of what is finished (default: the name of the TOML file, with .sqlite)",
    )
    option(
        parser,
        "--claim",
        Word("ID", words=names.THEOREMS),
        "claims by id, or theorems of yours as module:name (default: those of the TOML file)",
        several=True,
    )
    option(parser, "--export", Word("FILE", Path), "a .csv or .parquet file to write when all is finished")
    flag(parser, "--trust", "import sketches of the grid that are not of rac_theory")
    add_latex(parser)
    add_jobs(parser)


_JUDGE = Example(
    "judge curves.csv --bound 0.9",
    """
    E[metric] <= bound CONSISTENT for 300 runs, 5 steps: ...
    figure results/judge-curves.svg
    """,
)


def _judge(commands: Any) -> None:
    does = "judge runs of any origin, in a CSV file, by a bound on their mean"
    parser = add_command(commands, "judge", does, "judge:run", _JUDGE)
    option(parser, "curves", Word(None, Path), "CSV file, a run in each row, its start (t = 0) in the first column")
    against = parser.add_argument_group("what the mean is compared with, one of")
    option(
        against,
        "--bound",
        Word("BOUND", words=names.THEOREMS),
        "a number, a CSV file of one for each t, a function of yours as module:name, or a theorem by id",
    )
    option(against, "--below", Word("CURVES", Path), "a CSV file of other runs, whose mean is to be larger")
    facts = parser.add_argument_group("what is known of the runs")
    option(
        facts,
        "--constant",
        Word("NAME=VALUE"),
        "constants of the theorem, by the names that explain gives them, as gamma=0.1",
        several=True,
    )
    option(
        facts,
        "--ceiling",
        number("C"),
        "a proved upper end of the metric (default: none, and then nothing is confirmed)",
    )
    option(facts, "--columns", Word(), "what columns are (default: steps)", choices=("steps", "runs"), default="steps")
    option(facts, "--metric", Word("NAME"), "what the curves are of (default: metric)", default="metric")
    add_alpha(parser, "")
    add_out(parser, "the figure")


def _counterexamples(commands: Any) -> None:
    parser = add_command(
        commands,
        "counterexamples",
        "show why LoRA and its relatives fail: the evidence, and a figure each",
        "counterexamples:run",
        Example("counterexamples C6", "C6 HOLDS: every constant step is too long"),
    )
    option(
        parser,
        "name",
        Word(None, words=names.COUNTEREXAMPLES),
        f"which of {', '.join(names.COUNTEREXAMPLES)} (default: all)",
        nargs="*",
    )
    add_out(parser, "the figures")


_LISTING = Example(
    "list --setting federated --assumption Polyak",
    """
    T10            E[f(W^T)] - f* <= (1 - (1 - a) Gamma mu lambda_min)^T ...
    T10d           ...
    T10d_sharp     ...
    """,
)


def _listing(commands: Any) -> None:
    parser = add_command(
        commands,
        "list",
        "list claims, problems, sketches and settings by name; or the theorems of some kind",
        "listing:run",
        _LISTING,
        "List claims, problems, sketches and settings by name; with options, the theorems that meet all of them.",
    )
    option(
        parser,
        "--setting",
        Word("NAME", words=names.SETTINGS),
        f"theorems that are tried in it: {', '.join(names.SETTINGS)}",
    )
    option(parser, "--assumption", Word("WORDS"), "theorems that assume it, such as convex or 'gamma L <= 1'")
    option(
        parser,
        "--mark",
        Word("MARK", words=names.MARKS),
        f"theorems that are known in this way: {', '.join(names.MARKS)}",
    )


_EXPLAIN = Example(
    "explain T2",
    """
    T2 (rac_lora_gd_pl)
        E[f(W^T)] - f* <= (1 - gamma mu lambda_min)^T (f(W^0) - f*).

    source   arXiv:2410.08305v1, Theorem 5.5 ...
    """,
)

_CITED = Example(
    "cite T2",
    """
    @misc{rac_theory,
    @misc{arXiv:2410.08305,
      author = {Grigory Malinovsky ...
    """,
)


def _explain(commands: Any) -> None:
    does = "print the statement of a claim, its symbols, its source and assumptions"
    parser = add_command(commands, "explain", does, "explain:run", _EXPLAIN)
    identifiers = (*names.THEOREMS, *names.IDENTITIES, *names.COUNTEREXAMPLES, *names.PUBLISHED)
    option(parser, "claim", Word(None, words=identifiers), "its id, as in list, or module:name for a theorem of yours")
    does = "print BibTeX: this library, the paper, and what claims come from; or cards of published claims"
    parser = add_command(commands, "cite", does, "explain:cite", _CITED)
    option(
        parser,
        "claim",
        Word(None, words=identifiers),
        "claims by id, as in list, or theorems of yours as module:name (default: none)",
        nargs="*",
    )
    flag(parser, "--json", "print the cards of these published claims, or of all, as JSON")


def _prove(commands: Any) -> None:
    parser = add_command(
        commands,
        "prove",
        "print a proof that is checked here, of a theorem of ours or of yours",
        "prove:run",
        Example(
            "prove T1 T2", "T1 ... ms  proved; all that is given is used\nT2 ... ms  proved; not used: lambda_min > 0"
        ),
        "Print a proof that is checked here, of a theorem of ours or of yours; of several theorems a line each.",
    )
    option(
        parser,
        "theorem",
        Word(None, words=("all", *names.THEOREMS)),
        "theorems by id, or all; one of yours as module:name",
        nargs="+",
    )
    flag(parser, "--latex", "print LaTeX that compiles as it is, with amsmath")
    option(
        parser,
        "--kernel",
        Word(),
        "who checks: this library, or Coq as well, which must be installed (default: python)",
        choices=("python", "coq"),
        default="python",
    )
    option(
        parser,
        "--export",
        Word("FILE"),
        "where to write one proof as plain text, for the checker that stands alone (default: nowhere)",
    )
    option(parser, "--out", Word("FOLDER"), "where to keep the files for Coq (default: nowhere)")


METHODS: Mapping[str, str] = {"rac_lora": "PLAIN", "momentum": "MOMENTUM"}
"""What is typed for methods of ``algorithms``."""

GIVEN: Mapping[str, str] = {
    "smooth": "smooth",
    "along": "smooth_along_sketch",
    "pl": "polyak_lojasiewicz",
    "noise": "structured_noise",
}
"""What is typed for assumptions."""

METRICS: Mapping[str, str] = {"gap": "gap", "gradient": "mean_squared_gradient", "distance": "squared_distance"}

_DISCOVER = Example(
    "discover rac_lora --given along pl --metric gap",
    """
    found_1: E[f(W^T)] - f* <= (1 - gamma mu lambda_min (2 - gamma L_H))^T ...
        where gamma L_H <= 2
        this is T13_pl
    """,
)


def _letter(typed: str) -> tuple[str, float]:
    name, _, value = typed.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be NAME=NUMBER, such as gamma=0.5, got {typed!r}") from None


def _discover(commands: Any) -> None:
    does = "look for theorems about a method, with their proofs"
    parser = add_command(commands, "discover", does, "discover:run", _DISCOVER)
    names = f"{', '.join(METHODS)}, a theorem whose constant is looked for, or a Method or Theorem as module:name"
    option(parser, "method", Word(None, words=METHODS), names)
    option(
        parser,
        "--given",
        Word("NAME"),
        f"what is assumed: {', '.join(GIVEN)} (default: nothing)",
        several=True,
        choices=(*GIVEN,),
    )
    option(parser, "--metric", Word(), "what is bounded (default: gap, or as in a theorem)", choices=(*METRICS,))
    option(
        parser,
        "--at",
        Word("NAME=NUMBER", _letter),
        "gamma, mu, dim, rank and letters of the method, at which the rate of the gap is compared with the exact "
        "one of a quadratic (default: it is not)",
        several=True,
    )
    flag(parser, "--latex", "print the statement and the proof in LaTeX")
    option(
        parser,
        "--seconds",
        number("S", "> 0"),
        "processor time after which nothing new is begun (default: 60)",
        default=60.0,
    )
    add_seed(parser, "the constants at which is looked")


_SKETCH = Example(
    "sketch haar --dim 768 --rank 4",
    """
    lambda_min      0.00520833
    lambda_max      0.00520833
    expected rank   4, so lambda_min is at most 0.00520833
    known by        closed form of E[H]
    slowdown        192 times the steps of full gradient descent are promised
    """,
)


def _sketch(commands: Any) -> None:
    does = "say what is known of a sketch: lambda_min, how it is known, what it costs"
    parser = add_command(commands, "sketch", does, "sketch:run", _SKETCH)
    option(
        parser,
        "name",
        Word(None, words=names.sketches),
        "a sketch by name, as in list, or a class of yours as module:Name",
        nargs="?",
    )
    flag(parser, "--all", "every sketch at this size, side by side")
    flag(
        parser, "--exact", "enumerate the sketch in fractions, and keep the certificate of lambda_min as a file for Coq"
    )
    option(parser, "--dim", integer("D", ">= 1"), "rows of the sketch, D x R", required=True)
    option(parser, "--rank", integer("R", ">= 1"), "columns of the sketch, at most D", required=True)
    add_seed(parser, "sampling, for a sketch of which no closed form is known")
    add_figure(parser, "")
    add_out(parser, "the figure, and the certificate of --exact")


CONDITION = 1000.0
"""L / mu where nothing says it."""

EPSILON = 0.01

EXAMPLES = 1000
"""The examples in a gradient where nothing says how many."""

LORA_ALPHA = 16.0
"""That at the first rank."""

_ADVISE = Example(
    "advise 768x3072 --rho 50 --rank 8",
    """
    Rank 8 is promised 7.4 times the steps of full fine-tuning: ...
    Cheaper in numbers trained: rank 1 (train B, draw A), ...
    A learning rate that is right at rank 8 with lora_alpha 16 is right ...
    """,
)

COMPARED = (1, 4, 16, 64)
"""The ranks beside yours."""

RANK = 8
"""Yours, where nothing says it: what PEFT has."""


def _advise(commands: Any) -> None:
    parser = add_command(
        commands,
        "advise",
        "say what a rank costs, which would be cheaper, and which lora_alpha carries a learning rate, for your layers",
        "advise:run",
        _ADVISE,
    )
    layers = parser.add_argument_group("layers")
    option(
        layers,
        "shape",
        Word("SHAPE"),
        "as 768x3072, the folder of a model or of an adapter, or .safetensors, .safetensors.index.json or .npz "
        "files, of which only headers are read",
        nargs="+",
    )
    option(
        layers,
        "--only",
        Word("PATTERN"),
        "parts of names such as q_proj, or patterns such as '*.0.*.weight': of files only these (default: all)",
        several=True,
    )
    curved = parser.add_argument_group("their curvature (default: none is known)")
    source = curved.add_mutually_exclusive_group()
    option(
        source,
        "--data",
        Word("FILE"),
        "features, N x d, in an .npy file, or in an .npz file by the name of the layer; or what Activations saved",
    )
    option(source, "--spectrum", Word("VALUES"), "eigenvalues of the curvature: 4,1,0.5, or an .npy or .txt file")
    option(source, "--rho", number("RHO", ">= 1"), "its effective dimension alone: trace / L, >= 1")
    option(
        curved,
        "--features",
        Word(),
        "side of W that features multiply: right, y = W x, outputs x inputs (default), or left, y = x W",
        choices=("left", "right"),
    )
    option(curved, "--loss", Word(), "loss of --data (default: least_squares)", choices=names.LOSSES)
    option(curved, "--l2", number("L2", ">= 0"), "weight of a penalty beside --data (default: 0)")
    compared = parser.add_argument_group("what is compared")
    option(
        compared,
        "--rank",
        Word("R"),
        f"ranks, yours first (default: of the adapter, else {RANK}, beside {' '.join(map(str, COMPARED))})",
        several=True,
    )
    option(compared, "--lora-alpha", number("ALPHA", "> 0"), f"yours (default: of the adapter, else {LORA_ALPHA:g})")
    until = parser.add_argument_group("all of it")
    flag(
        until,
        "--all",
        "every sketch, rank and side, with steps, numbers and flops, and a figure; so do the options below",
    )
    option(
        until,
        "--sketch",
        Word("NAME", words=names.sketches),
        f"sketches by name, or classes of yours as module:Name (default: {' '.join(names.ADVISED_SKETCHES)})",
        several=True,
    )
    option(
        until,
        "--mixture",
        number("P", "in [0, 1]"),
        "probability of a left step, where both sides are mixed (default: they are not)",
    )
    option(until, "--epsilon", number("EPS", "> 0"), f"accuracy, relative to the start (default: {EPSILON:g})")
    option(
        until,
        "--condition",
        number("KAPPA", ">= 1"),
        f"L / mu, which only T15_pl needs (default: of the curvature, else {CONDITION:g})",
    )
    option(
        until,
        "--examples",
        integer("N", ">= 1"),
        f"examples in a gradient, for flops (default: rows of --data, else {EXAMPLES})",
    )
    flag(until, "--learning-rate", "tell the best learning rates of plain steps at each rank")
    add_seed(until, "sampling, for sketches of which no closed form is known")
    add_out(until, "the figure")


COMMANDS = (_verify, _repeat, _sweep, _judge, _counterexamples, _listing, _explain, _prove, _discover, _sketch, _advise)
"""What adds each command, in the order in which help lists them."""
