"""Files are chosen for ``-m long`` by the name of the mark, so it must stand in each that has such a test."""

from types import SimpleNamespace

import pytest

MARK = "mark." + "long"  # not to be a file with such a test


@pytest.fixture
def chosen(request):
    """The conftest that is in force: pytest holds it by its path."""
    path = str(request.config.rootpath / "tests" / "conftest.py")
    return request.config.pluginmanager.get_plugin(path)


def test_files_without_the_mark_are_left_out_where_long_tests_alone_are_asked_for(chosen, tmp_path):
    marked, plain = tmp_path / "test_marked.py", tmp_path / "test_plain.py"
    marked.write_text(f"pytestmark = pytest.{MARK}\n", encoding="utf-8")
    plain.write_text("", encoding="utf-8")
    left_out = {
        expression: [
            path.name
            for path in (tmp_path, marked, plain)
            if chosen.pytest_ignore_collect(path, SimpleNamespace(option=SimpleNamespace(markexpr=expression)))
        ]
        for expression in ("long", "not long", "", "long or mutants")
    }
    assert left_out == {"long": ["test_plain.py"], "not long": [], "": [], "long or mutants": []}


def test_a_mark_under_another_name_is_refused(chosen, tmp_path):
    plain = tmp_path / "test_plain.py"
    plain.write_text("from elsewhere import LONG as pytestmark\n", encoding="utf-8")
    marks = {"long": True}
    chosen.pytest_collection_modifyitems([SimpleNamespace(path=plain, get_closest_marker={}.get)])
    with pytest.raises(pytest.UsageError, match=r"write pytest\.mark\.long, .* in .*test_plain\.py$"):
        chosen.pytest_collection_modifyitems([SimpleNamespace(path=plain, get_closest_marker=marks.get)])
