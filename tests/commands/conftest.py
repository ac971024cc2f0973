"""What most tests of commands stand in: an empty folder, from which nothing stays imported."""

import sys

import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder; modules that were imported from it are forgotten."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = {*sys.modules}
    yield tmp_path
    for name in {*sys.modules} - before:
        if str(getattr(sys.modules[name], "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]
