"""How the manual is built: Sphinx, numpydoc, and the examples run by sphinx-gallery."""
# SPDX-License-Identifier: BSD-3-Clause

import os
import sys
import tempfile
from pathlib import Path

# Else sphinx-gallery stumbles over the name when it links it.
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sphinx_gallery.scrapers import matplotlib_scraper

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


def example_arguments(gallery_conf, script_vars):
    """Have the examples write their files elsewhere than into the sources."""
    if script_vars["src_file"].endswith("text_classification.py"):
        return ["--output", tempfile.mkdtemp(), "--texts", "3000"]
    return []


def reset_pictures(gallery_conf, fname):
    """Have all pages draw in one size and style."""
    import logging

    import matplotlib

    # What it says of fonts would stand on the page.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.CRITICAL)
    matplotlib.rcParams.update(
        {
            "figure.figsize": (7.5, 4.2),
            "figure.dpi": 100,
            "savefig.dpi": 130,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "figure.constrained_layout.use": True,
        }
    )


class PageOrder:
    """The order of pages in their folder: that of its file ``order.txt``."""

    def __init__(self, folder):
        order = Path(folder, "order.txt")
        names = order.read_text("utf-8").split() if order.exists() else []
        self._place = {name: i for i, name in enumerate(names)}

    def __call__(self, filename):
        """Return where the page of a file stands."""
        return self._place.get(filename, len(self._place))


def svg_with_text(block, block_vars, gallery_conf, **kwargs):
    """Save pictures whose letters the reader's browser draws, Chinese ones included."""
    import matplotlib

    with matplotlib.rc_context({"svg.fonttype": "none"}):
        kwargs["format"] = "svg"
        return matplotlib_scraper(block, block_vars, gallery_conf, **kwargs)


def pictures(block, block_vars, gallery_conf, **kwargs):
    """Save what a page has drawn."""
    chinese = Path(block_vars["src_file"]).parent.name == "zh"
    scraper = svg_with_text if chinese else matplotlib_scraper
    return scraper(block, block_vars, gallery_conf, **kwargs)


PAGES = ("tutorial", "guide", "lecture", "ru", "zh")

# Pages of the guide that train for minutes are run by `tox -e manual`, which sets this;
# a change is checked without them.
LONG = "counts|word2vec|glove|fasttext|word_classes|recurrent_language_models"
EXECUTED = r"\.py$"
if os.environ.get("SKLEARN_EMBED_MANUAL") != "whole":
    EXECUTED = rf"^(?!.*guide/({LONG})\.py).*\.py$"

sphinx_gallery_conf = {
    "examples_dirs": [*(f"pages/{name}" for name in PAGES), "../examples"],
    "gallery_dirs": [*(f"auto_{name}" for name in PAGES), "auto_examples"],
    "within_subsection_order": PageOrder,
    "filename_pattern": EXECUTED,
    "ignore_pattern": r"(^|/)_\w+\.py$",
    "reset_argv": example_arguments,
    "reset_modules": ("matplotlib", reset_pictures),
    "image_scrapers": (pictures,),
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 1e9,
    "doc_module": ("sklearn_embed",),
    "backreferences_dir": None,
    "abort_on_example_error": False,
    "thumbnail_size": (400, 280),
}
# A function in the configuration, as sphinx-gallery asks for, cannot be pickled.
suppress_warnings = ["config.cache"]
