"""A performance estimation program with rational coefficients: of a tree of runs, or of a step under any sketch.

It asks for the least number that bounds the metric by the start, for all points, gradients and values that meet the
conditions of a class. L is 1 and the minimum 0 at the origin, to which nothing is lost by scaling and shifting.
"""

from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations, product

from rac_theory.verdicts.sharpness import function_conditions as conditions
from rac_theory.verdicts.sharpness.function_conditions import (
    MINIMISER,
    Condition,
    Form,
    Place,
    Point,
    Vector,
    inner,
    square,
    total,
)
from rac_theory.verdicts.sharpness.setting import Setting, start_of

ALPHAS = 16  # of the conditions of PL functions: between two neighbours hardly anything is gained


@dataclass(frozen=True)
class Program:
    """Points by their places, the metric and the start.

    Attributes
    ----------
    setting : Setting
    points : dict
        Those with a gradient and a value.
    metric, start : Form
    laws : dict of str to Form
        What else is nonnegative, by its name: what is known of the mean of a step. A name that begins with "=" is of
        a form that is zero, so that its multiplier may have any sign.
    vectors : int
        How many unknown ones there are.
    """

    setting: Setting
    points: dict[Place, Point]
    metric: Form
    start: Form
    laws: dict[str, Form]
    vectors: int

    @property
    def blocks(self) -> int:
        """How many Gram matrices there are."""
        return len(self.start.products)

    def form(self, condition: Condition) -> Form:
        """Return what a condition says is not negative; KeyError or ValueError if there is no such condition here."""
        kind, places, alpha = condition
        if kind in self.laws and not places:
            return self.laws[kind]
        mu = self.setting.mu / self.setting.L
        points = [self.points[node] for node in places]
        if kind not in _KINDS[self.setting.theorem] or not 0 <= alpha <= self.largest_alpha:
            raise ValueError(f"condition must be one of functions of this class, got {condition}")
        match kind, points:
            case "smooth", [i, j]:
                return conditions.smooth_pl(i, j, mu, alpha)
            case "convex", [i, j]:
                return conditions.convex(i, j, mu)
            case "low", [i]:
                return conditions.low(i)
            case "PL", [i]:
                return conditions.pl(i, mu)
        raise ValueError(f"condition must be of one place or two, got {condition}")

    @property
    def largest_alpha(self) -> Fraction:
        """Of the conditions of PL functions; 0 for others."""
        is_pl = self.setting.theorem == "T2"
        return conditions.largest_alpha(self.setting.mu / self.setting.L) if is_pl else Fraction(0)

    @property
    def candidates(self) -> list[Condition]:
        """All conditions among the points."""
        alphas = [self.largest_alpha * a / ALPHAS for a in range(ALPHAS + 1)]
        conditions = [Condition(name, ()) for name in self.laws]
        for kind in _KINDS[self.setting.theorem]:
            if kind in ("low", "PL"):
                conditions += [Condition(kind, (i,)) for i in self.points]
            else:
                strengths = alphas if alphas[-1] else alphas[:1]
                pairs = [(i, j) for i in self.points for j in self.points if i != j]
                conditions += [Condition(kind, pair, alpha) for pair in pairs for alpha in strengths]
        return conditions

    def orbit(self, condition: Condition) -> tuple[Condition, ...]:
        """Return all that a condition becomes when the blocks are renamed: for the tree is the same tree then."""
        k = self.setting.blocks
        if not k:
            return (condition,)
        used = sorted({block for node in condition.places for block in node if node != MINIMISER})
        images = set()
        for new in permutations(range(k), len(used)):
            name = dict(zip(used, new, strict=True)) | {-1: -1}
            places = tuple(tuple(name[block] for block in node) for node in condition.places)
            images.add(condition._replace(places=places))
        return tuple(sorted(images))


_KINDS = {
    "T1": ("smooth", "low"),
    "T2": ("smooth", "low", "PL"),
    "T3": ("convex",),
    "T3_isotropic": ("convex",),
    "T4": ("convex",),
}


def program(setting: Setting) -> Program:
    """Write down the program."""
    return tree(setting) if setting.blocks else step(setting)


def tree(setting: Setting) -> Program:
    """The program of all runs under a sketch that draws one of k blocks: a tree with k branches at every step."""
    k, T = setting.blocks, setting.steps
    places = [node for t in range(T + 1) for node in product(range(k), repeat=t)]
    with_gradients = [node for node in places if len(node) < T or setting.theorem not in ("T1", "T4")]
    numbers = {node: number for number, node in enumerate(with_gradients, start=1)}
    gradients = {node: Vector.unknown(numbers[node], k) for node in with_gradients}
    x: dict[Place, Vector] = {(): Vector.unknown(0, k)}
    for node in places[1:]:
        block, before = node[-1], node[:-1]
        x[node] = x[before] - setting.gamma * setting.L * gradients[before].part(block)
    points = {p: Point(x[p], gradients[p], Form.value(numbers[p], k)) for p in with_gradients}
    leaves = [node for node in places if len(node) == T]
    if setting.theorem == "T1":
        metric = total((Fraction(1, T * k ** len(p)) * square(points[p].gradient) for p in with_gradients), k)
    elif setting.theorem == "T4":
        metric = total((Fraction(1, k**T) * square(x[leaf]) for leaf in leaves), k)
    else:
        metric = total((Fraction(1, k**T) * points[leaf].f for leaf in leaves), k)
    return _finished(setting, points, metric, {}, len(numbers) + 1)


def step(setting: Setting) -> Program:
    """The program of one step under any sketch, whose Gram matrix is the mean over all draws.

    Conditions are linear in inner products and values, so their means hold for the means. Of H it is known that
    ``<HG, G> = |HG|^2``, that ``E|HG|^2`` is the share of ``|G|^2`` or more, and for an isotropic sketch ``E[HG]``
    that share of G.
    """
    V, G, moved, after = (Vector.unknown(number, 1) for number in range(4))
    gamma = setting.gamma * setting.L
    points = {
        (): Point(V, G, Form.value(1, 1)),
        (0,): Point(V - gamma * moved, after, Form.value(2, 1)),
    }
    projected = square(moved) - setting.share * square(G)
    laws = {"= <HG, G> - |HG|^2": inner(moved, G) - square(moved)}
    if setting.theorem in ("T1", "T2"):
        laws["E|HG|^2 - share |G|^2"] = projected
    else:
        laws["= E|HG|^2 - share |G|^2"] = projected
        laws["= <W - W*, E[HG] - share G>"] = inner(V, moved) - setting.share * inner(V, G)
    metric = {"T1": square(G), "T4": square(points[0,].x)}.get(setting.theorem, points[0,].f)
    if setting.theorem == "T1":
        points.pop((0,))
    return _finished(setting, points, metric, laws, 4)


def _finished(
    setting: Setting, points: dict[Place, Point], metric: Form, laws: dict[str, Form], vectors: int
) -> Program:
    V, gap, k = points[()].x, points[()].f, len(metric.products)
    start = start_of(setting.theorem, gap, square(V), setting.gamma * setting.L)
    if setting.theorem in ("T3", "T3_isotropic", "T4"):
        zero = Vector.zero(k)
        points = points | {MINIMISER: Point(zero, zero, Form.zero(k))}
    return Program(setting, points, metric, start, laws, vectors)
