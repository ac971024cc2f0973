"""The rooms of the house, read off its files: what each says of itself, what it imports, and a picture of both."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import rac_theory

HOUSE = Path(rac_theory.__file__).parent


@cache
def modules() -> Mapping[str, Path]:
    """Return the file of every module of ``rac_theory``, by dotted name."""
    found = {}
    for path in sorted(HOUSE.rglob("*.py")):
        parts = path.relative_to(HOUSE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def read(path: Path) -> tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Return what a file says of itself, and what it imports: modules, and names of this package."""
    tree = ast.parse(path.read_text(encoding="utf-8"))  # of which nothing is kept, as all of them are a million objects
    froms = [node for node in _statements(tree) if isinstance(node, ast.ImportFrom)]
    names = ((str(node.module), alias.name) for node in froms for alias in node.names if room(f"{node.module}."))
    return ast.get_docstring(tree) or "", tuple(_imported(tree)), tuple(names)


def imported(path: Path) -> tuple[str, ...]:
    """Return the modules that a file imports, at its top or inside its functions, imports for type checkers apart."""
    return read(path)[1]


def names(path: Path) -> tuple[tuple[str, str], ...]:
    """Return what a file takes of this package, as pairs of a module and a name, imports for type checkers too."""
    return read(path)[2]


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.expr):
            yield node
            yield from _statements(node)


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in modules() else node.module
        elif not (
            isinstance(node, ast.expr) or (isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING")
        ):
            yield from _imported(node)


def room(module: str) -> str:
    """Return the room of ``rac_theory.x.y``, which is x; the package itself is in none."""
    return ".".join(module.split(".")[1:2]) if module.startswith("rac_theory.") else ""


def uses() -> dict[str, set[str]]:
    """Return for each room the others that its files import."""
    found: dict[str, set[str]] = {}
    for module, path in modules().items():
        if path.parent != HOUSE:
            found.setdefault(room(module), set()).update(map(room, imported(path)))
    return {here: there - {here, ""} for here, there in found.items()}


def paragraph(name: str) -> str:
    """Return what a room says of itself."""
    return " ".join(read(HOUSE / name / "__init__.py")[0].split())


def named(name: str) -> set[str]:
    """Return the rooms that a room says it uses."""
    (said,) = re.findall(r"\bIt uses ([^.]+)\.", paragraph(name))
    return set(re.split(r", | and ", said)) - {"nothing"}


def floors(rooms: Mapping[str, set[str]]) -> dict[str, int]:
    """Return for each room how many stand below it at most, one upon the other."""

    @cache
    def floor(name: str) -> int:
        return 1 + max(map(floor, rooms[name]), default=-1)

    return {name: floor(name) for name in rooms}


def next_below(rooms: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Return for each room what it uses, without what it would reach through another room anyway."""

    @cache
    def below(name: str) -> frozenset[str]:
        return frozenset(rooms[name]).union(*map(below, rooms[name]))

    return {name: {to for to in there if not any(to in below(by) for by in there)} for name, there in rooms.items()}


def picture() -> Any:
    """Draw the rooms, each above those that it uses, with arrows to the nearest of them; return the axes."""
    import matplotlib.pyplot as plt

    rooms = uses()
    level, arrows = floors(rooms), next_below(rooms)
    at = _places(level, arrows)
    _, ax = plt.subplots(figsize=(9, 1.0 + 0.85 * max(level.values())), layout="constrained")
    for name in rooms:
        x, y = at[name, level[name]]
        files = sum(room(module) == name for module in modules())
        ax.text(x, y, f"{name}\n{files} files", ha="center", va="center", fontsize=9, linespacing=1.3, zorder=3)
        ax.add_patch(plt.Rectangle((x - 0.6, y - 0.27), 1.2, 0.54, facecolor="#eef2f7", edgecolor="#8aa0b8", zorder=2))
        for to in arrows[name]:
            path = [(x, y - 0.27)]
            path += [at[to, height] for height in range(level[name] - 1, level[to], -1)]
            end = at[to, level[to]][0], at[to, level[to]][1] + 0.27
            line = {"color": "#5b6b7d", "linewidth": 0.9}
            ax.plot(*zip(*path, strict=True), zorder=1, **line)
            ax.annotate(
                "", end, path[-1], arrowprops={"arrowstyle": "->", "shrinkA": 0, "shrinkB": 0, **line}, zorder=1
            )
    xs, ys = zip(*at.values(), strict=True)
    ax.set(xlim=(min(xs) - 0.7, max(xs) + 0.7), ylim=(min(ys) - 0.4, max(ys) + 0.4))
    ax.set_axis_off()
    return ax


def _places(level: Mapping[str, int], arrows: Mapping[str, set[str]]) -> dict[tuple[str, int], tuple[float, float]]:
    """Place rooms, (name, its floor), and arrows that pass a floor on their way to a room, (name, that floor).

    What is on one floor stands side by side, each as near above what it leads to as its neighbours allow.
    """
    passing = {(to, height) for name in level for to in arrows[name] for height in range(level[to] + 1, level[name])}
    at: dict[tuple[str, int], tuple[float, float]] = {}
    for height in range(max(level.values()) + 1):
        leads = {
            (name, height): [at[to, max(level[to], height - 1)][0] for to in arrows[name]]
            for name in level
            if level[name] == height
        }
        leads |= {(to, floor): [at[to, floor - 1][0]] for to, floor in passing if floor == height}
        wish = {item: sum(xs) / max(1, len(xs)) for item, xs in leads.items()}
        row = sorted(wish, key=lambda item: (wish[item], item))
        widths = [0.5 if item in passing else 1.4 for item in row]
        x = sum(wish.values()) / len(row) - sum(widths) / 2
        for item, width in zip(row, widths, strict=True):
            at[item] = x + width / 2, float(height)
            x += width
    return at
