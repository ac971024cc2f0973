"""Proofs as plain text: the independent checker accepts all of ours, and refuses each file that says something else."""

import ast
import random
import re
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from functools import cache
from itertools import permutations
from pathlib import Path
from string import Template

import pytest

from rac_theory import prove
from rac_theory.algebra import definitions_in, symbols_of
from rac_theory.commands.cli import main
from rac_theory.proofs import checker, facts
from rac_theory.proofs.checker import NotAProof, Refused, check
from rac_theory.proofs.drawn import drawn_in
from rac_theory.proofs.export import _letters, _support, exported
from rac_theory.proofs.rules import Rule
from rac_theory.statements.symbols import eta, gamma
from rac_theory.theorems import T1, T2, E
from rac_theory.theorems.ours import STORED
from tests.as_one_test import as_one_test

CHECKER = Path(checker.__file__)
TOKEN, SIGNS = re.compile(r"[()]|[^\s()]+"), ["<=", "<", "+", "-", "*", "/"]


@cache
def file_of(id):
    return exported(prove(id))


@cache
def checked(id):
    return check(file_of(id))


def twice_as_fast():
    """The file of T2 with a rate that is false."""
    return file_of("T2").replace("(- (* gamma mu lambda_min))) T)", "(- (* 2 gamma mu lambda_min))) T)")


def meaning(file):
    """What a file proves: the claim, what its names stand for, and what it rests on."""
    fact, times = file.end
    return file.about, file.claim, dict(file.reader.names), fact.by | times.by


@pytest.mark.long
def test_all_are_accepted_in_time():
    """The issue allows 30 s of all, and one is here what they take. Each rests on what the kernel says it does: catches
    a fact whose assumptions are forgotten in the table, or in the kernel.
    """
    assert len([file_of(id) for id in STORED]) == 59
    begun = time.process_time()
    assert [checked(id).id for id in STORED] == [*STORED]
    assert time.process_time() - begun < 30
    for id in STORED:
        proof, by = prove(id), {each for fact in checked(id).end for each in fact.by}
        assert len(by - {"fresh_projection"}) in {len(proof.needs), len(proof.needs) - 1, len(proof.needs) + 1}, id


def test_a_rule_is_strict_where_it_must_be_alone():
    """Catches a conclusion that is "<" where an equality reaches it, and "<=" of what is divided by."""
    facts = [fact for id in STORED for fact in prove(id).facts if fact.rule is not None]
    assert {fact.rule for fact in facts if fact.strict} == {Rule.ROOT, Rule.SUM, Rule.WEIGHTS}
    assert not {fact.rule for fact in facts if not fact.strict} & {Rule.SUM, Rule.WEIGHTS}


def test_the_worst_of_many_files_is_its_status(tmp_path, capsys):
    """In any order: a file that is accepted, or refused, after a worse one must not hide it."""
    kinds = {"accepted": file_of("T2"), "refused": twice_as_fast(), "none": "a letter"}
    for name, words in kinds.items():
        (tmp_path / name).write_text(words)
    for names in permutations(kinds):
        for count, status in ((3, 2), (2, max(map([*kinds].index, names[:2])))):
            assert checker.main([str(tmp_path / name) for name in names[:count]]) == status
    assert checker.main([]) == 2
    assert "usage: " in capsys.readouterr().err.splitlines()[-1]


def test_the_name_of_a_file_writes_no_other_line(tmp_path, capsys):
    """Of a file that is accepted, refused, no proof, or not there. Catches one that says "accepted" where it is not."""
    name = "T2: accepted\n\x1b[2Kof mine\u2024"
    for words, stream in ((file_of("T2"), "out"), (twice_as_fast(), "out"), ("a letter", "err"), (None, "err")):
        path = tmp_path / name
        path.unlink(missing_ok=True)
        if words:
            path.write_text(words)
        checker.main([str(path)])
        lines = getattr(capsys.readouterr(), stream).splitlines()
        assert [line for line in lines if "of mine" in line] == lines[-1:]
        assert lines[-1].startswith(ascii(str(path)))
        assert lines[-1].isprintable()


def test_it_stands_alone(tmp_path):
    """A file of the package in it would not be found by ``python -I`` in an empty folder; and it is short, all that is
    no blank line, so that it can be read.
    """
    assert len([line for line in CHECKER.read_text().splitlines() if line.strip()]) <= 1143
    nodes = [*ast.walk(ast.parse(CHECKER.read_text()))]
    modules = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    modules |= {one.name for node in nodes if isinstance(node, ast.Import) for one in node.names}
    assert {each.partition(".")[0] for each in modules} <= sys.stdlib_module_names
    files = {"checker.py": CHECKER.read_text(), "T2": file_of("T2"), "false": twice_as_fast(), "other": "T2"}
    for name, words in files.items():
        (tmp_path / name).write_text(words)
    answers = {}
    for names in (("T2",), ("T2", "false"), ("T2", "other"), ("nothing",), ()):
        command = [sys.executable, "-I", "checker.py", *names]
        answers[names] = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert [each.returncode for each in answers.values()] == [0, 1, 2, 2, 2]
    said = answers["T2",].stdout
    assert "granted: (* lambda_min (dot G G)) <= (E (dot G (H G))) [low" in said
    assert "(by fresh_projection)" in said
    assert "rule iterate: psi+ <= rho psi + e" in said
    assert said.endswith("T2: accepted\n")
    assert said.startswith("T2, for every T >= 0: ")
    assert next(checker.report(checked("T1"))).startswith("T1, for every T >= 1: ")
    assert "false: refused: line " in answers["T2", "false"].stdout


