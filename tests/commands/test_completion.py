"""Names are completed as a shell asks for them, without NumPy: what is not fast is not used."""

import os
import subprocess
import sys

import pytest

from rac_theory.commands import cli, names


def ask_a_shell_would(line, folder):
    """Start the program as the shell's function does; return what it offers and the modules that it imported."""
    answer = folder / "answer"
    asked = {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\013",
        "_ARGCOMPLETE_SHELL": "bash",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "_ARGCOMPLETE_COMP_WORDBREAKS": "\"'><;|&(:=",
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "COMP_TYPE": "9",
        "PYTHONPROFILEIMPORTTIME": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "rac_theory"],
        env={**os.environ, **asked},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    return answer.read_text().split("\013"), done.stdout, imported


@pytest.fixture
def offered(tmp_path):
    """``offered(line)``: what is offered at the end of a line, in a process of its own."""
    return lambda line: [word.strip().strip("'\"") for word in ask_a_shell_would(line, tmp_path)[0] if word]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("rac-theory ver", ["verify"]),
        ("rac-theory verify --cl", ["--claim"]),
        ("rac-theory verify --claim T9", ["T9", "T9d", "T9d_sharp", "T9rr"]),
        ("rac-theory verify --claim T1 Ga", ["GaLore"]),
        ("rac-theory verify --problem breast", ["breast_cancer"]),
        ("rac-theory verify --sketch ha", ["haar"]),
        ("rac-theory verify --side ", [*names.SIDES]),
        ("rac-theory verify --setting fed", ["federated"]),
        ("rac-theory verify --setting 'coordinate", ["coordinate descent"]),
        ("rac-theory sketch count", ["count_sketch"]),
        ("rac-theory advise --loss log", ["logistic"]),
        ("rac-theory advise --sketch subsampled_h", ["subsampled_hadamard"]),
        ("rac-theory explain T11", ["T11"]),
        ("rac-theory prove T4", ["T4", "T4_gap"]),
        ("rac-theory counterexamples C", [name for name in names.COUNTEREXAMPLES if name.startswith("C")]),
        ("rac-theory list --mark p", ["paper"]),
        ("rac-theory judge c.csv --bound T2_t", ["T2_tight"]),
    ],
)
def test_names_are_offered(offered, line, words):
    """An option without a completer would offer files; one with another's would offer other names."""
    assert offered(line) == words


def test_every_command_and_option_is_offered(offered):
    assert {word for word in offered("rac-theory ") if word[0] != "-"} == {*cli._parser().commands}
    assert "--rows" in offered("rac-theory verify --r")


def test_files_are_offered_where_files_are_meant(offered, tmp_path):
    (tmp_path / "grid.toml").write_text("")
    assert offered("rac-theory sweep gr") == ["grid.toml"]


def test_the_program_answers_a_shell_and_imports_nothing_heavy(tmp_path):
    """The whole way, by the protocol of argcomplete; NumPy alone would take as long as a shell may."""
    words, printed, imported = ask_a_shell_would("rac-theory verify --sketch weigh", tmp_path)
    assert [word.strip() for word in words] == ["weighted_coordinate"]
    assert printed == ""
    assert "argcomplete" in imported
    assert not imported & {"numpy", "scipy", "matplotlib", "rich", "joblib", "sklearn", "problems"}


@pytest.mark.parametrize("words", [["--help"], ["verify", "--help"], ["--version"]])
def test_help_imports_nothing_heavy_either(tmp_path, words):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "rac_theory", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0
    assert done.stdout
    for module in ("numpy", "scipy", "matplotlib", "rich", "joblib", "argcomplete"):
        assert f" {module}\n" not in done.stderr
