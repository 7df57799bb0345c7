"""Labels beside points: none over another, and always the same picture."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed.plotting._style import GREY, root_figure

# Distances from point to label in points, and what a step outwards costs compared
# with covering another point.
RINGS = (3.0, 6.0, 10.0, 15.0)
NEAR = 6.5
COVERED = 1.5
TURNED = 0.05
N_DIRECTIONS = 16


def place_labels(ax, points, labels, *, colors, sizes, lettering, radii, segments=()):
    """Write labels beside points, the first ones first, where there is space.

    Parameters
    ----------
    ax : matplotlib Axes
        Where.  Its limits must stand.
    points : ndarray of shape (n, 2)
        In data coordinates.
    labels : sequence of str
        Of the first points.
    colors : sequence of length n
        Of each point's label.
    sizes : sequence of length n
        Font size of each point's label.
    lettering : Lettering
        The fonts.
    radii : ndarray of shape (n,)
        Of the dots, in typographic points.
    segments : sequence of (start, end), default=()
        Lines, in data coordinates, that are better not written on.

    Returns
    -------
    list of (Annotation or None)
        One for each label; None where there was no space.
    """
    figure = root_figure(ax)
    figure.draw_without_rendering()  # lets the layout settle
    scale = figure.dpi / 72
    pixels = ax.transData.transform(points)
    dots = np.column_stack([pixels - scale * radii[:, None]] * 2)
    dots[:, 2:] = pixels + scale * radii[:, None]
    frame = np.array(ax.get_window_extent().extents)
    texts = [lettering(label) for label in labels]
    extents = _extents(ax, texts, sizes[: len(labels)], lettering)
    lines = [_boxes_along(ax.transData.transform(line), 6 * scale) for line in segments]
    n = len(labels)
    offsets = arrange(pixels[:n], dots, extents, frame, scale, obstacles=lines)
    written = []
    for k, offset in enumerate(offsets):
        if offset is None:
            written.append(None)
            continue
        offset = offset / scale
        gap = np.abs(offset) - extents[k] / scale / 2
        annotation = ax.annotate(
            texts[k],
            points[k],
            tuple(offset),
            textcoords="offset points",
            ha="center",
            va="center",
            color=colors[k],
            fontsize=sizes[k],
            zorder=4,
            **lettering.style,
        )
        if gap.max() > NEAR + radii[k]:
            _draw_leader(ax, points[k], offset, extents[k] / scale)
        written.append(annotation)
    return written


def arrange(points, dots, extents, frame, scale=1.0, obstacles=()):
    """Find a place for each label, in turn.

    Parameters
    ----------
    points : ndarray of shape (n, 2)
        Where the labels belong.
    dots : ndarray of shape (n or more, 4)
        Boxes (left, bottom, right, top) of these points, and of others.
    extents : ndarray of shape (n, 2)
        Width and height of each label.
    frame : ndarray of shape (4,)
        Box that no label leaves.
    scale : float, default=1.0
        Units in a typographic point.
    obstacles : sequence of ndarray of shape (m, 4), default=()
        Boxes of what else had better stay free.

    Returns
    -------
    list of (ndarray of shape (2,) or None)
        From point to the centre of the label.  None where every place within reach
        is taken by another label.
    """
    directions, costs, rings = _candidates()
    shy_of = np.concatenate([dots, *obstacles])
    taken = np.empty((len(points), 4))
    n_taken = 0
    offsets = []
    for point, dot, extent in zip(points, dots[: len(points)], extents, strict=True):
        reach = (dot[2:] - dot[:2]) / 2 + scale * rings[:, None]
        centres = directions * (extent / 2 + reach)
        boxes = np.hstack([centres - extent / 2, centres + extent / 2])
        boxes += np.tile(point, 2)
        inside = (boxes[:, :2] >= frame[:2]).all(1) & (boxes[:, 2:] <= frame[2:]).all(1)
        free = inside & (_overlaps(boxes, taken[:n_taken]).sum(1) == 0)
        if not free.any():
            offsets.append(None)
            continue
        total = costs + COVERED * _overlaps(boxes, shy_of).sum(1)
        best = np.argmin(np.where(free, total, np.inf))
        taken[n_taken] = boxes[best]
        n_taken += 1
        offsets.append(centres[best])
    return offsets


def _candidates():
    """Return directions on a square, costs and distances of all places tried."""
    # Right first, then left, above, below: as in hand-lettered maps.
    angles = np.arange(N_DIRECTIONS) * 2 * np.pi / N_DIRECTIONS
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    square = np.clip(circle * np.sqrt(2), -1, 1)
    turned = TURNED * np.argsort(np.argsort(np.abs(np.sin(angles)), kind="stable"))
    directions = np.tile(square, (len(RINGS), 1))
    costs = np.concatenate([ring + turned for ring in range(len(RINGS))])
    return directions, costs, np.repeat(RINGS, N_DIRECTIONS)


def _boxes_along(line, distance):
    """Return small boxes along a line: (n, 4)."""
    start, end = line
    n = int(np.linalg.norm(end - start) / distance) + 2
    centres = np.linspace(start, end, n)
    return np.hstack([centres - 1, centres + 1])


def _overlaps(boxes, others):
    """Tell which boxes meet which others: (n_boxes, n_others)."""
    boxes, others = boxes[:, None], others[None]
    return (
        (boxes[..., :2] < others[..., 2:]) & (others[..., :2] < boxes[..., 2:])
    ).all(-1)


def _extents(ax, texts, sizes, lettering):
    """Measure texts, in pixels, with a small margin."""
    probe = ax.text(0, 0, "", **lettering.style)
    extents = np.empty((len(texts), 2))
    for k, (text, size) in enumerate(zip(texts, sizes, strict=True)):
        probe.set_text(text)
        probe.set_fontsize(size)
        box = probe.get_window_extent()
        extents[k] = box.width + 2, box.height
    probe.remove()
    return extents


def _draw_leader(ax, point, offset, extent):
    """Draw a thin line from a point to the nearest spot of its distant label."""
    end = np.clip(0, offset - extent / 2, offset + extent / 2)
    ax.annotate(
        "",
        point,
        tuple(end),
        textcoords="offset points",
        zorder=2,
        arrowprops={
            "arrowstyle": "-",
            "color": GREY,
            "linewidth": 0.5,
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )
