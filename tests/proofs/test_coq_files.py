"""Files for Coq, without Coq: what they say, and how an answer of Coq is read. ``tests/coq`` asks Coq itself."""

import os
import re
import signal
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from rac_theory import prove, theorems
from rac_theory.algebra import Symbol, total
from rac_theory.commands.cli import main
from rac_theory.proofs import memory_of
from rac_theory.proofs.coq import kernel
from rac_theory.proofs.coq.kernel import NoCoq, ask
from rac_theory.proofs.coq.lemma import Lemma
from rac_theory.proofs.coq.rules import _place
from rac_theory.proofs.coq.script import script
from rac_theory.proofs.coq.space import MEMORY, STEPS
from rac_theory.proofs.coq.terms import Terms, counted_in
from rac_theory.proofs.fact import granted, read
from rac_theory.proofs.quantities import V
from rac_theory.proofs.schemas import move_of
from rac_theory.statements.symbols import T, gamma, gap0, mu
from rac_theory.theorems import E, gap
from rac_theory.theorems.ours import STORED
from tests.as_one_test import as_one_test
from tests.coq.accepted import OF, accepted, digest
from tests.proofs.strict import times_what_is_positive as strict
from tests.refused import raises, wrong

AXIOMS = """Axioms:
ClassicalDedekindReals.sig_forall_dec
  : forall P : nat -> Prop, True
FunctionalExtensionality.functional_extensionality_dep :
  forall (A : Type), True
"""
NOT_KNOWN = "its assumptions are not known, Coq said"