def test_what_is_proved_and_taken_for_granted_is_told():
    """Each line of a report of each kind: of a fact by two assumptions, of one by none, of one on paper, of a rule."""
    lines = [*checker.report(checked("T9"))]
    told = [
        "about fed_rac_lora; given smooth_components: each component or client has a gradient with Lipschitz constant",
        "where Gamma is (* eta K)",
        "granted: 0 < K [count K: A count]",
        "granted: turned <= (* L_max moved) [local_smooth: H does not lengthen, the gradient is Lipschitz]"
        " (by fed_rac_lora, smooth_components)",
        "granted: a_K < 1 [a_below_1: A mean of powers below an integral, a lemma on paper: t9]"
        " (by (* eta K L_max) <= 1, smooth_components)",
        "rule mean: what is true of each draw is true on average",
    ]
    assert [one for one in told if f"\n  {one}" not in "\n".join(lines)] == []
    heads = [re.split(r"[ :,]", line.strip())[0] for line in lines]
    assert [(head, heads.count(head)) for head in dict.fromkeys(heads)] == [
        *(("T9", 1), ("where", 3), ("about", 1), ("granted", 27), ("rule", 4))
    ]
    assert lines[1:4] == sorted(lines[1:4])
    assert "; zeta_squared is known, unless K = 1" in lines[4]


def test_a_changed_file_is_refused_or_says_the_same():
    """Some 240 changes of one token, or of lines: a number, sign, name or operation, a line left out or moved."""
    rng = random.Random(45)
    refused = 0
    for _ in range(240):
        id = rng.choice([*STORED])
        lines = file_of(id).splitlines()
        changed = mutated(lines, rng)
        try:
            *says, by = meaning(check("\n".join(changed)))
        except (Refused, NotAProof):
            refused += changed != lines
            continue
        *said, rests = meaning(checked(id))
        assert says == said, changed
        given, before = ({line for line in each if line.startswith("given")} for each in (changed, lines))
        assert by <= rests or given <= before, changed
    assert refused > 192


def mutated(lines, rng):
    lines, k = list(lines), rng.randrange(1, len(lines))
    match rng.choice(["token", "token", "number", "sign", "without", "swapped"]):
        case "without":
            del lines[k]
        case "swapped":
            j = rng.randrange(1, len(lines))
            lines[k], lines[j] = lines[j], lines[k]
        case "number":
            lines[k] = one_changed(lines[k], r"\d+", lambda word: str(int(word) + rng.choice([1, 2])), rng)
        case "sign":
            lines[k] = one_changed(lines[k], r"[<>]=?|[-+*/]|\^", lambda word: rng.choice(SIGNS), rng)
        case "token":
            every = [word for line in lines for word in TOKEN.findall(line) if word not in "()"]
            lines[k] = one_changed(lines[k], r"[^()]+", lambda word: rng.choice(every), rng)
    return lines


def one_changed(line, pattern, change, rng):
    """A line with one token changed that is of a kind."""
    places = [match for match in TOKEN.finditer(line) if re.fullmatch(pattern, match.group())]
    if not places:
        return line
    match = rng.choice(places)
    return line[: match.start()] + change(match.group()) + line[match.end() :]


def by_hand(*lines, about="rac_lora_exact", given=(), claim="(<= 0 1)", before=(), end="proof 1 times 1"):
    """A file with facts that are numbered here."""
    head = ["rac-theory proof 1", "theorem mine", f"about {about}", *before, *(f"given {each}" for each in given)]
    return "\n".join([*head, f"claim {claim}", *(f"fact {n} {line}" for n, line in enumerate(lines, 1)), end])


def last(*lines, **more):
    """Check facts: only the end of the file may be refused, as it may prove nothing."""
    text = by_hand(*lines, **more)
    try:
        check(text)
    except Refused as wrong:
        if not str(wrong).startswith(f"line {len(text.splitlines())}: "):
            raise


def denied(lines, match=None):
    with pytest.raises(Refused, match=match):
        check("\n".join(lines))


def refused(*lines, match, **more):
    denied([by_hand(*lines, **more)], match)


def decided(is_right, *lines, match, **more):
    """Check facts that are right, or that are refused."""
    last(*lines, **more) if is_right else refused(*lines, match=match, **more)


ONE, ZERO = "granted number : (< 0 1)", "rule sign : (<= 0 0)"
LOW, GAMMA = "granted lambda_min : (<= 0 lambda_min)", "granted step_size gamma : (< 0 gamma)"
KNOWN, GAP = "granted sigma_known : (<= sigma_W sigma_squared)", "granted gap_is_positive gap0 : (<= 0 gap)"


