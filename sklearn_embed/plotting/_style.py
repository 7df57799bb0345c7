"""What all pictures share: the check for matplotlib, colours, fonts, safe text."""

# SPDX-License-Identifier: BSD-3-Clause

import contextlib
import functools
import unicodedata
import warnings
from importlib.util import find_spec

# Okabe and Ito (2008): told apart by people with any kind of colour vision.  Their
# yellow, too pale on white, is left out.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^vPX"
GREY = "#777777"
TEXT_COLOR = "#222222"

# Looked at first where the usual font lacks a character; then every other font.
FALLBACKS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Microsoft YaHei",
    "SimHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti TC",
    "Noto Sans",
    "DejaVu Sans",
    "Arial Unicode MS",
)
LONGEST = 30
STAND_IN = "□"

_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BLANK = ("Cc", "Cs", "Zl", "Zp")
_UNSEEN = ("Cf", "Mn", "Me", "Zs")


def require_matplotlib():
    """Say how to get matplotlib where it is missing, before any long work."""
    if find_spec("matplotlib") is None:
        raise ImportError(
            "Displays are drawn with matplotlib: pip install sklearn-embed[plot]"
        )


def axes_for(ax, figsize):
    """Return the axes given, or those of a new figure."""
    require_matplotlib()
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(figsize=figsize, layout="constrained")
    return ax


def root_figure(ax):
    """Return the figure of axes, which may lie in a subfigure."""
    return ax.figure.figure


def color_of(k):
    """Return the k-th colour; they come again after the last."""
    return COLORS[k % len(COLORS)]


def marker_of(k):
    """Return the marker of the k-th group: another one once the colours repeat."""
    return MARKERS[k // len(COLORS) % len(MARKERS)]


def darker(color, share=0.35):
    """Return a colour mixed with black, for text in it."""
    from matplotlib.colors import to_rgb

    return tuple((1 - share) * channel for channel in to_rgb(color))


def printable(word, longest=LONGEST):
    """Return a word as it can be shown: one line, no controls, not endless."""
    shown = "".join(
        character.encode("unicode_escape").decode("ascii")
        if character in _BIDI_CONTROLS or unicodedata.category(character) in _BLANK
        else character
        for character in str(word)
    )
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


class Lettering:
    """Labels of a picture, in fonts that have their characters.

    The families given to every text are those of matplotlib's settings, followed by
    whatever installed font has the characters they lack.  What no font has is shown
    as an empty square, and said in one warning.
    """

    def __init__(self, texts):
        needed = {character for text in texts for character in printable(text, 500)}
        needed = {c for c in needed if unicodedata.category(c) not in _UNSEEN}
        self.families, self.missing = _families_for(frozenset(needed))
        if self.missing:
            some = "".join(sorted(self.missing)[:8])
            more = "…" if len(self.missing) > 8 else ""
            warnings.warn(
                f"No installed font has {len(self.missing)} of the characters to be "
                f"shown ({some}{more}); {STAND_IN} stands for them. Install a font "
                "that has them, such as Noto Sans CJK for Chinese, Japanese and "
                "Korean (Debian: fonts-noto-cjk).",
                UserWarning,
                stacklevel=4,
            )

    def __call__(self, text, longest=LONGEST):
        """Return a text as it can be drawn."""
        shown = printable(text, longest)
        if self.missing:
            shown = "".join(STAND_IN if c in self.missing else c for c in shown)
        return shown

    def entry(self, text):
        """Return a text for a legend, where matplotlib hides what begins with _."""
        shown = self(text, longest=60)
        return " " + shown if shown.startswith("_") else shown

    @property
    def style(self):
        """Keywords for a matplotlib text: the fonts, and no formulas."""
        style = {"parse_math": False, "usetex": False}
        if self.families is not None:
            style["fontfamily"] = self.families
        return style

    def apply_to(self, text):
        """Give the fonts to a text that is already there."""
        text.set_parse_math(False)
        text.set_usetex(False)
        if self.families is not None:
            text.set_fontfamily(self.families)


def _families_for(needed):
    """Return font families that cover characters, and the characters left over."""
    from matplotlib import font_manager

    usual = font_manager.findfont(font_manager.FontProperties())
    missing = needed - _characters(usual)
    if not missing:
        return None, frozenset()
    families = [font_manager.FontProperties(fname=usual).get_name()]
    for fresh in (False, True):
        fonts = _installed_fonts(fresh)
        ranked = [name for name in FALLBACKS if name in fonts]
        ranked += sorted(fonts.keys() - set(ranked))
        for name in ranked:
            found = missing & _characters(fonts[name])
            if found:
                families.append(name)
                missing -= found
            if not missing:
                return families, missing
    return families, missing


def _installed_fonts(fresh=False):
    """Return name → file of the upright fonts, without matplotlib's stand-ins."""
    from matplotlib import font_manager

    if fresh:  # matplotlib keeps a list, which lacks fonts installed since
        listed = {entry.fname for entry in font_manager.fontManager.ttflist}
        for path in sorted(set(font_manager.findSystemFonts()) - listed):
            with contextlib.suppress(OSError, RuntimeError):
                font_manager.fontManager.addfont(path)
    fonts = {}
    for entry in font_manager.fontManager.ttflist:
        # "Last Resort" has a box for every character and a letter for none.
        if entry.style == "normal" and "Last Resort" not in entry.name:
            fonts.setdefault(entry.name, entry.fname)
    return fonts


@functools.lru_cache(maxsize=512)
def _characters(path):
    """Return the characters that a font has."""
    from matplotlib import font_manager

    try:
        return frozenset(map(chr, font_manager.get_font(path).get_charmap()))
    except (OSError, RuntimeError):  # a damaged font is no font
        return frozenset()
