"""The docstring of every public name of the room ends in an example, as elsewhere, which is run here."""

import doctest
import inspect
from pathlib import Path

import pytest

import rac_theory.torch


@pytest.mark.parametrize("name", rac_theory.torch.__all__)
def test_every_public_name_has_an_example_that_runs(name):
    complaints = []
    docstring = getattr(rac_theory.torch, name).__doc__
    example = doctest.DocTestParser().get_doctest(docstring, {"__name__": "__main__"}, name, None, None)
    assert example.examples
    doctest.DocTestRunner(verbose=False).run(example, out=complaints.append)
    assert not complaints, "".join(complaints)


def test_no_other_docstring_of_the_room_has_an_example():
    """One would be run nowhere."""
    public = "".join(inspect.getdoc(getattr(rac_theory.torch, name)) for name in rac_theory.torch.__all__)
    room = Path(rac_theory.torch.__file__).parent
    assert sum(path.read_text("utf-8").count(">>> ") for path in room.glob("*.py")) == public.count(">>> ")