@as_one_test("name", list(checker._TABLE))
def test_each_schema_says_what_it_says_and_no_more(name):
    """A granted fact that a file strengthens by a tenth, or turns around."""
    head, _, stated, *_ = checker._TABLE[name]
    parameters = [word.split(":") for word in head.split()[1:]]
    choices, numbers = {"vector": ["+", "G", "V"], "fixed": "V", "steps": "rac_lora_exact"}, iter(("2", "3"))
    values = [next(numbers) if kind == "constant" else choices.get(kind, kind.split(",")[0]) for _, kind in parameters]
    places = {key: checker.text(value) for (key, _), value in zip(parameters, values, strict=True)}
    if "$step" in stated:
        step = [*map(checker.text, checker.nodes(checker.STEPS["rac_lora_exact"])), "gap", "G"]
        places |= dict(zip(("L", "smooth", "to", "step", "gap", "G"), step, strict=True))
    low, sign, high = map(checker.text, checker.nodes(Template(stated).substitute(places)))
    head = f"granted {' '.join(map(checker.text, [name, *values]))}"
    about = "rac_lora_root_steps" if name == "root_falls" else "rac_lora_harmonic_steps"
    signs = (
        *("granted step_size eta : (< 0 eta)", GAMMA, "granted count N : (< 0 N)", "granted count K : (< 0 K)"),
        *("assume smooth : (< 0 L)", "assume smooth_components : (< 0 L_max)", "assume structured_noise : (<= 0 A)"),
        *("granted lambda_max : (<= 0 lambda_max)", f"granted offset {about} : (< 0 t_0)"),
    )
    names = [f"name {key} {meaning}" for key, meaning in checker.NAMES.items()]
    more = {"given": ("smooth", "smooth_components", "structured_noise"), "about": about, "before": names}
    last(*signs, f"{head} : ({sign} {low} {high})", **more)
    refused(*signs, f"{head} : ({sign} {low} (- {high} 1/10))", match="what is computed|may be|no number", **more)
    refused(*signs, f"{head} : ({sign} {high} {low})", match="what is computed|no number", **more)
    if sign == "<=":
        refused(*signs, f"{head} : (< {low} {high})", match="may be equal", **more)


@as_one_test(
    ("line", "match"),
    [
        ("granted low g : (<= (* lambda_min (dot g g)) (E (dot g (H g))))", "not drawn"),
        ("granted low (H G) : (<= (* lambda_min (dot G (H G))) (E (dot G (H G))))", "not drawn"),
        ("granted low (* gap_next G) : (<= 0 1)", "must not depend"),
        ("granted low (+ G g) : (<= 0 1)", "not drawn"),
        ("granted high (- (H V) V) : (<= 0 1)", "not drawn"),
        ("granted low gap : (<= 0 1)", "no vector"),
        ("granted square (* (sqrt -1) G) : (<= 0 (- (dot G G)))", "under a root"),
        ("granted maximum (sqrt -1) 0 : (<= (sqrt -1) (max (sqrt -1) 0))", "under a root"),
        ("granted step_size mu : (< 0 mu)", "must be one of"),
        ("granted count t : (< 0 t)", "must be one of"),
        ("granted unbiased rac_lora_exact : (<= (E (dot G (H G))) (E (dot G (H g))))", "must be one of"),
        ("granted mu_below_L L : (<= mu L)", "no schema"),
        ("granted anything : (<= 0 -1)", "no schema"),
        ("granted s_K_sign : (<= 0 s_K)", "s_K must not be in"),
    ],
)
def test_a_wrong_substitution_is_refused(line, match):
    """E[H] bounds forms at vectors that are not drawn; a name that facts are about must be defined as they are."""
    refused(line, match=match)


def test_a_fact_rests_on_what_it_needs():
    """T17 about GaLore with the smallest eigenvalue of E[H], and each file without one of what it uses."""
    for id in ("T2", "T3", "T5_step", "T9d_sharp", "T12_pl", "T19_pl", "T20"):
        lines, file = file_of(id).splitlines(), checked(id)
        rests = {checker.said(each) for fact in file.end for each in fact.by}
        given = [line for line in lines if line.startswith("given ")]
        assert len(given) == len(file.given)
        for line, of in zip(given, file.given, strict=True):
            if checker.said(of) in rests:
                denied(each for each in lines if each != line)
        galore = file_of(id).replace(f"\nabout {file.about}\n", "\nabout galore_exact\n")
        denied([galore], r"not assumed|is not known of galore_exact")


ATTACKS = {
    "an inner index that is captured": (
        "(<= (sum k K (sum j T (* k (^ mu j)))) (sum k K (sum j T (* k (^ mu k)))))",
        "what is proved",
    ),
    "an index with the name of a constant": ("(<= 0 (sum mu T mu))", "no expression"),
    "the root of a negative number": ("(<= 0 (+ 2 (^ (sqrt -1) 2)))", "under a root"),
    "what may be divided by zero": ("(<= 0 (* mu (/ 1 mu)))", "divided by"),
    "an empty sum that is divided by": ("(<= 0 (sum k K (* (powers mu 1 k) (/ 1 (powers mu 1 k)))))", "divided by"),
    "a choice by what is undefined": ("(<= 0 (if (<= (^ (sqrt -1) 2) 0) 1 0))", "under a root"),
    "an exponent that may be negative": ("(<= 0 (^ mu (- T 1)))", "exponent"),
    "an exponent that is not whole": ("(<= 0 (^ mu lambda_min))", "exponent"),
    "a number of terms that is not whole": ("(<= 0 (sum k lambda_min k))", "number of terms"),
    "a power of a power": ("(<= 0 (^ 10 (^ 10 10)))", "exponent is"),
    "powers of powers of powers": ("(<= 0 (^ (^ (^ (^ 9 60) 60) 60) 60))", "bits"),
    "many terms": ("(<= 0 (^ (+ mu L s gamma eta delta nu A C D) 60))", "terms"),
    "5,000 levels": ("(<= 0 " + "(- " * 5000 + "1" + ")" * 5000 + ")", "deep"),
    "a drawn number in a claim": ("(<= gap 1)", "gap must not be in"),
    "a step in a claim": ("(<= 0 t)", "t must not be in"),
}


