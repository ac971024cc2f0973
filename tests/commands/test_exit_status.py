"""What a command ends with: 0 only where something was tried, and whatever a plug-in does a sentence."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from unittest.mock import Mock

import pytest

from rac_theory import Grid
from rac_theory.base import plug_in_faults
from rac_theory.base.plug_in_faults import PlugInFault
from rac_theory.commands.cli import main
from rac_theory.commands.exit_status import BAD_INPUT, OK, VIOLATED, status_of, worst
from rac_theory.ledger import results
from rac_theory.ledger.verdict_row import FAILED, NEEDS_EXTRA, Row
from rac_theory.sketches.named import sketch_factory

QUICK = ["--problem", "quadratic", "--rank", "1", "--side", "left", "--runs", "32", "--steps", "8", "--claim", "T2"]

AXES = 'claims = ["T2"]\nproblems = ["quadratic"]\nranks = [1]\nsides = ["left"]\n'
PLUG_IN = """
import os, sys
from multiprocessing import parent_process
from rac_theory.sketches import Haar

class Exits(Haar):
    def sample(self, rng, size):
        {}

class Made(Exits):
    def __post_init__(self):
        {}
"""


def a_row(status, number=1):
    evidence = "exact" if status in ("HOLDS", "VIOLATED") else "none"
    return replace(Row.missing(number, "T2", "quadratic", "", 0, 1e-3), status=status, evidence=evidence)


@pytest.mark.parametrize(
    ("statuses", "status", "sentence"),
    [
        (["HOLDS", "NOT_APPLICABLE"], OK, ""),
        (["UNDECIDED"], OK, ""),
        (["HOLDS", NEEDS_EXTRA], OK, ""),
        ([], BAD_INPUT, "nothing was tried"),
        (["NOT_APPLICABLE", NEEDS_EXTRA], BAD_INPUT, "nothing was tried: no claim met a case in any of 2 row(s)"),
        (["HOLDS", FAILED], BAD_INPUT, "1 of 2 row(s) failed"),
        (["HOLDS", "VIOLATED"], VIOLATED, ""),
        (["VIOLATED", FAILED], VIOLATED, "1 of 2 row(s) failed"),
    ],
)
def test_the_status_of_rows(statuses, status, sentence, capsys):
    """A refutation goes first; a failure next; silence only where something was tried."""
    assert status_of([a_row(one, i) for i, one in enumerate(statuses, 1)]) == status
    error = capsys.readouterr().err
    assert sentence in error
    assert bool(error) == bool(sentence)
    assert (worst(status, OK), worst(status, VIOLATED)) == (status, VIOLATED)


def test_a_run_in_which_nothing_is_applicable_or_installed_is_no_success(capsys, refused, monkeypatch):
    assert main(["verify", *QUICK, "--sketch", "frozen"]) == 2
    assert "nothing was tried" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    assert main(["verify", "--problem", "digits", "--claim", "T2"]) == 2
    told, error = capsys.readouterr()
    assert "sklearn is not installed: it needs the extra 'data', python -m pip install -e" in told
    assert "nothing was tried" in error
    refused("verify --problem no/such.svm", "'no/such.svm': there is no such file")  # which needs no extra


def test_a_cell_that_calls_sys_exit_has_failed(folder, capsys):
    (folder / "mine.py").write_text(PLUG_IN.format("sys.exit(0)", "super().__post_init__()"))
    (folder / "spec.toml").write_text(f'{AXES}sketches = ["haar", "mine:Exits"]\n')
    assert main(["sweep", "spec.toml", "--trust", "--jobs", "1"]) == 2
    told, error = capsys.readouterr()
    assert "1 HOLDS, 1 FAILED" in told
    assert "1 of 2 row(s) failed" in error


def test_a_second_run_says_what_it_replaces(folder, output_of, refused, capsys):
    output_of("verify", *QUICK, "--sketch", "haar")
    main(["verify", *QUICK, "--sketch", "coordinate"])
    said = capsys.readouterr().err
    assert "results/results.json is replaced, 1 row(s) of 20" in said
    assert "by rac-theory verify --problem quadratic --rank 1" in said
    (folder / "results/results.json").write_text(mine := json.dumps({"mine": "dear to me"}))
    refused(f"verify {' '.join(QUICK)}", "mine must be one of the fields")
    assert (folder / "results/results.json").read_text() == mine


def test_what_cannot_be_written_is_refused_before_anything_runs(folder, refused, monkeypatch):
    """Parquet without its extra, a folder that is not there, and one that is no UTF-8, which no page can name."""
    (folder / "spec.toml").write_text(AXES)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    refused("sweep spec.toml --export e.parquet", "pyarrow is not installed: it needs the extra 'parquet'")
    refused("sweep spec.toml --export no/such/e.csv", "its folder is not there")
    refused("sweep spec.toml --latex no/such/e.tex", "its folder is not there")
    for command in (f"verify {' '.join(QUICK)}", "sketch haar --dim 3 --rank 1", "report"):
        refused(f"{command} --out r\udcff", "error: out must be a path in UTF-8, got 'r\\udcff'")


def test_a_file_that_results_name_is_not_quoted(folder, output_of, capsys):
    """The first line of any file of the system was in the error."""
    output_of("verify", *QUICK, "--sketch", "haar", "--out", "out", "--jobs", "1")
    content = json.loads((folder / "out/results.json").read_text())
    (folder / "secret.txt").write_text("root:x:0:0:secret\n")
    content["rows"][0]["problem"] = "./secret.txt"
    (folder / "out/results.json").write_text(json.dumps(content))
    assert main(["repeat", "out/results.json", "1"]) == 2
    said = capsys.readouterr().err
    assert "must be a readable svmlight file, got './secret.txt': a line of it is not as 1 3:0.5 7:2" in said
    assert "root" not in said


@pytest.mark.parametrize(
    ("sketch", "word"),
    [("mine:Exits", "sys.exit(0)"), ("mine:Made", "sys.exit('enough')"), ("leaves:X", "raise SystemExit")],
)
def test_a_plug_in_that_calls_sys_exit_ends_with_a_sentence(folder, capsys, word, sketch):
    """It ended the command, with whatever status it liked: 0, as if all held."""
    (folder / "mine.py").write_text(PLUG_IN.format(word, word))
    (folder / "leaves.py").write_text(f"import sys\n{word}\n")
    assert main(["verify", *QUICK, "--sketch", sketch, "--jobs", "1"]) == 2
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert "exit" in error.lower()
    assert sketch.partition(":")[0] in error
    if sketch == "leaves:X":
        with pytest.raises(ValueError, match=r"'leaves:X': it calls sys.exit"):
            sketch_factory(sketch)  # from Python too


IN_ONE_PROCESS = """
import contextlib, io, json, resource, sys
from rac_theory.commands.cli import main

