"""What is laid out: the product of what is named, and what has no room."""

from itertools import product

import pytest

from rac_theory.algorithms import GaLore, LayeredRACLoRA
from rac_theory.base.extras import MissingExtra
from rac_theory.ledger import default_problems, theorem_settings
from rac_theory.ledger import layout as laying_out
from rac_theory.ledger.default_problems import DEFAULT_PROBLEMS, DefaultProblem
from rac_theory.ledger.ensemble import Key
from rac_theory.ledger.layout import Axes, Grid, lay_out
from rac_theory.ledger.running import plan
from rac_theory.ledger.theorem_settings import SETTINGS
from rac_theory.problems import Quadratic
from rac_theory.theorems import ALL, convex
from tests.as_one_test import as_one_test

SHAPES = {"quadratic": (5, 3), "diabetes": (10, 1), "linnerud": (3, 3)}
FINITE_SUMS = ("diabetes", "linnerud")


def test_what_is_named_is_tried_wherever_there_is_room():
    """Against a loop over everything that asks of each case by itself whether it can be: order, numbers and notes."""
    ranks, sides, sketches, seeds = (4, 1, 3), ("right", "both", "left"), ("haar", "gaussian"), (7, 2)
    settings = {"noisy": ("T6",), "bernoulli": ("T1", "T2"), "minibatch": ("T6",), "0.5/L": ("T1", "T2")}
    keys, notes = [], []
    for problem, (m, n) in SHAPES.items():
        for setting in settings:
            if setting == "minibatch" and problem not in FINITE_SUMS:
                notes.append(f"{problem}: minibatch is left out, the problem is no finite sum")
                continue
            for side in sides:
                if (side == "both") != (setting == "bernoulli"):
                    continue
                dim = {"left": m, "right": n, "both": min(m, n)}[side]
                if dim == 1:
                    notes.append(f"{problem}: side='{side}' is left out, a sketch of dimension 1 is the identity")
                    continue
                notes += [f"{problem}, {side}: rank must be in 1..dim={dim}, got {r}" for r in ranks if r > dim]
                fitting = [r for r in ranks if r <= dim]
                keys += [Key(problem, s, side, r, setting, seed) for r, s, seed in product(fitting, sketches, seeds)]
    grid = Grid(("T6", "T1", "T2"), tuple(SHAPES), sketches, ranks, sides, tuple(settings), seeds=seeds, runs=8)
    layout = lay_out(Axes(grid))
    assert [cell.key for cell in layout.cells] == keys
    assert layout.notes == tuple(dict.fromkeys(notes))
    assert [cell.number for cell in layout.cells] == list(range(len(keys)))
    rows = [row for cell in layout.cells for row in cell.claims]
    assert rows == list(enumerate((claim for key in keys for claim in settings[key.setting]), 1))
    assert layout.level.lambda_alpha == 1e-3 / 2 / len(rows)
    assert {cell.runs for cell in layout.cells} == {8}


@as_one_test(
    "named",
    [
        {},
        {"claims": ("all",)},
        {"claims": ("T9", "T2"), "sides": ("both", "left")},
        {"sides": ("both",), "ranks": (2,)},
        {"claims": ("T12_gaussian",), "runs": 3, "steps": 2, "alpha": 0.01},
        {"sketches": ("haar", "haar"), "claims": ["T1"]},
        {"settings": ("coordinate descent", "bernoulli")},
    ],
)
def test_without_settings_the_usual_claims_are_tried(named):
    """At the steps, runs and level that are named. Catches an axis that is not handed on."""
    layout = Grid(**{"problems": ("quadratic", "diabetes"), **named}).layout
    assert all(claim in SETTINGS[cell.key.setting].usual_claims for cell in layout.cells for _, claim in cell.claims)
    assert (layout.level.steps, layout.level.alpha) == (named.get("steps"), named.get("alpha", 1e-3))
    assert {cell.runs for cell in layout.cells} <= ({named["runs"]} if "runs" in named else {256})


def test_a_coin_is_for_who_names_a_claim_a_setting_or_both_sides():
    """By hand: the usual choice leaves it out, and so does a side that is named."""
    few = {"problems": ("quadratic",), "sketches": ("haar",), "ranks": (1,)}
    for choice, settings in (
        ({}, {"1/L", "1.5/L"}),
        ({"claims": ("T1",)}, {"1/L", "bernoulli"}),
        ({"settings": ("bernoulli", "1/L")}, {"1/L", "bernoulli"}),
        ({"sides": ("both",)}, {"bernoulli"}),
        ({"claims": ("T1",), "sides": ("left",)}, {"1/L"}),
    ):
        assert {cell.key.setting for cell in lay_out(Axes(Grid(**few, **choice))).cells} == settings