@as_one_test(("claim", "match"), ATTACKS.values(), ids=ATTACKS)
def test_a_claim_that_is_false_or_undefined_is_refused_at_once(claim, match):
    """Each broke a first kernel, or could: undefined somewhere, captured, or too large to be read."""
    begun = time.process_time()
    refused(ONE, claim=claim, match=match)
    assert time.process_time() - begun < 5


def test_an_exponent_may_be_less_than_a_count_that_is_given():
    """``T - 1`` is a count where T >= 1 is given, and the granted T > 0 is not enough."""
    count, given = "granted count T : (< 0 T)", "assume (>= T 1) : (<= 1 T)"
    power = "rule sign {} : (<= 0 (^ lambda_min (- T 1)))"
    last(LOW, given, power.format("1 2"), given=["(>= T 1)"])
    refused(LOW, count, power.format("1 2"), match="exponent")


MINUS, ANY_b = "(<= 0 -1)", {"before": ["letter b number"]}


def test_what_proved_false_claims_before_is_refused():
    """Each chain of facts ends in a falsehood that a kernel accepted, or would without one side condition."""
    # -1 >= 0 of the kernel of 29 November, by a square, by cases, by a region in which all is divided by zero.
    refused("rule sign : (<= 0 (^ (sqrt -1) 2))", f"sum (1 1) : {MINUS}", match="under a root")
    refused("assume (<= (sqrt -1) 0) : (<= (sqrt -1) 0)", match="under a root")
    refused("assume (>= (sqrt A) A 0) : (<= 0 A)", given=["(>= (sqrt A) A 0)"], match="under a root")
    zero = "assume structured_noise : (<= 0 A)", "assume (<= A 0) : (<= A 0)"
    square = "rule sign : (<= 0 (^ (/ 1 A) 2))", f"sum (1 1 2 3) : {MINUS}"
    refused(*zero, *square, given=["structured_noise", "(<= A 0)"], match="divided by")
    # What is put in the place of any number is one: 0 <= -1 was accepted of nothing, by a fact or by what is asked.
    of_b, at_root = "rule sign : (<= 0 (^ b 2))", "rule instance (b (sqrt -1))"
    refused(of_b, f"{at_root} 1 : {MINUS}", match="under a root", **ANY_b)
    asked = "assume (<= (^ b 2) -1) : (<= (^ b 2) -1)"
    refused(asked, of_b, f"sum (1 1) (1 2) : {MINUS}", ZERO, f"{at_root} 3 4 : {MINUS}", match="under a root", **ANY_b)
    # A sum of -1 powers: a letter that stands for any number is no count, and one that does is never negative.
    negative = ONE, "assume (<= b 0) : (<= b 0)"
    powers = "sum (1 1) (1 2) : (< 0 (- 1 b))", "rule sign 3 : (<= 0 (powers (- 1 b) 0 (- b 1)))"
    refused(*negative, *powers, match="count", **ANY_b)
    half = "rule sign 1 : (<= 0 (^ 2 b))", "rule instance (b -1) 3 : (<= 0 1/2)"
    refused(*negative, *half, before=["letter b whole"], match="any such number")
    # What is true at one t is not true at each.
    harmonic = "rac_lora_harmonic_steps"
    early = f"granted offset {harmonic} : (< 0 t_0)", "assume (<= t 0) : (<= t 0)"
    refused(*early, about=harmonic, match="t must not be in")
    time = "granted time rac_lora_root_steps : (<= 0 t)"
    refused(time, "rule instance (t -1) 1 : (<= 0 -1)", match="any such number")
    # A number that is put below a sum is not the index of it.
    of_sum = ONE, "assume (<= 1 b) : (<= 1 b)", "sum (1 2) : (<= 0 (- (+ (sum k K b) b) (+ (* K b) 1)))"
    at_k = "assume (<= 1 k) : (<= 1 k)", "rule instance (b k) 3 4 : (<= 0 (- (+ (sum i K i) k) (+ (* K k) 1)))"
    refused(*of_sum, *at_k, before=["letter b number", "letter k number"], match="what is computed")
    # What is true on average is not multiplied by what depends on W.
    refused(KNOWN, GAP, "sum (1 1 2) : (<= 0 (* gap (- sigma_squared sigma_W)))", match="on average")
    refused(ONE, f"sum (-1 1) : {MINUS}", match="positive number of times")
    refused(ONE, "sum (1 /2) : (< 0 1)", match="earlier fact")
    refused(LOW, "sum (1 /1) : (<= 0 (/ 1 lambda_min))", match="divided by")
    refused(ONE, "sum (1 1) : (< 0 2)", match="what is computed")


