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
_OWN = ("…", "\N{MINUS SIGN}")


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
    as an empty square, and said in one warning.  A letter and the marks on it are
    drawn together, so they need one font that has them all.
    """

    def __init__(self, texts):
        self._usual = _usual_characters()
        needed = {
            cluster
            for text in texts
            for cluster in _clusters(self._seen(printable(text, 500)))
        }
        # Drawn beside the texts: where one is cut, before a number, in a difference.
        needed = frozenset(needed | set(_OWN))
        self.families, missing = _families_for(needed)
        self.missing = missing - set(_OWN)
        self._stand_in = STAND_IN
        if self.missing:
            self.families, still = _families_for(needed | {STAND_IN})
            self._stand_in = "?" if STAND_IN in still else STAND_IN
            some = "".join(sorted(self.missing)[:8])
            more = "…" if len(self.missing) > 8 else ""
            warnings.warn(
                f"No installed font has {len(self.missing)} of the characters to be "
                f"shown ({some}{more}); {self._stand_in} stands for them. Install a "
                "font that has them, such as Noto Sans CJK for Chinese, Japanese and "
                "Korean (Debian: fonts-noto-cjk), or Noto Sans (fonts-noto-core) for "
                "most other scripts.",
                UserWarning,
                stacklevel=4,
            )
        self._sets = _characters_of(self.families)

    def __call__(self, text, longest=LONGEST):
        """Return a text as it can be drawn."""
        shown = self._seen(printable(text, longest))
        if shown.isascii():
            return shown
        return "".join(
            cluster
            if any(characters.issuperset(cluster) for characters in self._sets)
            else self._stand_in
            for cluster in _clusters(shown)
        )

    def _seen(self, text):
        """Leave out what is never seen, and make all blanks one, if not in the font."""
        if text.isascii():
            return text
        return "".join(
            c
            if c in self._usual or not _is_unseen(c)
            else " " * (unicodedata.category(c) == "Zs")
            for c in text
        )

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


def _clusters(text):
    """Return the letters of a text, each with the marks on it."""
    found = []
    for character in text:
        if found and unicodedata.category(character)[0] == "M":
            found[-1] += character
        else:
            found.append(character)
    return found


def _is_unseen(character):
    """Tell whether a character takes no ink: controls, variants, blanks."""
    variant = "\ufe00" <= character <= "\ufe0f" or character >= "\U000e0000"
    return variant or unicodedata.category(character) in ("Cf", "Zs")


def _usual_font():
    """Return the file of the font that matplotlib's settings name."""
    from matplotlib import font_manager

    return font_manager.findfont(font_manager.FontProperties())


def _usual_characters():
    """Return the characters of the usual font."""
    return _characters(_usual_font())


def _characters_of(families):
    """Return the characters of each of some font families; None: the usual one."""
    fonts = _installed_fonts(False) if families else {}
    others = [_characters(fonts[name]) for name in families or () if name in fonts]
    return [_usual_characters(), *others]


def _covered(clusters, characters):
    """Return the clusters of which a font has every character."""
    return frozenset(each for each in clusters if characters.issuperset(each))


def _families_for(needed):
    """Return font families that cover clusters, and the clusters left over."""
    from matplotlib import font_manager

    usual = _usual_font()
    missing = needed - _covered(needed, _characters(usual))
    if not missing:
        return None, frozenset()
    families = [font_manager.FontProperties(fname=usual).get_name()]
    for fresh in (False, True):
        fonts = _installed_fonts(fresh)
        ranked = [name for name in FALLBACKS if name in fonts]
        ranked += sorted(fonts.keys() - set(ranked))
        for name in ranked:
            found = _covered(missing, _characters(fonts[name]))
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
