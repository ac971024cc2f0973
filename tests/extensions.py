"""Modules of the documentation's build that need nothing of it: tests call what a page is read by."""

import importlib.util
from pathlib import Path
from types import ModuleType

EXTENSIONS = Path(__file__).parents[1] / "docs" / "_ext"


def extension(name: str) -> ModuleType:
    """Import one from where it is, which is no package."""
    spec = importlib.util.spec_from_file_location(name, EXTENSIONS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