def test_each_rule_refuses_another_conclusion():
    """In each line that follows by a rule, what is concluded is made larger, smaller, and strict; its facts change."""
    tried = set()
    weaker = (replace(ours, id="twice", claim=E(ours.metric) <= 2 * ours.claim.bound) for ours in (T1, T2))
    for text in (*map(file_of, STORED), *(exported(prove(theorem)) for theorem in weaker)):
        lines = text.splitlines()
        for k, line in enumerate(lines):
            match = re.match(r"(fact \d+ rule (\w+) )(.*)( : )\((<=?) (.*)\)$", line)
            if match is None or len([one for one in tried if one[0] == match[2]]) > 2:
                continue
            head, rule, arguments, colon, sign, sides = match.groups()
            tried.add((rule, text))
            _, low, high = map(checker.text, checker.nodes(f"({sign} {sides})")[0])
            wrong = [f"(<= {low} (- {high} (/ 1 (+ 1 T))))", f"(<= (+ {low} (* 1/9 lambda_min)) {high})"]
            if rule != "sign":
                numbers = arguments.split()
                wrong += [f"(<= {high} {low})", *[f"(< {low} {high})"] * (rule in checker._RULES)]
                for i, word in enumerate(numbers):
                    other = {"gap0": "distance0", "square_at": "scaled_at", "H": "m"}.get(word)
                    if other:
                        changed = " ".join([*numbers[:i], other, *numbers[i + 1 :]])
                        denied([*lines[:k], f"{head}{changed}{colon}({sign} {sides})"])
            for each in wrong:
                denied([*lines[:k], f"{head}{arguments}{colon}{each}", *lines[k + 1 :]])
    assert {rule for rule, _ in tried} == {*checker._RULES, *checker.BY_HAND}


def test_a_weaker_claim_follows_from_signs():
    """``lasting`` and ``squares``: of the wrong quantity, turned round, and of what may be negative."""
    square, ahead = "granted square G : (<= 0 (dot G G))", "granted square Gx : (<= 0 (dot Gx Gx))"
    last(GAP, "rule lasting gap0 1 : (<= 0 (- f_T f_star))", given=["(known gap0)"])
    refused(GAP, "rule lasting gap0 1 : (<= 0 (- f_star f_T))", match="what is computed")
    refused(GAP, "rule lasting gap0 1 : (< 0 (- f_T f_star))", match="may be equal")
    last("granted maximum t 1 : (<= t (max t 1))")
    refused(GAP, "rule lasting distance0 1 : (<= 0 D_T)", match="END must be")
    last(ONE, square, "rule squares square_at 1 2 : (<= 0 (sum t T (square_at t)))")
    refused(ONE, square, "rule squares square_at 1 2 : (<= 0 (- (sum t T (square_at t)) 1))", match="what is computed")
    for other in ("scaled_at", "beside_at", "norm_at"):  # which are of other vectors, or of a norm
        refused(ONE, square, f"rule squares {other} 1 2 : (<= 0 (sum t T ({other} t)))", match="SQUARES must be")
    last(ONE, ahead, "rule squares beside_at 1 2 : (<= 0 (sum t T (beside_at t)))")
    refused(ONE, ahead, "rule squares square_at 1 2 : (<= 0 (sum t T (square_at t)))", match="SQUARES must be")
    refused(square, square, "rule squares square_at 1 2 : (<= 0 (sum t T (square_at t)))", match="must not depend")


@as_one_test("id", ["T2", "T7d", "T9"])
def test_what_signs_are_told_by_is_about_constants(id):
    """Of letters that the proof has, fewer first: others may divide by them. Catches other facts, and another order."""
    proof = prove(id)
    support = _support(proof)
    assert not [fact for fact in support if drawn_in(fact.value) or not fact.by <= proof.theorem.holding]
    letters = {one for fact in (*proof.facts, proof.fact, proof.times) for one in _letters(fact)}
    letters |= {*symbols_of(proof.theorem.claim.relation), *definitions_in(proof.theorem.claim.relation)}
    counts = [len(_letters(fact)) for fact in support]
    assert counts == sorted(counts)
    assert {one for fact in support for one in _letters(fact)} <= letters
    assert {facts.plus[gamma if id == "T2" else eta].number, facts.one.number} <= {fact.number for fact in support}


def test_a_potential_of_what_is_not_negative_is_followed():
    """``iterate``, for psi the gap: each argument that is wrong is refused."""
    *before, ended, end = file_of("T2").splitlines()
    n = int(end.split()[1])
    head, _, claim = ended.partition(" : ")
    _, _, _, rule, start, psi, step, rho, zero, _, one, _, _ = head.split()
    assert (rule, start, psi) == ("iterate", "gap0", "gap")
    half = f"fact {n} sum (1/2 {one}) : (< 0 1/2)"

    def tried(arguments, stated=claim):
        rule = f"fact {n + 1} rule iterate {arguments} : {stated}"
        return check("\n".join([*before, half, rule, f"proof {n + 1} times {one}"]))

    # psi, step rho above below, at most what of gap and distance at W^0, and what is kept
    right = [start, psi, step, rho, zero, zero, one, zero, zero]
    assert tried(" ".join(right)).claim
    drawn = ("gap_next", "G", "(dot G G)", "(dot V (H V))", "(E gap)", "(* gap gap)", "(max gap 0)", "(+ gap 1)", "t")
    others = [("gap0_upper", "distance0"), ("0", "1", "(* 2 gap)", "(dot V V)", "(* gap (dot V V))", *drawn)]
    for i in range(len(right)):
        for other in others[i] if i < 2 else (zero, one, str(n)):
            if right[i] != other:
                with pytest.raises(Refused):
                    tried(" ".join([*right[:i], other, *right[i + 1 :]]))
    with pytest.raises(Refused, match="what is computed"):
        tried(" ".join(right), claim.replace("gap0", "(* 1/2 gap0)"))


