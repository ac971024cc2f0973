"""Notebooks and pages are executed here, once: before the pages are read, as many at a time as there are cores.

Outputs are kept by jupyter-cache, where myst-nb finds them by the code of their cells, in a folder that is named after
all that this code may import. So a page that is changed is executed again, and after a change of the library every page
is: nothing that is shown is older than what it shows.
"""

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from copy import deepcopy
from importlib.metadata import version
from pathlib import Path

import ending
import forked
import joblib
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution
from jupyter_client import KernelManager
from myst_nb.core.read import is_myst_markdown_notebook, myst_nb_reader_plugin
from nbformat import NotebookNode
from nbformat import read as read_notebook
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util import logging

import rac_theory

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parent

_log = logging.getLogger(__name__)


def _beside(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder that the code of a page may import or read: all but pages and what builds them."""
    files = (path for path in sorted(folder.iterdir()) if path.is_file() and path.name != "conf.py")
    return (path for path in files if path.suffix not in (".md", ".ipynb", ".pyc"))


def folder() -> Path:
    """Return where outputs are kept, another folder for other sources; what was kept for others is removed."""
    imported = Path(rac_theory.__file__).parent  # perhaps of another clone
    places = [imported, *sorted(imported.rglob("*/"))]
    digest = hashlib.sha256(" ".join([sys.version, *map(version, ("numpy", "scipy", "matplotlib"))]).encode())
    for path in (path for place in (*places, DOCS, *sorted(DOCS.glob("[a-z]*/"))) for path in _beside(place)):
        digest.update(f"{path.parent.name}/{path.name}\0".encode() + path.read_bytes())
    kept = DOCS / "_build" / "executed" / digest.hexdigest()[:16]
    for old in kept.parent.glob("*"):
        if old != kept:
            shutil.rmtree(old)
    return kept


def read(path: Path) -> NotebookNode | None:
    """Return the cells of a notebook or of a page that has code cells, None of another page."""
    if path.suffix == ".ipynb":
        return read_notebook(path, as_version=4)
    return myst_nb_reader_plugin(str(path)) if is_myst_markdown_notebook(path.read_text("utf-8")) else None


def _run(path: Path, cells: NotebookNode, timeout: int, manager: type[KernelManager]) -> ExecutionResult:
    """Run all cells of a page in an empty folder that has copies of what lies beside it."""
    with tempfile.TemporaryDirectory() as scratch:
        for file in _beside(path.parent):
            shutil.copy(file, scratch)
        quiet = ["--IPKernelApp.log_level=ERROR"]  # a warning for each kernel that it is reached over TCP
        done = single_nb_execution(
            deepcopy(cells), scratch, timeout, False, extra_arguments=quiet, kernel_manager_class=manager
        )
    for cell in ending.code(done.nb):  # a bar that was taken away has left an output with nothing in it
        cell.outputs = [output for output in cell.outputs if output.get("data") != {"text/html": ""}]
    return done


def _run_all(pages: Mapping[Path, NotebookNode], timeout: int) -> Iterator[tuple[Path, ExecutionResult]]:
    """Yield each page with its outputs as soon as it is done. Notebooks come first: they take longest."""
    order = sorted(pages, key=lambda path: (path.suffix != ".ipynb", path))
    pool = ThreadPoolExecutor(joblib.cpu_count())
    with forked.managers() as manager:
        try:
            running = {pool.submit(_run, path, pages[path], timeout, manager): path for path in order}
            for future in as_completed(running):
                yield running[future], future.result()
        finally:
            pool.shutdown(cancel_futures=True)  # after Ctrl-C nobody waits for pages that have not begun


def execute(app: Sphinx, env: BuildEnvironment, names: Sequence[str]) -> None:
    """Execute what is about to be read and is not kept yet; each must have printed what it says it prints."""
    cache = get_cache(app.config.nb_execution_cache_path)
    pages = {path: cells for path in map(Path, map(env.doc2path, names)) if (cells := read(path)) is not None}
    known = {record.hashkey for record in cache.list_cache_records()}
    new = {path: cells for path, cells in pages.items() if cache.create_hashed_notebook(cells)[1] not in known}
    faults = []
    for path, done in _run_all(new, app.config.nb_execution_timeout) if new else ():
        _log.info("executed %s in %.1f s", path.relative_to(ROOT), done.time)
        if done.err is None:
            bundle = CacheBundleIn(done.nb, str(path), data={"execution_seconds": done.time})
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
        else:
            faults.append(f"{path.relative_to(ROOT)}: {done.exc_string}")
            del pages[path]
    for path, cells in pages.items():
        _, executed = cache.merge_match_into_notebook(cells)
        faults += [f"{path.relative_to(ROOT)}: {fault}" for fault in ending.faults(path, cells, executed)]
    if faults:
        raise ExtensionError("\n".join(faults))


def setup(app: Sphinx) -> dict[str, bool]:
    """Execute before anything is read."""
    app.connect("env-before-read-docs", execute)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
