"""The house is built in one direction: a room uses only rooms below it, and importing costs nothing."""

import ast
import importlib
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import house  # of docs, where the page of it is drawn
import pytest

import rac_theory

HOUSE = Path(rac_theory.__file__).parent
TESTS = Path(__file__).parent

# From the ground up.
ROOMS = [
    *("base", "numerics", "drawing", "problems", "algebra", "sketches", "algorithms"),  # what is there
    *("gains", "cases", "runs"),  # what happens
    *("statements", "proofs", "theorems", "discovery", "verdicts", "literature"),  # what is said of it
    *("ledger", "advice", "testing", "torch", "commands"),  # what people use
]
SUB_DOORS = {*("base.checks", "algorithms.gradients", "sketches.laws", "statements.symbols", "statements.assumptions")}
"""What else another room may import from."""

BESIDE_THE_ROOMS = {"benchmarks", "browser", "coq", "docs", "fuzz", "mutants", "notebooks"}  # folders of tests


def _handed_out(door):
    return getattr(door, "__all__", [name for name in dir(door) if not name.startswith("_")])


@pytest.mark.long
def test_other_rooms_come_in_by_the_door():
    """What is imported of another room is a public name of its door, or of a sub-door, also where it is for type
    checkers; inside a room one imports the sibling, and never what one's own door hands out."""
    past = []
    for module, path in house.modules().items():
        here = house.room(module)
        for origin, name in house.names(path):
            door = origin.removeprefix("rac_theory.")
            if here and door == here and module != origin and f"{origin}.{name}" not in house.modules():
                past.append(f"{module} takes {name} from its own door")
            elif house.room(origin) not in ("", here) and (
                f"{door}.{name}" not in SUB_DOORS
                and not (door in SUB_DOORS.union(ROOMS) and name in _handed_out(importlib.import_module(origin)))
            ):
                past.append(f"{module} takes {name} from {origin}")
    assert not past


def test_nothing_is_at_the_root_but_rooms_and_tests_mirror_them():
    """A room without tests of its own, or tests of a room that is no more, would be seen."""
    found = {path.name for path in HOUSE.iterdir()} - {"__pycache__"}
    assert found == {"__init__.py", "__main__.py", "pytest_plugin.py", "py.typed", *ROOMS}
    folders = {path.name for path in TESTS.iterdir() if path.is_dir() and any(path.rglob("*.py"))}
    assert folders == {*ROOMS} | BESIDE_THE_ROOMS


def test_no_import_runs_back():
    """Neither to a room above, nor to the package's face, which stands on all of them."""
    for module, path in house.modules().items():
        here = house.room(module)
        for name in house.imported(path):
            if here in ROOMS and name.partition(".")[0] == "rac_theory":
                there = house.room(name)
                assert there, f"{module} must not import {name}, which stands above it"
                assert ROOMS.index(there) <= ROOMS.index(here), f"{module} must not import {name}"


TRUSTED = ("rac_theory.proofs.proof", "rac_theory.proofs.induction", "rac_theory.proofs.facts")


def test_what_a_proof_is_trusted_to_knows_no_theorem_and_computes_in_no_floating_point():
    """What a proof is made and checked by names neither NumPy nor SciPy, a problem, a sketch, a case nor a family."""
    known = house.modules()
    trusted, seen = [*TRUSTED], set()
    while trusted:
        module = trusted.pop()
        seen.add(module)
        for name in house.imported(known[module]):
            top, _, rest = name.partition(".")
            assert top not in ("numpy", "scipy"), f"{module} must not import {name}"
            if top == "rac_theory" and name != "rac_theory.base":  # which only says what something is called
                assert rest.partition(".")[0] in ("algebra", "statements", "proofs", "drawing"), f"{module}: {name}"
                if rest.startswith("proofs.") and name not in seen:
                    trusted.append(name)
    parts = ("fact", "drawn", "schemas", "induction", "defined", "checker")
    assert {f"rac_theory.proofs.{name}" for name in parts} < seen
    assert not seen & {f"rac_theory.proofs.{name}" for name in ("combination", "countermodel", "prove")}


