"""How the manual is built: Sphinx, numpydoc, and the examples run by sphinx-gallery."""
# SPDX-License-Identifier: BSD-3-Clause

import os
import sys
from pathlib import Path

# Else sphinx-gallery stumbles over the name when it links it.
from sklearn.experimental import enable_halving_search_cv  # noqa: F401

import sklearn_embed

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "sklearn-embed"
author = "The sklearn-embed developers"
copyright = author
version = release = sklearn_embed.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "mathml",
    "numpydoc",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "which_one",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "pages"]
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["manual.css"]
default_role = "code"
smartquotes = False  # a default is shown as it is typed
html_theme = "pydata_sphinx_theme"
html_title = f"sklearn-embed {version}"
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "header_links_before_dropdown": 7,
    "navbar_persistent": ["search-button"],
    "show_nav_level": 1,
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_context = {"default_mode": "light"}
html_sidebars = {page: [] for page in ("index", "choose", "benchmarks", "names")}

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False

# Links into other manuals need the network: only on request.
PACKAGES = "sklearn|joblib|gensim|numpy|pandas|scipy|dask|matplotlib|bokeh"
FOREIGN = rf"({PACKAGES}|concurrent|pathlib|os)\b.*"
nitpick_ignore_regex = [(r"py:.*", FOREIGN)]
if os.environ.get("SKLEARN_EMBED_INTERSPHINX"):
    extensions.append("sphinx.ext.intersphinx")
    intersphinx_mapping = {
        "numpy": ("https://numpy.org/doc/stable", None),
        "pandas": ("https://pandas.pydata.org/docs", None),
        "sklearn": ("https://scikit-learn.org/stable", None),
    }


PAGES = ("tutorial", "guide", "lecture", "ru", "zh")

sphinx_gallery_conf = {
    "examples_dirs": [*(f"pages/{name}" for name in PAGES), "../examples"],
    "gallery_dirs": [*(f"auto_{name}" for name in PAGES), "auto_examples"],
    "within_subsection_order": "gallery.PageOrder",
    "filename_pattern": r"\.py$",
    "ignore_pattern": r"(^|/)_\w+\.py$",
    "reset_argv": "gallery.example_arguments",
    "reset_modules": ("matplotlib", "gallery.reset_pictures"),
    "image_scrapers": ("gallery.pictures",),
    # Two processes, each of which runs page after page.
    "parallel": 2,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 1e9,
    "doc_module": ("sklearn_embed",),
    "backreferences_dir": None,
    "abort_on_example_error": False,
    "thumbnail_size": (400, 280),
}
