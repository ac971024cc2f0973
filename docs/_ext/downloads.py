"""Every notebook can be downloaded as it is shown, with its outputs; and all of them, with what they import."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import executed
import nbformat
from docutils import nodes
from jupyter_cache import get_cache
from sphinx.application import Sphinx

COURSE = "course.zip"
_NOTEBOOKS = executed.DOCS / "notebooks"


def with_outputs(cache: str) -> Iterator[tuple[str, str]]:
    """Yield the name of each notebook, and what its file is with the outputs that the pages show."""
    for path in sorted(_NOTEBOOKS.glob("*.ipynb")):
        _, done = get_cache(cache).merge_match_into_notebook(executed.read(path))
        yield path.name, nbformat.writes(done)


def _offer(app: Sphinx, doctree: nodes.document) -> None:
    """Write below the title of a notebook where it can be downloaded."""
    folder, _, name = app.env.docname.rpartition("/")
    title = next(iter(doctree.findall(nodes.title)), None)
    if folder == "notebooks" and name != "index" and title is not None and (_NOTEBOOKS / f"{name}.ipynb").exists():
        links = (("this notebook with its outputs", f"{name}.ipynb"), ("the whole course", COURSE))
        offer = nodes.paragraph("", "Download ", classes=["download"])
        for i, (words, address) in enumerate(links):
            offer += [nodes.Text(", or " * i), nodes.reference("", words, refuri=address)]
        offer += nodes.Text(".")
        title.parent.insert(title.parent.index(title) + 1, offer)


def _write(app: Sphinx, failed: Exception | None) -> None:
    """Write what the links lead to."""
    folder = Path(app.outdir) / "notebooks"
    if failed is None and app.builder.format == "html" and folder.exists():
        with zipfile.ZipFile(folder / COURSE, "w", zipfile.ZIP_DEFLATED) as course:
            for name, text in with_outputs(app.config.nb_execution_cache_path):
                (folder / name).write_text(text, encoding="utf-8")
                course.writestr(f"notebooks/{name}", text)
            for path in sorted(_NOTEBOOKS.glob("*.py")):
                course.write(path, f"notebooks/{path.name}")


def setup(app: Sphinx) -> dict[str, bool]:
    """Offer on the pages, and write when all is built."""
    app.connect("doctree-read", _offer)
    app.connect("build-finished", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