WITH_ARRAYS = {"claim", "metric", "theorem"}
"""The files of the language that have bounds and metrics of runs as arrays, beside what they say of these."""


def test_what_a_proof_is_trusted_to_reaches_no_array_but_by_metrics_bounds_and_what_a_case_is():
    """Imports are followed through the language too: it loads NumPy, as a metric is of runs and a predicate of cases,
    and which of its files do so by themselves may only become fewer. None names SciPy.
    """
    known = house.modules()
    reached = {*TRUSTED}
    for module in (todo := [*reached]):
        within = {name for name in house.imported(known[module]) if house.room(name) in ("proofs", "statements")}
        todo += sorted(within - reached)
        reached |= within
    tops = {module: {name.partition(".")[0] for name in house.imported(known[module])} for module in reached}
    assert [module for module in reached if "scipy" in tops[module]] == []
    named = {module.removeprefix("rac_theory.statements.") for module in reached if "numpy" in tops[module]}
    assert named == WITH_ARRAYS, "take out what no longer loads NumPy, and add nothing"


def test_there_is_no_circle_inside_a_room():
    known = house.modules()
    graph = {module: {name for name in house.imported(path) if name in known} for module, path in known.items()}
    TopologicalSorter(graph).prepare()  # or it raises CycleError, with the circle


def test_a_room_says_what_it_uses_and_every_file_what_it_is():
    """Its paragraph names exactly the rooms that its files import, and what it must not know."""
    assert [path for path in HOUSE.rglob("*.py") if not house.read(path)[0]] == []
    assert {room: house.named(room) for room in ROOMS} == house.uses()
    assert [room for room in ROOMS if "ust not " not in house.paragraph(room)] == []


def test_an_import_that_runs_back_would_be_seen(tmp_path):
    """At the top of a file, inside a function, of a module or of a name of one; but not for type checkers."""
    path = tmp_path / "x.py"
    path.write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from rac_theory.ledger.sweeps import grid\n"
        "from rac_theory.ledger import running\n\ndef f():\n    from rac_theory.ledger.report.page import write\n"
        "    import rac_theory.commands.cli\n"
    )
    seen = ["typing", "rac_theory.ledger.running", "rac_theory.ledger.report.page", "rac_theory.commands.cli"]
    assert sorted(house.imported(path)) == sorted(seen)


STAGES = {
    "import rac_theory": "numpy scipy matplotlib joblib rich sklearn hypothesis rac_theory.problems",
    "import rac_theory.base": "scipy matplotlib",
    "import rac_theory.algebra": "scipy matplotlib rac_theory.numerics rac_theory.problems",
    "from rac_theory import verify": "matplotlib sklearn",
    f"import rac_theory.commands.cli, {', '.join(f'rac_theory.{room}' for room in ROOMS if room != 'torch')}": "torch",
}
"""What a process imports, one after the other, and what must not be loaded by then: each loads what is before it."""


@pytest.fixture(scope="module")
def in_a_process_with_every_room():
    """What is loaded too early, if anything, and what is missing in the end: one process, as starting many is slow."""
    stages = (f"{stage}; print(sys.modules.keys() & {{*{apart.split()}}})" for stage, apart in STAGES.items())
    code = (
        "\n".join(["import sys", *stages])
        + "\nprint([name for name in rac_theory.__all__ if not hasattr(rac_theory, name)])\n"
        "from rac_theory import verify, simulate, spectrum\n"
        "print(callable(verify) and callable(simulate) and callable(spectrum))\n"
        "sys.modules['torch'] = None\n"
        "try:\n    from rac_theory.torch import from_module\n"
        "except ImportError as error:\n    print(type(error).__name__, *str(error).split())"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60).stdout.splitlines()


