"""How the manual is built: Sphinx, numpydoc, and the examples run by sphinx-gallery."""
# SPDX-License-Identifier: BSD-3-Clause

import os
import tempfile

import sklearn_embed

project = "sklearn-embed"
author = "The sklearn-embed developers"
copyright = author
version = release = sklearn_embed.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build"]
default_role = "code"
smartquotes = False  # a default is shown as it is typed
html_theme = "pydata_sphinx_theme"
html_title = f"sklearn-embed {version}"
html_theme_options = {"show_toc_level": 2, "navigation_with_keys": False}

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


def example_arguments(gallery_conf, script_vars):
    """Have the examples write their files elsewhere than into the sources."""
    if "--output" in open(script_vars["src_file"], encoding="utf-8").read():
        return ["--output", tempfile.mkdtemp()]
    return []


sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"\.py$",
    "reset_argv": example_arguments,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "doc_module": ("sklearn_embed",),
    "backreferences_dir": None,
    "abort_on_example_error": False,
}
# A function in the configuration, as sphinx-gallery asks for, cannot be pickled.
suppress_warnings = ["config.cache"]
