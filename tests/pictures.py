"""What the tests of pictures draw, and how they measure it."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._vectors.word_vectors import WordVectors

FAMILY = {
    "man": [1.0, 0, 0, 0.1],
    "woman": [1, 1, 0, 0],
    "king": [1, 0, 1, 0],
    "queen": [1, 1, 1, 0.1],
    "cat": [0, 0, 1, 2],
    "dog": [0, 0.1, 1, 2],
}
CHINESE = {"猫": [1.0, 0], "狗": [0.9, 0.1], "cat": [0.8, 0.2]}
RESULTS = {
    "params": [{"a": a, "b": b} for a in (1, 10, 100) for b in ("x", "y")],
    "mean_test_score": np.array([0.1, 0.2, 0.6, 0.4, 0.3, 0.5]),
    "std_test_score": np.array([0.01, 0.02, 0.03, 0.04, 0.05, 0.06]),
}


def many(n=120, seed=0):
    rng = np.random.default_rng(seed)
    counts = np.sort(rng.integers(1, 10_000, n))[::-1]
    words = [f"word{i}" * (1 + i % 3) for i in range(n)]
    return WordVectors(words, rng.normal(size=(n, 5)), counts)


def boxes_of(annotations):
    return np.array(
        [a.get_window_extent().extents for a in annotations if a is not None]
    )


def n_overlaps(boxes):
    # Boxes that touch may overlap by what rounding makes of their edges.
    left, bottom, right, top = boxes.T + np.repeat([1e-9, -1e-9], 2)[:, None]
    wide = (left[:, None] < right) & (left < right[:, None])
    high = (bottom[:, None] < top) & (bottom < top[:, None])
    return int((wide & high).sum() - len(boxes)) // 2