def test_a_setting_that_is_named_is_tried_for_what_it_is_for():
    """The usual claims where it serves any, else all of its own; where claims are named, these alone."""

    def tried(*settings, **choice):
        few = {"problems": ("quadratic",), "ranks": (1,), "sides": ("left",), "sketches": ("coordinate",)}
        return dict(Axes(Grid(settings=settings, **few, **choice)).claims)

    descent = {"coordinate descent": ("T13", "T13_pl", "T15", "T15_pl")}
    assert tried("coordinate descent") == descent
    assert tried("coordinate descent", "1/L") == {**descent, "1/L": ("T1", "T2", "T1_sharp", "T2_sharp")}
    assert tried("coordinate descent", "1/L", claims=("T13",)) == {"coordinate descent": ("T13",)}
    with pytest.raises(ValueError, match=r"setting must be one of .*did you mean 'coordinate descent'"):
        tried("coordinate decent")


def test_what_is_named_after_a_sketch_is_tried_with_no_other():
    """By hand: coordinates are drawn by coordinate descent, which other sketches leave out, with a sentence."""
    few = {"problems": ("quadratic",), "ranks": (1,), "sides": ("left",)}

    def tried(*sketches):
        layout = lay_out(Axes(Grid(("T13", "T12_gaussian"), **few, sketches=sketches)))
        return [(cell.key.setting, cell.key.sketch) for cell in layout.cells], layout.notes

    along, descent, plain = "1/L_H", ("coordinate descent", "coordinate"), ("plain gaussian", "gaussian")
    assert tried() == ([(along, "haar"), (along, "weighted_coordinate"), descent, plain], ())
    cells, notes = tried("haar", "coordinate")
    assert cells == [(along, "haar"), (along, "coordinate"), descent]
    assert notes == ("plain gaussian is left out, its sketch is gaussian alone",)
    with pytest.raises(ValueError, match="plain gaussian is left out, its sketch is gaussian alone"):
        lay_out(Axes(Grid(("T12_gaussian",), **few, sketches=("haar",))))


def test_data_that_are_not_installed(monkeypatch):
    """A layout lists them and lays the others out; a plan has rows of them, last; a grid says what it needs."""

    def fails():
        raise MissingExtra("this needs an extra")

    known = {"lost": DefaultProblem(fails), "quadratic": DEFAULT_PROBLEMS["quadratic"]}
    for module in (laying_out, default_problems):
        monkeypatch.setattr(module, "DEFAULT_PROBLEMS", known)
    grid = Grid(("T1", "T2"), sketches=("haar",), ranks=(1,), sides=("left",))
    layout = lay_out(Axes(grid))
    assert layout.missing == {"lost": "this needs an extra"}
    assert [(cell.key.problem, cell.claims) for cell in layout.cells] == [("quadratic", ((1, "T1"), (2, "T2")))]
    todo = plan(grid)
    assert [(e.key, e.claims) for e in todo.ensembles] == [(cell.key, cell.claims) for cell in layout.cells]
    assert [(row.number, row.claim, row.problem) for row in todo.missing] == [(3, "T1", "lost"), (4, "T2", "lost")]
    with pytest.raises(MissingExtra, match="this needs an extra"):
        Grid(claims=("T1",)).cells  # noqa: B018


def test_a_lone_value_and_one_that_stands_twice():
    """``ranks=2`` was an error about iteration, and a claim named twice made two rows where its data were missing."""
    assert Grid(claims=("T2", "T1", "T2")).claims == ("T2", "T1")
    assert Grid(ranks=[2, 1, 2]).ranks == (2, 1)
    for lone in ({"claims": "T2"}, {"ranks": 2}):
        with pytest.raises(ValueError, match=r"(claims|ranks) must be a list, got .* \(in brackets\?\)"):
            Grid(**lone)


def test_streams_and_specs_are_those_of_older_rows():
    """Literals: with another stream no stored row could be repeated, with another spec no stored sweep resumed."""
    key = Key("quadratic", "haar", "left", 2, "1/L", 3)
    assert key.seed_sequence().entropy == 3
    assert key.seed_sequence().spawn_key == (3164591328, 625550218, 3204418799, 2577334099)
    assert Grid(claims=("T2",), step_sizes=(1,)).to_json() == {
        "claims": ["T2"],
        **{axis: [] for axis in ("problems", "sketches", "ranks", "sides", "settings")},
        "step_sizes": [1.0],
        "seeds": [0],
        "steps": None,
        "runs": None,
        "alpha": 1e-3,
    }


