"""Files are chosen for ``-m long`` and ``-m full`` by the name of the mark, so it must stand in each that has one."""

from types import SimpleNamespace

import pytest

MARK = "mark." + "long"  # not to be one of those files
OTHER = "mark." + "full"


@pytest.fixture
def chosen(request):
    """The conftest that is in force: pytest holds it by its path."""
    return request.config.pluginmanager.get_plugin(str(request.config.rootpath / "tests" / "conftest.py"))


def test_files_without_the_mark_are_left_out_where_long_tests_alone_are_asked_for(chosen, tmp_path):
    files = {"long": f"pytest.{MARK}", "full": f"pytest.{OTHER}", "plain": "None"}
    paths = [tmp_path / f"test_{name}.py" for name in files]
    for path, mark in zip(paths, files.values(), strict=True):
        path.write_text(f"pytestmark = {mark}\n", encoding="utf-8")
    left_out = {
        expression: [
            path.name
            for path in (tmp_path, *paths)
            if chosen.pytest_ignore_collect(path, SimpleNamespace(option=SimpleNamespace(markexpr=expression)))
        ]
        for expression in ("long", "full", "not long", "", "long or full")
    }
    apart = {"long": ["test_full.py", "test_plain.py"], "full": ["test_long.py", "test_plain.py"]}
    assert left_out == apart | {"not long": [], "": [], "long or full": []}


def test_a_mark_under_another_name_is_refused(chosen, tmp_path):
    plain = tmp_path / "test_plain.py"
    plain.write_text("from elsewhere import LONG as pytestmark\n", encoding="utf-8")
    chosen.pytest_collection_modifyitems([SimpleNamespace(path=plain, get_closest_marker={}.get)])
    for mark in ("long", "full"):
        with pytest.raises(pytest.UsageError, match=rf"write pytest\.mark\.{mark}, .* in .*test_plain\.py$"):
            chosen.pytest_collection_modifyitems([SimpleNamespace(path=plain, get_closest_marker={mark: True}.get)])
