"""Names are completed as a shell asks for them, without NumPy: what is not fast is not used."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

from rac_theory.commands import cli, names

ASKED = {
    "_ARGCOMPLETE": "1",
    "_ARGCOMPLETE_IFS": "\013",
    "_ARGCOMPLETE_SHELL": "bash",
    "_ARGCOMPLETE_STDOUT_FILENAME": "answer",
    "_ARGCOMPLETE_COMP_WORDBREAKS": "\"'><;|&(:=",
    "COMP_TYPE": "9",
}
ONE_BY_ONE = """
import json, os, sys
import argcomplete
from rac_theory.commands.cli import main

for line in json.loads(sys.argv[1]):
    open("answer", "w").close()
    if (child := os.fork()) == 0:
        os.environ |= {"COMP_LINE": line, "COMP_POINT": str(len(line))}
        main()
    os.waitpid(child, 0)
    print(json.dumps(open("answer").read().split("\\013")))
"""
OFFERED = {
    "rac-theory ver": ["verify"],
    "rac-theory verify --cl": ["--claim"],
    "rac-theory verify --claim T9": ["T9", "T9d", "T9d_sharp", "T9rr"],
    "rac-theory verify --claim T1 Ga": ["GaLore"],
    "rac-theory verify --problem breast": ["breast_cancer"],
    "rac-theory verify --sketch ha": ["haar"],
    "rac-theory verify --side ": [*names.SIDES],
    "rac-theory verify --setting fed": ["federated"],
    "rac-theory verify --setting 'coordinate": ["coordinate descent"],
    "rac-theory sketch count": ["count_sketch"],
    "rac-theory advise --loss log": ["logistic"],
    "rac-theory advise --sketch subsampled_h": ["subsampled_hadamard"],
    "rac-theory explain T11": ["T11"],
    "rac-theory prove T4": ["T4", "T4_gap"],
    "rac-theory counterexamples C": [name for name in names.COUNTEREXAMPLES if name.startswith("C")],
    "rac-theory list --mark p": ["paper", "printed"],
    "rac-theory judge c.csv --bound T2_t": ["T2_tight"],
    "rac-theory sweep gr": ["grid.toml"],  # files where files are meant
    "rac-theory verify --row": ["--rows"],
    "rac-theory ": [*cli._parser().commands],
}


def run(folder, *words, **environment):
    """Python, in a process of its own and in a folder."""
    environment = {**os.environ, **environment}
    return subprocess.run(
        [sys.executable, *words], env=environment, cwd=folder, capture_output=True, text=True, timeout=60
    )


def test_names_are_offered(tmp_path):
    """An option without a completer would offer files; one with another's would offer other names.

    A process that forks for each line; options of the program itself are offered besides.
    """
    (tmp_path / "grid.toml").write_text("")
    done = run(tmp_path, "-c", ONE_BY_ONE, json.dumps([*OFFERED]), **ASKED)
    answers = [[word.strip().strip("'\"") for word in json.loads(line) if word] for line in done.stdout.splitlines()]
    assert len(answers) == len(OFFERED), done.stderr
    for line, words in zip(OFFERED, answers, strict=True):
        assert {word for word in words if word[0] != "-" or "-" in line[11:]} == {*OFFERED[line]}, line


def test_the_program_answers_a_shell_and_imports_nothing_heavy(tmp_path):
    """The whole way, by the protocol of argcomplete; NumPy alone would take as long as a shell may. Nor does help."""
    line = "rac-theory verify --sketch weigh"
    asked = ASKED | {"COMP_LINE": line, "COMP_POINT": str(len(line)), "PYTHONPROFILEIMPORTTIME": "1"}
    done = run(tmp_path, "-m", "rac_theory", **asked)
    assert [word.strip() for word in (tmp_path / "answer").read_text().split("\013")] == ["weighted_coordinate"]
    assert done.stdout == ""
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "argcomplete" in imported
    assert not imported & {"numpy", "scipy", "matplotlib", "rich", "joblib", "sklearn", "problems"}
    for words in (["verify", "--help"], ["--version"]):
        done = run(tmp_path, "-X", "importtime", "-m", "rac_theory", *words)
        assert done.returncode == 0
        assert done.stdout
        for module in ("numpy", "scipy", "matplotlib", "rich", "joblib", "argcomplete"):
            assert f" {module}\n" not in done.stderr


def test_the_parser_imports_nothing_of_the_house_and_nothing_that_was_installed(tmp_path):
    """Of ours the commands alone, which import when they run: one import at the top of a file would be seen."""
    code = (
        "import sys\nbefore = {*sys.modules}\nfrom rac_theory.commands import cli\ncli._parser().format_help()\n"
        "print(*sorted({*sys.modules} - before))"
    )
    done = run(tmp_path, "-c", code)
    imported = done.stdout.split()
    assert "rac_theory.commands.options" in imported, done.stderr
    ours = {name for name in imported if name.startswith("rac_theory.")}
    assert {name for name in ours if not f"{name}.".startswith("rac_theory.commands.")} == set()
    assert {name.partition(".")[0] for name in imported} - sys.stdlib_module_names == {"rac_theory"}


def test_what_a_command_needs_is_imported_before_it_runs():
    """While nobody looks for garbage, as ``rac_theory.__main__`` has it. Catches an import in a function."""
    for name, parser in cli._parser().commands.items():
        module, _, function = parser.get_default("run").partition(":")
        tree = ast.parse(Path(cli.__file__).with_name(f"{module}.py").read_text())
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, name
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        assert all(node in tree.body for node in imports), name
