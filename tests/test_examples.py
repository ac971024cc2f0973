"""The docstring of every public name ends in an example, which a newcomer can paste: each is run, with nothing loaded.

Public is what the package and what is below its rooms lists in ``__all__``, and what the pages of the API list: a door
has names for other rooms besides. Constants, modules and aliases of types are no classes or functions and need none.
"""

import ast
import doctest
import importlib
import inspect
import re
from pathlib import Path

import pytest

import rac_theory
from tests.extensions import extension

HOUSE = Path(rac_theory.__file__).parent
API = Path(__file__).parent.parent / "docs" / "api"
NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


def modules():
    """Every module that lists its public names, with the names."""
    for path in sorted(HOUSE.rglob("*.py")):
        parts = path.relative_to(HOUSE.parent).with_suffix("").parts
        is_a_door = parts[-1] == "__init__" and parts[1] not in ("__init__", "testing")  # all of these is for users
        if not is_a_door and "\n__all__ = " in path.read_text(encoding="utf-8"):
            module = importlib.import_module(".".join(parts).removesuffix(".__init__"))
            yield from ((module, name) for name in module.__all__)


listed = extension("listed")


def on_the_page():
    """Every name in a table of the pages of the reference."""
    for page in sorted(API.glob("*.md")):
        for package, name in listed.on_the_page(page.read_text("utf-8")):
            if name.startswith("torch."):
                continue  # as above
            way, _, last = name.rpartition(".")
            yield listed.found(package, way) if way else importlib.import_module(package), last


def public():
    """Each public class and function once, by where it is defined."""
    values = (getattr(module, name) for module, name in [*modules(), *on_the_page()])
    return {f"{v.__module__}.{v.__qualname__}": v for v in values if inspect.isclass(v) or inspect.isroutine(v)}


PUBLIC = public()


def run(name, docstring):
    """Run the examples of a docstring, each docstring in a session of its own; return what went wrong."""
    complaints = []
    example = doctest.DocTestParser().get_doctest(docstring, {"__name__": "__main__"}, name, None, None)
    doctest.DocTestRunner(verbose=False).run(example, out=complaints.append)
    return "".join(complaints)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_has_an_example_that_runs(name):
    """It is last, as numpydoc has it, does something, and prints no array or NumPy scalar, whose reprs change."""
    docstring = inspect.cleandoc(PUBLIC[name].__doc__ or "")
    _, heading, example = docstring.rpartition("\n\nExamples\n--------\n")
    outputs = re.sub(r"^(>>>|\.\.\.) .*", "", example, flags=re.MULTILINE)
    assert heading, f"{name} must have Examples in its docstring"
    assert re.search(r"^>>> (?!from|import)", example, re.MULTILINE), f"{name} must do something in its example"
    assert not re.search(r"^\w.*\n---+$", outputs, re.MULTILINE), f"{name} must have its example last"
    assert not re.search(r"\b(array|np\.\w+)\(", outputs), f"{name} must print numbers as Python does"
    complaints = run(name, docstring)
    assert not complaints, complaints


def test_every_other_way_to_make_a_problem_is_shown():
    """A class method, such as ``Quadratic.left``: in an example of its own, or in one of its class."""
    for name, made in PUBLIC.items():
        for method in vars(made).values() if inspect.isclass(made) and name.startswith("rac_theory.problems.") else ():
            if isinstance(method, classmethod) and not method.__name__.startswith("_"):
                shown = f"{made.__doc__}\n{method.__doc__}"
                call = rf"^ *(>>>|\.\.\.) .*\b{made.__name__}\.{method.__name__}\("
                assert re.search(call, shown, re.MULTILINE), f"{name}.{method.__name__} must be called in an example"


@pytest.mark.long
def test_every_other_example_runs():
    """An example in a docstring of something that is not public is not left to rot."""
    tried = {inspect.cleandoc(value.__doc__ or "") for value in PUBLIC.values()}
    for path in (*HOUSE.rglob("*.py"), *NOTEBOOKS.glob("*.py")):
        if path.parent.name == "torch":
            continue  # needs an extra: tests/torch runs these, all of public names
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if ">>> " in text else ():
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
                docstring = ast.get_docstring(node) or ""
                complaints = "" if docstring in tried else run(path.name, docstring)
                assert not complaints, complaints


def test_the_names_are_found():
    """In both ways; and a constant, a module and an alias are none."""
    assert {
        "rac_theory.verdicts.verification.verify.verify",
        "rac_theory.numerics.evidence.shares",
        "rac_theory.testing.failures.Refuted",
    } <= PUBLIC.keys()
    assert not any(name.endswith((".ALL", ".Side", ".T1")) for name in PUBLIC)