def test_layers_are_tried_at_ranks_that_fit_each_of_them():
    """The smallest side of all layers has room for a rank; what is about one matrix is left out, and named."""
    layout = lay_out(Axes(Grid(problems=("layered_quadratic",), claims=("all",))))
    found = {(cell.key.side, cell.key.rank) for cell in layout.cells}  # of 4 x 3 and 4 x 2
    assert found == {("left", 1), ("left", 3), ("right", 1)}
    about_one = {"bernoulli", "differences", "step per draw", "inverse on range", "in turns", "plain", "plain gaussian"}
    about_one |= {"galore", "lazy galore", "momentum", "accelerated", "error feedback", "preconditioned", "EF21"}
    about_one |= {"momentum in links", "steepest"}
    assert {note.split(": ")[1].split(" is")[0] for note in layout.notes if "one matrix" in note} == about_one
    case = plan(Grid(problems=("layered_quadratic",), sides=("right",), ranks=(2,))).ensembles[0].case
    assert isinstance(case.algorithm, LayeredRACLoRA)
    assert [sketch.dim for sketch in case.algorithm.sketches] == [3, 2]
    assert case.algorithm.sides == ("right", "right")


class Unbounded:
    """A problem of which no L is known, and steps of 1/4 are certified."""

    L = float("nan")

    def __init__(self, problem):
        self.problem = problem

    def certified_step(self, W, G):
        return W[..., 0, 0] ** 0 / 4

    def __getattr__(self, name):
        if name in ("smoothness", "eigenbasis") or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.problem, name)


def test_a_problem_without_L_is_tried_with_steps_that_it_certifies(monkeypatch):
    """There is no 1/L to begin with. Catches a step of nan, and one that is left at what it began with."""
    steep, known = Quadratic.left([[4.0, 0.0], [0.0, 1.0]], [[1.0], [1.0]]), {}
    for module in (laying_out, default_problems):
        monkeypatch.setattr(module, "DEFAULT_PROBLEMS", known)
    for problem in (Unbounded(steep), steep):
        known["unbounded"] = DefaultProblem(lambda problem=problem: problem)
        (one,) = plan(Grid(("T16",), sketches=("haar",), ranks=(1,), sides=("left",))).ensembles
        assert (one.case.algorithm.gamma, one.key.setting) == (1.0, "certified")
        assert one.constants.lambda_min == pytest.approx(0.5)
        assert one.case.steps > 10


def test_a_claim_of_a_user_goes_where_one_of_its_kind_goes():
    """Catches a setting that is left out as it serves others too; where none is of its kind, it goes to all."""
    served = {"of GaLore": ("T17",), "of both": ("T17", "T2")}
    assert laying_out._alike(ALL["T1"], served) == ["of both"]
    assert laying_out._alike(ALL["T8"], served) == [*served]


def test_galore_has_no_sketch_and_no_side():
    """It is tried once for each rank, on both sides at once; not where a sketch or a side is named."""
    layout = lay_out(Axes(Grid(("T17",), problems=("quadratic",), ranks=(1, 2))))
    assert {(cell.key.sketch, cell.key.side, cell.key.rank, cell.key.setting) for cell in layout.cells} == {
        ("leading", "both", rank, setting) for rank in (1, 2) for setting in ("galore", "lazy galore")
    }
    for ensemble in plan(Grid(("T17",), problems=("quadratic",), ranks=(1, 2))).ensembles:
        assert isinstance(ensemble.case.algorithm, GaLore)
        assert ensemble.case.algorithm.rank == ensemble.key.rank
    with pytest.raises(ValueError, match="galore is left out, its sketch is leading alone"):
        lay_out(Axes(Grid(("T17",), problems=("quadratic",), sketches=("haar",))))


@as_one_test(("named", "narrowed"), [({}, False), ({"claims": ("T2",)}, True), ({"settings": ("1/L",)}, True)])
def test_problems_that_are_not_usual_are_tried_where_claims_or_settings_are_named(named, narrowed):
    """Either is enough. Catches one that counts only beside the other."""
    unusual = {name for name, problem in DEFAULT_PROBLEMS.items() if not problem.usual}
    assert unusual
    assert (unusual <= {*Axes(Grid(**named)).problems}) is narrowed
    assert unusual.isdisjoint(Axes(Grid(**named)).problems) is not narrowed


def test_each_theorem_is_tried(monkeypatch):
    """A family says in which settings; a list that is forgotten is a sentence."""
    assert {id for setting in SETTINGS.values() for id in setting.claims} == {*ALL}
    forgotten = "T3_sharp is tried in no setting of the ledger: name one in TRIED of rac_theory.theorems.convex"
    for ids, said in (("", forgotten), ("T3_sharp T33", "TRIED of a family must hold ids of theorems, got T33")):
        monkeypatch.setitem(convex.TRIED, "2/L", ids)
        with pytest.raises(ValueError, match=said):
            theorem_settings._tried()