@pytest.mark.parametrize("stage", range(len(STAGES)), ids=[stage[:40] for stage in STAGES])
def test_importing_loads_nothing_heavy(in_a_process_with_every_room, stage):
    """No NumPy even, as names are resolved when they are first used; a check of an argument costs no SciPy, and an
    expression neither that nor a problem; PyTorch comes with an extra, and takes seconds.
    """
    assert in_a_process_with_every_room[stage] == "set()"


def test_no_other_room_imports_pytorch():
    """Neither at the top of a file nor inside a function."""
    users = {house.room(module) for module, path in house.modules().items() for name in house.imported(path)
             if name.partition(".")[0] == "torch" or name.startswith("rac_theory.torch")}  # fmt: skip
    assert users == {"torch"}


def test_without_pytorch_its_room_says_how_to_get_it(in_a_process_with_every_room):
    told = in_a_process_with_every_room[-1]
    assert told.startswith("MissingExtra torch is not installed: it needs the extra 'torch', python -m pip install")


def test_every_public_name_exists_and_no_function_is_hidden_by_its_module(in_a_process_with_every_room):
    """``from rac_theory import verify`` gives the function, also after every module was imported."""
    assert in_a_process_with_every_room[len(STAGES) : -1] == ["[]", "True"]
    with pytest.raises(AttributeError, match=r"rac_theory has no 'verfy' \(did you mean 'verify'\?\)"):
        rac_theory.verfy  # noqa: B018


@pytest.mark.parametrize(
    "theirs",
    [
        pytest.param("problems.py", marks=pytest.mark.long),
        pytest.param("problems/__init__.py", marks=pytest.mark.full),  # the gate asks it of each distribution
    ],
)
def test_a_project_may_have_problems_of_its_own(tmp_path, theirs):
    """In Python, in the command started from its folder, and in pytest, whose rootdir comes first on the path."""
    (tmp_path / theirs).parent.mkdir(exist_ok=True)
    (tmp_path / theirs).write_text("x = 1\n")
    both = "import problems\nfrom rac_theory.problems import Quadratic\nassert problems.x == 1\nQuadratic\n"
    (tmp_path / "conftest.py").write_text(both)
    (tmp_path / "test_both.py").write_text(f"{both}\ndef test_it(rac_rng):\n    assert rac_rng.integers(2) < 2\n")
    pytest_here = ["-m", "pytest", "-q", "-p", "no:cacheprovider"]
    for typed in (["-c", both], ["-m", "rac_theory", "explain", "T1"], pytest_here):
        done = subprocess.run([sys.executable, *typed], capture_output=True, text=True, cwd=tmp_path, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_link_at_the_top_of_a_clone_gives_the_same_classes():
    """Two copies of a module would have two classes of one name, of which ``isinstance`` knows one."""
    if not (link := TESTS.parent / "problems").exists():
        pytest.fail(f"{link} must lead to rac_theory/problems, as the README says")
    code = (
        "import problems, rac_theory.problems as ours\n"
        "print(all(getattr(problems, name) is getattr(ours, name) for name in ours.__all__))\n"
        "import problems.quadratic"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=TESTS.parent, timeout=60)
    assert done.stdout == "True\n"
    assert "'problems' is not a package" in done.stderr


def test_type_checkers_see_the_same_names():
    """The names under TYPE_CHECKING are those that are resolved lazily, from the same modules."""
    tree = ast.parse((HOUSE / "__init__.py").read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    seen = {alias.asname: node.module for node in block.body for alias in node.names}
    modules = {name: f".{module}".rpartition(".")[0] for name, module in rac_theory._MODULES.items()}
    homes = {name: f".{door}" for name, door in rac_theory._HOMES.items()}
    assert seen == {name: f"rac_theory.{door.strip('.')}".strip(".") for name, door in (modules | homes).items()}
