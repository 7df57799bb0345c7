"""Short texts of three topics, their labels, and a classifier that learns them."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pytest

RNG = np.random.default_rng(0)
TOPICS = [
    ["sun", "moon", "star", "sky"],
    ["king", "queen", "crown", "throne"],
    ["bread", "butter", "cheese", "honey"],
]
COMMON = ["the", "of", "and"]
Y = RNG.integers(0, 3, 300)
NAMES = np.array(["astronomy", "court", "кухня"])[Y]
TEXTS = [" ".join([*RNG.choice(TOPICS[i], 3), *RNG.choice(COMMON, 4)]) for i in Y]
FAST = {"vector_size": 10, "random_state": 0}
# What fastText does, and its files can hold.
MEANS = {
    **FAST,
    "normalization": "l1",
    "weights": None,
    "word_ngrams": 1,
    "learning_rate": 0.5,
    "epochs": 10,
}
LOSSES = ["softmax", "one_vs_all", "negative_sampling", "hierarchical_softmax"]
every_loss = pytest.mark.parametrize("loss", LOSSES)
SEVERAL = np.eye(3, dtype=int)[Y] | np.eye(3, dtype=int)[np.roll(Y, 1)]
LONGER = [a + " " + b for a, b in zip(TEXTS, np.roll(TEXTS, 1), strict=True)]