@pytest.fixture
def coqc(tmp_path, monkeypatch):
    """A coqc that says what it is told to."""

    def says(words, error="", end="exit 0"):
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "words").write_text(words)
        (folder / "error").write_text(error)
        program = folder / "coqc"
        program.write_text(f'#!/bin/sh\n/bin/cat "{folder}/words"\n/bin/cat "{folder}/error" >&2\n{end}\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(folder))

    return says


@as_one_test("id", ["T2_tight", "T22_pl"])
def test_what_is_written_as_it_is_has_its_names_until_it_is_rewritten(id):
    """Catches names that are unfolded too early, after which Coq finds no base to rewrite; and others too late."""
    end = prove(id).coq().rpartition("Theorem ")[2]
    written = re.findall(r"_as_written_\d+ : (.*?)\) by", end)
    before, after = (re.search(rf"\n  unfold ([^;]*); {step}", end)[1] for step in ("idtac", r"apply \(divided"))
    assert not [name for name in before.split(", ") if re.search(rf"\b{name}\b", " ".join(written))]
    assert [name for name in after.split(", ") if re.search(rf"\b{name}\b", " ".join(written))]


@as_one_test("id", ["T2", "T5", "T3_isotropic", "T9d_sharp", "T2_tight"])
def test_a_file_stands_alone_and_takes_nothing_for_granted_but_hypotheses(id):
    """An axiom, or a proof that is left out, would be seen; hypotheses are those of a section that ends."""
    text = prove(id).coq()
    assert not re.search(r"^\s*(Axiom|Parameter|Conjecture|Admitted|Load|Declare)\b|admit", text, re.MULTILINE)
    assert re.findall(r"^(.*)Require Import (.*)\.$", text, re.MULTILINE) == [("From Coq ", "Reals Lra Psatz")]
    section = text[text.index("Section Claim.") :]
    assert len(re.findall(r"^Theorem ", section, re.MULTILINE)) == 1
    assert section.rstrip().endswith(f"Qed.\nEnd Claim.\n\nPrint Assumptions {id}.")


def test_the_claim_is_that_of_the_theorem():
    """Whatever the proof proves: another constant is written as it is asked, and is for Coq to refuse."""
    proof = prove("T2")
    other = replace(theorems.T2, claim=E(gap) <= gap0 / 7**T)
    text = script(other, proof.fact, proof.times, proof.facts)
    assert "Theorem T2 : ((mean_at T f) - fstar) <= (gap0 / (7 ^ T))." in text
    mean = "Theorem T15 : ((1 / (INR T)) * (sum (fun n => (mean_at n sq_G)) T)) <= ((2 * gap0) / (nu * (INR T)))."
    assert mean in prove("T15").coq()


def test_what_a_letter_stands_for_is_all_that_is_asked_of_it():
    """Catches the first number of which some of it is met."""
    b, met = Symbol("b"), [granted("", relation) for relation in (gamma > 0, mu > 0, mu <= 1)]
    assert _place((b > 0, b <= 1), b, met) == mu
    wrong("what b stands for was not found", _place, (b > 0, b <= 1), b, met[:2])


def test_an_index_is_bound_in_its_term_by_its_name():
    """In the statement: would catch one that takes what another, or a constant, is called, or goes on after its sum.

    Coq takes exponents from the whole numbers, where 0 - 2 is 0: a power below zero is one over a power.
    """
    assert [Terms([], {}).own(gamma**power) for power in (2, -2)] == ["(gamma ^ 2)", "(/ (gamma ^ 2))"]
    k, j = Symbol("k"), Symbol("j")
    for bound, said in (
        (total(k, T, total(j, T, k * gamma**j)), "(sum (fun n => (sum (fun n_2 => ((INR n) * (gamma ^ n_2))) T)) T)"),
        (total(k, T, total(k, k, k)), "(sum (fun n => (sum (fun n_2 => (INR n_2)) n)) T)"),
        (total(Symbol("gamma"), T, gamma) * gamma, "((sum (fun n => (INR n)) T) * gamma)"),
        (total(T, T, mu**T) + T, "((sum (fun n => (mu ^ n)) T) + (INR T))"),
        (total(k, T, (mu - k) ** j) * total(j, T, (mu - j) ** 2), ""),
    ):
        terms = Terms([T, *counted_in(bound)], {}, constants=bound.symbols)
        assert said in terms.own(bound)
    last = terms.own(bound)
    assert re.fullmatch(r"\(\(sum \(fun n => .*\(INR n\).*\) T\) \* \(sum \(fun n => .*\(INR n\).*\) T\)\)", last)


def test_a_place_is_that_of_the_number_alone():
    """Would catch one that is taken for each letter, and a letter that is left out where there is no place."""
    lemma = Lemma("below", "a", "b", strict=True, over=("b", "W"), premises=(mu > 0,))
    premises = (gamma > 0, mu > 0)
    assert lemma.used(premises) == "(below b W c1)"
    assert lemma.at_least_zero(premises) == "(Rlt_le _ _ (diff_lt _ _ (below b W c1)))"
    assert lemma.used(premises, "(2 / 3)") == "(below (2 / 3) W c1)"


def test_what_is_granted_of_each_draw_is_a_hypothesis_about_each_draw():
    text = prove("T3").coq().partition("Section Claim.")[2]
    assert "Hypothesis descent_lemma : forall (W : State) (H : Draw), (gap (next W H)) <= " in text
    assert "(gamma * L) <= 1." in text
    step = prove("T2").coq()
    assert "Definition sq_HG (W : State) (H : Draw) := ip (project H (grad W)) (project H (grad W))." in step
    assert "Hypothesis smooth : forall x y, f (add x y) <= f x + ip (grad x) y + L / 2 * ip y y." in step
    assert "Lemma descent_lemma : " in step
    granted = re.findall(r"^Hypothesis (\w+)", text, re.MULTILINE)
    assert len(granted) == len(set(granted))


def test_what_is_positive_by_a_rule_is_written_so():
    """In both cases, and for one number: the claim is divided by it."""
    said = {name: re.findall(r"Lemma line_\d+ : (0 <=? \(1 .*\))\.\n", proof.coq()) for name, proof in strict().items()}
    assert said == {"cases": ["0 < (1 + ((1 - user_x) * (1 - user_x)))"], "instance": ["0 < (1 + L)"]}


@as_one_test("id", OF)
def test_what_is_written_is_what_coq_has_accepted(id):
    """To the letter. Where what is written has changed on purpose, ask Coq again: ``python -m tests.coq.accepted``."""
    assert digest(prove(id).coq()) == accepted()[id]


@pytest.mark.long
def test_each_proof_is_a_file():
    for id in STORED:
        assert f"Theorem {id} : " in prove(id).coq()


@pytest.mark.parametrize(
    ("words", "error", "status", "said"),
    [
        (AXIOMS, "", 0, ""),
        ("Closed under the global context\n", "", 0, ""),
        ("Axioms:\n", "", 0, f"{NOT_KNOWN} 'Axioms:'"),
        (f"{AXIOMS}T2 : 1 = 2\n", "", 0, "it rests on T2 beside the axioms of the real numbers"),
        (f"Section Variables:\nh : True\n{AXIOMS}", "", 0, f"{NOT_KNOWN} 'Section Variables:"),
        ("", 'File "./T2.v", line 7, characters 0-3:\nError:\nNot\n equal.\n', 1, "line 7: Not equal."),
    ],
)
def test_an_answer_is_read_strictly(words, error, status, said, coqc):
    """Would catch that a status of 0 is enough, and axioms that are only counted."""
    coqc(words, error, f"exit {status}")
    (answer,) = ask({"T2": "text"})
    assert answer.name == "T2"
    assert answer.refused == said if not said.endswith(":") else answer.refused.startswith(said)


TIMED = "read ran for 0.5 secs (0.4u,0.1s)\n"


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (f"{TIMED}{TIMED}{AXIOMS}", 1),
        (f"{TIMED}{AXIOMS}", 3),  # of one only
        (f"{TIMED}{AXIOMS}{TIMED}{AXIOMS}", 3),  # what is said between them is not known
        (f"{TIMED}{TIMED}", 3),
        (f"{TIMED}{TIMED}{AXIOMS}wrong : 1 = 2\n", 3),
        (AXIOMS, 3),
    ],
)
def test_of_several_in_one_file_all_are_accepted_or_each_is_asked_alone(words, asked, coqc, tmp_path, monkeypatch):
    """Would catch that what is said of some is taken for an answer to all."""
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    coqc(words, "", f'echo >> "{tmp_path}/asked"')
    answers = [*ask({id: prove(id).coq() for id in ("T1", "T2")})]
    assert [answer.name for answer in answers] == ["T1", "T2"]
    assert len((tmp_path / "asked").read_text()) == asked
    assert ([answer.seconds for answer in answers] == [0.5, 0.5]) is (asked == 1)