ends = []
for size, arguments in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as error:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size or resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        ends.append((main(arguments), error.getvalue()))
print(json.dumps(ends))
"""


def ends_in_one_process(folder, commands):
    """Run commands in a process of their own, one after the other, and return the status and the errors of each.

    Each has a size, beyond which it cannot write files, as on a full disk; None is a disk with room.
    """
    done = subprocess.run(
        [sys.executable, "-c", IN_ONE_PROCESS, json.dumps(commands)],
        cwd=folder,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},  # bytecode that is cut off would be there for everybody
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr  # nor from workers
    return json.loads(done.stdout)


WORDS = {
    "sys.exit(0)": r"no code may end the program, but .*[a-z]+0.py, line 8, in sample, called sys.exit\(0\)",
    "os._exit(0) if parent_process() else None; return Haar.sample(self, rng, size)": "a worker process was lost",
    "if parent_process(): {}['x']\n        return Haar.sample(self, rng, size)": "must not fail, got KeyError: 'x'",
    "raise MemoryError": "not enough memory|MemoryError",
}


@pytest.mark.long
def test_what_happens_in_a_worker_is_told_as_well(folder):
    """Of each of these, and after one was lost."""
    for i, word in enumerate(WORDS):
        (folder / f"mine{i}.py").write_text(PLUG_IN.format(word, "super().__post_init__()"))
    arguments = ["verify", *QUICK, "--problem", "pl_sine", "--jobs", "2", "--sketch"]
    ends = ends_in_one_process(folder, [(None, [*arguments, f"mine{i}:Exits"]) for i in range(len(WORDS))])
    for (status, error), sentence in zip(ends, WORDS.values(), strict=True):
        assert status == 2, error
        assert re.search(f"error: .*({sentence})", error)
        assert "Traceback" not in error


def test_an_error_is_that_of_the_code_that_raised_it_or_called_the_library_which_did():
    """What a plug-in does to a library is its own; what we do is ours; an error that explains itself is left alone."""
    told = {"__name__": "mine"}
    mine = "import json\ndef calls(): json.loads(7)\ndef key(): {}['x']\ndef closes(): raise GeneratorExit"
    exec(compile(mine, "mine.py", "exec"), told)
    for name, raised in (
        ("calls", "line 2, in calls, raised TypeError"),
        ("key", "line 3, in key, raised KeyError: 'x'"),
        ("closes", "line 4, in closes, raised GeneratorExit"),  # a traceback, as if it were a fault of ours
    ):
        with pytest.raises(PlugInFault, match=rf"mine.py, {raised}"), plug_in_faults.told():
            told[name]()
    assert plug_in_faults._place(RuntimeError()) == (True, "some code")  # where no frame is anybody's
    with pytest.raises(AttributeError), plug_in_faults.told():
        status_of([None])
    with pytest.raises(ValueError, match="it says so"), plug_in_faults.told():
        raise ValueError("it says so")
    with pytest.raises(KeyboardInterrupt), plug_in_faults.told():
        raise KeyboardInterrupt


def test_a_fault_of_ours_is_neither_a_violation_nor_bad_input(monkeypatch, capsys):
    monkeypatch.setattr("rac_theory.commands.listing.DEFAULT_PROBLEMS", None)
    assert main(["list"]) == 70
    assert "AttributeError" in capsys.readouterr().err


@pytest.mark.long
def test_a_full_disk_names_the_file_and_leaves_no_part(folder):
    """The system says that no space is left, and not for what."""
    (folder / "spec.toml").write_text(f'{AXES}sketches = ["haar"]\nseeds = {[*range(60)]}\n')
    verify, sweep = ["verify", *QUICK, "--jobs", "1"], ["sweep", "spec.toml", "--jobs", "1"]
    full = {
        "figures/quadratic": (2_000, [*verify, "--sketch", "haar", "--out", "figures"]),
        "rows/results.json": (2_000, [*verify, "--sketch", "frozen", "--out", "rows"]),
        "pages/report.html": (20_000, [*verify, "--sketch", "haar", "--out", "pages"]),
        "spectrum": (2_000, ["sketch", "haar", "--dim", "5", "--rank", "2", "--out", "spectrum"]),
        "spec.sqlite": (2_000, sweep),
        "e.csv": (40_000, [*sweep, "--export", "e.csv", "--store", "done.sqlite"]),
    }
    (room, _), *ends = ends_in_one_process(folder, [(None, [*sweep, "--store", "done.sqlite"]), *full.values()])
    assert room == 0
    for file, (status, error) in zip(full, ends, strict=True):
        assert status == 2, (file, error)
        assert file in error.splitlines()[-1]
        assert error.splitlines()[-1].startswith("error: ")
        assert "Traceback" not in error
    assert not [*folder.rglob("*.part")]


def test_what_a_file_names_is_imported_with_trust_only(folder, capsys):
    """A ledger or a spec of someone else ran code of the working folder."""
    harmless = PLUG_IN.format("return Haar.sample(self, rng, size)", "pass")
    (folder / "mine.py").write_text(f"print('I am run')\n{harmless}")
    (folder / "spec.toml").write_text(f'{AXES}sketches = ["mine:Exits"]\n')
    for command in (["sweep", "spec.toml"], ["repeat", "out/results.json", "1"]):
        main(["verify", *QUICK, "--sketch", "mine:Exits", "--out", "out", "--jobs", "1"])  # typed, and so trusted
        assert "I am run" in capsys.readouterr().out
        sys.modules.pop("mine")
        assert main(command) == 2
        told, error = capsys.readouterr()
        assert "I am run" not in told
        assert f"'mine:Exits' from {folder / 'mine.py'}: look at it, and then say --trust" in error
        assert main([*command, "--trust"]) == 0
        assert "I am run" in capsys.readouterr().out
        sys.modules.pop("mine")
    with pytest.raises(ValueError, match="say --trust"):
        Grid.load(folder / "spec.toml")
    assert Grid.load(folder / "spec.toml", trust=True).sketches == ("mine:Exits",)
    assert results.load(folder / "out/results.json")  # what only reads a file imports nothing
    assert "mine" not in sys.modules


def ended(folder, words, how):
    """Status and standard error of a command whose streams are what a shell makes of them."""
    command = f"{sys.executable} -m rac_theory {words} {how}"
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stderr


@pytest.mark.long
def test_what_cannot_be_printed_is_one_sentence(folder):
    """The version was a traceback, the help a success, and the rest named no stream, or hid what came before.

    Into a pipe that nobody reads what does nothing but print has failed; a command has perhaps done what was wanted.
    """
    told = "error: standard output cannot be written: "
    full, closed = f"{told}No space left on device\n", f"{told}Bad file descriptor\n"
    for words, how, said in (
        ("--version", ">/dev/full", full),
        ("--version", ">&-", closed),
        ("--help", ">/dev/full", full),
        ("explain T2", ">&-", closed),
        ("--version", ">/dev/full 2>&-", ""),
        ("nonsense", "2>/dev/full", ""),
    ):
        assert ended(folder, words, how) == (2, said), (words, how)
    assert ended(folder, "--version", ">/dev/null 2>&-") == (0, "")
    for words, end in (("--version", (2, f"{told}Broken pipe\n")), ("explain T2", (141, ""))):
        reader, writer = os.pipe()
        os.close(reader)
        command = [sys.executable, "-m", "rac_theory", *words.split()]
        done = subprocess.run(command, cwd=folder, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=120)
        os.close(writer)
        assert (done.returncode, done.stderr) == end


@pytest.mark.long
def test_a_violated_claim_goes_before_what_fails_beside_it(folder, capsys, monkeypatch):
    """A report that cannot be written, or a device that is full, made a refuted claim look like bad input."""
    (folder / "curves.csv").write_text("\n".join(f"1,{1.5 + i * 7 % 400 / 1000}" for i in range(400)))
    judged = "judge curves.csv --bound 1.1 --ceiling 2"
    assert main(judged.split()) == 1
    assert main([*judged.split(), "--out", "curves.csv"]) == 1  # where no figure can be saved
    assert "error: out must be a folder that can be written" in capsys.readouterr().err
    status, error = ended(folder, judged, ">/dev/full")
    assert (status, "No space left on device" in error) == (1, True)
    full = OSError("'report.html' cannot be written: No space left on device")
    monkeypatch.setattr("rac_theory.ledger.report.write", Mock(side_effect=full))
    assert main(["verify", *QUICK, "--sketch", "haar", "--jobs", "1"]) == 2
    monkeypatch.setattr("rac_theory.commands.verify.violated", list)
    assert main(["verify", *QUICK, "--sketch", "haar", "--jobs", "1"]) == 1
    assert "error: 'report.html' cannot be written" in capsys.readouterr().err
