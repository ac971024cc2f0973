"""The docstring of every public name of the room ends in an example, as elsewhere, which is run here."""

import inspect
from pathlib import Path

import pytest

import rac_theory.torch
from tests.test_examples import run


@pytest.mark.parametrize("name", rac_theory.torch.__all__)
def test_every_public_name_has_an_example_that_runs(name):
    docstring = getattr(rac_theory.torch, name).__doc__
    assert ">>> " in docstring
    assert not (complaints := run(name, docstring)), complaints


def test_no_other_docstring_of_the_room_has_an_example():
    """One would be run nowhere."""
    public = "".join(inspect.getdoc(getattr(rac_theory.torch, name)) for name in rac_theory.torch.__all__)
    room = Path(rac_theory.torch.__file__).parent
    assert sum(path.read_text("utf-8").count(">>> ") for path in room.glob("*.py")) == public.count(">>> ")