def test_a_letter_stands_for_any_such_number_and_a_constant_for_none():
    """Else 0 < 0 followed from 0 < gamma, as 0 is a count."""
    refused(GAMMA, "rule instance (gamma 0) 1 : (< 0 0)", match="any such number")
    power = "rule sign 1 : (<= 0 (^ 2 b))"
    for number in ("3", "1/2", "mu"):
        placed = f"rule instance (b {number}) 2 : (<= 0 (^ 2 {number}))"
        decided(number == "3", ONE, power, placed, before=["letter b whole"], match="any such number")
    last("rule sign : (<= 0 (^ b 2))", "rule instance (b mu) 1 : (<= 0 (^ mu 2))", before=["letter b number"])


def test_a_relation_that_is_proved_is_not_assumed():
    """``instance``: what rests on gamma L <= 1 rests on what proves that; not on what proves less, or needs it."""
    given = ["(<= (* 2 gamma L) 1)", "smooth"]
    facts = [
        *(GAMMA, "assume smooth : (< 0 L)"),
        "assume (<= (* 2 gamma L) 1) : (<= (* 2 gamma L) 1)",
        "sum (1 3) (1 1 2) : (<= (* gamma L) 1)",
        "assume (<= (* gamma L) 1) : (<= (* gamma L) 1)",
        "sum (2 5) : (<= (* 2 gamma L) 2)",
    ]
    more = {"given": given, "claim": "(<= 0 (* gamma (- 2 (* 2 gamma L))))", "end": "proof 7 times 1"}
    last(*facts, given=given)
    high = "(<= (E (dot V (H V))) (* lambda_max (dot V V)))"  # that it is not negative is no proof that it is known
    lines = f"granted high V : {high}", "granted lambda_max : (<= 0 lambda_max)", f"rule instance () 1 2 : {high}"
    file = checker.File()
    for line in by_hand(*lines).splitlines()[1:-1]:
        file.line(*checker.nodes(line))
    assert ("known", "lambda_max") in file.facts["3"].by
    for n, match in ((4, "what is proved"), (3, "not assumed"), (1, "not assumed"), (5, "not assumed")):
        # With 4 of the claim: no assumption is left over.
        refused(*facts, f"rule instance () 6 {n} : (<= (* 2 gamma L) 2)", match=match, **more)


def test_the_command_writes_what_the_checker_accepts(tmp_path, capsys):
    """Whole or not at all; several theorems, another kernel, and a folder that is not there."""
    path = tmp_path / "T2.txt"
    assert main(["prove", "T2", "--export", str(path)]) == 0
    assert path.read_text() == file_of("T2")
    assert checker.main([str(path)]) == 0
    assert "accepted" in capsys.readouterr().out
    for arguments in (["T1", "T2"], ["T2", "--kernel", "coq"], ["T2", "--latex"]):
        assert main(["prove", *arguments, "--export", str(path)]) == 2
    assert main(["prove", "T2", "--export", str(tmp_path / "none" / "T2.txt")]) == 2
    assert path.read_text() == file_of("T2")
    assert list(tmp_path.iterdir()) == [path]


@as_one_test(
    ("given", "of", "sign"),
    [
        ("(<= mu L)", "(- L mu)", "<="),
        ("(< mu L)", "(- L mu)", "<"),
        ("(<= mu L)", "(+ (- L mu) (- L mu))", "<="),
        ("(< mu L)", "(+ (- L mu) (- L mu))", "<"),
        ("(<= mu L)", "(* L (- L mu))", None),
        ("(<= 0 (* T (- L s)))", "(- L s)", None),
        ("(<= 0 (* (^ mu 2) (- L s)))", "(- L s)", None),
        ("(< 0 (* (^ mu 2) (- L s)))", "(- L s)", "<"),
        ("(< 0 (/ (- L s) 2))", "(/ (^ mu 3) (- L s))", None),
        ("(<= 0 (- mu))", "(^ mu 2)", "<="),
        ("(<= 0 (- mu))", "mu", None),
    ],
)
def test_a_fact_says_the_sign_that_it_says(given, of, sign):
    """That of a sum by a fact about it, strictly by a strict one alone, and not by a product that may be zero.

    Catches a sum of what may be zero that is taken for positive."""
    for each in ("<=", "<"):
        facts = f"assume {given} : {given}", f"rule sign 1 : ({each} 0 {of})"
        decided(sign in (each, "<"), *facts, given=[given], match="do not say the sign|divided by")


@as_one_test(
    ("a", "b", "c", "d"), [(*one, *other) for one in permutations(["mu", "L"]) for other in permutations("sA")]
)
def test_quotients_say_nothing_of_what_is_in_them(a, b, c, d):
    """Each would say a sign by that of the other: catches facts with divisors that are asked in a circle."""
    given = [f"(< {a} {b})", f"(< {c} {d})"]
    each = [f"assume {one} : {one}" for one in given]
    both = [
        f"rule sign 1 2 : (< 0 (/ (- {x}) (- {y})))" for x, y in ((f"{b} {a}", f"{d} {c}"), (f"{d} {c}", f"{b} {a}"))
    ]
    refused(*each, *both, f"rule sign 3 4 : (< 0 (- {b} {a}))", given=given, match="do not say the sign")


