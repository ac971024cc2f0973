"""The house is built in one direction: a module imports only what stands above it, and importing costs nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import problems
import rac_theory

HOUSE = Path(rac_theory.__file__).parent
GROUND = Path(problems.__file__).parent

# From the ground up. A folder stands where its name does; its files may import each other.
ORDER = [
    "linalg",
    "account",
    "interrupts",
    "plug_in_faults",
    "whole_file",
    "plain_data",
    "chart",
    "plot",
    "svg",
    "chart_svg",
    "typeset",
    "confidence",
    "rational",
    "randomness",
    "powers",
    "sketch",
    "sketches",
    "sampled_projection",
    "spectra",
    "noise",
    "gradient_source",
    "gradients",
    "ranges",
    "algorithm",
    "algorithms",
    "factor_loss",
    "low_rank",
    "frozen_limit",
    "once",
    "case",
    "plain_step",
    "constants",
    "observed",
    "kernel",
    "kernels",
    "blas",
    "memory",
    "shared_memory",
    "trajectory",
    "history",
    "simulation",
    "followed_run",
    "factor_moves",
    "expectations",
    "expectation",
    "metric",
    "rate",
    "sums",
    "theorem",
    "assumptions",
    "theorems",
    "tightness_meter",
    "tightness_families",
    "tightness_search",
    "pep_program",
    "pep",
    "pep_comparison",
    "evidence",
    "limits",
    "recording",
    "sample",
    "scope",
    "reading",
    "stopping",
    "verdict",
    "finding",
    "measured",
    "verification",
    "counterexamples",
    "diagnosis",
    "relu_network",
    "finetuning",
    "embedded",
    "settings",
    "step_sizes",
    "ensemble",
    "row",
    "row_data",
    "plan",
    "results",
    "figures",
    "workers",
    "ledger",
    "sweeps",
    "shapes",
    "option",
    "advice",
    "table",
    "laboratory",
    "report",
    "testing",
    "commands",
    "cli",
    "__main__",
]


def imported(path):
    """The modules that a file imports, at its top or inside its functions, type checking apart."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(module):
    """The place of ``rac_theory.x.y`` in the order: that of x."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ORDER else None


def test_every_module_has_its_place():
    found = {path.stem if path.is_file() else path.name for path in HOUSE.iterdir() if path.name != "__pycache__"}
    assert found - {"__init__", "py"} - {"py.typed"} == set(ORDER)


@pytest.mark.parametrize("path", sorted(HOUSE.rglob("*.py")), ids=lambda p: str(p.relative_to(HOUSE)))
def test_imports_point_up_the_list_only(path):
    here = path.relative_to(HOUSE).with_suffix("").parts[0]
    for module in imported(path):
        if module.startswith("rac_theory.") and (there := room(module)) and here in ORDER:
            inside = there == here and len(path.relative_to(HOUSE).parts) > 1
            assert inside or ORDER.index(there) < ORDER.index(here), f"{here} must not import {module}"


@pytest.mark.parametrize("path", sorted(GROUND.rglob("*.py")), ids=lambda p: p.name)
def test_problems_stand_on_the_ground(path):
    for module in imported(path):
        assert not module.startswith("rac_theory"), f"{path.name} must not import {module}"


@pytest.mark.parametrize("path", sorted([*HOUSE.rglob("*.py"), *GROUND.rglob("*.py")]), ids=lambda p: p.name)
def test_every_file_says_what_it_is_and_is_short(path):
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), f"{path} must begin with what it is"
    assert len(text.splitlines()) <= 250, f"{path} is longer than 250 lines"


def run(code, cwd=None):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=cwd, timeout=60)


def test_importing_loads_nothing_heavy():
    """No NumPy even: names are resolved when they are first used."""
    heavy = "'numpy', 'scipy', 'matplotlib', 'joblib', 'rich', 'sklearn', 'hypothesis', 'problems'"
    done = run(f"import sys, rac_theory; print([m for m in ({heavy},) if m in sys.modules])")
    assert done.stdout.strip() == "[]"
    done = run(
        "import sys; from rac_theory import verify; print([m for m in ('matplotlib', 'sklearn') if m in sys.modules])"
    )
    assert done.stdout.strip() == "[]"


def test_every_public_name_exists():
    done = run("import rac_theory; print(all(hasattr(rac_theory, name) for name in rac_theory.__all__))")
    assert done.stdout.strip() == "True"
    with pytest.raises(AttributeError, match="has no attribute 'verfy'"):
        rac_theory.verfy  # noqa: B018


def test_no_public_function_is_hidden_by_its_module():
    """``from rac_theory import verify`` gives the function, also after every module was imported."""
    done = run("import rac_theory.cli; from rac_theory import verify, simulate, spectrum; print(callable(verify))")
    assert done.stdout.strip() == "True"


def test_a_foreign_problems_module_is_named_with_the_way_out(tmp_path):
    (tmp_path / "problems.py").write_text("x = 1\n")
    done = run("import rac_theory", cwd=tmp_path)
    assert "ImportError: problems must be the package that comes with rac_theory" in done.stderr
    assert str(tmp_path / "problems.py") in done.stderr
    module = subprocess.run(
        [sys.executable, "-m", "rac_theory", "list"], capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert module.returncode == 2
    assert module.stderr.startswith("error: problems must be the package")
    assert "Traceback" not in module.stderr
    safe = subprocess.run(
        [sys.executable, "-P", "-m", "rac_theory", "list"], capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert safe.returncode == 0


def test_type_checkers_see_the_same_names():
    """The names under TYPE_CHECKING are those that are resolved lazily, from the same modules."""
    tree = ast.parse((HOUSE / "__init__.py").read_text(encoding="utf-8"))
    (block,) = [
        node for node in tree.body if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
    ]
    seen = {alias.asname: node.module for node in block.body for alias in node.names}
    homes = {name: f"rac_theory.{module}" for name, module in rac_theory._HOMES.items()}
    assert seen == homes | dict.fromkeys(rac_theory._MODULES, "rac_theory")
