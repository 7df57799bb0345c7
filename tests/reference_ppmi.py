"""Vectors from mutual information, from the definition, in float64."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np


def information(counts, shift, context_exponent):
    """Positive pointwise mutual information of a dense matrix of counts."""
    counts = np.asarray(counts, float)
    found = np.zeros_like(counts)
    contexts = np.where(counts.sum(axis=0) > 0, counts.sum(axis=0), 0.0)
    powers = [c**context_exponent if c else 0.0 for c in contexts]
    for i, row in enumerate(counts):
        for j, count in enumerate(row):
            if count:
                share = count / row.sum()
                expected = powers[j] / sum(powers)
                found[i, j] = max(0.0, np.log(share / expected) - np.log(shift))
    return found


def vectors(matrix, size, exponent, combine):
    """Singular vectors times powers of singular values, of mean square 1."""
    left, values, right = np.linalg.svd(matrix)
    size = min(size, np.sum(values > 1e-7 * values[0]))
    left, right, values = left[:, :size], right[:size].T, values[:size]
    for d in range(size):
        if left[np.argmax(np.abs(left[:, d])), d] < 0:
            left[:, d], right[:, d] = -left[:, d], -right[:, d]
    word = left * (values / values[0]) ** exponent
    context = right * (values / values[0]) ** exponent
    found = {
        "word": word,
        "context": context,
        "sum": word + context,
        "concatenate": np.hstack([word, context]),
    }[combine]
    return found / np.sqrt(np.mean(found**2))