SUMS = {
    "(1 1)": ("lambda_min", "<="),
    "(1 1 1)": ("(^ lambda_min 2)", "<="),
    "(1 1 3)": ("(* lambda_min gamma)", "<="),
    "(1 1 /3)": ("(/ lambda_min gamma)", "<="),
    "(1 3 /3)": ("1", "<"),
    "(2 2 3)": ("(* 2 gamma)", "<"),
    "(1/2 1) (1 3)": ("(+ (* 1/2 lambda_min) gamma)", "<"),
    "(1 3) (1/2 1)": ("(+ (* 1/2 lambda_min) gamma)", "<"),
    "(0 3)": ("0", ""),
    "(-1 1)": ("(- lambda_min)", ""),
    "(1 2 /1)": ("(/ 1 lambda_min)", ""),
    "(1 3 4)": ("(* gamma (- sigma_squared sigma_W))", "<="),
    "(1 4 5)": ("(* gap (- sigma_squared sigma_W))", ""),
    "(1 5 5)": ("(^ gap 2)", "<="),
    "(1 5 7)": ("(* gap gamma (- sigma_squared sigma_W))", ""),  # 7 is as true as 4: on average
    "(1 5 8)": ("(* gap gap)", "<="),
}


@as_one_test("products", SUMS)
def test_a_sum_is_as_strict_as_one_of_its_products(products):
    """And a product as the least of its facts; what is true on average stays so, and is not divided by or squared."""
    number, sign = SUMS[products]
    more = ["sum (1 3 4) : (<= 0 (* gamma (- sigma_squared sigma_W)))", "sum (1 5) : (<= 0 gap)"]
    facts = [LOW, ONE, GAMMA, KNOWN, GAP, "sum (1 3) : (< 0 gamma)", *more]
    for each in ("<=", "<"):
        line = f"sum {products} : ({each} 0 {number})"
        decided(sign in (each, "<"), *facts, line, match="may be equal|positive number|divided by|on average")


def test_what_is_known_at_each_t_is_known_in_a_sum_over_t():
    """Of whatever index: the sum of one over what is positive at each t is not negative."""
    offset, root = "assume (< 1 t_0) : (< 1 t_0)", "granted time rac_lora_root_steps : (<= 0 t)"
    facts = [offset, root, "sum (1 1) (1 2) : (< 0 (- (+ t t_0) 1))"]
    more = {"about": "rac_lora_root_steps", "given": ["(< 1 t_0)"]}
    for index in ("t", "i"):
        sum_ = f"(sum {index} T (/ 1 (- (+ {index} t_0) 1)))"
        last(*facts, f"rule sign 3 : (<= 0 {sum_})", **more)
        refused(*facts, f"rule sign 1 : (<= 0 {sum_})", match="do not say the sign", **more)


def test_what_is_followed_is_multiplied_by_numbers_that_stay():
    """A factor that depends on W, on a draw, or on t; a growth that may be zero; a j on which an assumption rests."""
    step, time_ = "granted gap_next_is_positive : (<= 0 gap_next)", "granted time rac_lora_root_steps : (<= 0 t)"
    j, end = "assume (<= 1 j) : (<= 1 j)", "(<= (- f_T f_star) gap0)"
    iterate, telescope = (
        f"iterate gap0 gap 1 2 1 1 1 1 1 : {end}",
        f"telescope gap0 gap square_at 0 1 2 3 4 1 1 1 1 : {end}",
    )
    refused(step, GAP, f"rule {iterate}", match="must not depend on what is drawn")
    refused(step, ZERO, f"rule {iterate}", match="must not depend on what is drawn")
    refused(step, time_, f"rule {iterate}", match="t must not be in")
    refused(time_, LOW, f"rule {iterate}", match="t must not be in")
    refused(step, LOW, ZERO, GAP, f"rule {telescope}", match="known to be positive")
    for kind in ("whole", "number"):
        refused(step, j, f"rule accumulate gap0 j 1 2 : {end}", match="every whole number", before=[f"letter j {kind}"])
    refused(step, ZERO, f"rule accumulate gap0 T 1 2 : {end}", match="every whole number")


def test_what_is_printed_is_what_is_proved():
    """A file of others may have names by which a terminal shows another line, or that look like an index."""
    for name in ("x\x1b[1A\x1b[2K", "rac_lora_ex\u0430ct", "rac_lora\u202e"):
        refused(ONE, about=name, match="printable ASCII")
    for name in ("5", "rac_lora*", "mean:"):
        decided(name == "mean:", ONE, about=name, match="is no relation|is no expression")
    file = check(
        by_hand(
            "rule sign : (<= 0 0)", ONE, claim="(<= 0 (sum k 3 (* k i0)))", before=["let i0 0"], end="proof 1 times 2"
        )
    )
    assert next(checker.report(file)).endswith("0 <= (sum 3 (* #0 i0))")


