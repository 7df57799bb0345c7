"""How the scores of a search are drawn: lines, heat map, points, ranking."""

# SPDX-License-Identifier: BSD-3-Clause

import textwrap

import numpy as np

from sklearn_embed.plotting._search_table import show
from sklearn_embed.plotting._style import (
    COLORS,
    TEXT_COLOR,
    Lettering,
    color_of,
    marker_of,
    root_figure,
)

_BEST = {
    "marker": "*",
    "s": 190,
    "color": COLORS[4],
    "edgecolors": TEXT_COLOR,
    "zorder": 5,
}
_GAP = 5.0  # points between the bars of neighbouring lines


def draw_lines(ax, table, best):
    """Draw score over the first parameter, a line for each value of the second."""
    from matplotlib.transforms import ScaledTranslation

    values, column = table.axis(0)
    places = _scale(ax.xaxis, values, table.is_numeric(0))
    lines, group = [None], np.zeros(len(table.means), int)
    if len(table.params) == 2:
        lines, group = table.axis(1)
    lettering = Lettering([show(value) for value in [*values, *lines]])
    for k, value in enumerate(lines):
        mine = np.flatnonzero(group == k)
        mine = mine[np.argsort(column[mine], kind="stable")]
        # Side by side, or the bars of equal scores would hide each other.
        aside = _GAP * (k - (len(lines) - 1) / 2) / 72
        shift = ScaledTranslation(aside, 0, root_figure(ax).dpi_scale_trans)
        bars = ax.errorbar(
            places[column[mine]],
            table.means[mine],
            yerr=table.errors[mine],
            color=color_of(k),
            marker=marker_of(k),
            capsize=3,
            linewidth=1.5,
            elinewidth=1,
            label=None if value is None else lettering.entry(show(value)),
        )
        # Only now, when the limits have taken them in.
        for artist in bars.get_children():
            artist.set_transform(ax.transData + shift)
        if best in mine:
            star = ax.scatter(places[column[best]], table.means[best], **_BEST)
            star.set_offset_transform(ax.transData + shift)
    ax.set(xlabel=table.names[0], ylabel=table.metric)
    _finish(ax)
    if len(table.params) == 2:
        legend = ax.legend(
            title=table.names[1],
            frameon=False,
            loc="upper left",
            bbox_to_anchor=(1.01, 1),
        )
        for text in legend.get_texts():
            lettering.apply_to(text)


def draw_heatmap(ax, table, best):
    """Draw the scores of two parameters as a table of colours."""
    from matplotlib.patches import Rectangle

    (columns, column), (rows, row) = table.axis(0), table.axis(1)
    means = np.full((len(rows), len(columns)), np.nan)
    errors = means.copy()
    means[row, column], errors[row, column] = table.means, table.errors
    image = ax.imshow(np.ma.masked_invalid(means), cmap="cividis", aspect="auto")
    lettering = Lettering([show(value) for value in [*rows, *columns]])
    for axis, values in ((ax.xaxis, columns), (ax.yaxis, rows)):
        axis.set_ticks(range(len(values)), [lettering(show(v)) for v in values])
        for text in axis.get_ticklabels():
            lettering.apply_to(text)
    small = max(means.shape) > 8
    for (i, j), mean in np.ndenumerate(means):
        if np.isfinite(mean):
            label = f"{mean:.3f}" if small else f"{mean:.3f}\n±{errors[i, j]:.3f}"
            dark = image.norm(mean) < 0.55
            ax.text(
                j,
                i,
                label,
                ha="center",
                va="center",
                size=7.5 if small else 9,
                color="white" if dark else "black",
            )
    corner = column[best] - 0.5, row[best] - 0.5
    ax.add_patch(Rectangle(corner, 1, 1, fill=False, ec=COLORS[1], lw=3, clip_on=False))
    ax.set(xlabel=table.names[0], ylabel=table.names[1])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    _color_bar(ax, image, table)


def draw_points(ax, table, best):
    """Draw each candidate at its two parameters, in the colour of its score."""
    places = []
    for k, axis in enumerate((ax.xaxis, ax.yaxis)):
        values, number = table.axis(k)
        places.append(_scale(axis, values, table.is_numeric(k))[number])
    known = np.isfinite(table.means)
    points = ax.scatter(
        places[0][known],
        places[1][known],
        c=table.means[known],
        cmap="cividis",
        s=45,
        edgecolors=TEXT_COLOR,
        linewidths=0.4,
    )
    x, y = places[0][best], places[1][best]
    ax.scatter(x, y, **_BEST)
    ax.set(xlabel=table.names[0], ylabel=table.names[1])
    _finish(ax)
    _color_bar(ax, points, table)


def draw_ranking(ax, table, best):
    """Draw candidates one below the other, the best on top."""
    labels = [table.label(i) for i in range(len(table.means))]
    lettering = Lettering(labels)
    rows = np.arange(len(labels))
    ax.errorbar(
        table.means,
        rows,
        xerr=table.errors,
        fmt="o",
        color=COLORS[0],
        capsize=3,
        elinewidth=1,
    )
    ax.scatter(table.means[best], best, **_BEST)
    # On lines, not cut: a cut label would not tell candidates apart.
    shown = [textwrap.fill(lettering(label, longest=200), 38) for label in labels]
    ax.set_yticks(rows, shown)
    for text in ax.get_yticklabels():
        lettering.apply_to(text)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.set_xlabel(f"{table.metric} (mean ± std)")
    ax.grid(axis="x", alpha=0.3)
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)


def _scale(axis, values, numeric):
    """Set the scale and the ticks of an axis; return the place of each value."""
    if not numeric:
        labels = [show(value) for value in values]
        axis.set_ticks(range(len(values)), labels)
        return np.arange(len(values))
    places = np.array(values, np.float64)
    finite = places[np.isfinite(places)]
    # Values that someone spread by factors are read by factors.
    if len(finite) > 1 and finite.min() > 0 and finite.max() >= 20 * finite.min():
        axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    if len(values) <= 10:
        axis.set_ticks(places, [show(value) for value in values])
        axis.set_ticks([], minor=True)
    return places


def name_best(table, best):
    """Say what was best, and how good it was."""
    mean, error = table.means[best], table.errors[best]
    return f"★ best: {mean:.3f} ± {error:.3f} ({table.label(best)})"


def write_title(ax, *lines):
    """Write lines above the picture."""
    said = "\n".join(line for line in lines if line is not None)
    lettering = Lettering(said.splitlines())
    shown = "\n".join(lettering(line, longest=120) for line in said.splitlines())
    lettering.apply_to(ax.set_title(shown, fontsize="medium"))


def _finish(ax):
    """Add what all pictures with axes have."""
    ax.grid(alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)


def _color_bar(ax, colored, table):
    """Explain the colours."""
    bar = ax.figure.colorbar(colored, ax=ax, label=table.metric)
    bar.outline.set_visible(False)