@pytest.mark.parametrize(
    "command", ["Global Set X.", "Export Reals.", "End File_0.\nModule Other.", "Unset Guard Checking."]
)
def test_a_file_that_could_change_what_others_say_is_read_alone(command, coqc, tmp_path, monkeypatch):
    """Would catch a proof that is accepted in the notation, or by the settings, of the file before it."""
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    coqc(f"{TIMED}{TIMED}{AXIOMS}", "", f'echo >> "{tmp_path}/asked"')
    first, second = (prove(id).coq() for id in ("T1", "T2"))
    assert [*ask({"T1": first.replace("\nSection Claim.", f"\n{command}\nSection Claim."), "T2": second})]
    assert len((tmp_path / "asked").read_text()) == 2


@pytest.mark.parametrize(
    ("error", "end", "told"),
    [
        ("", "kill -KILL $$", "it was ended by SIGKILL, as the system does where memory is short"),
        ("", "kill -SEGV $$", "it was ended by SIGSEGV"),
        ("Fatal error: out of memory.", "exit 2", "it ended with status 2, Fatal error: out of memory."),
        ("Error: Out of memory.", "exit 1", "it ended with status 1, Out of memory."),
        ('Error: System error: "No space left on device"', "exit 1", 'System error: "No space left on device"'),
        ("Error: Cannot find a physical path bound to logical path Reals.", "exit 1", "Cannot find a physical path"),
        ("Error: Anomaly", "exit 129", "it ended with status 129, Anomaly"),
        ("", "exit 0", "not even what it rests on"),
        ("", "exit 1", "it ended with status 1"),
        ("", "exec /bin/sleep 60", "nothing was said within 0.3 s"),
    ],
)
def test_what_is_no_answer_is_no_refusal(error, end, told, coqc, capsys, tmp_path, monkeypatch):
    """Would catch a coqc that was killed, or found no room, and a proof that is said to be wrong for it."""
    monkeypatch.setattr(kernel, "_ENOUGH", 0.3 if "sleep" in end else 20.0)
    coqc("", error, end)
    out = tmp_path / "kept"
    out.mkdir()
    assert main(["prove", "T1", "T2", "--kernel", "coq", "--out", str(out)]) == 2
    printed = capsys.readouterr()
    assert "refused" not in printed.out
    assert printed.err.startswith("error: coqc said nothing of T1: ")
    assert told in printed.err
    assert [*out.iterdir()] == []


def test_a_folder_that_cannot_be_written_is_told_before_coq_is_asked(coqc, capsys, tmp_path):
    coqc(AXIOMS, "", f'touch "{tmp_path}/asked"')
    (tmp_path / "file").write_text("")
    assert main(["prove", "T2", "--kernel", "coq", "--out", str(tmp_path / "file")]) == 2
    assert "cannot be written: File exists" in capsys.readouterr().err
    assert not (tmp_path / "asked").exists()