def test_each_line_has_its_place():
    """Catches what is given after facts that were made without it, and what follows after the end.

    Without its name, what it is about or its claim a file proves nothing, and it says each once.
    """
    head, *lines = file_of("T2").splitlines()
    for one in (one for one in lines if one.startswith(("theorem ", "about ", "claim "))):
        k = lines.index(one)
        for changed in ([*lines[:k], *lines[k + 1 :]], [*lines[:k], one, *lines[k:]]):
            denied([head, *changed], "not in its place")
    early = [line for line in lines if not line.startswith(("fact", "proof"))]
    late = lines[len(early) :]
    given = ["given (<= mu 1)", "letter of_mine number", "let of_mine 1", "name of_mine 1"]
    for text in (
        *([head, *early, late[0], one, *late[1:]] for one in (*early, *given)),
        *([head, *early, *late, one] for one in (*early, *given, late[-1], f"fact {len(late)} sum (1 1) : (<= 0 1)")),
        *([head, *early[:i], *early[i + 1 :], late[0], one] for i, one in enumerate(early) if one[:5] != "given"),
        [head, *early, late[-1]],
        [head, *early, late[0].replace("fact 1", "fact 2")],
    ):
        denied(text, r"not in its place|not the number")
    for claim in ("(>= 1 0)", "(<= 0 1 1)", "mu", "(= 0 0)"):
        refused(ONE, claim=claim, match="must say that one|is no relation")
    for wrong in ("(known gap)", "(known mu (= K 1) (= N 1))", "(+ mu 1)", "(<= 0 gap)"):
        refused(ONE, given=[wrong], match="must not be in|is no relation|is no expression")


@as_one_test(
    ("given", "says"),
    [
        ("(< mu L)", ["(< mu L)"]),
        ("(<= mu L)", ["(<= mu L)"]),
        ("(> mu L)", ["(< L mu)"]),
        ("(>= mu L)", ["(<= L mu)"]),
        ("(= mu L)", ["(<= mu L)", "(<= L mu)"]),
        ("(< mu s L)", ["(< mu s)", "(< s L)"]),
        ("(known mu)", ["(<= 0 mu)"]),
        ("polyak_lojasiewicz", ["(< 0 mu)"]),
        ("structured_noise", ["(<= 0 C)"]),
    ],
)
def test_an_assumption_says_no_more_than_it_says(given, says):
    """Catches a side for the other, and less for at most, from either side and in a chain."""
    pairs = ("mu L", "L mu", "mu s", "s mu", "s L", "L s", "0 mu", "mu 0", "0 C", "C 0")
    for statement in (f"({sign} {pair})" for pair in pairs for sign in ("<", "<=")):
        decided(statement in says, f"assume {given} : {statement}", given=[given], match="not what is assumed")
    match = "must not be in|not given" if "(" not in given else "not assumed|given"
    refused(f"assume {given} : {says[0]}", match=match)


def test_what_is_no_file_of_this_version_is_no_proof_and_one_with_roots_is_known():
    """Whichever way roots come in: where they are, sums of powers have no closed form."""
    for text in ("", "a letter", by_hand(ONE).replace("proof 1", "proof 2", 1)):
        with pytest.raises(NotAProof):
            check(text)
    assert not check(by_hand(ONE)).reader.has_roots
    for text in (by_hand(ONE, before=["let of_mine (sqrt 2)"]), by_hand(ONE, about="rac_lora_root_steps")):
        assert check(text).reader.has_roots
    refused(ONE, "rule cases (<= (sqrt -1) 0) 1 1 : (< 0 1)", match="under a root")


def test_a_proof_ends_in_its_claim_times_what_is_positive():
    """Zero times any claim is true, and what may be equal is not less."""
    times = "sum (1 2 3) : (<= 0 (* lambda_min gamma))"
    for end, claim, match in (
        ("proof 1 times 1", "(<= 0 lambda_min)", "what is proved"),
        ("proof 2 times 2", "(<= 0 1)", "known to be positive"),
        ("proof 4 times 2", "(<= 0 gamma)", "known to be positive"),
        ("proof 3 times 1", "(< 0 gamma)", "must be <="),
        ("proof 4 times 3", "(<= 0 lambda_min)", ""),
        ("proof 2 times 1", "(<= 0 lambda_min)", ""),
    ):
        with pytest.raises(Refused, match=match) if match else nullcontext():
            assert check(by_hand(ONE, LOW, GAMMA, times, claim=claim, end=end)).claim == checker.parsed(claim)


def test_a_name_does_not_take_the_place_of_another():
    """``instance`` once put a number in the place of ``smooth`` among what a fact rests on, and so proved it.

    Nor is a name taken, or s_K another formula, of which a granted fact would be false.
    """
    refused(ONE, before=["name s_K (- 1)"], match="s_K is another number")
    for line in ("let mu 1", "let T 1", "let gap 1", "letter L whole", "let sum 1", "let t 1"):
        refused(ONE, before=[line], match="cannot be the name")
    for name in checker.NAMES:  # 0 <= s_N was granted of it, and so by ``instance`` of -1
        refused("granted s_sign : (<= 0 s_N)", before=[f"letter {name} number"], match="no line of a proof")
    facts = [
        "granted mu_below_L : (<= mu L)",
        *("rule instance (smooth 1) 1 : (<= mu L)", "rule instance (polyak_lojasiewicz 1) 2 : (<= mu L)"),
        ONE,
    ]
    more = {"before": ["letter smooth number", "letter polyak_lojasiewicz number"], "claim": "(<= mu L)"}
    for n in (1, 2, 3):
        refused(*facts, end=f"proof {n} times 4", match=r"not assumed: polyak_lojasiewicz.*; smooth", **more)
