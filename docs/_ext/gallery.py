"""Cards with a picture made of a figure of a notebook, as it was executed: of all notebooks, or entries to pages."""

import base64
import io
import os
import re
from pathlib import Path

import executed
from docutils import nodes
from docutils.parsers.rst import directives
from jupyter_cache import get_cache
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

WIDTH, SHAPE = 480, 3 / 2  # pixels; width over height
_NOTEBOOKS = executed.DOCS / "notebooks"


class GalleryDirective(SphinxDirective):
    """``{gallery}``: a card for each notebook, its figure above its title.

    The option ``questions`` adds what each asks, the question below its title. The option ``figures`` says which
    figure of a notebook is taken where it is not the first: ``03: 2, 07: 4``.
    """

    option_spec = {"figures": lambda words: dict(_pairs(words)), "questions": directives.flag}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        """Write the cards as a page would, and read them."""
        paths = sorted(_NOTEBOOKS.glob("*.ipynb"))
        asks = "questions" in self.options
        columns = "1 2 3 3" if asks else "2 3 5 5"
        lines = [f"::::::{{grid}} {columns}", ":gutter: 3", ":class-container: gallery", ""]
        for path in paths:
            title, question = opening(path)
            which = self.options.get("figures", {}).get(path.stem[:2], 1)
            lines += self.card(path, which, title, f"/notebooks/{path.stem}", question if asks else "")
        return self.parse_text_to_nodes("\n".join([*lines, "::::::"]))

    def card(self, path: Path, which: int, title: str, page: str, words: str) -> list[str]:
        """Write a card that leads to a page, with a figure of a notebook."""
        self.env.note_dependency(str(path.resolve()))
        return [
            f":::::{{grid-item-card}} {title}",
            f":link: {page}",
            ":link-type: doc",
            f":img-top: {self._thumbnail(path, which)}",
            ":img-alt: ",
            "",
            words,
            ":::::",
        ]

    def _thumbnail(self, path: Path, which: int) -> str:
        """Write a figure of a notebook, smaller, and return where, relative to the page."""
        folder = Path(self.env.doctreedir).parent / "thumbnails"
        folder.mkdir(parents=True, exist_ok=True)
        place = folder / f"{path.stem}.png"
        found = figures(path, self.config.nb_execution_cache_path)
        if len(found) < which:
            raise self.error(f"{path.name} has {len(found)} figures, and none of number {which}")
        thumbnail(found[which - 1]).save(place, optimize=True)
        page = Path(self.env.doc2path(self.env.docname)).parent
        return os.path.relpath(place, page)


class EntriesDirective(GalleryDirective):
    """``{entries}``: a card for each line, ``01.1 | title | page | words``, with the first figure of notebook 01."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Write the cards as a page would, and read them."""
        lines = ["::::::{grid} 1 1 3 3", ":gutter: 3", ":class-container: gallery", ""]
        for line in self.content:
            place, title, page, words = (part.strip() for part in line.split("|"))
            number, which = place.split(".")
            (path,) = _NOTEBOOKS.glob(f"{number}_*.ipynb")
            lines += self.card(path, int(which), title, f"/{page}", words)
        return self.parse_text_to_nodes("\n".join([*lines, "::::::"]))


def opening(path: Path) -> tuple[str, str]:
    """Return the heading of a notebook, and the paragraph below it up to the question in it."""
    heading, paragraph = executed.read(path).cells[0].source.split("\n\n")[:2]
    question = re.match(r".*?\?(?=\s|$)", " ".join(paragraph.split()))
    assert heading.startswith("# ")
    assert question is not None, f"{path.name} must open with a question, got {paragraph!r}"
    return heading[2:], question[0]


def figures(path: Path, cache: str) -> list[bytes]:
    """Return the figures of a notebook as they were executed, as PNG."""
    cells = executed.read(path)
    _, done = get_cache(cache).merge_match_into_notebook(cells)
    outputs = [output for cell in done.cells if cell.cell_type == "code" for output in cell.outputs]
    found = [output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    return [base64.b64decode(one) for one in found]


def thumbnail(figure: bytes) -> Image.Image:
    """Return a figure at the width of a card, on its own background, and all of one shape; of panels the first."""
    image = Image.open(io.BytesIO(figure)).convert("RGB")
    panels = max(1, round(image.width / image.height / SHAPE))
    beyond = 0.015 * (panels > 1)  # so that a number at the edge is whole
    image = image.crop((0, 0, round(image.width * (1 / panels + beyond)), image.height))
    size = (WIDTH, round(WIDTH / SHAPE))
    image.thumbnail(size, Image.Resampling.LANCZOS)
    card = Image.new("RGB", size, image.getpixel((0, 0)))
    card.paste(image, tuple((whole - part) // 2 for whole, part in zip(size, image.size, strict=True)))
    return card


def _pairs(words: str) -> list[tuple[str, int]]:
    """Read ``03: 2, 07: 4``."""
    return [(key.strip(), int(number)) for key, number in (pair.split(":") for pair in words.split(","))]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("gallery", GalleryDirective)
    app.add_directive("entries", EntriesDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
