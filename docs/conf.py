"""Sphinx configuration: ``python -m sphinx -W --keep-going -b html docs docs/_build/html``, which needs no network."""

import os
import sys
from importlib.metadata import metadata
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as many pages are executed at a time as there are cores
sys.path.insert(0, str(Path(__file__).parent / "_ext"))
sys.path.insert(0, str(Path(__file__).parent))  # for house.py

import executed
import myst_nb.sphinx_ext

from rac_theory import __version__

# Executed notebooks go beside the output folder: keep them out of the sources, where a linter would find them.
myst_nb.sphinx_ext.OUTPUT_FOLDER = "_build/jupyter_execute"

project = "rac-theory"
author = "The rac-theory developers"
project_copyright = "The rac-theory developers, BSD-3-Clause"
release = version = __version__

# Where the source is: [project.urls] of pyproject.toml has Repository once there is an address; until then nothing is
# shown.
_urls = dict(entry.split(", ", 1) for entry in metadata("rac-theory").get_all("Project-URL") or [])
source = _urls.get("Repository", "")
myst_substitutions = {"version": version, "source": f", [the source]({source})" if source else ""}

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_design",
    "myst_nb",
    "claims",
    "columns",
    "downloads",
    "executed",
    "finished",
    "formulas",
    "gallery",
    "live",
    "proved",
    "reduced",
    "reference",
    "rounded",
    "trusted",
]
exclude_patterns = ["_build", "_ext", "joss"]

myst_enable_extensions = ["dollarmath", "amsmath", "deflist", "colon_fence", "substitution"]
myst_heading_anchors = 3
myst_update_mathjax = False  # formulas.py makes elements of formulas; no script looks for them

# Notebooks and code cells are executed by executed.py before they are read, and found here.
nb_execution_mode = "cache"
nb_execution_cache_path = str(executed.folder())
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True

autosummary_generate = False  # reference.py has a page for each subject, not one for each name
autodoc_typehints = "none"  # the shapes and units are in the docstrings
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_attributes_as_param_list = True

html_math_renderer = "mathml"
html_search_scorer = str(Path(__file__).parent / "_static" / "scorer.js")
html_domain_indices = False  # of modules: the index has every name
html_theme = "pydata_sphinx_theme"
html_title = "rac-theory"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_js_files = ["filters.js"]
html_show_sourcelink = False
html_sidebars = {
    page: [] for page in ("index", "start", "notation", "house", "one_call", "chapters", "neighbours", "notebooks/*")
}
html_theme_options = {
    "show_prev_next": True,
    "navigation_with_keys": False,
    # The last two have wide tables.
    "secondary_sidebar_items": {"**": ["page-toc"], "index": [], "theory/claims": [], "theory/cards": []},
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_nav_level": 1,
    "header_links_before_dropdown": 6,
    **({"github_url": source} if source else {}),
}
