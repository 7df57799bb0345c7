"""The texts that benchmarks read: a file of one document a line, or docstrings."""

# SPDX-License-Identifier: BSD-3-Clause

import gzip

import numpy as np

from sklearn_embed.datasets import load_docstrings


def texts_of(source=None):
    """Return the documents of a file, plain or .gz, or of what is always there."""
    if not source:
        return load_docstrings().data
    opened = gzip.open if source.endswith(".gz") else open
    with opened(source, "rt", encoding="utf-8") as lines:
        return [line.rstrip("\n") for line in lines]


def first_of(texts, sizes, total):
    """Return so many first texts that their sizes add up to a total."""
    return texts[: int(np.searchsorted(np.cumsum(sizes), total)) + 1]