@pytest.mark.long
def test_no_room_for_files_is_told(coqc, tmp_path):
    """Of the file that coqc reads, and of those that are kept: none of these is left, nor half of one."""
    coqc(AXIOMS)
    written = f"""
import resource
from pathlib import Path
from rac_theory.proofs.coq.kernel import ask, keep
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
texts, folder = {{"T1": "x", "T2": 2000 * "x"}}, Path({str(tmp_path)!r})
for act in (lambda: [*ask({{"T2": texts["T2"]}})], lambda: keep(texts, folder)):
    try:
        act()
    except OSError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", written], capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert first == "coqc said nothing of T2: [Errno 27] File too large"
    assert second == f"[Errno 27] {str(tmp_path)!r} cannot be written: File too large"
    assert [path.name for path in tmp_path.iterdir()] == ["bin"]


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (signal.SIGINT, 130),
        pytest.param(signal.SIGTERM, 143, marks=pytest.mark.long),
        pytest.param(signal.SIGKILL, -signal.SIGKILL, marks=pytest.mark.long),
    ],
)
def test_no_coqc_outlives_who_asked(number, status, coqc, tmp_path):
    """By how a command ends: would catch a coqc that goes on, a folder of it, and half of the files."""
    pid = f"{tmp_path}/pid"
    coqc("", "", f'echo $$ > "{pid}.part" && /bin/mv "{pid}.part" "{pid}"; exec /bin/sleep 60')
    (tmp_path / "out").mkdir()
    (tmp_path / "tmp").mkdir()
    words = ["-m", "rac_theory", "prove", "T2", "T1", "T3", "--kernel", "coq", "--out", str(tmp_path / "out")]
    how = {"env": os.environ | {"TMPDIR": str(tmp_path / "tmp")}, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, *words], start_new_session=True, **how) as process:
        _until(lambda: (tmp_path / "pid").exists())
        coq = int((tmp_path / "pid").read_text())
        assert _runs(coq)
        os.killpg(process.pid, number)  # as a terminal does, which tells all that run in it
        _, error = process.communicate(timeout=60)
    assert process.returncode == status
    assert error.strip() == ("interrupted" if status > 0 else "")
    _until(lambda: not _runs(coq))
    _until(lambda: not [*(tmp_path / "tmp").iterdir()])
    assert [*(tmp_path / "out").iterdir()] == []


@pytest.mark.long
def test_a_signal_that_another_thread_was_given_is_heard(coqc, tmp_path):
    """The system chooses the thread that it wakes: would catch a first one that waits on until coqc has ended."""
    coqc("", "", f'echo > "{tmp_path}/asked"; exec /bin/sleep 60')
    written = f"""
import signal, threading, time
from pathlib import Path
from rac_theory.base import heard_once
from rac_theory.proofs.coq.kernel import ask
def signals():
    while not Path({f"{tmp_path}/asked"!r}).exists():
        time.sleep(0.02)
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)
threading.Thread(target=signals).start()
begun = time.monotonic()
try:
    with heard_once():
        [*ask({{"T2": "x", "T3": "x"}})]
except KeyboardInterrupt:
    print(time.monotonic() - begun < 30)
"""
    done = subprocess.run([sys.executable, "-c", written], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def _runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text() if Path("/proc/self").exists() else True


def _until(what):
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_command_ends_with_1_where_one_is_refused(coqc, capsys, tmp_path):
    coqc("", "Error: no", "exit 1")
    assert main(["prove", "T1", "T2", "--kernel", "coq", "--out", str(tmp_path / "files")]) == 1
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["T1", "T2"]
    assert (tmp_path / "files" / "T2.v").read_text() == prove("T2").coq()
    coqc(AXIOMS)
    assert main(["prove", "T1", "T3", "T7", "--kernel", "coq"]) == 0
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.endswith("accepted for every T, from f, the draw and the step; no axiom but those of the real numbers")
    assert "accepted for every T, from what is granted of a step; no axiom" in second
    assert "from what is granted of a step, variances bounded at each W; no axiom" in third


def test_theorems_of_one_id_are_not_taken_for_one(coqc, tmp_path, monkeypatch, capsys):
    """Would catch that of two the second alone is asked about."""
    coqc(AXIOMS)
    (tmp_path / "of_mine.py").write_text("import dataclasses, rac_theory.theorems as t\nT=dataclasses.replace(t.T2)")
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["prove", "T2", "of_mine:T", "--kernel", "coq"]) == 2
    assert "theorems must have ids of their own for Coq, got several with 'T2'" in capsys.readouterr().err
    assert main(["prove", "T2", "T2", "--kernel", "coq"]) == 0


def test_without_coq_a_sentence_says_how_to_get_it(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    raises(NoCoq, "apt-get install --no-install-recommends coq", lambda: [*ask({"T2": ""})])
    assert main(["prove", "T2", "--kernel", "coq"]) == 2
    assert "coqc is not installed" in capsys.readouterr().err
    assert main(["prove", "T2", "--out", str(tmp_path)]) == 2
    assert "out must not be given without --kernel coq" in capsys.readouterr().err


def test_what_coq_is_told_of_a_step_is_what_the_checker_is_told():
    """Of W - W* and of what is kept, each said twice. Catches a sign in one of the tables, which Coq alone had seen."""

    def off(said, told):
        return [read(share) for share in (said - told).parts.values() if not read(share).is_zero]

    for about, then in STEPS.items():
        assert off(then, V + move_of(about).by) == [], about
    for about, (_, kept, then, _) in MEMORY.items():
        assert [off(kept, memory_of(about)[0]), off(then, memory_of(about)[1])] == [[], []], about
