"""The documentation site: ``python -m sphinx -W --keep-going -b html docs docs/_build``."""

import importlib.util
import os
import pathlib
import sys

# Set before JAX is imported: pages and the gallery are built on the processor.
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Tutorials show their figures in the page: the kernel chooses how.
os.environ.pop("MPLBACKEND", None)
sys.path.insert(0, str(pathlib.Path(__file__).parent / "_ext"))

from sphinx_gallery.sorting import ExplicitOrder
from versions import switcher

import wetcow

project = "wetcow"
author = "The wetcow authors"
copyright = author
version = release = wetcow.__version__

# Where others get the package from, and where versions of this site are published: the one place
# where addresses stand. Without that of the site, the list of versions is kept in its pages.
repository = "REPOSITORY"
site_address = ""

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "sphinx_copybutton",
    "docstrings",
    "equations",
    "notebooks",
    "public_names",
    "versions",
]
exclude_patterns = ["_build", "_ext", "notebooks", "gallery/**.ipynb"]
templates_path = ["_templates"]
nitpicky = True

html_theme = "pydata_sphinx_theme"
html_title = "wetcow"
html_theme_options = {
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "switcher": switcher(site_address, version),
    "check_switcher": False,  # it would ask the published site
    "navbar_end": ["version-switcher", "theme-switcher"],
}
html_show_sourcelink = False
html_static_path = ["_static"]
html_favicon = "_static/wave.svg"
html_css_files = ["wetcow.css"]
html_js_files = ["enlarge.js"]
html_search_scorer = str(pathlib.Path(__file__).parent / "_static" / "scorer.js")
html_sidebars = {name: [] for name in ("index", "howto", "results", "theory", "explorer", "cite")}

myst_enable_extensions = ["attrs_inline", "deflist", "dollarmath", "substitution"]
myst_substitutions = {
    "install": f"```\npip install git+{repository} && wetcow demo\n```",
    "version": version,
}
myst_heading_anchors = 3

# Tutorials are run when the site is built, and again only when their code has changed.
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_in_temp = True
nb_execution_timeout = 300
# tqdm, which dipy imports, asks for widgets that a page could not show.
os.environ.setdefault("PYTHONWARNINGS", "ignore:IProgress not found")

autosummary_generate = True
autosummary_ignore_module_all = False
autodoc_typehints = "none"  # numpydoc's sections have types, with shapes and units
default_role = "autolink"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

# Examples that need packages beyond the required ones are left out without these.
NEEDED = {
    "brain_other_subjects": ("neurolib",),
    "brain_eeg": ("tvboptim",),
    "brain_surface": ("tvb_data", "nilearn"),
}
missing = [
    name
    for name, needed in NEEDED.items()
    if any(importlib.util.find_spec(one) is None for one in needed)
]
SECTIONS = ("waves", "learning", "paper")
sphinx_gallery_conf = {
    "examples_dirs": "../examples/gallery",
    "gallery_dirs": "gallery",
    "subsection_order": ExplicitOrder([f"../examples/gallery/{name}" for name in SECTIONS]),
    # Pages of the API show the examples that use what they describe.
    "doc_module": ("wetcow",),
    "backreferences_dir": "gallery/backreferences",
    "filename_pattern": r"\.py$",  # all are run
    "ignore_pattern": "|".join([r"__init__\.py", *(f"{name}\\.py" for name in missing)]),
    "image_scrapers": ("figures.scrape",),
    "capture_repr": (),
    "reset_modules": (),
    "show_memory": False,
    "download_all_examples": False,
    "write_computation_times": False,
    "min_reported_time": 1e6,
}

linkcheck_timeout = 20
linkcheck_retries = 2
