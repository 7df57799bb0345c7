"""What sphinx-gallery calls: named in ``conf.py``, so that its workers find it."""
# SPDX-License-Identifier: BSD-3-Clause

import logging
import tempfile
import warnings
from pathlib import Path

import matplotlib
from sphinx_gallery.scrapers import matplotlib_scraper


def example_arguments(gallery_conf, script_vars):
    """Have the examples write their files elsewhere than into the sources."""
    if script_vars["src_file"].endswith("text_classification.py"):
        return ["--output", tempfile.mkdtemp(), "--texts", "3000"]
    return []


def without_path(message, category, *place, **more):
    """Return what a page shows of a warning: not where it was installed."""
    return f"{category.__name__}: {message}\n"


def reset_pictures(gallery_conf, fname):
    """Have all pages draw in one size and style."""
    # What it says of fonts would stand on the page.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", "Glyph .* missing from font")
    warnings.formatwarning = without_path
    matplotlib.rcParams.update(
        {
            # Small enough for letters that a telephone shows legibly.
            "figure.figsize": (6.4, 3.8),
            "font.size": 11,
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
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        kwargs["format"] = "svg"
        return matplotlib_scraper(block, block_vars, gallery_conf, **kwargs)


def pictures(block, block_vars, gallery_conf, **kwargs):
    """Save what a page has drawn."""
    chinese = Path(block_vars["src_file"]).parent.name == "zh"
    scraper = svg_with_text if chinese else matplotlib_scraper
    return scraper(block, block_vars, gallery_conf, **kwargs)
