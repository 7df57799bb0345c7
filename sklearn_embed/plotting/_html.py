"""A word map as one interactive page that needs no network."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import html
import re
from collections.abc import Collection, Mapping, Sequence
from importlib import resources
from importlib.util import find_spec

import numpy as np

from sklearn_embed._core.typing import FilePath, RandomState, VectorSource
from sklearn_embed._files.atomic import replacing
from sklearn_embed.evaluation._source import embedding_of
from sklearn_embed.plotting._projection import (
    Projection,
    chosen_words,
    positions,
    unit_vectors,
)
from sklearn_embed.plotting._style import COLORS, GREY, TEXT_COLOR, color_of, printable

_LONGEST = 80
_TOOLTIP = """
<div style="max-width: 18em; font: 13px/1.4 system-ui, sans-serif">
  <b style="font-size: 15px"><bdi>@word</bdi></b> <span>@note</span>
  <div style="white-space: pre-line; color: #444">@color{custom}</div>
</div>
"""
# The browser's own word that nothing is fetched, whatever Bokeh's scripts would do.
_POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline' data: blob:; "
    'img-src data: blob:; font-src data: blob:">'
)
# What Bokeh's scripts could load: MathJax, maps, icons.  The data, where words may
# look like anything, is the one script of another type.
_SCRIPT = re.compile(r"<script(?![^>]*json)[^>]*>.*?</script>", re.DOTALL)
_LOADED = re.compile(r"""((?:\.src|_url)\s*=\s*["'`])https?://[^"'`]*""")
_FONT = {"font-family": "system-ui, sans-serif"}


def write_html(
    source: VectorSource,
    path: FilePath,
    *,
    words: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    n_words: int = 5000,
    stop_words: str | Collection[str] | None = None,
    projection: Projection = "tsne",
    n_neighbors: int = 10,
    title: str = "Word map",
    random_state: RandomState = 0,
) -> None:
    """Write an interactive map of words: one HTML file, to be opened in a browser.

    The wheel zooms, dragging moves, and more words get labels as there is more space.
    Resting on a dot shows the word's nearest neighbours; the search box goes to a
    word.  Nothing is fetched from anywhere: the plotting library, Bokeh, is inside.

    Parameters
    ----------
    source : object
        A fitted vectorizer, a pipeline or a search that holds one, or anything that
        :func:`sklearn_embed.io.as_word_vectors` takes.
    path : str or path
        The file.  It appears whole or, if anything fails, not at all.
    words : sequence of str, mapping from name to words, or None, default=None
        The words to show; a mapping names groups of them, which get colours.  None:
        the `n_words` most frequent ones.
    n_words : int, default=5000
        How many words without `words`.
    stop_words : "english", collection of str or None, default=None
        Words to pass over without `words`.
    projection : {"tsne", "pca"} or transformer, default="tsne"
        From the vectors, brought to length one, to two dimensions.
    n_neighbors : int, default=10
        How many neighbours to show: those of the highest cosine among the words of
        the page.
    title : str, default="Word map"
        Heading of the page.
    random_state : int, RandomState instance or None, default=0
        Seed of the projection.

    Raises
    ------
    ImportError
        If Bokeh is not installed.
    KeyError
        If a word has no vector.

    See Also
    --------
    WordMapDisplay : The same as a picture.

    Notes
    -----
    The file has about 1.7 MB, and 90 bytes more for each word.  t-SNE of 5,000 words
    takes about half a minute.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from sklearn_embed.plotting import write_html
    >>> pets = {"cat": [1.0, 0.1], "dog": [0.9, 0.3], "car": [0.1, 1.0]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = pathlib.Path(folder, "pets.html")
    ...     write_html(pets, page, projection="pca")
    ...     "cat" in page.read_text("utf-8")
    True
    """
    if find_spec("bokeh") is None:
        raise ImportError(
            "The page is made with Bokeh: pip install sklearn-embed[plot]"
        )
    if n_neighbors < 1:
        raise ValueError(f"n_neighbors must be at least 1; it is {n_neighbors}")
    vectors = embedding_of(source)
    chosen, groups = chosen_words(vectors, words, n_words, stop_words)
    matrix = unit_vectors(vectors, chosen)
    places = positions(matrix, projection, random_state)
    near, cosines = _neighbors(matrix.astype(np.float32), n_neighbors)
    # Numbers as short as they can be: they are most of the page's own weight.
    near = near.astype(np.uint16 if len(near) <= 1 << 16 else np.int32)
    cosines = np.rint(100 * cosines).astype(np.int8)  # hundredths
    counts = None
    if vectors.counts is not None:
        rows = vectors.rows(chosen)
        counts = np.where(rows < 0, 0, vectors.counts[rows])
    shown = [printable(word, _LONGEST) for word in chosen]
    data = _columns(shown, places, counts, groups)
    page = _page(data, near, cosines, printable(title, 200), groups)
    with replacing(path) as stream:
        stream.write(page.encode("utf-8"))


def _neighbors(matrix, n_neighbors):
    """Return rows and cosines of the nearest other rows, nearest first."""
    n = len(matrix)
    n_neighbors = min(n_neighbors, n - 1)
    near = np.empty((n, n_neighbors), np.int32)
    cosines = np.empty((n, n_neighbors), np.float32)
    for first in range(0, n, 1024):
        block = matrix[first : first + 1024] @ matrix.T
        own = np.arange(len(block))
        block[own, first + own] = -np.inf
        order = np.argsort(-block, axis=1, kind="stable")[:, :n_neighbors]
        near[first : first + 1024] = order
        cosines[first : first + 1024] = np.take_along_axis(block, order, 1)
    return near, cosines


def _columns(words, places, counts, groups):
    """Return the columns of the page's table of words."""
    n = len(words)
    notes, size = [""] * n, np.full(n, 6.0)
    if counts is not None:
        notes = [f"{count:,} ×" for count in counts.tolist()]
        logs = np.log1p(counts)
        size = 4 + 6 * (logs - logs.min()) / (np.ptp(logs) or 1)
    color = [COLORS[0]] * n
    if groups is not None:
        number = {name: k for k, name in enumerate(dict.fromkeys(groups))}
        color = [color_of(number[name]) for name in groups]
        notes = [
            f"{printable(name)} {note}"
            for name, note in zip(groups, notes, strict=True)
        ]
    return {
        "x": places[:, 0].astype(np.float32),
        "y": places[:, 1].astype(np.float32),
        "word": words,
        "note": notes,
        "size": size.astype(np.float32),
        "color": color,
    }


def _page(data, near, cosines, title, groups):
    """Return the page as text."""
    from bokeh.embed import file_html
    from bokeh.layouts import column, row
    from bokeh.models import ColumnDataSource, Div
    from bokeh.resources import INLINE

    words = ColumnDataSource(data)
    labels = ColumnDataSource({name: [] for name in ("x", "y", "word", "dx", "dy")})
    rings = ColumnDataSource({"x": [], "y": []})
    plot, dots = _figure(data, words, labels, rings)
    text = {"styles": _FONT | {"color": TEXT_COLOR}, "disable_math": True}
    search = _search_box(data["word"])
    found = Div(text="", sizing_mode="stretch_width", name="found", **text)
    parts = {
        "words": words,
        "labels": labels,
        "rings": rings,
        "plot": plot,
        "found": found,
        "near": ColumnDataSource({"row": near.ravel(), "cosine": cosines.ravel()}),
        "n_near": near.shape[1],
    }
    _connect(plot, dots, search, parts)
    heading = Div(text=_heading(title, len(near), groups), **text)
    header = row(heading, search, found, spacing=24, sizing_mode="stretch_width")
    layout = column(header, plot, sizing_mode="stretch_both")
    page = file_html(layout, INLINE, title=title)
    page = page.replace("<head>", f"<head>{_POLICY}", 1)
    return _SCRIPT.sub(lambda script: _LOADED.sub(r"\1", script[0]), page)


def _search_box(words):
    """Return the field in which a word is searched."""
    from bokeh.models import AutocompleteInput

    return AutocompleteInput(
        completions=words,
        placeholder="search a word",
        case_sensitive=False,
        restrict=False,
        min_characters=1,
        max_completions=12,
        width=220,
        name="search",
    )


def _connect(plot, dots, search, parts):
    """Have the page's script run when the map moves, at a search, and over a dot."""
    from bokeh.models import CustomJS, CustomJSHover, HoverTool

    script = resources.files("sklearn_embed.plotting").joinpath("word_map.js")
    code = script.read_text("utf-8")

    def calling(call):
        return CustomJS(args=parts, code=f"{code}\n{call}")

    relabel = calling("soon(relabel)")
    for model, names in (
        (plot.x_range, ("start", "end")),
        (plot.y_range, ("start", "end")),
        (plot, ("inner_width", "inner_height")),
    ):
        for name in names:
            model.js_on_change(name, relabel)
    search.js_on_change("value", calling("go_to(cb_obj.value)"))
    neighbors = CustomJSHover(
        args=parts, code=f"{code}\nreturn listed(special_vars.index)"
    )
    hover = HoverTool(
        renderers=[dots],
        tooltips=_TOOLTIP,
        formatters={"@color": neighbors},
        callback=calling("ring(cb_data.index.indices[0])"),
        limit=1,
        visible=False,
    )
    plot.add_tools(hover)


def _figure(data, words, labels, rings):
    """Return the plot and its dots."""
    from bokeh.core.properties import value
    from bokeh.models import Range1d
    from bokeh.plotting import figure

    ranges = []
    for name in ("x", "y"):
        low, high = float(data[name].min()), float(data[name].max())
        margin = 0.05 * (high - low) or 1.0
        low, high = low - margin, high + margin
        ranges.append(Range1d(low, high, reset_start=low, reset_end=high))
    plot = figure(
        x_range=ranges[0],
        y_range=ranges[1],
        sizing_mode="stretch_both",
        min_height=400,
        tools="pan,wheel_zoom,box_zoom,reset,save",
        active_scroll="wheel_zoom",
    )
    plot.toolbar.logo = None
    plot.axis.visible = plot.grid.visible = False
    plot.outline_line_color = "#dddddd"
    plot.scatter(
        "x",
        "y",
        source=rings,
        size=16,
        fill_color=None,
        line_color=COLORS[1],
        line_width=2,
    )
    dots = plot.scatter(
        "x",
        "y",
        source=words,
        size="size",
        color="color",
        alpha=0.7,
        line_color=None,
    )
    plot.text(
        "x",
        "y",
        text="word",
        x_offset="dx",
        y_offset="dy",
        source=labels,
        text_align="center",
        text_baseline="middle",
        text_color=TEXT_COLOR,
        text_font=value("system-ui, sans-serif"),
        text_font_size="12px",
    )
    return plot, dots


def _heading(title, n_words, groups):
    """Return title, hint and legend as HTML."""
    parts = [
        f'<b style="font-size: 18px">{html.escape(title)}</b>',
        f'<span style="color: {GREY}">{n_words:,} words · wheel: zoom · drag: move · '
        "rest on a dot: neighbours</span>",
    ]
    if groups is not None:
        names = list(dict.fromkeys(groups))
        entries = [
            f'<span style="color: {color_of(k)}">●</span> '
            f"<bdi>{html.escape(printable(name))}</bdi>"
            for k, name in enumerate(names)
        ]
        parts.append(" &nbsp; ".join(entries))
    return "<br>".join(parts)
